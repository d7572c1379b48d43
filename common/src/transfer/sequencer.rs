//! S3's order of events on one key.
//!
//! AWS documents the comparison: pad the shorter value on the right with zeros, then compare as text. It means something only
//! between events of the same key. It is not a number: `"1"` comes after `"0F"`.

use std::cmp::Ordering;
use std::fmt;

/// A `sequencer` as S3 wrote it: 1 to 64 hex digits.
#[derive(Debug, Clone)]
pub struct Sequencer(String);

/// Why a text is no sequencer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a sequencer is 1 to 64 hex digits")]
pub struct SequencerError;

impl Sequencer {
    /// # Errors
    /// When the text is empty, longer than 64 characters, or not hex.
    pub fn parse(text: &str) -> Result<Self, SequencerError> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        if fits { Ok(Self(text.to_ascii_uppercase())) } else { Err(SequencerError) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sequencer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ord for Sequencer {
    fn cmp(&self, other: &Self) -> Ordering {
        let len = self.0.len().max(other.0.len());
        let padded = |text: &str, at: usize| text.as_bytes().get(at).copied().unwrap_or(b'0');
        (0..len)
            .map(|at| padded(&self.0, at).cmp(&padded(&other.0, at)))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Sequencer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Sequencer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sequencer {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sequencer(text: &str) -> Sequencer {
        Sequencer::parse(text).unwrap()
    }

    #[test]
    fn compares_as_text_padded_on_the_right() {
        assert!(sequencer("0055AED6DCD90281E6") > sequencer("0055AED6DCD90281E5"));
        assert!(sequencer("1") > sequencer("0F"));
        assert_eq!(sequencer("1"), sequencer("100"));
        assert!(sequencer("1001") > sequencer("1"));
        assert_eq!(sequencer("ab"), sequencer("AB"));
    }

    #[test]
    fn refuses_what_is_not_hex() {
        for bad in ["", "xyz", "0x12", " 1", &"0".repeat(65)] {
            assert!(Sequencer::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn is_a_total_order(a in "[0-9A-F]{1,24}", b in "[0-9A-F]{1,24}", c in "[0-9A-F]{1,24}") {
            let (a, b, c) = (sequencer(&a), sequencer(&b), sequencer(&c));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c { prop_assert!(a <= c); }
        }

        #[test]
        fn trailing_zeros_change_nothing(a in "[0-9A-F]{1,24}", zeros in 0usize..8) {
            let padded = format!("{a}{}", "0".repeat(zeros));
            prop_assert_eq!(sequencer(&a), sequencer(&padded));
        }
    }
}
