//! A body on its way into a blob, with its sums.
//!
//! In a store that has virtual objects, bytes that are those of the pattern are not kept but noted as a run of it. Every byte is
//! compared (or known by its address), so the run's checksum, which is combined, is that of the bytes that came. All others are
//! kept and summed up as they are.

use std::sync::Arc;

use bytes::Bytes;

use super::blob::Blob;
use super::blob_pattern::{BLOCK_BYTES, Pattern, Run};
use super::blob_writer::Writer;
use super::claims::Summing;

pub(super) struct Intake {
    writer: Writer,
    summing: Summing,
    pattern: Option<Arc<Pattern>>,
    /// Recognised, and not yet written and summed up.
    run: Option<Run>,
}

impl Intake {
    pub(super) fn new(writer: Writer, summing: Summing, pattern: Option<Arc<Pattern>>) -> Self {
        Self { writer, summing, pattern, run: None }
    }

    pub(super) async fn take(&mut self, bytes: Bytes) -> std::io::Result<()> {
        let expected = self.run.as_ref().map(Run::next_phase);
        let found =
            self.pattern.as_ref().and_then(|pattern| Some((pattern, pattern.recognise(&bytes, expected)?)));
        let Some((pattern, phase)) = found else {
            self.end_run().await?;
            self.summing.update(&bytes);
            return self.writer.write(bytes).await;
        };
        let length = bytes.len() as u64;
        pattern.count_written(length);
        match &mut self.run {
            Some(run) if run.next_phase() == phase => run.extend(length),
            _ => {
                let next = Run::new(pattern, phase, length);
                self.end_run().await?;
                self.run = Some(next);
            }
        }
        // Sums that cannot be combined read every byte: not too many of them at once.
        if !self.summing.combines() && self.run.as_ref().is_some_and(|run| run.length() >= BLOCK_BYTES) {
            self.end_run().await?;
        }
        Ok(())
    }

    async fn end_run(&mut self) -> std::io::Result<()> {
        match self.run.take() {
            Some(run) => {
                self.summing.update_run(&run);
                self.writer.write_run(run).await
            }
            None => Ok(()),
        }
    }

    pub(super) async fn finish(mut self) -> std::io::Result<(Blob, Summing)> {
        self.end_run().await?;
        Ok((self.writer.finish().await?, self.summing))
    }
}
