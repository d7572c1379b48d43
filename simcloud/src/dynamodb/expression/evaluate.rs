//! Whether a condition holds for an item.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::super::attribute::{Attribute, Attributes};
use super::super::number::Number;
use super::condition::{Comparator, Condition, Operand};

impl Condition<'_> {
    /// Evaluates on an item; one that does not exist has no attributes.
    ///
    /// A comparison with an attribute that is not there or is of another type is false, except `<>`, which is true.
    pub(in super::super) fn holds(&self, item: &Attributes) -> bool {
        match self {
            Self::And(all) => all.iter().all(|condition| condition.holds(item)),
            Self::Or(any) => any.iter().any(|condition| condition.holds(item)),
            Self::Not(condition) => !condition.holds(item),
            Self::Compare(left, comparator, right) => {
                compare(left.resolve(item).as_deref(), *comparator, right.resolve(item).as_deref())
            }
            Self::Between(operand, low, high) => {
                let (operand, low, high) = (operand.resolve(item), low.resolve(item), high.resolve(item));
                compare(low.as_deref(), Comparator::LessOrEqual, operand.as_deref())
                    && compare(operand.as_deref(), Comparator::LessOrEqual, high.as_deref())
            }
            Self::In(operand, candidates) => operand.resolve(item).is_some_and(|operand| {
                candidates.iter().any(|candidate| candidate.resolve(item).as_ref() == Some(&operand))
            }),
            Self::Exists(path) => path.get(item).is_some(),
            Self::NotExists(path) => path.get(item).is_none(),
            Self::HasType(path, descriptor) => {
                path.get(item).is_some_and(|attribute| attribute.descriptor() == *descriptor)
            }
            Self::BeginsWith(operand, prefix) => {
                both(operand, prefix, item, |operand, prefix| operand.begins_with(prefix))
            }
            Self::Contains(operand, part) => {
                both(operand, part, item, |operand, part| operand.contains(part))
            }
        }
    }
}

impl<'a> Condition<'a> {
    /// The top-level attributes that it names.
    pub(in super::super) fn roots(&self) -> Vec<&'a str> {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().flat_map(Self::roots).collect(),
            Self::Not(condition) => condition.roots(),
            Self::Compare(a, _, b) | Self::BeginsWith(a, b) | Self::Contains(a, b) => {
                [a, b].into_iter().filter_map(Operand::root).collect()
            }
            Self::Between(a, b, c) => [a, b, c].into_iter().filter_map(Operand::root).collect(),
            Self::In(operand, candidates) => {
                std::iter::once(operand).chain(candidates).filter_map(Operand::root).collect()
            }
            Self::Exists(path) | Self::NotExists(path) | Self::HasType(path, _) => vec![path.root],
        }
    }
}

impl<'a> Operand<'a> {
    fn root(&self) -> Option<&'a str> {
        match self {
            Self::Path(path) | Self::Size(path) => Some(path.root),
            Self::Value(_) => None,
        }
    }

    fn resolve<'i>(&'i self, item: &'i Attributes) -> Option<Cow<'i, Attribute>> {
        match self {
            Self::Path(path) => path.get(item).map(Cow::Borrowed),
            Self::Value(value) => Some(Cow::Borrowed(*value)),
            Self::Size(path) => {
                let length = path.get(item)?.length()?;
                Some(Cow::Owned(Attribute::Number(Number::from_count(length))))
            }
        }
    }
}

fn both(
    first: &Operand<'_>,
    second: &Operand<'_>,
    item: &Attributes,
    holds: impl Fn(&Attribute, &Attribute) -> bool,
) -> bool {
    match (first.resolve(item), second.resolve(item)) {
        (Some(first), Some(second)) => holds(&first, &second),
        _ => false,
    }
}

fn compare(left: Option<&Attribute>, comparator: Comparator, right: Option<&Attribute>) -> bool {
    match comparator {
        Comparator::Equal => left.is_some() && left == right,
        Comparator::NotEqual => left.is_none() || left != right,
        ordered => {
            let order = left.zip(right).and_then(|(left, right)| left.order(right));
            match (ordered, order) {
                (_, None) => false,
                (Comparator::Less, order) => order == Some(Ordering::Less),
                (Comparator::LessOrEqual, order) => order != Some(Ordering::Greater),
                (Comparator::Greater, order) => order == Some(Ordering::Greater),
                (_, order) => order != Some(Ordering::Less),
            }
        }
    }
}
