//! The labels' names and values. What is not among a label's values never reaches it.

pub(super) const ACTION: &str = "action";
pub(super) const CLASS: &str = "class";
pub(super) const CUSTOMER: &str = "customer";
pub(super) const INVARIANT: &str = "invariant";
pub(super) const LANE: &str = "lane";
pub(super) const OPERATION: &str = "operation";
pub(super) const OUTCOME: &str = "outcome";
pub(super) const QUEUE: &str = "queue";
pub(super) const REASON: &str = "reason";
pub(super) const SERVICE: &str = "service";
pub(super) const STATE: &str = "state";
pub(super) const STEP: &str = "step";

/// What a label says of a value that is not among its own.
pub(super) const OTHER: &str = "other";

pub(super) const STATES: &[&str] = &["queued", "processing", "completed", "superseded", "failed"];
pub(super) const ACTIONS: &[&str] = &["received", "sent", "deleted", "given_back", "parked"];
pub(super) const RECEIVES: &[&str] = &["messages", "empty", "failed"];
pub(super) const EVENTS: &[&str] = &["created", "ignored", "unrouted", "duplicate", "malformed"];
pub(super) const ATTEMPTS: &[&str] =
    &["completed", "superseded", "failed", "released", "duplicate", "parked", "lost", "not_begun"];
pub(super) const COPIES: &[&str] = &["completed", "ended_early"];
pub(super) const HEARTBEATS: &[&str] = &["extended", "failed", "refused"];
pub(super) const LOSSES: &[&str] = &["expired", "refused"];
pub(super) const PROTECTIONS: &[&str] = &["done", "refused", "unknown"];
pub(super) const STEPS: &[&str] = &["queue", "claim", "progress", "release", "complete", "fail", "supersede"];
pub(super) const WRITES: &[&str] = &["done", "conflict", "throttled", "failed"];
pub(super) const SERVICES: &[&str] = &["DynamoDB", "S3", "SQS", OTHER];
pub(super) const REPLIES: &[&str] = &["ok", "refused", "throttled", "failed", "none"];
pub(super) const CLASSES: &[&str] = &[
    "throttled",
    "transient",
    "precondition",
    "conflict",
    "missing",
    "denied",
    "corrupt",
    "archived",
    "invalid",
];
pub(super) const INVARIANTS: &[&str] = &[
    "S1_right_bytes",
    "S4_failed_is_unpublished",
    "S5_fence",
    "S6_newest_wins",
    "S7_ledger_first",
    "S11_lease",
    "L3_bounded_poison",
];
/// Why an attempt ended as it did, or a message was parked. `none` is for what needs no reason.
pub(super) const REASONS: &[&str] = &[
    "none",
    "throttled",
    "transient",
    "precondition",
    "conflict",
    "interrupted",
    "lease",
    "fence",
    "ledger",
    "access_denied",
    "attempts_vanished",
    "cannot_carry",
    "checksum_mismatch",
    "complete_refused",
    "failed_before",
    "loop",
    "malformed_event",
    "malformed_transfer",
    "metadata_too_large",
    "newer_published",
    "not_found",
    "refused",
    "size_mismatch",
    "source_archived",
    "source_missing",
    "source_overwritten",
    "too_large",
    "unreadable_reply",
    "unusable_target_key",
    OTHER,
];

/// The value itself when it is one of these, else [`OTHER`]: a code may come from a ledger's item or a reply.
pub(super) fn known(value: &str, values: &[&'static str]) -> &'static str {
    values.iter().copied().find(|known| *known == value).unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_other() {
        assert_eq!(known("loop", REASONS), "loop");
        assert_eq!(known("acme/invoice.csv", REASONS), OTHER);
    }
}
