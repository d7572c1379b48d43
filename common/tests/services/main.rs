//! The queue and the ledger against a cloud in process, through the real AWS SDK.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a check fails by panicking")]

extern crate drayage_common as common;

mod ledger_bench;
mod ledger_claims;
mod ledger_fence;
mod ledger_items;
mod ledger_lost_replies;
mod ledger_queued;
mod ledger_uploads;
mod queue_batches;
mod queue_bench;
mod queue_lookup;
mod queue_parking;
mod queue_receipts;
mod queue_receives;
