//! Bodies that come slowly: once a second as many bytes as their rate allows.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use s3s::Body;
use tokio::time::{Instant, Sleep};

const TICK: Duration = Duration::from_secs(1);

/// Passes `bytes_per_second` (at least one) bytes of `body` each second, the first of them after a second.
pub(super) fn trickle(body: Body, bytes_per_second: u64) -> Body {
    let rate = usize::try_from(bytes_per_second.max(1)).unwrap_or(usize::MAX);
    let tick = Box::pin(tokio::time::sleep(TICK));
    Body::http_body(Trickle { inner: body, held: Bytes::new(), rate, left: 0, tick })
}

struct Trickle {
    inner: Body,
    /// What has come and may not pass yet.
    held: Bytes,
    rate: usize,
    /// Bytes that may still pass until the next tick.
    left: usize,
    tick: Pin<Box<Sleep>>,
}

impl HttpBody for Trickle {
    type Data = Bytes;
    type Error = s3s::StdError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        if this.held.is_empty() {
            let Some(frame) = ready!(Pin::new(&mut this.inner).poll_frame(cx)) else {
                return Poll::Ready(None);
            };
            match frame?.into_data() {
                Ok(data) => this.held = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        if this.left == 0 {
            ready!(this.tick.as_mut().poll(cx));
            this.tick.as_mut().reset(Instant::now() + TICK);
            this.left = this.rate;
        }
        let passed = this.held.split_to(this.left.min(this.held.len()));
        this.left -= passed.len();
        Poll::Ready(Some(Ok(Frame::data(passed))))
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, held) = (self.inner.size_hint(), self.held.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + held);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + held);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    #[tokio::test(start_paused = true)]
    async fn a_body_comes_at_its_rate_and_whole() {
        for (len, rate, seconds) in [(10, 2, 5), (11, 4, 3), (0, 1, 0), (5, 0, 5)] {
            let begun = Instant::now();
            let body = trickle(Body::from(Bytes::from(vec![7; len])), rate);
            assert_eq!(body.size_hint().exact(), Some(len as u64));
            assert_eq!(body.collect().await.unwrap().to_bytes(), vec![7; len]);
            assert_eq!(begun.elapsed().as_secs(), seconds, "{len} bytes at {rate}/s");
        }
    }
}
