//! The events, one after the other.

use fastrand::Rng;

use super::arrivals::Arrivals;
use super::curve::{At, Curve};
use super::event::{Form, Intended, Poison, What};
use super::recent::Recent;
use super::shape::Shape;
use super::sizes::size;

/// All intended events of a shape and a seed, in the order of time. The same seed is the same workload; it holds no more than the
/// files of the last [`Shape::window`] events.
#[derive(Debug, Clone)]
pub(crate) struct Workload {
    shape: Shape,
    arrivals: Arrivals,
    rng: Rng,
    recent: Recent,
    next: u64,
}

impl Workload {
    pub(crate) fn new(shape: Shape, seed: u64) -> Self {
        // A stream for the instants and one for what happens, so that one is the same whatever becomes of the other.
        let mut instants = Rng::with_seed(seed);
        let rng = instants.fork();
        let curve = Curve::new(&shape, &mut instants);
        let arrivals = Arrivals::new(curve, shape.events, instants);
        Self { shape, arrivals, rng, recent: Recent::default(), next: 0 }
    }

    fn tenant(&mut self, at: At) -> u16 {
        let others = self.shape.tenants - 1;
        let is_noisy = self.rng.f64() < at.burst_share || self.rng.f64() * 100.0 < self.shape.noisy_percent;
        if is_noisy || others == 0 { 0 } else { 1 + self.rng.u16(..others) }
    }

    fn put(&mut self, number: u64, at: At) -> (u16, What) {
        let (tenant, size_bytes) = (self.tenant(at), size(&self.shape, &mut self.rng));
        (tenant, What::Put(self.recent.born(number, tenant, size_bytes)))
    }

    /// What refers to a file while there is none that it could refer to is a new file instead.
    fn draw(&mut self, number: u64, at: At) -> (u16, What) {
        let mut draw = self.rng.f64() * 100.0;
        let mut within = |percent: f64| {
            draw -= percent;
            draw < 0.0
        };
        let Shape { overwrite_percent, duplicate_percent, late_percent, poison_percent, .. } = self.shape;
        let drawn = if within(poison_percent) {
            let poison = self.rng.choice(Poison::ALL).unwrap_or(Poison::Words);
            Some((self.tenant(at), What::Poison(poison)))
        } else if within(overwrite_percent) {
            let size_bytes = size(&self.shape, &mut self.rng);
            let put = self.recent.overwrite(size_bytes, &mut self.rng);
            put.map(|(tenant, version)| (tenant, What::Put(version)))
        } else if within(duplicate_percent) {
            let of = self.recent.any(&mut self.rng);
            of.map(|(tenant, of)| (tenant, What::Duplicate { of, form: self.form() }))
        } else if within(late_percent) {
            let of = self.recent.replaced(self.oldest(number), &mut self.rng);
            of.map(|(tenant, of)| (tenant, What::Late { of, form: self.form() }))
        } else {
            None
        };
        drawn.unwrap_or_else(|| self.put(number, at))
    }

    fn form(&mut self) -> Form {
        self.rng.choice(Form::ALL).unwrap_or(Form::EventBridge)
    }

    fn oldest(&self, number: u64) -> u64 {
        number.saturating_sub(self.shape.window)
    }
}

impl Iterator for Workload {
    type Item = Intended;

    fn next(&mut self) -> Option<Intended> {
        let at = self.arrivals.next()?;
        let number = self.next;
        self.next += 1;
        self.recent.forget_before(self.oldest(number));
        let (tenant, what) = self.draw(number, at);
        Some(Intended { number, at_s: at.s, tenant, what })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::workload::Version;

    fn shape(events: u64) -> Shape {
        Shape { events, span_s: 3_600.0, overwrite_percent: 10.0, ..Shape::default() }
    }

    #[test]
    fn the_same_seed_is_the_same_workload_and_another_is_not() {
        let all = |seed| Workload::new(shape(5_000), seed).collect::<Vec<_>>();
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
    }

    #[test]
    fn every_reference_is_to_something_that_was_put_within_the_window() {
        for seed in 0..10 {
            let shape = Shape { window: 300, ..shape(20_000) };
            let mut versions: BTreeMap<u64, (u16, Vec<Version>)> = BTreeMap::new();
            let mut last_s = 0.0;
            for (expected, event) in (0..).zip(Workload::new(shape, seed)) {
                assert_eq!(event.number, expected);
                assert!(event.at_s >= last_s);
                last_s = event.at_s;
                let of = match event.what {
                    What::Put(version) => {
                        let (tenant, known) = versions.entry(version.file).or_insert((event.tenant, vec![]));
                        assert_eq!((*tenant, usize::from(version.version)), (event.tenant, known.len()));
                        assert!(
                            known.iter().all(|known| known.size_bytes != version.size_bytes),
                            "{known:?}"
                        );
                        known.push(version);
                        version
                    }
                    What::Duplicate { of, .. } => of,
                    What::Late { of, .. } => {
                        let newest = versions[&of.file].1.last().unwrap();
                        assert!(of.version < newest.version, "{of:?} {newest:?}");
                        of
                    }
                    What::Poison(_) => continue,
                };
                let (tenant, known) = &versions[&of.file];
                assert_eq!(*tenant, event.tenant);
                assert!(known.contains(&of));
                assert!(of.file + 300 >= event.number);
            }
        }
    }

    #[test]
    fn kinds_and_tenants_have_their_shares() {
        let (mut kinds, mut tenants) = (BTreeMap::<&str, u32>::new(), BTreeMap::<u16, u32>::new());
        for event in Workload::new(Shape { bursts_per_day: 0.0, ..shape(100_000) }, 5) {
            *tenants.entry(event.tenant).or_default() += 1;
            let kind = match event.what {
                What::Put(Version { version: 0, .. }) => "new",
                What::Put(_) => "overwrite",
                What::Duplicate { .. } => "duplicate",
                What::Late { .. } => "late",
                What::Poison(_) => "poison",
            };
            *kinds.entry(kind).or_default() += 1;
        }
        assert!((9_000..=10_400).contains(&kinds["overwrite"]), "{kinds:?}");
        assert!((1_800..=2_200).contains(&kinds["duplicate"]), "{kinds:?}");
        assert!((850..=1_150).contains(&kinds["late"]), "{kinds:?}");
        assert!((60..=140).contains(&kinds["poison"]), "{kinds:?}");
        assert_eq!(tenants.len(), 8);
        assert!((49_000..=51_000).contains(&tenants[&0]), "{tenants:?}");
        assert!(tenants.iter().skip(1).all(|(_, count)| (6_500..=7_800).contains(count)), "{tenants:?}");
    }

    #[test]
    fn every_kind_of_poison_and_every_form_comes_up() {
        let (mut poisons, mut forms) = (BTreeSet::new(), BTreeSet::new());
        for event in Workload::new(Shape { poison_percent: 5.0, ..shape(5_000) }, 1) {
            match event.what {
                What::Poison(poison) => drop(poisons.insert(format!("{poison:?}"))),
                What::Duplicate { form, .. } | What::Late { form, .. } => {
                    forms.insert(format!("{form:?}"));
                }
                What::Put(_) => {}
            }
        }
        assert_eq!((poisons.len(), forms.len()), (Poison::ALL.len(), Form::ALL.len()));
    }

    #[test]
    fn one_tenant_alone_has_everything() {
        let shape = Shape { tenants: 1, noisy_percent: 0.0, ..shape(1_000) };
        assert!(Workload::new(shape, 1).all(|event| event.tenant == 0));
    }
}
