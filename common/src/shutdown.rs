//! Two-stage stop: first take no more, then give up what is still running.
//!
//! Stage one lets open polls end and running copies finish. Stage two, when most of the grace period is used up or a second
//! signal comes, tells the copies to stop where they are: uploads are kept, messages released. A crash in either stage leaves
//! what any crash leaves: messages that come back after their visibility timeout.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// What is kept back of the grace period for releasing messages and flushing telemetry.
const RELEASE_RESERVE_MAX: Duration = Duration::from_secs(10);

/// The two tokens; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    stop: CancellationToken,
    abort: CancellationToken,
}

impl Shutdown {
    pub fn new() -> Self {
        Self::default()
    }

    /// Resolves when no more work may be taken.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Resolves when running work must stop where it is.
    pub async fn aborting(&self) {
        self.abort.cancelled().await;
    }

    pub fn is_aborting(&self) -> bool {
        self.abort.is_cancelled()
    }

    /// Stage one.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Stage two, which includes stage one.
    pub fn abort(&self) {
        self.stop.cancel();
        self.abort.cancel();
    }

    /// Drives both stages from a stream of stop signals: the first one starts stage one, the second one or the end of the grace
    /// period (less a reserve for releasing) starts stage two. Returns when the grace period is over: whatever still runs then is to
    /// be dropped, as a kill would do a moment later.
    pub async fn follow(&self, mut signal: impl AsyncFnMut(), grace: Duration) {
        signal().await;
        self.stop();
        let reserve = RELEASE_RESERVE_MAX.min(grace / 4);
        let _ = tokio::time::timeout(grace.saturating_sub(reserve), signal()).await;
        self.abort();
        tokio::time::sleep(reserve).await;
        tracing::warn!(
            "the grace period is over; leaving the rest to come back after its visibility timeout"
        );
    }
}

/// SIGTERM, SIGINT and SIGHUP, from when it is made on: one that comes while nobody waits is not lost. It is made first of all that a
/// process does, for until then a signal ends the process at once.
#[cfg(unix)]
#[derive(Debug)]
pub struct StopSignals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl StopSignals {
    /// Needs a runtime: call it within one.
    pub fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let mut kinds = vec![("SIGTERM", SignalKind::terminate()), ("SIGINT", SignalKind::interrupt())];
        // `nohup` asks for exactly that: to stay when the terminal goes.
        if !hangup_is_ignored() {
            kinds.push(("SIGHUP", SignalKind::hangup()));
        }
        let signals = kinds.into_iter().filter_map(|(name, kind)| {
            // Logs may not have been started yet.
            signal(kind).map_err(|error| crate::say!("drayage: failed to listen for {name}: {error}")).ok()
        });
        Self(signals.collect())
    }

    /// The next one. Of two that came together, the second is the one after it.
    pub async fn next(&mut self) {
        use std::task::Poll;
        std::future::poll_fn(|context| {
            let came = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if came { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Whether whoever started this process had it ignore SIGHUP. Where the system does not tell, it did not.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // Bit 0 is signal 1.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Waits for SIGTERM, SIGINT or SIGHUP.
#[cfg(unix)]
pub async fn stop_signal() {
    StopSignals::listen().next().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use tokio::sync::Notify;

    #[tokio::test(start_paused = true)]
    async fn the_grace_period_ends_in_an_abort_with_a_reserve_left() {
        let (shutdown, signals) = (Shutdown::new(), Notify::new());
        let grace = Duration::from_secs(110);
        let follow = shutdown.follow(|| signals.notified(), grace);
        tokio::pin!(follow);
        assert!(follow.as_mut().now_or_never().is_none());
        assert!(!shutdown.is_stopping());
        signals.notify_one();
        assert!(follow.as_mut().now_or_never().is_none());
        assert!(shutdown.is_stopping() && !shutdown.is_aborting());
        let started = tokio::time::Instant::now();
        tokio::select! { biased; () = shutdown.aborting() => {}, () = &mut follow => {} }
        assert_eq!(started.elapsed(), Duration::from_secs(100));
        follow.await;
        assert_eq!(started.elapsed(), Duration::from_secs(110));
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_aborts_at_once() {
        let (shutdown, signals) = (Shutdown::new(), Notify::new());
        let follow = shutdown.follow(|| signals.notified(), Duration::from_secs(110));
        tokio::pin!(follow);
        for _ in 0..2 {
            assert!(follow.as_mut().now_or_never().is_none());
            signals.notify_one();
        }
        assert!(follow.as_mut().now_or_never().is_none());
        assert!(shutdown.is_aborting());
    }
}
