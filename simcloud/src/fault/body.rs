//! Bodies that go wrong on the way: cut, stalled, or with a byte changed. Lengths and headers stay as the service gave them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use s3s::Body;

/// The connection ends after `after_bytes` bytes; a body that ends before is untouched.
pub(super) fn truncate(body: Body, after_bytes: u64) -> Body {
    Body::http_body(Faulty { inner: body, seen: 0, trouble: Trouble::Cut { after_bytes }, tripped: false })
}

/// Nothing comes after `after_bytes` bytes; a body that ends before is untouched.
pub(super) fn stall(body: Body, after_bytes: u64) -> Body {
    Body::http_body(Faulty { inner: body, seen: 0, trouble: Trouble::Stall { after_bytes }, tripped: false })
}

/// The byte at `at` has its lowest bit flipped.
pub(super) fn flip(body: Body, at: u64) -> Body {
    Body::http_body(Faulty { inner: body, seen: 0, trouble: Trouble::Flip { at }, tripped: false })
}

#[derive(Debug, thiserror::Error)]
#[error("connection reset by simcloud after {0} bytes of the body")]
struct Cut(u64);

enum Trouble {
    Cut { after_bytes: u64 },
    Stall { after_bytes: u64 },
    Flip { at: u64 },
}

struct Faulty {
    inner: Body,
    /// Bytes that have passed.
    seen: u64,
    trouble: Trouble,
    /// There was more to send, and it will not be sent.
    tripped: bool,
}

impl Faulty {
    /// Whether the limit is reached while more is to come.
    fn is_due(&self) -> bool {
        match self.trouble {
            Trouble::Cut { after_bytes } | Trouble::Stall { after_bytes } => {
                self.seen >= after_bytes && !self.inner.is_end_stream()
            }
            Trouble::Flip { .. } => false,
        }
    }

    fn trip(&mut self) -> Poll<Option<Result<Frame<Bytes>, s3s::StdError>>> {
        self.tripped = true;
        match self.trouble {
            Trouble::Cut { after_bytes } => Poll::Ready(Some(Err(Cut(after_bytes).into()))),
            // No waker is kept: nothing will ever come.
            Trouble::Stall { .. } | Trouble::Flip { .. } => Poll::Pending,
        }
    }

    /// The bytes of `data` that lie before `limit`, counted from the start of the body.
    fn before(&self, data: &Bytes, limit: u64) -> Bytes {
        let keep = usize::try_from(limit.saturating_sub(self.seen)).unwrap_or(usize::MAX).min(data.len());
        data.slice(..keep)
    }

    fn flip(&self, data: Bytes, at: u64) -> Bytes {
        let index = at.checked_sub(self.seen).and_then(|index| usize::try_from(index).ok());
        match index.filter(|index| *index < data.len()) {
            Some(index) => {
                let mut changed = data.to_vec();
                changed[index] ^= 1;
                Bytes::from(changed)
            }
            None => data,
        }
    }
}

impl HttpBody for Faulty {
    type Data = Bytes;
    type Error = s3s::StdError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        if this.tripped || this.is_due() {
            return this.trip();
        }
        let Some(frame) = ready!(Pin::new(&mut this.inner).poll_frame(cx)) else { return Poll::Ready(None) };
        let data = match frame?.into_data() {
            Ok(data) => data,
            Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
        };
        let passed = match this.trouble {
            Trouble::Cut { after_bytes } | Trouble::Stall { after_bytes } => {
                let kept = this.before(&data, after_bytes);
                this.tripped = kept.len() < data.len();
                kept
            }
            Trouble::Flip { at } => this.flip(data, at),
        };
        if this.tripped && passed.is_empty() {
            return this.trip();
        }
        this.seen += passed.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(passed))))
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
