//! `aws-chunked`: the framing in which SDKs send a body whose checksum or signature follows it.
//!
//! ```text
//! <hex size>[;chunk-signature=…]\r\n <bytes>\r\n …  0[;…]\r\n [name:value\r\n]… \r\n
//! ```
//! The frames are taken off as the bytes pass, without copying them. Chunk signatures are read over (see [`super::scope`]);
//! trailing headers are kept for the store, which verifies the checksums among them.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body as HttpBody, Frame, SizeHint};
use s3s::Body;

/// Longest line between chunks, in bytes.
const LINE_BYTES_MAX: usize = 16 * 1024;

/// What follows the body; complete once the body has ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trailers(Arc<Mutex<HeaderMap>>);

impl Trailers {
    /// The text of one trailing header.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let headers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some(headers.get(name)?.to_str().ok()?.to_owned())
    }

    fn insert(&self, line: &[u8]) -> Result<(), Malformed> {
        let at = line.iter().position(|byte| *byte == b':').ok_or(Malformed::Trailer)?;
        let name = HeaderName::from_bytes(&line[..at]).map_err(|_| Malformed::Trailer)?;
        let value = HeaderValue::from_bytes(line[at + 1..].trim_ascii()).map_err(|_| Malformed::Trailer)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, value);
        Ok(())
    }
}

/// Why a body is not `aws-chunked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("a chunk has no valid size")]
    Size,
    #[error("a chunk does not end where its size says")]
    ChunkEnd,
    #[error("a trailing header is malformed")]
    Trailer,
    #[error("a line between chunks is too long")]
    Line,
    #[error("the body ends before its last chunk")]
    Cut,
    #[error("the body is not as long as x-amz-decoded-content-length says")]
    Length,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size,
    Data { remaining: u64 },
    DataEnd,
    Trailer,
    Done,
}

/// The payload of an `aws-chunked` body.
pub(super) struct Dechunked {
    inner: Body,
    state: State,
    /// What has come and is not consumed.
    input: Bytes,
    /// The part of a line that came in earlier frames.
    line: Vec<u8>,
    /// Payload bytes that are still to come, by `x-amz-decoded-content-length`.
    expected: u64,
    trailers: Trailers,
}

impl Dechunked {
    pub(super) fn new(inner: Body, decoded_length: u64, trailers: Trailers) -> Self {
        Self {
            inner,
            state: State::Size,
            input: Bytes::new(),
            line: Vec::new(),
            expected: decoded_length,
            trailers,
        }
    }

    /// Consumes what can be consumed of `input`; gives payload as soon as there is some.
    fn step(&mut self) -> Result<Option<Bytes>, Malformed> {
        while !self.input.is_empty() {
            match self.state {
                State::Data { remaining } => {
                    let take = usize::try_from(remaining).unwrap_or(usize::MAX).min(self.input.len());
                    let payload = self.input.split_to(take);
                    let taken = payload.len() as u64;
                    self.expected = self.expected.checked_sub(taken).ok_or(Malformed::Length)?;
                    self.state = match remaining - taken {
                        0 => State::DataEnd,
                        remaining => State::Data { remaining },
                    };
                    return Ok(Some(payload));
                }
                State::Done => return Ok(None),
                State::Size | State::DataEnd | State::Trailer => {
                    let Some(line) = self.take_line()? else { return Ok(None) };
                    self.state = self.after_line(&line)?;
                }
            }
        }
        Ok(None)
    }

    fn after_line(&mut self, line: &[u8]) -> Result<State, Malformed> {
        match self.state {
            State::Size => Ok(match chunk_size(line)? {
                0 => State::Trailer,
                remaining => State::Data { remaining },
            }),
            State::DataEnd if line.is_empty() => Ok(State::Size),
            State::Trailer if line.is_empty() => Ok(State::Done),
            State::Trailer => {
                self.trailers.insert(line)?;
                Ok(State::Trailer)
            }
            _ => Err(Malformed::ChunkEnd),
        }
    }

    /// The next line without its end, once all of it is there.
    fn take_line(&mut self) -> Result<Option<Vec<u8>>, Malformed> {
        let end = self.input.iter().position(|byte| *byte == b'\n');
        let take = end.map_or(self.input.len(), |at| at + 1);
        if self.line.len() + take > LINE_BYTES_MAX {
            return Err(Malformed::Line);
        }
        self.line.extend_from_slice(&self.input[..take]);
        self.input.advance(take);
        if end.is_none() {
            return Ok(None);
        }
        let mut line = std::mem::take(&mut self.line);
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }

    /// The body has ended: was it whole? Some clients leave out the empty line after the trailers.
    fn at_end(&self) -> Result<(), Malformed> {
        match self.state {
            State::Done | State::Trailer if self.line.is_empty() => match self.expected {
                0 => Ok(()),
                _ => Err(Malformed::Length),
            },
            _ => Err(Malformed::Cut),
        }
    }
}

impl HttpBody for Dechunked {
    type Data = Bytes;
    type Error = s3s::StdError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        loop {
            match this.step() {
                Ok(Some(payload)) => return Poll::Ready(Some(Ok(Frame::data(payload)))),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
            match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        this.input = data;
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(this.at_end().err().map(|error| Err(error.into()))),
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.expected)
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, Malformed> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let digits = std::str::from_utf8(digits).map_err(|_| Malformed::Size)?;
    u64::from_str_radix(digits, 16).map_err(|_| Malformed::Size)
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    /// Feeds `wire` in pieces of `piece` bytes.
    async fn decode(wire: &'static [u8], piece: usize, length: u64) -> Result<(Vec<u8>, Trailers), String> {
        let frames =
            wire.chunks(piece).map(|bytes| Ok::<_, s3s::StdError>(Frame::data(Bytes::from_static(bytes))));
        let body = Body::http_body(StreamBody::new(futures::stream::iter(frames.collect::<Vec<_>>())));
        let trailers = Trailers::default();
        let decoded = Dechunked::new(body, length, trailers.clone());
        let mut stream = decoded.into_data_stream();
        let mut bytes = Vec::new();
        while let Some(data) = stream.next().await {
            bytes.extend_from_slice(&data.map_err(|error| error.to_string())?);
        }
        Ok((bytes, trailers))
    }

    const SIGNED: &[u8] =
        b"5;chunk-signature=aa\r\nhello\r\n6;chunk-signature=bb\r\n\r\nworl\r\n0;chunk-signature=cc\r\n\
        x-amz-checksum-crc32:DUoRhQ==\r\nx-amz-trailer-signature:dd\r\n\r\n";

    #[tokio::test]
    async fn any_split_of_the_frames_gives_the_same_payload() {
        for piece in 1..SIGNED.len() + 1 {
            let (bytes, trailers) = decode(SIGNED, piece, 11).await.unwrap();
            assert_eq!(bytes, b"hello\r\nworl");
            assert_eq!(trailers.get("x-amz-checksum-crc32").as_deref(), Some("DUoRhQ=="));
        }
    }

    #[tokio::test]
    async fn a_cut_or_wrong_body_is_an_error() {
        assert!(decode(&SIGNED[..40], 7, 11).await.unwrap_err().contains("before its last chunk"));
        assert!(decode(SIGNED, 7, 12).await.unwrap_err().contains("decoded-content-length"));
        assert!(decode(b"zz\r\n", 7, 1).await.unwrap_err().contains("size"));
        assert!(decode(b"1\r\nab\r\n", 7, 2).await.unwrap_err().contains("end where"));
        assert!(decode(b"0\r\n\r\n", 7, 0).await.unwrap().0.is_empty());
    }
}
