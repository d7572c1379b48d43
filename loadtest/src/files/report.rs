//! What a run came to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::board::Board;
use super::options::Options;
use crate::error::Error;
use crate::output::Machine;
use crate::table::table;
use crate::usage::{EMBEDDED_AWS, Snapshot};

/// The results, as they are written with `--report`.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: Machine,
    files: usize,
    file_bytes: u64,
    workers: usize,
    puts_in_flight: usize,
    rate_files_per_s: Option<u32>,
    data_in_memory: bool,
    ends: BTreeMap<String, usize>,
    unfinished: usize,
    wrong_checksums: usize,
    /// From the first put to the last end, or to the end of the time.
    seconds: f64,
    /// From the first put to the last put's reply; `None` when not all were put in.
    put_seconds: Option<f64>,
    files_per_s: f64,
    latency_ms: Option<Latency>,
    processes: Vec<Process>,
    /// Dispatcher and workers.
    cpu_us_per_file: Option<f64>,
}

/// From just before a file's put to its line on standard output.
#[derive(Debug, Serialize)]
struct Latency {
    p50: f64,
    p99: f64,
    max: f64,
}

#[derive(Debug, Serialize)]
struct Process {
    name: String,
    /// Files it had a hand in.
    files: usize,
    /// `None` when it was not there all the time.
    cpu_seconds: Option<f64>,
    cpu_us_per_file: Option<f64>,
    peak_rss_mib: Option<f64>,
}

impl Report {
    pub(super) fn new(
        options: &Options,
        machine: Machine,
        board: &Board,
        took: Duration,
        before: &Snapshot,
        after: &Snapshot,
    ) -> Self {
        let ended = options.count - board.unfinished();
        let took = if board.unfinished() == 0 { board.ended_after } else { took };
        let processes = processes(board, ended, before, after);
        let services = processes.iter().filter(|process| process.name != EMBEDDED_AWS);
        let cpu_seconds: Option<f64> = services.map(|process| process.cpu_seconds).sum();
        Self {
            machine,
            files: options.count,
            file_bytes: options.file_bytes,
            workers: options.workers,
            puts_in_flight: options.in_flight,
            rate_files_per_s: options.rate,
            data_in_memory: options.data_in_memory,
            ends: board.ends.clone(),
            unfinished: board.unfinished(),
            wrong_checksums: board.wrong_checksums,
            seconds: took.as_secs_f64(),
            put_seconds: board.put_for.map(|time| time.as_secs_f64()),
            files_per_s: ended as f64 / took.as_secs_f64().max(f64::EPSILON),
            latency_ms: latency(&board.latencies()),
            cpu_us_per_file: cpu_seconds.and_then(|seconds| per_file(seconds, ended)),
            processes,
        }
    }

    pub(super) fn table(&self) -> String {
        let ms = |read: fn(&Latency) -> f64| {
            self.latency_ms.as_ref().map_or("-".to_owned(), |ms| format!("{:.0}", read(ms)))
        };
        let ends: Vec<String> = self.ends.iter().map(|(end, count)| format!("{count} {end}")).collect();
        let put = self
            .put_seconds
            .map_or("not all were put in".to_owned(), |s| format!("all put in after {s:.2} s"));
        let head = format!(
            "{} files of {} bytes in {:.2} s ({put}): {:.0} files/s\nends: {}; {} unfinished, {} with a wrong checksum\n\
             put to end: p50 {} ms, p99 {} ms, max {} ms\n{}\n",
            self.files,
            self.file_bytes,
            self.seconds,
            self.files_per_s,
            if ends.is_empty() { "none".to_owned() } else { ends.join(", ") },
            self.unfinished,
            self.wrong_checksums,
            ms(|latency| latency.p50),
            ms(|latency| latency.p99),
            ms(|latency| latency.max),
            self.machine.line(),
        );
        let number = |value: Option<f64>, digits: usize| {
            value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
        };
        let mut rows: Vec<Vec<String>> = Vec::new();
        for process in &self.processes {
            let note = match (process.cpu_seconds, &*process.name) {
                (None, _) => "was started again: not measured",
                (_, EMBEDDED_AWS) => "not part of Drayage",
                _ => "",
            };
            rows.push(vec![
                process.name.clone(),
                process.files.to_string(),
                number(process.cpu_seconds, 2),
                number(process.cpu_us_per_file, 0),
                number(process.peak_rss_mib, 1),
                note.to_owned(),
            ]);
        }
        let together = number(self.cpu_us_per_file, 0);
        rows.push(vec!["dispatcher + workers".into(), String::new(), String::new(), together]);
        format!("{head}\n{}", table(&["process", "files", "CPU s", "CPU µs/file", "peak RSS MiB", ""], &rows))
    }

    /// # Errors
    /// Unless every file is completed, with the checksum of what was put in.
    pub(super) fn verdict(&self) -> Result<(), Error> {
        let completed = self.ends.get("completed").copied().unwrap_or(0);
        if completed != self.files {
            return Err(Error::Failed(format!("{completed} of {} files were completed", self.files)));
        }
        match self.wrong_checksums {
            0 => Ok(()),
            wrong => Err(Error::Failed(format!("{wrong} files were completed with a wrong checksum"))),
        }
    }
}

fn per_file(seconds: f64, files: usize) -> Option<f64> {
    (files > 0).then(|| seconds * 1e6 / files as f64)
}

fn processes(board: &Board, ended: usize, before: &Snapshot, after: &Snapshot) -> Vec<Process> {
    let each = after.0.iter().map(|(name, now)| {
        // A worker's files are those that it ended; everything else has a hand in all of them.
        let files = match board.by_worker.get(name) {
            Some(files) => *files,
            None if name.starts_with("worker") => 0,
            None => ended,
        };
        let then = before.0.get(name).filter(|then| then.process == now.process);
        let cpu_seconds = then.map(|then| now.cpu_seconds - then.cpu_seconds);
        Process {
            name: name.clone(),
            files,
            cpu_seconds,
            cpu_us_per_file: cpu_seconds.and_then(|seconds| per_file(seconds, files)),
            peak_rss_mib: Some(now.peak_kib as f64 / 1024.0),
        }
    });
    each.collect()
}

/// `sorted`: shortest first.
fn latency(sorted: &[Duration]) -> Option<Latency> {
    let ms = |time: &Duration| time.as_secs_f64() * 1e3;
    // The nearest rank: the smallest value that so many per cent do not exceed.
    let rank = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1);
    Some(Latency { p50: ms(rank(50)?), p99: ms(rank(99)?), max: ms(sorted.last()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let sorted: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        let latency = latency(&sorted).unwrap();
        assert_eq!((latency.p50, latency.p99, latency.max), (100.0, 198.0, 200.0));
        assert!(super::latency(&[]).is_none());
        let one = super::latency(&[Duration::from_millis(7)]).unwrap();
        assert_eq!((one.p50, one.max), (7.0, 7.0));
    }
}
