//! Attribute values: the ten types, what they weigh, and how they compare.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::number::Number;

/// Overhead of a list or a map, and of each of their elements, towards an item's size.
const DOCUMENT_SIZE_BYTES: usize = 3;
const ELEMENT_SIZE_BYTES: usize = 1;

/// Attributes by name: an item, or what a map holds.
pub(super) type Attributes = BTreeMap<String, Attribute>;

/// One attribute's value. Sets are ordered so that the same requests give the same answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attribute {
    String(String),
    Number(Number),
    Binary(Vec<u8>),
    Bool(bool),
    Null,
    Map(Attributes),
    List(Vec<Attribute>),
    StringSet(BTreeSet<String>),
    NumberSet(BTreeSet<Number>),
    BinarySet(BTreeSet<Vec<u8>>),
}

impl Attribute {
    /// The type descriptor: `S`, `N`, `B`, `BOOL`, `NULL`, `M`, `L`, `SS`, `NS`, `BS`.
    pub(super) fn descriptor(&self) -> &'static str {
        match self {
            Self::String(_) => "S",
            Self::Number(_) => "N",
            Self::Binary(_) => "B",
            Self::Bool(_) => "BOOL",
            Self::Null => "NULL",
            Self::Map(_) => "M",
            Self::List(_) => "L",
            Self::StringSet(_) => "SS",
            Self::NumberSet(_) => "NS",
            Self::BinarySet(_) => "BS",
        }
    }

    /// The type as refusals of update expressions spell it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "STRING",
            Self::Number(_) => "NUMBER",
            Self::Binary(_) => "BINARY",
            Self::Bool(_) => "BOOLEAN",
            Self::Null => "NULL",
            Self::Map(_) => "MAP",
            Self::List(_) => "LIST",
            Self::StringSet(_) => "STRING_SET",
            Self::NumberSet(_) => "NUMBER_SET",
            Self::BinarySet(_) => "BINARY_SET",
        }
    }

    /// What it counts towards an item's size.
    pub(super) fn size_bytes(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Number(number) => number.size_bytes(),
            Self::Binary(bytes) => bytes.len(),
            Self::Bool(_) | Self::Null => 1,
            Self::Map(map) => {
                DOCUMENT_SIZE_BYTES + attributes_size_bytes(map) + map.len() * ELEMENT_SIZE_BYTES
            }
            Self::List(list) => {
                DOCUMENT_SIZE_BYTES
                    + list.iter().map(|element| element.size_bytes() + ELEMENT_SIZE_BYTES).sum::<usize>()
            }
            Self::StringSet(set) => set.iter().map(String::len).sum(),
            Self::NumberSet(set) => set.iter().map(Number::size_bytes).sum(),
            Self::BinarySet(set) => set.iter().map(Vec::len).sum(),
        }
    }

    /// The order of two values of one ordered type (string, number, binary); `None` for all others.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::String(a), Self::String(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => Some(a.cmp(b)),
            (Self::Binary(a), Self::Binary(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// What the `size` function answers; `None` for types that have no size.
    pub(super) fn length(&self) -> Option<usize> {
        match self {
            Self::String(text) => Some(text.len()),
            Self::Binary(bytes) => Some(bytes.len()),
            Self::Map(map) => Some(map.len()),
            Self::List(list) => Some(list.len()),
            Self::StringSet(set) => Some(set.len()),
            Self::NumberSet(set) => Some(set.len()),
            Self::BinarySet(set) => Some(set.len()),
            Self::Number(_) | Self::Bool(_) | Self::Null => None,
        }
    }

    /// The `contains` function: a part of a string or binary, a member of a set or list.
    pub(super) fn contains(&self, part: &Self) -> bool {
        match (self, part) {
            (Self::String(text), Self::String(part)) => text.contains(part.as_str()),
            (Self::Binary(bytes), Self::Binary(part)) => {
                part.is_empty() || bytes.windows(part.len()).any(|window| window == part.as_slice())
            }
            (Self::List(list), part) => list.contains(part),
            (Self::StringSet(set), Self::String(member)) => set.contains(member),
            (Self::NumberSet(set), Self::Number(member)) => set.contains(member),
            (Self::BinarySet(set), Self::Binary(member)) => set.contains(member),
            _ => false,
        }
    }

    /// The `begins_with` function.
    pub(super) fn begins_with(&self, prefix: &Self) -> bool {
        match (self, prefix) {
            (Self::String(text), Self::String(prefix)) => text.starts_with(prefix.as_str()),
            (Self::Binary(bytes), Self::Binary(prefix)) => bytes.starts_with(prefix),
            _ => false,
        }
    }
}

/// Names and values together, as AWS sums up an item.
pub(super) fn attributes_size_bytes(attributes: &Attributes) -> usize {
    attributes.iter().map(|(name, value)| name.len() + value.size_bytes()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> Attribute {
        Attribute::String(text.to_owned())
    }

    #[test]
    fn sizes_are_those_of_the_documentation() {
        let map =
            Attributes::from([("ab".to_owned(), string("cde")), ("f".to_owned(), Attribute::Bool(true))]);
        assert_eq!(attributes_size_bytes(&map), 2 + 3 + 1 + 1);
        assert_eq!(Attribute::Map(map).size_bytes(), 3 + 7 + 2);
        assert_eq!(Attribute::List(vec![string("abc"), Attribute::Null]).size_bytes(), 3 + 4 + 2);
        assert_eq!(Attribute::Number(Number::parse("-123.45").unwrap()).size_bytes(), 3 + 1 + 1);
    }

    #[test]
    fn only_values_of_one_ordered_type_compare() {
        assert_eq!(string("a").order(&string("b")), Some(Ordering::Less));
        assert_eq!(string("1").order(&Attribute::Number(Number::ZERO)), None);
        assert_eq!(Attribute::Bool(false).order(&Attribute::Bool(true)), None);
    }

    #[test]
    fn contains_looks_into_text_sets_and_lists() {
        assert!(string("abc").contains(&string("bc")));
        assert!(Attribute::Binary(vec![1, 2, 3]).contains(&Attribute::Binary(vec![2, 3])));
        assert!(Attribute::StringSet(BTreeSet::from(["a".to_owned()])).contains(&string("a")));
        assert!(!Attribute::StringSet(BTreeSet::from(["abc".to_owned()])).contains(&string("b")));
        assert!(Attribute::List(vec![Attribute::Null]).contains(&Attribute::Null));
        assert!(!Attribute::Null.contains(&Attribute::Null));
    }
}
