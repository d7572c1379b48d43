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
use super::blob_pattern::Run;
use super::disk::BlobFile;
use super::errors::report;
use super::pace::Pace;

/// How much of a file is read at once, in bytes. While one piece is sent the next is read.
const READ_BYTES: u64 = 512 * 1024;

/// Yields slices of memory as they are, files and runs in pieces.
pub(super) struct Reader {
    blob: Blob,
    /// The next segment to begin.
    next: usize,
    /// Bytes that are still to come.
    remaining: u64,
    reading: Option<Reading>,
    /// A run on its way, and how much of it has been sent.
    run: Option<(Run, u64)>,
    pace: Option<Pace>,
    /// Held back by the pace.
    held: Option<Bytes>,
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
        let remaining = blob.length_bytes();
        Self { remaining, blob, next: 0, reading: None, run: None, pace: None, held: None }
    }

    /// Sends so many bytes in a second at the most.
    pub(super) fn paced(self, bytes_per_second: Option<u64>) -> Self {
        let pace = bytes_per_second.map(|rate| Pace::new(rate, self.remaining));
        Self { pace, ..self }
    }

    /// The next piece of the run that is on its way.
    fn next_of_run(&mut self) -> Option<Bytes> {
        let (run, sent) = self.run.as_mut()?;
        let piece = run.piece(*sent);
        *sent += piece.len() as u64;
        run.count_read(piece.len() as u64);
        if *sent == run.length() {
            self.run = None;
        }
        Some(piece)
    }

    /// The next segment, begun: bytes at once, or a file that is being read.
    fn begin(&mut self) -> Option<Bytes> {
        loop {
            if let Some(piece) = self.next_of_run() {
                return Some(piece);
            }
            let segment = self.blob.segments().get(self.next)?;
            self.next += 1;
            match segment {
                _ if segment.length() == 0 => {}
                Segment::Memory(bytes) => return Some(bytes.clone()),
                Segment::Virtual(run) => self.run = Some((run.clone(), 0)),
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

impl Reader {
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<std::io::Result<Bytes>>> {
        if self.reading.is_none()
            && let Some(bytes) = self.begin()
        {
            return Poll::Ready(Some(Ok(bytes)));
        }
        let Some(reading) = &mut self.reading else { return Poll::Ready(None) };
        let read = ready!(Pin::new(&mut reading.task).poll(cx));
        self.reading = None;
        let Piece { data, source } = match read.map_err(Error::other).flatten() {
            Ok(piece) => piece,
            Err(error) => {
                report(&error);
                return Poll::Ready(Some(Err(error)));
            }
        };
        if source.left > 0 {
            self.reading = Some(Reading { task: tokio::task::spawn_blocking(move || source.read()) });
        }
        Poll::Ready(Some(Ok(Bytes::from(data))))
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
        let bytes = match this.held.take() {
            Some(bytes) => bytes,
            None => match ready!(this.poll_bytes(cx)) {
                Some(Ok(bytes)) => bytes,
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => return Poll::Ready(None),
            },
        };
        if let Some(pace) = &mut this.pace
            && pace.poll_pass(bytes.len() as u64, cx).is_pending()
        {
            this.held = Some(bytes);
            return Poll::Pending;
        }
        this.remaining -= bytes.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}
