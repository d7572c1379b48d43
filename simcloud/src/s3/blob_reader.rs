//! A blob as an HTTP body.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::task::JoinHandle;

use super::blob::{Blob, Segment};
use super::disk::BlobFile;

/// How much of a file is read at once, in bytes. While one piece is sent the next is read.
const READ_BYTES: u64 = 512 * 1024;

/// Yields slices of memory as they are, and files in pieces.
pub(super) struct Reader {
    blob: Blob,
    /// The next segment to begin.
    next: usize,
    /// Bytes that are still to come.
    remaining: u64,
    reading: Option<Reading>,
}

/// A file segment on its way.
struct Reading {
    task: JoinHandle<std::io::Result<Piece>>,
}

struct Piece {
    data: Vec<u8>,
    source: Source,
}

/// An open file whose cursor stands at the first byte that has not been read.
struct Source {
    /// Keeps the file from being removed while it is read.
    _file: Arc<BlobFile>,
    handle: File,
    left: u64,
}

impl Reader {
    pub(super) fn new(blob: Blob) -> Self {
        Self { remaining: blob.length_bytes(), blob, next: 0, reading: None }
    }

    /// The next segment, begun: bytes at once, or a file that is being read.
    fn begin(&mut self) -> Option<Bytes> {
        loop {
            let segment = self.blob.segments().get(self.next)?;
            self.next += 1;
            match segment {
                _ if segment.length() == 0 => {}
                Segment::Memory(bytes) => return Some(bytes.clone()),
                Segment::File { file, offset, length } => {
                    let (file, offset, left) = (Arc::clone(file), *offset, *length);
                    let task = tokio::task::spawn_blocking(move || {
                        let mut handle = File::open(file.path())?;
                        handle.seek(SeekFrom::Start(offset))?;
                        Source { _file: file, handle, left }.read()
                    });
                    self.reading = Some(Reading { task });
                    return None;
                }
            }
        }
    }
}

impl Source {
    fn read(mut self) -> std::io::Result<Piece> {
        let length = self.left.min(READ_BYTES);
        let mut data = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        (&mut self.handle).take(length).read_to_end(&mut data)?;
        if data.len() as u64 != length {
            return Err(Error::new(
                ErrorKind::UnexpectedEof,
                "an object's file is shorter than its index says",
            ));
        }
        self.left -= length;
        Ok(Piece { data, source: self })
    }
}

impl HttpBody for Reader {
    type Data = Bytes;
    type Error = s3s::StdError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        if this.reading.is_none()
            && let Some(bytes) = this.begin()
        {
            this.remaining -= bytes.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        let Some(reading) = &mut this.reading else { return Poll::Ready(None) };
        let read = ready!(Pin::new(&mut reading.task).poll(cx));
        this.reading = None;
        let Piece { data, source } = match read {
            Ok(Ok(piece)) => piece,
            Ok(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
            Err(error) => return Poll::Ready(Some(Err(error.into()))),
        };
        if source.left > 0 {
            this.reading = Some(Reading { task: tokio::task::spawn_blocking(move || source.read()) });
        }
        this.remaining -= data.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(data)))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}
