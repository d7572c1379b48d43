//! The right to extend or end one message, and until when it lasts.
//!
//! SQS does not guard a message for its holder. It takes a visibility change under an old handle too: after the timeout, and while
//! another worker holds the message. A late heartbeat then hides the message from everybody, and a late give-back exposes what
//! another works on. So the clock of this process decides alone: under a void receipt nothing is sent, and a request that waits
//! (for a connection, credentials, a retry) when its receipt becomes void goes no further. What left before that may still take
//! effect later; then the ledger's fence keeps the results right.
//!
//! The clock is the monotonic one. It stands still while a whole machine is suspended; after that, too, only the fence guards.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Names one receive of one message, and says until when the message is surely hidden from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    handle: String,
    void_at: Instant,
}

/// Until when a message is ours after a good request that began at `start`. The margin covers what the clock and the network blur.
pub fn void_at(start: Instant, visibility_timeout: Duration) -> Instant {
    let margin = (visibility_timeout / 10).min(Duration::from_secs(10));
    start + visibility_timeout.saturating_sub(margin)
}

impl Receipt {
    /// `start` is the instant before the receive was sent.
    pub(super) fn new(handle: String, start: Instant, visibility_timeout: Duration) -> Self {
        Self { handle, void_at: void_at(start, visibility_timeout) }
    }

    /// After a heartbeat that was sent at `start` and answered before this receipt was void.
    pub(super) fn extended(&self, start: Instant, visibility_timeout: Duration) -> Self {
        Self::new(self.handle.clone(), start, visibility_timeout)
    }

    pub fn void_at(&self) -> Instant {
        self.void_at
    }

    /// Whether another may hold the message by now.
    pub fn is_void(&self) -> bool {
        self.void_at <= Instant::now()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.handle
    }
}

/// Polls `request` before `void_at`, and not once after it: a process that stood still must not send what it was about to send.
/// `None`: its answer did not come in time.
pub(super) async fn before<T>(void_at: Instant, request: impl Future<Output = T>) -> Option<T> {
    let (mut over, mut request) = (pin!(sleep_until(void_at)), pin!(request));
    poll_fn(|cx| {
        // The timer alone would not do: after a standstill it may fire later than the request is polled.
        if Instant::now() >= void_at || over.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        request.as_mut().poll(cx).map(Some)
    })
    .await
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, sleep};

    use super::*;

    const VISIBILITY: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_receipt_is_void_before_its_message_is_visible() {
        for seconds in [2, 30, 60, 600, 3_600] {
            let start = Instant::now();
            let visibility_timeout = Duration::from_secs(seconds);
            let receipt = Receipt::new("handle".to_owned(), start, visibility_timeout);
            assert!(receipt.void_at() < start + visibility_timeout);
            assert!(!receipt.is_void());
            advance(receipt.void_at() - start).await;
            assert!(receipt.is_void());
            assert!(!receipt.extended(Instant::now(), visibility_timeout).is_void());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_before_the_end_counts_and_one_after_it_does_not() {
        let end = Instant::now() + VISIBILITY;
        assert_eq!(before(end, async { 1 }).await, Some(1));
        assert_eq!(before(end, sleep(2 * VISIBILITY)).await, None);
        assert_eq!(Instant::now(), end);
        assert_eq!(before(end, async { 1 }).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_wakes_up_after_the_end_is_not_polled_again() {
        let end = Instant::now() + VISIBILITY;
        let mut is_sent = false;
        let request = async {
            sleep(Duration::from_secs(1)).await;
            is_sent = true;
        };
        {
            let mut guarded = Box::pin(before(end, request));
            assert!(futures::poll!(&mut guarded).is_pending());
            // Nobody polls it meanwhile: the process stands still.
            advance(VISIBILITY).await;
            assert_eq!(guarded.await, None);
        }
        assert!(!is_sent);
    }
}
