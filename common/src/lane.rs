//! Lanes: the queues between dispatcher and workers, one per kind of service a file gets.

use std::fmt;

/// The name of a lane: a lowercase letter, then up to 31 lowercase letters, digits or hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(String);

/// Why a text names no lane.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no lane name: expected a lowercase letter, then up to 31 lowercase letters, digits or hyphens"
)]
pub struct LaneError(String);

impl Lane {
    /// # Errors
    /// When the text is not of that form.
    pub fn parse(text: &str) -> Result<Self, LaneError> {
        let mut bytes = text.bytes();
        let starts = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
        let goes_on = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if starts && goes_on && text.len() <= 32 {
            Ok(Self(text.to_owned()))
        } else {
            Err(LaneError(text.to_owned()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for good in ["fast", "bulk", "tier-1", "a"] {
            assert!(Lane::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "Fast", "1fast", "fa_st", "fäst", &"a".repeat(33)] {
            assert!(Lane::parse(bad).is_err(), "{bad}");
        }
    }
}
