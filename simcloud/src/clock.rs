//! Wall-clock time that follows tokio's clock: what a paused test advances, these stamps follow.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Gives wall-clock stamps. The epoch is fixed at construction; everything after is tokio time.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    epoch: SystemTime,
    started: Instant,
}

impl Clock {
    pub(crate) fn starting_at(epoch: SystemTime) -> Self {
        Self { epoch, started: Instant::now() }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.epoch + self.started.elapsed()
    }

    pub(crate) fn unix_ms(&self) -> u64 {
        let since = self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
