//! What the dispatcher has seen so far.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start; all whole numbers.
#[derive(Debug, Default)]
pub struct Counters {
    /// Messages received from the ingest queue.
    pub messages: AtomicU64,
    /// Object-created events in them.
    pub events: AtomicU64,
    /// Events understood, with nothing to do.
    pub ignored: AtomicU64,
    /// Events that no rule wanted.
    pub unrouted: AtomicU64,
    /// Messages parked in the dead-letter queue.
    pub parked: AtomicU64,
    /// Transfers that were already past `queued`.
    pub duplicates: AtomicU64,
    /// Transfers sent to a lane.
    pub sent: AtomicU64,
    /// Messages given back because a request failed.
    pub released: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, amount: usize) {
        counter.fetch_add(amount as u64, Ordering::Relaxed);
    }

    /// Logs all of them.
    pub fn log(&self) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        tracing::info!(
            messages = of(&self.messages),
            events = of(&self.events),
            ignored = of(&self.ignored),
            unrouted = of(&self.unrouted),
            parked = of(&self.parked),
            duplicates = of(&self.duplicates),
            sent = of(&self.sent),
            released = of(&self.released),
            "dispatched so far"
        );
    }
}
