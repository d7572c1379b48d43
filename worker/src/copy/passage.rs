//! A body on its way from a GET into a PUT or UploadPart: counted, checksummed and framed as it passes, nothing kept.
//!
//! The checksum of a stream is known when it has passed, so it travels behind it, as a trailer. S3's form for that is `aws-chunked`:
//! the bytes as one chunk, then the trailer (the AWS SDKs call one chunk for everything "chunking disabled", and S3 takes it).
//!
//! ```text
//! 800000\r\n  …the bytes as they come…  \r\n0\r\nx-amz-checksum-crc64nvme:…\r\n\r\n
//! ```
//!
//! The SDK could do this by itself; over plain HTTP it would sign every chunk, which costs more CPU than everything else together,
//! and it would compute a second checksum beside ours. Sending the payload unsigned is safe because the store compares the bytes
//! with the checksum before it takes them, the headers (lengths, trailer name, target, condition) are signed, and on AWS all of it
//! is inside TLS.
//!
//! Memory is what hyper buffers of one stream, whatever the length. The body cannot be rewound, so the SDK sends it once and a
//! failure comes back at once: trying again is ours, with a new GET. A source body that ends early, is too long, or does not have
//! the checksum that the source's store gave ends the request in an error, so that nothing is taken. How fast bytes pass is what
//! [`super::floor`] looks at.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::checksum::{Crc64, Own, Running, Sums};

/// The trailer's name.
pub(super) const TRAILER: &str = "x-amz-checksum-crc64nvme";
/// Base64 of eight bytes.
const CHECKSUM_LEN: u64 = 12;

/// What is known of a body: how much has passed, and what it was once all of it has.
#[derive(Debug, Clone)]
pub(super) struct Meter(Arc<Reading>);

#[derive(Debug, Default)]
struct Reading {
    bytes: AtomicU64,
    passed: OnceLock<Passed>,
}

#[derive(Debug, Clone, Copy)]
enum Passed {
    Whole(Sums),
    /// Not the bytes that the source's store vouches for.
    Mismatch,
}

impl Meter {
    /// The sums of the whole.
    pub(super) fn finished(&self) -> Option<Sums> {
        match self.0.passed.get() {
            Some(Passed::Whole(sums)) => Some(*sums),
            Some(Passed::Mismatch) | None => None,
        }
    }

    /// Bytes of the source that have passed so far.
    pub(super) fn passed_bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn is_mismatch(&self) -> bool {
        matches!(self.0.passed.get(), Some(Passed::Mismatch))
    }
}

#[derive(Debug)]
struct Passage {
    inner: SdkBody,
    running: Running,
    passed_bytes: u64,
    len_bytes: u64,
    /// What the source's store says of exactly these bytes.
    expected: Option<Own>,
    meter: Meter,
    at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Head,
    Bytes,
    End,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Frames a GET's body, which must bring exactly `len_bytes`. `own` is the checksum of the object: of these bytes when they are
/// the `whole`, otherwise only its algorithm matters.
pub(super) fn through(
    body: ByteStream,
    len_bytes: u64,
    own: Option<Own>,
    whole: bool,
) -> (ByteStream, Meter) {
    let meter = Meter(Arc::default());
    let passage = Passage {
        inner: body.into_inner(),
        running: Running::new(own),
        passed_bytes: 0,
        len_bytes,
        expected: own.filter(|_| whole),
        meter: meter.clone(),
        at: if len_bytes == 0 { At::Bytes } else { At::Head },
    };
    (ByteStream::new(SdkBody::from_body_1_x(passage)), meter)
}

fn head(len_bytes: u64) -> String {
    // A chunk of no bytes is the last one: an empty body has no chunk before it.
    if len_bytes == 0 { String::new() } else { format!("{len_bytes:x}\r\n") }
}

fn tail(len_bytes: u64, checksum: Crc64) -> String {
    let end = if len_bytes == 0 { "" } else { "\r\n" };
    format!("{end}0\r\n{TRAILER}:{checksum}\r\n\r\n")
}

/// The length of the framed body.
pub(super) fn framed_len(len_bytes: u64) -> u64 {
    let frame = head(len_bytes).len() + if len_bytes == 0 { 0 } else { "\r\n".len() };
    let tail = "0\r\n".len() + TRAILER.len() + ":".len() + "\r\n\r\n".len();
    len_bytes + (frame + tail) as u64 + CHECKSUM_LEN
}

impl Passage {
    fn pass(&mut self, bytes: &[u8]) -> Result<(), BoxError> {
        self.running.update(bytes);
        self.passed_bytes += bytes.len() as u64;
        self.meter.0.bytes.store(self.passed_bytes, Ordering::Relaxed);
        if self.passed_bytes > self.len_bytes {
            Err("the source sent more than it announced".into())
        } else {
            Ok(())
        }
    }

