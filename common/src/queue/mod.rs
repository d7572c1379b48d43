//! SQS, and the only place that speaks it.
//!
//! A [`Queue`] is one queue with its dead-letter queue. Receives have an attempt timeout of their own, because a long poll through
//! the SDK can hang past its wait time; sends, deletes and visibility changes go in batches of at most ten and report each entry.
//! A [`Receipt`] says until when its message is ours; a delete or a visibility change under a void one is not sent.

mod batch;
mod lookup;
mod message;
mod park;
mod receipt;
mod receive;

pub use batch::{Entry, LEASE_VOID, Outgoing};
pub use lookup::Queue;
pub use message::Message;
pub use receipt::{Receipt, void_at};
pub use receive::RECEIVE_SLACK;

/// The most entries of a batch, and the most messages of a receive.
pub const BATCH_MAX: usize = 10;
/// Message attributes that carry the trace across a queue (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";
pub const TRACESTATE: &str = "tracestate";
/// Message attributes of a parked message: the reason's code, and a sentence.
pub const REASON_CODE: &str = "drayage-reason";
pub const REASON_MESSAGE: &str = "drayage-detail";
