//! The floor: bodies that pass too slowly are given up and read again.
//!
//! Every [`WINDOW`] the meter is read. Fewer than [`WINDOW_BYTES`] since the last time, with more to come, is `TooSlow`, whichever
//! side is slow: a source that does not give and a store that does not take look the same from here. A body that keeps above the
//! floor (32 KiB/s) survives however long it takes, because nothing counts its whole time. The first window is twice as long:
//! connecting and the first byte are in it.
//!
//! Behind the last byte comes the store's reply, which has a patience of its own: long enough for what hyper and the kernel still
//! have in their buffers to drain at the floor (4 MiB: 128 s), and a minute for the store.
//!
//! The SDK's stalled-stream protection is off for these requests (`common::aws`): it gives up after 20 s below one byte a second, so
//! a body of two bytes a second would be read for ever, and it does its book-keeping for every frame.

use std::time::Duration;

use common::fault::{Class, Fault};

use super::passage::Meter;

const FLOOR_BYTES_PER_SECOND: u64 = 32 * 1024;
const WINDOW: Duration = Duration::from_secs(30);
const WINDOW_BYTES: u64 = FLOOR_BYTES_PER_SECOND * WINDOW.as_secs();
const FIRST_WINDOW: Duration = Duration::from_secs(60);
const REPLY_PATIENCE: Duration = Duration::from_secs(190);

/// What a body in memory may take to come: it is smaller than a window's bytes.
pub(super) const BUFFERED_PATIENCE: Duration = FIRST_WINDOW;
/// What sending it may take, with the store's reply.
pub(super) const BUFFERED_REPLY_PATIENCE: Duration = FIRST_WINDOW.saturating_add(REPLY_PATIENCE);

/// `work` moves `len_bytes` past `meter`, and then waits for a reply.
///
/// # Errors
/// A transient fault of `operation`: `TooSlow` while bytes pass, `timeout` behind them. `work` is dropped then.
pub(super) async fn floored<T>(
    operation: &'static str,
    meter: &Meter,
    len_bytes: u64,
    work: impl Future<Output = T>,
) -> Result<T, Fault> {
    tokio::select! {
        biased;
        done = work => Ok(done),
        code = given_up(meter, len_bytes) => Err(Fault::new(Class::Transient, operation, code)),
    }
}

async fn given_up(meter: &Meter, len_bytes: u64) -> &'static str {
    let (mut passed, mut window) = (0, FIRST_WINDOW);
    while passed < len_bytes {
        tokio::time::sleep(window).await;
        let due = len_bytes.min(passed + WINDOW_BYTES);
        passed = meter.passed_bytes();
        if passed < due {
            return "TooSlow";
        }
        window = WINDOW;
    }
    tokio::time::sleep(REPLY_PATIENCE).await;
    "timeout"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::copy::passage::through;
    use aws_sdk_s3::primitives::ByteStream;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn the_reply_has_a_patience_of_its_own() {
        let (body, meter) = through(ByteStream::from_static(b"12345"), 5, None, false);
        let begun = Instant::now();
        let work = async {
            body.collect().await.unwrap();
            std::future::pending::<()>().await;
        };
        let fault = floored("UploadPart", &meter, 5, work).await.unwrap_err();
        assert_eq!((fault.class, fault.code.as_str()), (Class::Transient, "timeout"));
        assert_eq!(begun.elapsed(), FIRST_WINDOW + REPLY_PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_nobody_moves_is_too_slow_after_the_first_window() {
        let (_body, meter) = through(ByteStream::from_static(b"12345"), 5, None, false);
        let begun = Instant::now();
        let fault = floored("UploadPart", &meter, 5, std::future::pending::<()>()).await.unwrap_err();
        assert_eq!((fault.class, fault.code.as_str()), (Class::Transient, "TooSlow"));
        assert_eq!(begun.elapsed(), FIRST_WINDOW);
    }
}
