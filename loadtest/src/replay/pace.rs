//! From the workload's time to real time. Pure.

use std::time::Duration;

/// Every instant counts from the start of the replay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    compress: f64,
}

impl Pace {
    /// `compress`: how many seconds of the workload pass in one real second.
    pub(super) fn new(compress: f64) -> Self {
        Self { compress }
    }

    /// When something of the workload is due.
    pub(super) fn due(&self, at_s: f64) -> Duration {
        Duration::try_from_secs_f64(at_s / self.compress).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_an_hour() {
        let pace = Pace::new(24.0);
        assert_eq!(pace.due(0.0), Duration::ZERO);
        assert_eq!(pace.due(86_400.0), Duration::from_secs(3_600));
        assert_eq!(pace.due(12.0), Duration::from_millis(500));
    }

    #[test]
    fn what_cannot_be_is_never_due() {
        assert_eq!(Pace::new(1.0).due(f64::INFINITY), Duration::MAX);
        assert_eq!(Pace::new(1.0).due(-1.0), Duration::MAX);
    }
}
