//! What a run came to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use simcloud::VirtualTraffic;
use worker::copy::plan::Plan;

use super::board::{Attempt, Board, hours};
use super::options::Options;
use crate::error::Error;
use crate::output::Machine;
use crate::procfs;
use crate::table::table;

/// The results, as they are written with `--report`.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: Machine,
    size_bytes: u64,
    part_bytes: u64,
    parts: u64,
    stream_bytes_per_s: u64,
    parts_in_flight: usize,
    workers: usize,
    seed: u64,
    #[serde(flatten)]
    simulated: Simulated,
    real_seconds: f64,
    peak_rss_mib: Option<f64>,
    mistakes: Vec<String>,
}

/// What depends on the options and the seed alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Simulated {
    simulated_hours: f64,
    status: String,
    error_message: String,
    attempts: Vec<Attempt>,
    /// UploadPart requests.
    parts_begun: u64,
    parts_begun_again: u64,
    source_bytes_read: u64,
    target_bytes_written: u64,
    /// By service and operation.
    requests: BTreeMap<String, u64>,
}

/// What was counted.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) simulated: Duration,
    pub(super) real_seconds: f64,
    /// Of the fault that every request meets.
    pub(super) hits: BTreeMap<String, u64>,
    pub(super) traffic: VirtualTraffic,
}

impl Report {
    pub(super) fn new(
        options: &Options,
        machine: Machine,
        plan: Plan,
        board: Board,
        counted: &Counted,
        mistakes: Vec<String>,
    ) -> Self {
        let Counted { simulated, real_seconds, hits, traffic } = counted;
        let requests: BTreeMap<String, u64> =
            hits.iter().map(|(name, count)| (name.trim_end_matches(":Delay").to_owned(), *count)).collect();
        let parts_begun = requests.get("S3.UploadPart").copied().unwrap_or(0);
        let parts = plan.count();
        let peak_kib = procfs::peak_kib(std::process::id());
        Self {
            machine,
            size_bytes: options.size_bytes,
            part_bytes: plan.part_bytes,
            parts,
            stream_bytes_per_s: options.stream_bytes_per_second,
            parts_in_flight: options.parts_in_flight,
            workers: options.workers,
            seed: options.seed,
            simulated: Simulated {
                simulated_hours: hours(*simulated),
                status: board.status.map(|status| status.to_string()).unwrap_or_default(),
                error_message: board.error,
                attempts: board.attempts,
                parts_begun,
                parts_begun_again: parts_begun.saturating_sub(parts),
                source_bytes_read: traffic.read_bytes,
                target_bytes_written: traffic.written_bytes,
                requests,
            },
            real_seconds: *real_seconds,
            peak_rss_mib: peak_kib.map(|kib| kib as f64 / 1024.0),
            mistakes,
        }
    }

    pub(super) fn text(&self) -> String {
        let Simulated { attempts, requests, .. } = &self.simulated;
        let tib = |bytes: u64| bytes as f64 / (1_u64 << 40) as f64;
        let head = format!(
            "{:.3} TiB in {} parts of up to {} MiB: {} after {:.2} simulated hours, in {} attempts\n\
             streams of {:.0} MB/s, {} at a time, {} workers, seed {}\n\
             parts begun {}, begun again {}; {:.3} TiB read, {:.3} TiB written, {} requests\n\
             real time {:.1} s ({:.1} GB/s), peak RSS {:.1} MiB; {}",
            tib(self.size_bytes),
            self.parts,
            self.part_bytes >> 20,
            self.simulated.status,
            self.simulated.simulated_hours,
            attempts.len(),
            self.stream_bytes_per_s as f64 / 1e6,
            self.parts_in_flight,
            self.workers,
            self.seed,
            self.simulated.parts_begun,
            self.simulated.parts_begun_again,
            tib(self.simulated.source_bytes_read),
            tib(self.simulated.target_bytes_written),
            requests.values().sum::<u64>(),
            self.real_seconds,
            self.simulated.target_bytes_written as f64 / self.real_seconds / 1e9,
            self.peak_rss_mib.unwrap_or(0.0),
            self.machine.line(),
        );
        let rows: Vec<Vec<String>> = attempts
            .iter()
            .map(|attempt| {
                vec![
                    attempt.number.to_string(),
                    format!("{:.2}", attempt.began_h),
                    attempt.ended_h.map_or("-".to_owned(), |hours| format!("{hours:.2}")),
                    attempt.worker.clone(),
                    attempt.end.clone(),
                ]
            })
            .collect();
        let counts: Vec<Vec<String>> = requests
            .iter()
            .map(|(name, count)| vec![name.clone(), count.to_string(), String::new()])
            .collect();
        let verdict = match &self.mistakes[..] {
            [] => "the copy is its source: size, CRC64NVME, bytes read at 32 places; no upload is left"
                .to_owned(),
            mistakes => mistakes.join("\n"),
        };
        let attempts = table(&["attempt", "began h", "ended h", "worker", "end"], &rows);
        format!("{head}\n\n{attempts}\n\n{}\n\n{verdict}", table(&["request", "count", ""], &counts))
    }

    /// # Errors
    /// Unless the copy is completed and is its source.
    pub(super) fn verdict(&self) -> Result<(), Error> {
        if self.simulated.status != "completed" {
            let Simulated { status, error_message, .. } = &self.simulated;
            return Err(Error::Failed(format!("the file is {status}: {error_message}")));
        }
        match self.mistakes.len() {
            0 => Ok(()),
            _ => Err(Error::Failed(self.mistakes.join("; "))),
        }
    }

    #[cfg(test)]
    pub(super) fn attempts(&self) -> &[Attempt] {
        &self.simulated.attempts
    }

    #[cfg(test)]
    pub(super) fn parts_begun_again(&self) -> u64 {
        self.simulated.parts_begun_again
    }

    #[cfg(test)]
    pub(super) fn simulated(&self) -> Simulated {
        self.simulated.clone()
    }
}
