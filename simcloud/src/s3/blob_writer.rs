//! Bytes on their way into a blob: bounded memory on disk, no reallocation in memory.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::task::JoinHandle;

use super::blob::{Blob, Segment, append};
use super::blob_pattern::Run;
use super::disk::{BlobFile, Disk};

/// Length of a segment in memory, in bytes.
const MEMORY_SEGMENT_BYTES: usize = 256 * 1024;
/// How much is written to a file at once, in bytes. One piece is written while the next one comes in: twice this is in memory.
const WRITE_BYTES: usize = 1024 * 1024;

/// A blob in the making. Dropped unfinished, it leaves nothing behind.
pub(super) struct Writer {
    /// Bytes that are in no segment or file yet.
    pending: BytesMut,
    /// Bytes that are still expected; sizes buffers, nothing else.
    expected: u64,
    target: Target,
}

enum Target {
    Memory {
        segments: Vec<Segment>,
    },
    /// The file is made with the first piece.
    Disk {
        disk: Arc<Disk>,
        file: Option<Arc<BlobFile>>,
        length: u64,
        writing: Option<JoinHandle<std::io::Result<File>>>,
    },
}

impl Writer {
    /// `expected` is the length that the client announces, in bytes.
    pub(super) fn new(disk: Option<&Arc<Disk>>, expected: u64) -> Self {
        let target = match disk {
            None => Target::Memory { segments: Vec::new() },
            Some(disk) => Target::Disk { disk: Arc::clone(disk), file: None, length: 0, writing: None },
        };
        Self { pending: BytesMut::new(), expected, target }
    }

    pub(super) async fn write(&mut self, mut bytes: Bytes) -> std::io::Result<()> {
        let full = match self.target {
            Target::Memory { .. } => MEMORY_SEGMENT_BYTES,
            Target::Disk { .. } => WRITE_BYTES,
        };
        while !bytes.is_empty() {
            if self.pending.capacity() == 0 {
                let wanted = usize::try_from(self.expected).unwrap_or(full).clamp(1, full);
                self.pending = BytesMut::with_capacity(wanted.max(bytes.len().min(full)));
            }
            let take = bytes.len().min(full - self.pending.len());
            self.pending.extend_from_slice(&bytes.split_to(take));
            self.expected = self.expected.saturating_sub(take as u64);
            if self.pending.len() == full {
                let piece = std::mem::take(&mut self.pending).freeze();
                self.flush(piece).await?;
            }
        }
        Ok(())
    }

    /// Takes in a run of the pattern: noted in memory, written out to a file.
    pub(super) async fn write_run(&mut self, run: Run) -> std::io::Result<()> {
        self.expected = self.expected.saturating_sub(run.length());
        match &mut self.target {
            Target::Memory { segments } => {
                let pending = std::mem::take(&mut self.pending);
                if !pending.is_empty() {
                    // Copied: its buffer is as large as a whole segment.
                    segments.push(Segment::Memory(Bytes::copy_from_slice(&pending)));
                }
                append(segments, Segment::Virtual(run));
            }
            Target::Disk { .. } => {
                for piece in run.pieces() {
                    Box::pin(self.write(piece)).await?;
                }
            }
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> std::io::Result<Blob> {
        let last = std::mem::take(&mut self.pending).freeze();
        if let Target::Disk { disk, file: None, .. } = &self.target
            && !last.is_empty()
            && let Some(held) = disk.hold(&last)
        {
            return Ok(Blob::new(vec![Segment::Memory(held)]));
        }
        self.flush(last).await?;
        Ok(match self.target {
            Target::Memory { segments } => Blob::new(segments),
            Target::Disk { file, length, writing, .. } => {
                if let Some(writing) = writing {
                    writing.await??;
                }
                let segments = file.map(|file| Segment::File { file, offset: 0, length });
                Blob::new(segments.into_iter().collect())
            }
        })
    }

    async fn flush(&mut self, piece: Bytes) -> std::io::Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        match &mut self.target {
            Target::Memory { segments } => segments.push(Segment::Memory(piece)),
            Target::Disk { disk, file, length, writing } => {
                *length += piece.len() as u64;
                let open = match writing.take() {
                    Some(writing) => Some(writing.await??),
                    None => None,
                };
                let file = Arc::clone(file.get_or_insert_with(|| Arc::new(disk.new_file())));
                *writing = Some(tokio::task::spawn_blocking(move || {
                    let mut open = match open {
                        Some(open) => open,
                        None => File::create_new(file.path())?,
                    };
                    open.write_all(&piece)?;
                    Ok(open)
                }));
            }
        }
        Ok(())
    }
}
