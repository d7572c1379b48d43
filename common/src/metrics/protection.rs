//! What is told of task protection.

use super::installed;
use super::label as l;

/// What became of a request to protect the task, or to end that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protected {
    Done,
    Refused,
    /// It may have taken effect.
    Unknown,
}

/// This process asks for protection. Counts begin at zero, not at the first failure: an alarm on a rate would miss that one.
pub fn protecting() {
    for outcome in l::PROTECTIONS {
        count(outcome, 0);
    }
}

/// A request was made.
pub fn protection(protected: Protected) {
    let outcome = match protected {
        Protected::Done => "done",
        Protected::Refused => "refused",
        Protected::Unknown => "unknown",
    };
    count(outcome, 1);
}

fn count(outcome: &'static str, requests: u64) {
    if let Some(metrics) = installed() {
        metrics.task_protection.add(requests, &[outcome]);
    }
}
