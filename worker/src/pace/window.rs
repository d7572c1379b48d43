//! The window of one bucket: additive increase, multiplicative decrease. Pure.

use std::time::Duration;

/// Throttles within this time of a cut belong to the same trouble.
const CUT_INTERVAL: Duration = Duration::from_millis(250);

/// Sizes are kept in thousandths of a stream.
const ONE: u64 = 1_000;

/// How many streams a bucket takes side by side.
#[derive(Debug)]
pub(super) struct Window {
    size_milli: u64,
    most_milli: u64,
    /// When it was cut last, on the worker's clock.
    cut_at: Option<Duration>,
}

impl Window {
    /// As wide as the budget: a store that is not asked too much is not to be approached slowly.
    pub(super) fn new(most: usize) -> Self {
        let most_milli = (most.max(1) as u64).saturating_mul(ONE);
        Self { size_milli: most_milli, most_milli, cut_at: None }
    }

    /// At least one.
    pub(super) fn size(&self) -> usize {
        usize::try_from(self.size_milli / ONE).unwrap_or(usize::MAX)
    }

    /// A stream that began at `since` was taken: a windowful of these widens by one. What was sent before a cut says nothing of the
    /// time after it.
    pub(super) fn succeeded(&mut self, since: Duration) {
        if self.cut_at.is_none_or(|cut_at| since > cut_at) {
            self.size_milli = (self.size_milli + ONE * ONE / self.size_milli).min(self.most_milli);
        }
    }

    /// A stream that began at `since` was throttled; says whether that made the window smaller. Of a burst that was under way
    /// together, the first counts.
    pub(super) fn throttled(&mut self, since: Duration, now: Duration) -> bool {
        let counted =
            self.cut_at.is_some_and(|cut_at| since <= cut_at || now < cut_at.saturating_add(CUT_INTERVAL));
        if !counted {
            self.size_milli = (self.size_milli / 2).max(ONE);
            self.cut_at = Some(now);
        }
        !counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_burst_counts_once_and_the_floor_is_one() {
        let mut window = Window::new(32);
        for _ in 0..32 {
            window.throttled(at(0), at(1_000));
        }
        assert_eq!(window.size(), 16);
        // Sent after the cut, but too soon; then late enough.
        assert!(!window.throttled(at(1_001), at(1_100)));
        assert!(window.throttled(at(1_001), at(1_250)));
        assert_eq!(window.size(), 8);
        for second in 2..20 {
            window.throttled(at(second * 1_000), at(second * 1_000 + 500));
        }
        assert_eq!(window.size(), 1);
    }

    #[test]
    fn successes_after_the_cut_widen_by_one_for_each_windowful() {
        let mut window = Window::new(32);
        window.throttled(at(0), at(10));
        for _ in 0..100 {
            window.succeeded(at(5));
        }
        assert_eq!(window.size(), 16, "these were sent before the cut");
        for _ in 0..17 {
            window.succeeded(at(20));
        }
        assert_eq!(window.size(), 17);
        for _ in 0..10_000 {
            window.succeeded(at(30));
        }
        assert_eq!(window.size(), 32);
    }
}
