//! When a lease is extended and when it has to be handed over. When it is void, its receipt says. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// SQS hides a message for at most twelve hours after it was received, however often that is extended; asking for more than what
/// is left is an error.
const CAP: Duration = Duration::from_secs(12 * 3600);
/// Work is handed over this long before the cap.
const HANDOVER_RESERVE: Duration = Duration::from_secs(30 * 60);

/// The times of one kind of lease.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    visibility_timeout: Duration,
}

impl Timing {
    pub fn new(visibility_timeout: Duration) -> Self {
        Self { visibility_timeout }
    }

    pub fn visibility_timeout(&self) -> Duration {
        self.visibility_timeout
    }

    /// When to extend it: after a third, so that two heartbeats may fail. `jitter` (0 to 1) spreads a batch that arrived together.
    pub fn beat_at(&self, start: Instant, jitter: f64) -> Instant {
        start + (self.visibility_timeout / 3).mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0))
    }

    /// When to try again after a heartbeat failed.
    pub fn retry_at(&self, now: Instant) -> Instant {
        now + (self.visibility_timeout / 20).max(Duration::from_millis(100))
    }

    /// When the message must be given back with its progress, well before the cap.
    pub fn hand_over_at(&self, received_after: Instant) -> Instant {
        received_after + CAP.saturating_sub(HANDOVER_RESERVE.max(self.visibility_timeout * 2))
    }
}

#[cfg(test)]
mod tests {
    use common::queue::void_at;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_extended_well_before_it_is_void() {
        let start = Instant::now();
        for seconds in [2, 30, 60, 600, 3_600] {
            let timing = Timing::new(Duration::from_secs(seconds));
            assert!(timing.beat_at(start, 0.0) < void_at(start, timing.visibility_timeout()));
            assert!(timing.beat_at(start, 1.0) < timing.beat_at(start, 0.0));
            assert!(timing.hand_over_at(start) + Duration::from_secs(seconds) <= start + CAP);
        }
    }
}