    fn finish(&mut self) -> Result<Bytes, BoxError> {
        if self.passed_bytes < self.len_bytes {
            return Err("the source's body ended early".into());
        }
        let sums = self.running.value();
        if self.expected.is_some_and(|expected| expected.fits(sums) == Some(false)) {
            let _ = self.meter.0.passed.set(Passed::Mismatch);
            return Err("the source's bytes do not have the source's checksum".into());
        }
        let _ = self.meter.0.passed.set(Passed::Whole(sums));
        self.at = At::End;
        Ok(Bytes::from(tail(self.len_bytes, sums.crc64)))
    }
}

impl Body for Passage {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        match this.at {
            At::Head => {
                this.at = At::Bytes;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from(head(this.len_bytes))))))
            }
            At::Bytes => match Pin::new(&mut this.inner).poll_frame(cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers of the GET, if it has any, say nothing of the whole object.
                    let bytes = frame.into_data().unwrap_or_default();
                    Poll::Ready(Some(this.pass(&bytes).map(|()| Frame::data(bytes))))
                }
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => Poll::Ready(Some(this.finish().map(Frame::data))),
            },
            At::End => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.at == At::End
    }

    fn size_hint(&self) -> SizeHint {
        match self.at {
            At::Head => SizeHint::with_exact(framed_len(self.len_bytes)),
            At::Bytes => {
                let passed = self.passed_bytes + head(self.len_bytes).len() as u64;
                SizeHint::with_exact(framed_len(self.len_bytes).saturating_sub(passed))
            }
            At::End => SizeHint::with_exact(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt as _, StreamBody};
    use proptest::prelude::*;

    fn source(pieces: Vec<Vec<u8>>) -> ByteStream {
        let frames = pieces.into_iter().map(|piece| Ok::<_, BoxError>(Frame::data(Bytes::from(piece))));
        ByteStream::new(SdkBody::from_body_1_x(StreamBody::new(futures::stream::iter(frames))))
    }

    fn framed(pieces: Vec<Vec<u8>>, len_bytes: u64, expected: Option<Crc64>) -> (Option<Vec<u8>>, Meter) {
        let (body, meter) = through(source(pieces), len_bytes, expected.map(Own::Crc64Nvme), true);
        let body = body.into_inner();
        assert_eq!(body.size_hint().exact(), Some(framed_len(len_bytes)));
        let collected = futures::executor::block_on(body.collect());
        (collected.ok().map(|collected| collected.to_bytes().to_vec()), meter)
    }

    #[test]
    fn the_form_is_one_chunk_and_a_trailer() {
        let (body, meter) = framed(vec![b"1234".to_vec(), b"56789".to_vec()], 9, None);
        let text = String::from_utf8(body.unwrap()).unwrap();
        assert_eq!(text, "9\r\n123456789\r\n0\r\nx-amz-checksum-crc64nvme:rosUhgp5mIg=\r\n\r\n");
        assert_eq!(meter.finished(), Some(Sums::of(b"123456789", None)));
        let (body, _) = framed(vec![], 0, None);
        let text = String::from_utf8(body.unwrap()).unwrap();
        assert_eq!(text, "0\r\nx-amz-checksum-crc64nvme:AAAAAAAAAAA=\r\n\r\n");
    }

    #[test]
    fn what_is_not_as_announced_ends_in_an_error() {
        for (pieces, len_bytes, expected) in [
            (vec![b"123".to_vec()], 4, None),
            (vec![b"12345".to_vec()], 4, None),
            (vec![b"1234".to_vec()], 4, Some(Crc64::of(b"1235"))),
        ] {
            let (body, meter) = framed(pieces, len_bytes, expected);
            assert_eq!((body, meter.finished()), (None, None));
        }
    }

    proptest! {
        #[test]
        fn the_announced_length_is_the_length(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..8)) {
            let whole = pieces.concat();
            let (body, meter) = framed(pieces, whole.len() as u64, Some(Crc64::of(&whole)));
            prop_assert_eq!(body.unwrap().len() as u64, framed_len(whole.len() as u64));
            prop_assert_eq!(meter.finished(), Some(Sums::of(&whole, None)));
        }
    }
}
