//! The simulated bandwidth of one stream.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Bytes come in steps of this length, late by less than it; only the last ones come when they should. A timer for every frame
/// would cost more than the frame.
const STEP: Duration = Duration::from_secs(1);

/// Holds bytes back until their time has come.
#[derive(Debug)]
pub(super) struct Pace {
    started: Instant,
    bytes_per_second: u64,
    total_bytes: u64,
    passed_bytes: u64,
    /// May have passed by now.
    allowed_bytes: u64,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    pub(super) fn new(bytes_per_second: u64, total_bytes: u64) -> Self {
        Self {
            started: Instant::now(),
            bytes_per_second: bytes_per_second.max(1),
            total_bytes,
            passed_bytes: 0,
            allowed_bytes: 0,
            waiting: None,
        }
    }

    /// Ready when `bytes` more may pass; they count as passed then.
    pub(super) fn poll_pass(&mut self, bytes: u64, cx: &mut Context<'_>) -> Poll<()> {
        let wanted = (self.passed_bytes + bytes).min(self.total_bytes);
        if wanted > self.allowed_bytes && self.waiting.is_none() {
            let step_bytes = self.bytes_per_second * STEP.as_secs();
            self.allowed_bytes = wanted.saturating_add(step_bytes).min(self.total_bytes);
            let due = self.started + due(self.allowed_bytes, self.bytes_per_second);
            self.waiting = Some(Box::pin(tokio::time::sleep_until(due)));
        }
        if let Some(waiting) = &mut self.waiting {
            ready!(waiting.as_mut().poll(cx));
            self.waiting = None;
        }
        self.passed_bytes = wanted;
        Poll::Ready(())
    }
}

/// How long so many bytes take.
fn due(bytes: u64, bytes_per_second: u64) -> Duration {
    let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(bytes_per_second);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stream_takes_its_time_and_no_more() {
        for (total, frame) in [(10_000, 7), (10_000, 10_000), (999, 1_000), (1, 1)] {
            let started = Instant::now();
            let mut pace = Pace::new(1_000, total);
            let mut passed = 0;
            while passed < total {
                poll_fn(|cx| pace.poll_pass(frame, cx)).await;
                passed += frame;
                let took = started.elapsed();
                assert!(took >= due(passed.min(total), 1_000), "{passed} bytes after {took:?}");
                assert!(took <= due(passed.min(total), 1_000) + STEP + Duration::from_millis(10));
            }
            let late = started.elapsed() - due(total, 1_000);
            assert!(late <= Duration::from_millis(1), "{late:?}");
        }
    }
}
