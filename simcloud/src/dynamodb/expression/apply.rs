//! What an update makes of an item.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::api::ApiError;

use super::super::attribute::{Attribute, Attributes};
use super::super::attribute_json::number_refusal;
use super::super::path::{Path, Step};
use super::super::refusal::validation;
use super::update::{Term, Update};

impl Update<'_> {
    /// The item after the update. Every term reads the item as it was before.
    pub(in super::super) fn apply(&self, before: &Attributes) -> Result<Attributes, ApiError> {
        let values = self
            .set
            .iter()
            .map(|(path, term)| Ok((path, term.value(before)?.into_owned())))
            .collect::<Result<Vec<_>, ApiError>>()?;
        let mut after = before.clone();
        for (path, value) in values {
            path.set(&mut after, value).ok_or_else(no_such_parent)?;
        }
        for (path, operand) in &self.add {
            let sum = add(path.get(before), operand)?;
            path.set(&mut after, sum).ok_or_else(no_such_parent)?;
        }
        for (path, operand) in &self.delete {
            let Some(set) = path.get(before) else { continue };
            match subtract(set, operand)? {
                Some(left) => path.set(&mut after, left),
                None => path.remove(&mut after),
            }
            .ok_or_else(no_such_parent)?;
        }
        self.remove_all(&mut after)?;
        Ok(after)
    }

    /// Higher indexes first, so that those of one list still mean what they meant before the update.
    fn remove_all(&self, after: &mut Attributes) -> Result<(), ApiError> {
        let mut paths: Vec<&Path<'_>> = self.remove.iter().collect();
        let last_index = |path: &Path<'_>| match path.steps.last() {
            Some(Step::Index(index)) => *index,
            _ => 0,
        };
        paths.sort_by_key(|path| std::cmp::Reverse(last_index(path)));
        paths.into_iter().try_for_each(|path| path.remove(after).ok_or_else(no_such_parent))
    }
}

impl Term<'_> {
    fn value<'i>(&'i self, before: &'i Attributes) -> Result<Cow<'i, Attribute>, ApiError> {
        match self {
            Self::Value(value) => Ok(Cow::Borrowed(*value)),
            Self::Path(path) => path.get(before).map(Cow::Borrowed).ok_or_else(|| {
                validation("The provided expression refers to an attribute that does not exist in the item")
            }),
            Self::IfNotExists(path, otherwise) => match path.get(before) {
                Some(value) => Ok(Cow::Borrowed(value)),
                None => otherwise.value(before),
            },
            Self::ListAppend(first, second) => match (&*first.value(before)?, &*second.value(before)?) {
                (Attribute::List(first), Attribute::List(second)) => {
                    Ok(Cow::Owned(Attribute::List(first.iter().chain(second).cloned().collect())))
                }
                _ => Err(wrong_type()),
            },
            Self::Plus(left, right) | Self::Minus(left, right) => {
                match (&*left.value(before)?, &*right.value(before)?) {
                    (Attribute::Number(left), Attribute::Number(right)) => {
                        let plus = matches!(self, Self::Plus(..));
                        let result = if plus { left.checked_add(right) } else { left.checked_sub(right) };
                        let number = result.map_err(|error| number_refusal(error, ""))?;
                        Ok(Cow::Owned(Attribute::Number(number)))
                    }
                    _ => Err(wrong_type()),
                }
            }
        }
    }
}

fn add(before: Option<&Attribute>, operand: &Attribute) -> Result<Attribute, ApiError> {
    fn union<T: Ord + Clone>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> BTreeSet<T> {
        a.union(b).cloned().collect()
    }
    Ok(match (before, operand) {
        (None, operand) => operand.clone(),
        (Some(Attribute::Number(a)), Attribute::Number(b)) => {
            Attribute::Number(a.checked_add(b).map_err(|error| number_refusal(error, ""))?)
        }
        (Some(Attribute::StringSet(a)), Attribute::StringSet(b)) => Attribute::StringSet(union(a, b)),
        (Some(Attribute::NumberSet(a)), Attribute::NumberSet(b)) => Attribute::NumberSet(union(a, b)),
        (Some(Attribute::BinarySet(a)), Attribute::BinarySet(b)) => Attribute::BinarySet(union(a, b)),
        _ => return Err(wrong_type()),
    })
}

/// `None` when nothing is left: there are no empty sets.
fn subtract(before: &Attribute, operand: &Attribute) -> Result<Option<Attribute>, ApiError> {
    fn left<T: Ord + Clone>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> Option<BTreeSet<T>> {
        Some(a.difference(b).cloned().collect()).filter(|left: &BTreeSet<T>| !left.is_empty())
    }
    Ok(match (before, operand) {
        (Attribute::StringSet(a), Attribute::StringSet(b)) => left(a, b).map(Attribute::StringSet),
        (Attribute::NumberSet(a), Attribute::NumberSet(b)) => left(a, b).map(Attribute::NumberSet),
        (Attribute::BinarySet(a), Attribute::BinarySet(b)) => left(a, b).map(Attribute::BinarySet),
        _ => return Err(wrong_type()),
    })
}

fn wrong_type() -> ApiError {
    validation("An operand in the update expression has an incorrect data type")
}

fn no_such_parent() -> ApiError {
    validation("The document path provided in the update expression is invalid for update")
}
