//! Waiting between tries. The only module that knows the `backoff` crate, which is unmaintained (RUSTSEC-2025-0012): replacing it
//! means rewriting this file.
//!
//! The crate's own jitter draws from a thread's entropy, which a simulation cannot seed; so its randomisation is switched off and
//! ours is added: a wait is drawn evenly from the upper half of the exponential step (what AWS calls equal jitter).

use std::time::Duration;

use ::backoff::backoff::Backoff as _;
use ::backoff::exponential::ExponentialBackoff;

/// How the waits of one kind of operation grow.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    pub first: Duration,
    pub most: Duration,
}

/// Between tries of one request within an attempt: parts, heartbeats, ledger writes.
pub const REQUEST: Policy = Policy { first: Duration::from_millis(100), most: Duration::from_secs(5) };
/// Between tries of a request that was throttled: the store is to recover meanwhile.
pub const THROTTLED: Policy = Policy { first: Duration::from_millis(500), most: Duration::from_secs(10) };
/// Between polls of a queue that answers with errors.
pub const POLL: Policy = Policy { first: Duration::from_millis(500), most: Duration::from_secs(20) };
/// Before a released message becomes visible again: long enough that a brown-out is not hammered.
pub const RELEASE: Policy = Policy { first: Duration::from_secs(2), most: Duration::from_secs(300) };

/// The waits of one series of tries.
#[derive(Debug)]
pub struct Delays(ExponentialBackoff<NoClock>);

/// Elapsed time ends no series here (callers bound their tries), so the crate needs no clock.
#[derive(Debug, Clone, Copy, Default)]
struct NoClock;

impl ::backoff::Clock for NoClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the trait asks for it; with no elapsed limit its value is never used"
    )]
    fn now(&self) -> std::time::Instant {
        std::time::Instant::now()
    }
}

impl Delays {
    pub fn new(policy: Policy) -> Self {
        Self(ExponentialBackoff {
            current_interval: policy.first,
            initial_interval: policy.first,
            randomization_factor: 0.0,
            multiplier: 2.0,
            max_interval: policy.most,
            max_elapsed_time: None,
            clock: NoClock,
            ..ExponentialBackoff::default()
        })
    }

    /// The next wait, jittered.
    pub fn next_delay(&mut self) -> Duration {
        jitter(self.0.next_backoff().unwrap_or(self.0.max_interval))
    }

    /// After a success: the next failure starts from the first step again.
    pub fn reset(&mut self) {
        self.0.reset();
    }
}

/// The wait before try number `nth` (counted from 0) of a series whose state nobody keeps, such as a message's releases.
pub fn delay_for(policy: Policy, nth: u32) -> Duration {
    let step = policy.first.saturating_mul(1_u32.checked_shl(nth.min(31)).unwrap_or(u32::MAX));
    jitter(step.min(policy.most))
}

fn jitter(step: Duration) -> Duration {
    step / 2 + Duration::from_nanos(fastrand::u64(0..=u64::try_from(step.as_nanos() / 2).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_stay_within_the_upper_half() {
        let mut delays = Delays::new(REQUEST);
        let mut step = REQUEST.first;
        for _ in 0..12 {
            let delay = delays.next_delay();
            assert!(delay >= step / 2 && delay <= step, "{delay:?} for {step:?}");
            step = (step * 2).min(REQUEST.most);
        }
        delays.reset();
        assert!(delays.next_delay() <= REQUEST.first);
    }

    #[test]
    fn a_series_without_state_is_bounded_for_any_count() {
        for nth in [0, 1, 5, 31, 32, u32::MAX] {
            assert!(delay_for(RELEASE, nth) <= RELEASE.most);
            assert!(delay_for(RELEASE, nth) >= RELEASE.first / 2);
        }
    }
}
