//! Document paths (`a.b[0].c`): reading, writing and removing what they point to.

use std::collections::BTreeMap;
use std::fmt;

use super::attribute::{Attribute, Attributes};

/// One step below an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

/// A path: a top-level attribute and the steps below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path<'a> {
    pub(super) root: &'a str,
    pub(super) steps: Vec<Step<'a>>,
}

/// How two paths of one expression get into each other's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clash {
    /// One is the other or leads to it.
    Overlap,
    /// One takes a map where the other takes a list.
    Conflict,
}

/// What a path's last step points to: a place to write to, filled or not.
enum Slot<'m, 'a> {
    Member(&'m mut Attributes, &'a str),
    Element(&'m mut Vec<Attribute>, usize),
}

impl<'a> Path<'a> {
    pub(super) fn get<'i>(&self, attributes: &'i Attributes) -> Option<&'i Attribute> {
        self.steps.iter().try_fold(attributes.get(self.root)?, |at, step| match (at, step) {
            (Attribute::Map(map), Step::Name(name)) => map.get(*name),
            (Attribute::List(list), Step::Index(index)) => list.get(*index),
            _ => None,
        })
    }

    /// Writes; an index past a list's end appends. `None` when the parent is not there or is of another type.
    pub(super) fn set(&self, attributes: &mut Attributes, value: Attribute) -> Option<()> {
        match self.slot(attributes)? {
            Slot::Member(map, name) => drop(map.insert(name.to_owned(), value)),
            Slot::Element(list, index) => match list.get_mut(index) {
                Some(element) => *element = value,
                None => list.push(value),
            },
        }
        Some(())
    }

    /// Removes what is there, if anything. `None` when the parent is not there or is of another type.
    pub(super) fn remove(&self, attributes: &mut Attributes) -> Option<()> {
        match self.slot(attributes)? {
            Slot::Member(map, name) => drop(map.remove(name)),
            Slot::Element(list, index) => {
                if index < list.len() {
                    list.remove(index);
                }
            }
        }
        Some(())
    }

    fn slot<'m>(&self, attributes: &'m mut Attributes) -> Option<Slot<'m, 'a>> {
        let Some((last, middle)) = self.steps.split_last() else {
            return Some(Slot::Member(attributes, self.root));
        };
        let parent = middle.iter().try_fold(attributes.get_mut(self.root)?, |at, step| match (at, step) {
            (Attribute::Map(map), Step::Name(name)) => map.get_mut(*name),
            (Attribute::List(list), Step::Index(index)) => list.get_mut(*index),
            _ => None,
        })?;
        match (parent, last) {
            (Attribute::Map(map), Step::Name(name)) => Some(Slot::Member(map, name)),
            (Attribute::List(list), Step::Index(index)) => Some(Slot::Element(list, *index)),
            _ => None,
        }
    }

    pub(super) fn clash(&self, other: &Self) -> Option<Clash> {
        if self.root != other.root {
            return None;
        }
        for (ours, theirs) in self.steps.iter().zip(&other.steps) {
            match (ours, theirs) {
                (a, b) if a == b => {}
                (Step::Name(_), Step::Index(_)) | (Step::Index(_), Step::Name(_)) => {
                    return Some(Clash::Conflict);
                }
                _ => return None,
            }
        }
        Some(Clash::Overlap)
    }
}

impl fmt::Display for Path<'_> {
    /// As refusals write it: `[a, b, [0]]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}", self.root)?;
        for step in &self.steps {
            match step {
                Step::Name(name) => write!(f, ", {name}")?,
                Step::Index(index) => write!(f, ", [{index}]")?,
            }
        }
        f.write_str("]")
    }
}

/// Only what `paths` point to, in the item's own nesting; the elements taken of a list close up.
pub(super) fn project<'p, 'a: 'p>(
    paths: impl IntoIterator<Item = &'p Path<'a>>,
    attributes: &Attributes,
) -> Attributes {
    let mut wanted: BTreeMap<&str, Wanted<'_>> = BTreeMap::new();
    for path in paths {
        let root = wanted.entry(path.root).or_default();
        path.steps.iter().fold(root, |at, step| at.below.entry(*step).or_default());
    }
    wanted
        .iter()
        .filter_map(|(name, wanted)| Some(((*name).to_owned(), wanted.take(attributes.get(*name)?)?)))
        .collect()
}

