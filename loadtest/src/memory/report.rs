//! What the copies took.

use std::time::Duration;

use serde::Serialize;

use super::server::Ended;
use super::worker::Usage;
use crate::error::Error;
use crate::output::Machine;
use crate::table::table;

/// What the first row may take.
const PEAK_MIB_MAX: f64 = 48.0;
/// What the others may take, as a share of the first.
const SHARE_MAX: f64 = 1.1;

/// The results, as they are written with `--report`.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: Machine,
    parts_in_flight: usize,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    size_bytes: u64,
    part_bytes: u64,
    status: String,
    /// The ledger's CRC64NVME is that of the source.
    checksum_is_right: bool,
    /// From the put to the ledger's last write.
    seconds: f64,
    mb_per_s: f64,
    cpu_s_per_gib: f64,
    /// VmHWM of the worker.
    peak_rss_mib: f64,
}

impl Row {
    pub(super) fn new(size_bytes: u64, part_bytes: u64, took: Duration, usage: Usage, ended: &Ended) -> Self {
        let seconds = took.as_secs_f64();
        Self {
            size_bytes,
            part_bytes,
            status: ended.status.clone(),
            checksum_is_right: ended.checksum == ended.expected,
            seconds,
            mb_per_s: size_bytes as f64 / 1e6 / seconds,
            cpu_s_per_gib: usage.cpu_seconds / (size_bytes as f64 / (1_u64 << 30) as f64),
            peak_rss_mib: usage.peak_kib as f64 / 1024.0,
        }
    }

    /// Of copies of one object: a wrong one if there is one, else that with the lowest peak.
    pub(super) fn lowest(copies: Vec<Self>) -> Option<Self> {
        copies
            .into_iter()
            .min_by(|a, b| a.copied().cmp(&b.copied()).then(a.peak_rss_mib.total_cmp(&b.peak_rss_mib)))
    }

    fn copied(&self) -> bool {
        self.status == "completed" && self.checksum_is_right
    }
}

impl Report {
    pub(super) fn new(machine: Machine, parts_in_flight: usize, rows: Vec<Row>) -> Self {
        Self { machine, parts_in_flight, rows }
    }

    /// What a row may take.
    fn limit_mib(&self, index: usize) -> f64 {
        match (index, self.rows.first()) {
            (0, _) | (_, None) => PEAK_MIB_MAX,
            (_, Some(first)) => first.peak_rss_mib * SHARE_MAX,
        }
    }

    pub(super) fn table(&self) -> String {
        let rows: Vec<Vec<String>> = self
            .rows
            .iter()
            .enumerate()
            .map(|(index, row)| {
                let end = if row.copied() { "" } else { "not copied: " };
                vec![
                    format!("{} GiB", row.size_bytes as f64 / (1_u64 << 30) as f64),
                    format!("{} MiB", row.part_bytes >> 20),
                    format!("{:.1}", row.peak_rss_mib),
                    format!("{:.1}", self.limit_mib(index)),
                    format!("{:.0}", row.mb_per_s),
                    format!("{:.2}", row.cpu_s_per_gib),
                    format!("{:.1}", row.seconds),
                    if end.is_empty() { String::new() } else { format!("{end}{}", row.status) },
                ]
            })
            .collect();
        let head = ["object", "parts", "peak RSS MiB", "limit MiB", "MB/s", "CPU s/GiB", "s", ""];
        let machine = self.machine.line();
        format!("one worker, {} parts in flight; {machine}\n\n{}", self.parts_in_flight, table(&head, &rows))
    }

    /// # Errors
    /// When a copy is not its source, or took too much.
    pub(super) fn verdict(&self) -> Result<(), Error> {
        let not_copied = self.rows.iter().filter(|row| !row.copied()).count();
        if not_copied > 0 {
            return Err(Error::Failed(format!("{not_copied} copies are not their sources")));
        }
        let over =
            self.rows.iter().enumerate().filter(|(index, row)| row.peak_rss_mib > self.limit_mib(*index));
        match over.count() {
            0 => Ok(()),
            over => Err(Error::Failed(format!("{over} copies took more memory than they may"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(peaks_mib: &[u64]) -> Report {
        let ended = Ended {
            key: String::new(),
            status: "completed".to_owned(),
            checksum: "c".to_owned(),
            expected: "c".to_owned(),
        };
        let row = |mib: &u64| {
            let usage = Usage { peak_kib: mib * 1024, cpu_seconds: 1.0 };
            Row::new(1 << 30, 8 << 20, Duration::from_secs(1), usage, &ended)
        };
        Report::new(Machine::look(), 4, peaks_mib.iter().map(row).collect())
    }

    #[test]
    fn the_lowest_peak_counts_and_a_wrong_copy_is_not_passed_over() {
        let mut copies = report(&[35, 30, 33]).rows;
        assert_eq!(Row::lowest(copies.clone()).map(|row| row.peak_rss_mib), Some(30.0));
        copies[0].checksum_is_right = false;
        assert_eq!(Row::lowest(copies).map(|row| row.copied()), Some(false));
    }

    #[test]
    fn the_first_row_has_a_limit_and_the_others_are_measured_by_it() {
        assert!(report(&[48, 52, 20]).verdict().is_ok());
        assert!(report(&[49]).verdict().is_err());
        assert!(report(&[20, 22, 23]).verdict().is_err());
        let mut wrong = report(&[20]);
        wrong.rows[0].checksum_is_right = false;
        assert!(wrong.verdict().is_err());
        assert!(wrong.table().contains("not copied"));
    }
}
