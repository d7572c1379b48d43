//! Latencies, overall and second by second.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Latencies in microseconds up to an hour, to three digits.
#[derive(Debug, Clone)]
pub(super) struct Latencies(Histogram<u64>);

const HOUR_US: u64 = 3_600_000_000;

/// Of some latencies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Summary {
    pub(super) count: u64,
    pub(super) p50_ms: f64,
    pub(super) p90_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) p999_ms: f64,
    pub(super) max_ms: f64,
}

impl Latencies {
    pub(super) fn new() -> Self {
        Self::with_digits(3)
    }

    /// To two digits, in a tenth of the memory.
    pub(super) fn coarse() -> Self {
        Self::with_digits(2)
    }

    fn with_digits(digits: u8) -> Self {
        #[expect(clippy::expect_used, reason = "constants within the documented bounds")]
        let made =
            Histogram::new_with_bounds(1, HOUR_US, digits).expect("1 us to an hour, at most five digits");
        Self(made)
    }

    pub(super) fn add(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(HOUR_US));
    }

    pub(super) fn clear(&mut self) {
        // `clear` of the crate would keep the maximum.
        self.0.reset();
    }

    /// `None` when there are none.
    pub(super) fn summary(&self) -> Option<Summary> {
        let ms = |us: u64| us as f64 / 1_000.0;
        let at = |quantile: f64| ms(self.0.value_at_quantile(quantile));
        (!self.0.is_empty()).then(|| Summary {
            count: self.0.len(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: ms(self.0.max()),
        })
    }
}

/// Latencies of one kind for the whole run, and those of the second that is being filled.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) all: Latencies,
    second: Latencies,
}

/// One second's percentiles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Moment {
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) max_ms: f64,
}

impl Watched {
    pub(super) fn new() -> Self {
        Self { all: Latencies::new(), second: Latencies::new() }
    }

    pub(super) fn add(&mut self, latency: Duration) {
        self.all.add(latency);
        self.second.add(latency);
    }

    /// What came since the last call.
    pub(super) fn moment(&mut self) -> Option<Moment> {
        let of = |summary: Summary| Moment {
            p50_ms: summary.p50_ms,
            p99_ms: summary.p99_ms,
            max_ms: summary.max_ms,
        };
        let moment = self.second.summary().map(of);
        self.second.clear();
        moment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_the_whole_and_of_each_second() {
        let mut watched = Watched::new();
        assert_eq!((watched.moment(), watched.all.summary()), (None, None));
        for ms in 1..=100 {
            watched.add(Duration::from_millis(ms));
        }
        let moment = watched.moment().unwrap();
        assert!((moment.p50_ms - 50.0).abs() < 0.1 && (moment.p99_ms - 99.0).abs() < 0.2, "{moment:?}");
        watched.add(Duration::from_millis(3));
        let moment = watched.moment().unwrap();
        assert!((moment.max_ms - 3.0).abs() < 0.1, "{moment:?}");
        watched.add(Duration::from_secs(7_200));
        assert!(watched.moment().unwrap().p50_ms >= 3_599_000.0);
        let all = watched.all.summary().unwrap();
        assert_eq!(all.count, 102);
    }
}
