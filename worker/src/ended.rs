//! How an attempt ended, for those who watch: its outcome, a reason for it, and the guards that took effect. Nothing is decided by it.

use std::borrow::Cow;

use common::fault::Class;
use common::ledger::{Reason, Status};
use common::metrics::{self, AttemptOutcome, Guard};

use crate::settle::Settled;
use crate::verdict::Verdict;

/// The reason of what needs none.
const NONE: &str = "none";

/// How an attempt ended, and why: a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) outcome: AttemptOutcome,
    pub(crate) reason: Cow<'static, str>,
}

impl Ended {
    pub(crate) fn new(outcome: AttemptOutcome, reason: &'static str) -> Self {
        Self { outcome, reason: reason.into() }
    }

    pub(crate) fn of(outcome: AttemptOutcome, reason: &Reason) -> Self {
        Self { outcome, reason: reason.code.clone().into() }
    }

    pub(crate) fn duplicate() -> Self {
        Self::new(AttemptOutcome::Duplicate, NONE)
    }

    pub(crate) fn lease_lost() -> Self {
        Self::new(AttemptOutcome::Lost, "lease")
    }

    /// What a verdict came to. `passing`: the class of the fault that ended the copy, if it was one that passes.
    pub(crate) fn settled(verdict: &Verdict, settled: Settled, passing: Option<Class>) -> Self {
        match settled {
            Settled::Recorded => {}
            Settled::Unrecorded => return Self::new(AttemptOutcome::Released, "ledger"),
            Settled::FenceLost => return Self::new(AttemptOutcome::Lost, "fence"),
            Settled::LeaseLost => return Self::lease_lost(),
        }
        match verdict {
            Verdict::Complete(_) => Self::new(AttemptOutcome::Completed, NONE),
            Verdict::Supersede(reason) => Self::of(AttemptOutcome::Superseded, reason),
            Verdict::Fail(reason) => Self::of(AttemptOutcome::Failed, reason),
            Verdict::Release { reason, .. } if reason.code == "passing" => {
                Self::new(AttemptOutcome::Released, passing.unwrap_or(Class::Transient).as_str())
            }
            Verdict::Release { reason, .. } => Self::of(AttemptOutcome::Released, reason),
            Verdict::Leave => Self::lease_lost(),
        }
    }

    /// Whether its trace is to be kept whatever the sample says. A stop or a hand-over is no failure.
    pub(crate) fn is_failure(&self) -> bool {
        match self.outcome {
            AttemptOutcome::Completed | AttemptOutcome::Superseded | AttemptOutcome::Duplicate => false,
            AttemptOutcome::Released => self.reason != "interrupted",
            AttemptOutcome::Failed
            | AttemptOutcome::Parked
            | AttemptOutcome::Lost
            | AttemptOutcome::NotBegun => true,
        }
    }

    /// The state that the ledger says now, if this attempt changed it to one that lasts.
    pub(crate) fn state(&self) -> Option<Status> {
        match self.outcome {
            AttemptOutcome::Completed => Some(Status::Completed),
            AttemptOutcome::Superseded => Some(Status::Superseded),
            AttemptOutcome::Failed => Some(Status::Failed),
            _ => None,
        }
    }

    /// Counts the guards that took effect.
    pub(crate) fn count_guards(&self) {
        let guard = match (self.outcome, &*self.reason) {
            (AttemptOutcome::Failed | AttemptOutcome::Released, "checksum_mismatch") => Guard::RightBytes,
            (AttemptOutcome::Superseded, "newer_published") => Guard::NewestWins,
            (AttemptOutcome::Failed, "attempts_vanished") => Guard::BoundedPoison,
            (AttemptOutcome::Lost, "fence") => Guard::Fence,
            (AttemptOutcome::Released, "ledger") => Guard::LedgerFirst,
            _ => return,
        };
        metrics::guarded(guard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn released(code: &str) -> Verdict {
        let reason = Reason::new(code, "sentence");
        Verdict::Release { reason, spent: false, keep_upload: false, at_once: false }
    }

    #[test]
    fn the_reason_of_a_release_is_what_the_fault_calls_for() {
        let throttled = Ended::settled(&released("passing"), Settled::Recorded, Some(Class::Throttled));
        assert_eq!(throttled, Ended::new(AttemptOutcome::Released, "throttled"));
        let denied = Ended::settled(&released("access_denied"), Settled::Recorded, None);
        assert_eq!(denied.reason, "access_denied");
    }

    #[test]
    fn what_was_not_recorded_is_not_what_the_verdict_says() {
        let fail = Verdict::Fail(Reason::new("source_missing", "sentence"));
        assert_eq!(Ended::settled(&fail, Settled::Recorded, None).state(), Some(Status::Failed));
        for settled in [Settled::Unrecorded, Settled::FenceLost, Settled::LeaseLost] {
            let ended = Ended::settled(&fail, settled, None);
            assert!(ended.state().is_none() && ended.is_failure(), "{ended:?}");
        }
    }

    #[test]
    fn a_stop_is_no_failure_and_a_fault_is() {
        assert!(!Ended::settled(&released("interrupted"), Settled::Recorded, None).is_failure());
        assert!(Ended::settled(&released("passing"), Settled::Recorded, None).is_failure());
    }
}
