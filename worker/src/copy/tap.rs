//! A body on its way from a GET into a PUT: counted and checksummed as it passes, nothing kept.
//!
//! Memory is what hyper buffers of one stream, whatever the length. The body cannot be rewound, so the SDK sends it once and a
//! failure comes back at once: trying again is ours, with a new GET.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::checksum::{Crc64, Running};

/// What has passed so far.
#[derive(Debug)]
struct Passed {
    running: Running,
    len_bytes: u64,
}

/// Reads what has passed, from outside the body.
#[derive(Debug, Clone)]
pub(super) struct Meter(Arc<Mutex<Passed>>);

struct Tap {
    inner: SdkBody,
    expected_bytes: u64,
    meter: Meter,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Wraps a GET's body, which must bring exactly `expected_bytes`.
pub(super) fn tap(body: ByteStream, expected_bytes: u64) -> (ByteStream, Meter) {
    let meter = Meter(Arc::new(Mutex::new(Passed { running: Running::new(), len_bytes: 0 })));
    let tap = Tap { inner: body.into_inner(), expected_bytes, meter: meter.clone() };
    (ByteStream::new(SdkBody::from_body_1_x(tap)), meter)
}

impl Meter {
    /// The checksum of what has passed, if that was everything.
    pub(super) fn finished(&self, expected_bytes: u64) -> Option<Crc64> {
        let passed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (passed.len_bytes == expected_bytes).then(|| passed.running.value())
    }

    fn pass(&self, bytes: &[u8]) -> u64 {
        let mut passed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        passed.running.update(bytes);
        passed.len_bytes += bytes.len() as u64;
        passed.len_bytes
    }

    fn len_bytes(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len_bytes
    }
}

impl Body for Tap {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => {
                let passed = frame.data_ref().map(|bytes| this.meter.pass(bytes));
                if passed.is_some_and(|passed| passed > this.expected_bytes) {
                    return Poll::Ready(Some(Err("the source sent more bytes than it announced".into())));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
            // A body that ends early must not end the request well.
            Poll::Ready(None) if this.meter.len_bytes() < this.expected_bytes => {
                Poll::Ready(Some(Err("the source's body ended early".into())))
            }
            Poll::Ready(None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream() && self.meter.len_bytes() == self.expected_bytes
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.expected_bytes.saturating_sub(self.meter.len_bytes()))
    }
}
