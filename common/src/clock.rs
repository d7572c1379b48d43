//! Wall-clock stamps. They are evidence in the ledger and decide nothing: durations and deadlines use tokio's monotonic clock.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};
use tokio::time::Instant;

/// Milliseconds, `Z`: `2026-11-23T07:21:47.000Z`, which sorts as text.
const STAMP: EncodedConfig = Config::DEFAULT
    .set_time_precision(TimePrecision::Second { decimal_digits: std::num::NonZeroU8::new(3) })
    .encode();

/// Where stamps come from.
#[derive(Debug, Clone, Copy)]
pub enum WallClock {
    /// The machine's.
    System,
    /// Follows tokio's clock from a given start: paused and advanced with it.
    Simulated { epoch: SystemTime, started: Instant },
}

impl WallClock {
    pub fn now(&self) -> OffsetDateTime {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place where wall-clock time is taken")]
            Self::System => OffsetDateTime::now_utc(),
            Self::Simulated { epoch, started } => OffsetDateTime::from(*epoch + started.elapsed()),
        }
    }

    /// Now, as the ledger writes it.
    pub fn stamp(&self) -> String {
        format_stamp(self.now())
    }
}

/// RFC 3339 in UTC with milliseconds.
pub fn format_stamp(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(&Iso8601::<STAMP>).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn stamps_follow_the_paused_clock() {
        let epoch = SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000);
        let clock = WallClock::Simulated { epoch, started: Instant::now() };
        assert_eq!(clock.stamp(), "2026-05-28T20:26:40.000Z");
        tokio::time::advance(Duration::from_millis(1_500)).await;
        assert_eq!(clock.stamp(), "2026-05-28T20:26:41.500Z");
    }
}