/// What is wanted of an attribute: all of it (nothing below), or the steps below.
#[derive(Default)]
struct Wanted<'a> {
    below: BTreeMap<Step<'a>, Wanted<'a>>,
}

impl Wanted<'_> {
    fn take(&self, attribute: &Attribute) -> Option<Attribute> {
        if self.below.is_empty() {
            return Some(attribute.clone());
        }
        match attribute {
            Attribute::Map(map) => {
                let members = self.below.iter().filter_map(|(step, wanted)| match step {
                    Step::Name(name) => Some(((*name).to_owned(), wanted.take(map.get(*name)?)?)),
                    Step::Index(_) => None,
                });
                Some(members.collect::<Attributes>()).filter(|taken| !taken.is_empty()).map(Attribute::Map)
            }
            Attribute::List(list) => {
                let elements = self.below.iter().filter_map(|(step, wanted)| match step {
                    Step::Index(index) => wanted.take(list.get(*index)?),
                    Step::Name(_) => None,
                });
                Some(elements.collect::<Vec<_>>()).filter(|taken| !taken.is_empty()).map(Attribute::List)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::attribute_json::{decode_attributes, encode_attributes};
    use super::*;

    fn item() -> Attributes {
        let json = json!({"a": {"M": {"b": {"L": [{"S": "zero"}, {"S": "one"}, {"S": "two"}]}, "c": {"N": "1"}}}, "d": {"N": "2"}});
        decode_attributes("Item", json).unwrap()
    }

    fn path(root: &'static str, steps: &[Step<'static>]) -> Path<'static> {
        Path { root, steps: steps.to_vec() }
    }

    #[test]
    fn paths_read_write_and_remove() {
        let mut item = item();
        let one = path("a", &[Step::Name("b"), Step::Index(1)]);
        assert_eq!(one.get(&item), Some(&Attribute::String("one".to_owned())));
        one.set(&mut item, Attribute::Null).unwrap();
        assert_eq!(one.get(&item), Some(&Attribute::Null));
        path("a", &[Step::Name("b"), Step::Index(99)]).set(&mut item, Attribute::Bool(true)).unwrap();
        assert_eq!(path("a", &[Step::Name("b"), Step::Index(3)]).get(&item), Some(&Attribute::Bool(true)));
        path("a", &[Step::Name("b"), Step::Index(0)]).remove(&mut item).unwrap();
        assert_eq!(path("a", &[Step::Name("b"), Step::Index(0)]).get(&item), Some(&Attribute::Null));
        assert_eq!(path("a", &[Step::Name("x"), Step::Name("y")]).set(&mut item, Attribute::Null), None);
        assert_eq!(path("d", &[Step::Name("x")]).remove(&mut item), None);
    }

    #[test]
    fn projection_keeps_the_nesting() {
        let taken = project(
            &[
                path("a", &[Step::Name("b"), Step::Index(2)]),
                path("a", &[Step::Name("b"), Step::Index(0)]),
                path("d", &[]),
                path("missing", &[]),
                path("d", &[Step::Name("x")]),
            ][..4],
            &item(),
        );
        let wanted = json!({"a": {"M": {"b": {"L": [{"S": "zero"}, {"S": "two"}]}}}, "d": {"N": "2"}});
        assert_eq!(encode_attributes(&taken), wanted);
    }

    #[test]
    fn clashes_are_overlaps_or_conflicts() {
        let whole = path("a", &[]);
        let below = path("a", &[Step::Name("b")]);
        assert_eq!(whole.clash(&below), Some(Clash::Overlap));
        assert_eq!(below.clash(&below), Some(Clash::Overlap));
        assert_eq!(below.clash(&path("a", &[Step::Index(0)])), Some(Clash::Conflict));
        assert_eq!(below.clash(&path("a", &[Step::Name("c")])), None);
        assert_eq!(below.clash(&path("b", &[])), None);
    }
}
