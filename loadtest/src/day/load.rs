//! What is put in front of the modelled fleet: the uploads of `crate::workload`, as they come or as many as keep a fleet busy.

use crate::day::model::Micros;
use crate::workload::{Intended, Shape, What, Workload};

/// One upload of a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) at: Micros,
    pub(crate) tenant: u16,
    pub(crate) size_bytes: u64,
}

#[derive(Debug)]
pub(crate) enum Load {
    /// In the order of their times.
    Listed(std::vec::IntoIter<Arrival>),
    /// At their times.
    Paced(Box<Workload>),
    /// So many are in the system at any moment: whenever one ends, the next one comes.
    Standing { files: usize, of: Box<Workload> },
}

/// A shape in which every event is a new file: what else a day brings (copies of events, overwrites, poison) takes fewer requests
/// than it, or more for few files, and is for `replay` to show.
pub(crate) fn new_files(mut shape: Shape) -> Shape {
    shape.overwrite_percent = 0.0;
    shape.duplicate_percent = 0.0;
    shape.late_percent = 0.0;
    shape.poison_percent = 0.0;
    shape
}

/// A shape whose events come for ever.
pub(crate) const ENDLESS: u64 = 1_000_000_000;

impl Load {
    pub(crate) fn paced(shape: Shape, seed: u64) -> Self {
        Self::Paced(Box::new(Workload::new(new_files(shape), seed)))
    }

    pub(crate) fn standing(files: usize, shape: Shape, seed: u64) -> Self {
        let shape = Shape { events: ENDLESS, ..new_files(shape).flat() };
        Self::Standing { files, of: Box::new(Workload::new(shape, seed)) }
    }

    /// The next upload that comes by itself.
    pub(crate) fn next(&mut self) -> Option<Arrival> {
        match self {
            Self::Listed(arrivals) => arrivals.next(),
            Self::Paced(workload) => workload.find_map(|intended| arrival(&intended)),
            Self::Standing { .. } => None,
        }
    }

    /// How many files are kept in the system; 0 when uploads come by themselves.
    pub(crate) fn in_system(&self) -> usize {
        if let Self::Standing { files, .. } = self { *files } else { 0 }
    }

    /// An upload that comes now because another file has ended.
    pub(crate) fn draw(&mut self, now: Micros) -> Option<Arrival> {
        let Self::Standing { of, .. } = self else { return None };
        of.find_map(|intended| arrival(&intended)).map(|arrival| Arrival { at: now, ..arrival })
    }
}

fn arrival(intended: &Intended) -> Option<Arrival> {
    let What::Put(version) = &intended.what else { return None };
    let at = (intended.at_s * 1e6) as Micros;
    Some(Arrival { at, tenant: intended.tenant, size_bytes: version.size_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paced_load_is_exactly_the_shapes_events_in_order() {
        let mut load = Load::paced(Shape { events: 5_000, ..Shape::default() }, 3);
        let all: Vec<Arrival> = std::iter::from_fn(|| load.next()).collect();
        assert_eq!(all.len(), 5_000);
        assert!(all.is_sorted_by_key(|arrival| arrival.at));
        assert_eq!(load.draw(7), None);
    }

    #[test]
    fn a_standing_load_comes_when_it_is_drawn() {
        let mut load = Load::standing(10, Shape::default(), 3);
        assert_eq!((load.next(), load.in_system()), (None, 10));
        assert!((0..100).all(|now| load.draw(now).is_some_and(|arrival| arrival.at == now)));
    }
}
