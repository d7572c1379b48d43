//! Keys, ordered: how items lie in a table and in its indexes.
//!
//! Partitions lie by a hash of their key, as in DynamoDB, so that a scan's segments are ranges; within a partition the sort
//! key orders.

use super::attribute::Attribute;
use super::number::Number;

/// The value of one key attribute. Strings and binaries are ordered by bytes, numbers by value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeyPart {
    String(String),
    Number(Number),
    Binary(Vec<u8>),
}

/// A value, or one of the places before and after all values: what an absent sort key and a range's ends are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edge<T> {
    Least,
    At(T),
    Most,
}

/// Where an item lies in a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PrimaryKey {
    bucket: u64,
    pub(super) partition: KeyPart,
    pub(super) sort: Edge<KeyPart>,
}

/// Where an item lies in an index: index keys are not unique, so that the table's key follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IndexKey {
    pub(super) place: PrimaryKey,
    pub(super) base: Edge<PrimaryKey>,
}

impl KeyPart {
    /// `None` for a type that cannot be a key.
    pub(super) fn of(attribute: &Attribute) -> Option<Self> {
        match attribute {
            Attribute::String(text) => Some(Self::String(text.clone())),
            Attribute::Number(number) => Some(Self::Number(*number)),
            Attribute::Binary(bytes) => Some(Self::Binary(bytes.clone())),
            _ => None,
        }
    }

    /// The least value that is greater than everything that begins with `self`; `None` when nothing is.
    pub(super) fn after_prefix(&self) -> Option<Self> {
        match self {
            Self::String(prefix) => {
                let mut rest = prefix.clone();
                while let Some(last) = rest.pop() {
                    if let Some(next) = next_char(last) {
                        rest.push(next);
                        return Some(Self::String(rest));
                    }
                }
                None
            }
            Self::Binary(prefix) => {
                let mut rest = prefix.clone();
                while let Some(last) = rest.pop() {
                    if last < u8::MAX {
                        rest.push(last + 1);
                        return Some(Self::Binary(rest));
                    }
                }
                None
            }
            Self::Number(_) => None,
        }
    }

    /// FNV-1a with a final mix, so that short keys spread over all segments.
    fn bucket(&self) -> u64 {
        let fnv = |bytes: &[u8]| {
            bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
            })
        };
        let hash = match self {
            Self::String(text) => fnv(text.as_bytes()),
            Self::Number(number) => fnv(number.to_string().as_bytes()),
            Self::Binary(bytes) => fnv(bytes),
        };
        let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 29)
    }
}

fn next_char(letter: char) -> Option<char> {
    // The surrogates are no characters: U+E000 follows U+D7FF.
    if letter == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(letter) + 1) }
}

impl PrimaryKey {
    pub(super) fn new(partition: KeyPart, sort: Option<KeyPart>) -> Self {
        Self { bucket: partition.bucket(), partition, sort: sort.map_or(Edge::Least, Edge::At) }
    }

    /// The same partition at another place.
    pub(super) fn at(&self, sort: Edge<KeyPart>) -> Self {
        Self { sort, ..self.clone() }
    }

    /// The place before all keys of a bucket.
    pub(super) fn start_of_bucket(bucket: u64) -> Self {
        Self { bucket, partition: KeyPart::String(String::new()), sort: Edge::Least }
    }

    /// Which of `total` equal segments of the hash space this key is in.
    pub(super) fn segment(&self, total: u64) -> u64 {
        let segment = (u128::from(self.bucket) * u128::from(total)) >> 64;
        u64::try_from(segment).unwrap_or(u64::MAX)
    }
}

/// The first bucket of segment `segment` of `total`.
pub(super) fn first_bucket(segment: u64, total: u64) -> Option<u64> {
    u64::try_from((u128::from(segment) << 64).div_ceil(u128::from(total.max(1)))).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_follows_a_prefix_is_greater() {
        let after = |text: &str| KeyPart::String(text.to_owned()).after_prefix();
        assert_eq!(after("ab"), Some(KeyPart::String("ac".to_owned())));
        assert_eq!(after("a\u{10ffff}"), Some(KeyPart::String("b".to_owned())));
        assert_eq!(after("\u{d7ff}"), Some(KeyPart::String("\u{e000}".to_owned())));
        assert_eq!(after(""), None);
        assert_eq!(KeyPart::Binary(vec![1, 255]).after_prefix(), Some(KeyPart::Binary(vec![2])));
        assert_eq!(KeyPart::Binary(vec![255]).after_prefix(), None);
    }

    #[test]
    fn an_absent_sort_key_comes_first() {
        let key = PrimaryKey::new(KeyPart::Number(Number::ZERO), None);
        assert!(key < key.at(Edge::At(KeyPart::String(String::new()))));
        assert!(key.at(Edge::At(KeyPart::Binary(vec![255]))) < key.at(Edge::Most));
    }

    proptest! {
        #[test]
        fn segments_are_ranges_of_buckets(text: String, total in 1_u64..1_000_000) {
            let key = PrimaryKey::new(KeyPart::String(text), None);
            let segment = key.segment(total);
            prop_assert!(segment < total);
            prop_assert!(first_bucket(segment, total).unwrap() <= key.bucket);
            prop_assert!(first_bucket(segment + 1, total).is_none_or(|next| key.bucket < next));
        }
    }
}
