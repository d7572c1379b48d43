//! What is told of files: their states, their attempts, and what guards held back.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::instruments::now_ms;
use super::label as l;
use super::{installed, requests, seconds_between};
use crate::lane::Lane;
use crate::ledger::Status;
use crate::transfer::Transfer;

/// What became of an event of the ingest queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventOutcome {
    Created,
    Ignored,
    Unrouted,
    /// Of a created one: its transfer was past `queued` already.
    Duplicate,
    Malformed,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    Completed,
    Superseded,
    Failed,
    /// Given back, to be tried again.
    Released,
    /// The transfer was over before.
    Duplicate,
    /// The message was no transfer, or one that had failed before.
    Parked,
    /// Lease or fence were lost.
    Lost,
    /// Given back before there was a claim.
    NotBegun,
}

/// The invariants (docs/observability.md) whose guards work in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// S1: an attempt ended because checksums differed.
    RightBytes,
    /// S4: a transfer that was about to fail was found published, and completed.
    FailedIsUnpublished,
    /// S5: a write of an attempt without the fence was refused.
    Fence,
    /// S6: a version older than what is at the target was not published.
    NewestWins,
    /// S7: the ledger could not be written, so the message was not deleted.
    LedgerFirst,
    /// S11: a lost lease stopped the work.
    Lease,
    /// L3: a file whose attempts kept vanishing was failed.
    BoundedPoison,
}

impl AttemptOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Released => "released",
            Self::Duplicate => "duplicate",
            Self::Parked => "parked",
            Self::Lost => "lost",
            Self::NotBegun => "not_begun",
        }
    }
}

/// Events turned out to be this.
pub fn events(outcome: EventOutcome, count: usize) {
    let Some(metrics) = installed() else { return };
    let outcome = match outcome {
        EventOutcome::Created => "created",
        EventOutcome::Ignored => "ignored",
        EventOutcome::Unrouted => "unrouted",
        EventOutcome::Duplicate => "duplicate",
        EventOutcome::Malformed => "malformed",
    };
    metrics.events.add(count as u64, &[outcome]);
}

/// A transfer reached a state in the ledger.
pub fn state(transfer: &Transfer, lane: &Lane, state: Status) {
    let Some(metrics) = installed() else { return };
    let (lane, customer) = (lane.as_str(), metrics.customers.label(&transfer.customer));
    metrics.files.add(1, &[l::known(state.as_str(), l::STATES), lane, customer]);
    if state == Status::Completed {
        if let Some(uploaded_at_ms) = stamp_ms(&transfer.uploaded_at) {
            let latency_s = seconds_between(uploaded_at_ms, now_ms());
            metrics.file_latency.record(latency_s, &[lane]);
        }
        metrics.delivered.add(transfer.source.size_bytes, &[lane, customer]);
    }
}

/// A copy ended, `took` after its claim.
pub fn copied(lane: &Lane, completed: bool, took: Duration) {
    let Some(metrics) = installed() else { return };
    let outcome = if completed { "completed" } else { "ended_early" };
    metrics.copy_duration.record(took.as_secs_f64(), &[lane.as_str(), outcome]);
}

/// An attempt ended. `reason` is a code; one that is not among the label's values is `other`. To be called within
/// [`requests::counted`].
pub fn attempt(lane: &Lane, outcome: AttemptOutcome, reason: &str) {
    let Some(metrics) = installed() else { return };
    let lane = lane.as_str();
    if let Some(requests) = requests::so_far() {
        metrics.attempt_requests.record(requests, &[lane]);
    }
    metrics.attempts.add(1, &[lane, outcome.as_str(), l::known(reason, l::REASONS)]);
}

/// A guard held something back.
pub fn guarded(guard: Guard) {
    let Some(metrics) = installed() else { return };
    let invariant = match guard {
        Guard::RightBytes => "S1_right_bytes",
        Guard::FailedIsUnpublished => "S4_failed_is_unpublished",
        Guard::Fence => "S5_fence",
        Guard::NewestWins => "S6_newest_wins",
        Guard::LedgerFirst => "S7_ledger_first",
        Guard::Lease => "S11_lease",
        Guard::BoundedPoison => "L3_bounded_poison",
    };
    metrics.guards.add(1, &[invariant]);
}

/// The event's time, in milliseconds since 1970.
fn stamp_ms(stamp: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(stamp, &Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_carry_whole_seconds_or_milliseconds() {
        assert_eq!(stamp_ms("2026-05-28T20:26:40Z"), Some(1_780_000_000_000));
        assert_eq!(stamp_ms("2026-05-28T20:26:40.123Z"), Some(1_780_000_000_123));
        assert_eq!(stamp_ms("yesterday"), None);
    }
}
