//! Why a protection was not to be had.

use std::fmt;

use common::fault::Fault;

/// Characters of a reason that are shown.
const CODE_CHARS_MAX: usize = 64;

/// One request that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// ECS's own word, or ours for what never got so far (`connect`, `timeout`, `reply`). Never a message: those quote ARNs.
    pub code: String,
    /// Whether the request may have taken effect all the same.
    pub uncertain: bool,
}

impl Failure {
    /// ECS, or the agent in its name, says no.
    pub(super) fn refused(code: &str) -> Self {
        let plain = |c: &char| c.is_ascii_alphanumeric() || "._- ".contains(*c);
        let code: String = code.chars().filter(plain).take(CODE_CHARS_MAX).collect();
        Self { code: if code.is_empty() { "no code".to_owned() } else { code }, uncertain: false }
    }

    /// Nobody knows what became of the request.
    pub(super) fn uncertain(code: &str) -> Self {
        Self { uncertain: true, ..Self::refused(code) }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { uncertain: fault.is_uncertain(), ..Self::refused(&fault.code) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_short_and_plain_whatever_was_sent() {
        assert_eq!(Failure::refused("TASK_NOT_VALID").to_string(), "TASK_NOT_VALID");
        assert_eq!(Failure::refused("a\n{\"level\":\"ERROR\"}").to_string(), "alevelERROR");
        assert_eq!(Failure::refused("é").to_string(), "no code");
        assert_eq!(Failure::uncertain(&"x".repeat(1_000)).code.len(), CODE_CHARS_MAX);
    }
}
