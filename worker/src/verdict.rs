//! From an outcome to what the ledger is told and what becomes of the message. Pure; the only place that decides it.

use common::fault::UNREADABLE;
use common::ledger::{Completion, Reason};

use crate::outcome::{End, Outcome};

/// What an outcome means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Ledger: completed. Message: deleted.
    Complete(Completion),
    /// Ledger: superseded. Message: deleted.
    Supersede(Reason),
    /// Ledger: failed. Message: to the dead-letter queue.
    Fail(Reason),
    /// Ledger: back to queued. Message: visible again, at once or after a backoff.
    Release { reason: Reason, spent: bool, keep_upload: bool, at_once: bool },
    /// Nothing is written: it belongs to somebody else.
    Leave,
}

/// `failed_before` counts the failed attempts before this one.
pub(crate) fn verdict(outcome: Outcome, failed_before: u32, failed_attempts_max: u32) -> Verdict {
    let Outcome { result, left } = outcome;
    let result = result.map_err(counted);
    let keep_upload = left.is_some();
    let release = |reason, spent, at_once| Verdict::Release { reason, spent, keep_upload, at_once };
    match result {
        Ok(completion) => Verdict::Complete(completion),
        Err(End::Superseded(reason)) => Verdict::Supersede(reason),
        Err(End::Permanent(reason)) => Verdict::Fail(reason),
        Err(End::Failed(reason)) if failed_before + 1 >= failed_attempts_max => Verdict::Fail(reason),
        Err(End::Failed(reason)) => release(reason, true, false),
        Err(End::Passing(fault)) => release(Reason::new("passing", fault.to_string()), false, false),
        Err(End::Interrupted) => {
            // Stopped where it was: what the ledger knows of an upload stays right.
            let reason = Reason::new("interrupted", "the worker stopped or handed over");
            Verdict::Release { reason, spent: false, keep_upload: true, at_once: true }
        }
        Err(End::LeaseLost) => Verdict::Leave,
    }
}

/// Within an attempt a reply that cannot be read is tried again like any that passes. An attempt that it ends has failed: such a reply may
/// be the same tomorrow, and a file goes round for ever otherwise.
fn counted(end: End) -> End {
    match end {
        End::Passing(fault) if fault.is_unreadable() => {
            End::Failed(Reason::new(UNREADABLE, fault.to_string()))
        }
        end => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::fault::{Class, Fault};
    use common::ledger::Upload;

    fn ended(end: End) -> Outcome {
        Outcome { result: Err(end), left: Some(Upload { id: "u".to_owned(), part_bytes: 1 }) }
    }

    fn reason() -> Reason {
        Reason::new("code", "sentence")
    }

    #[test]
    fn only_failed_attempts_count_and_the_last_one_fails_the_transfer() {
        for failed_before in 0..2 {
            let verdict = verdict(ended(End::Failed(reason())), failed_before, 3);
            assert!(
                matches!(verdict, Verdict::Release { spent: true, at_once: false, .. }),
                "{failed_before}"
            );
        }
        assert_eq!(verdict(ended(End::Failed(reason())), 2, 3), Verdict::Fail(reason()));
        assert_eq!(verdict(ended(End::Permanent(reason())), 0, 3), Verdict::Fail(reason()));
    }

    #[test]
    fn throttles_and_stops_are_never_counted() {
        for class in [Class::Throttled, Class::Transient, Class::Conflict] {
            let fault = Fault::new(class, "PutObject", "SlowDown");
            let verdict = verdict(ended(fault.into()), 2, 3);
            assert!(matches!(
                verdict,
                Verdict::Release { spent: false, at_once: false, keep_upload: true, .. }
            ));
        }
        let verdict = verdict(ended(End::Interrupted), 2, 3);
        assert!(matches!(verdict, Verdict::Release { spent: false, at_once: true, keep_upload: true, .. }));
    }

    #[test]
    fn a_reply_that_cannot_be_read_counts_and_one_that_is_not_aws_s_does_not() {
        let ended_by = |is_aws| ended(End::Passing(Fault::unusable("GetObject", is_aws)));
        let unreadable = Reason::new("unreadable_reply", "GetObject: unreadable_reply");
        let counted = verdict(ended_by(true), 1, 3);
        assert!(matches!(counted, Verdict::Release { reason, spent: true, .. } if reason == unreadable));
        assert_eq!(verdict(ended_by(true), 2, 3), Verdict::Fail(unreadable));
        let passing = verdict(ended_by(false), 2, 3);
        assert!(matches!(passing, Verdict::Release { reason, spent: false, .. } if reason.code == "passing"));
    }

    #[test]
    fn a_lost_lease_writes_nothing() {
        assert_eq!(verdict(ended(End::LeaseLost), 0, 3), Verdict::Leave);
    }
}
