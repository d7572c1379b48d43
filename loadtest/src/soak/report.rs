//! What a soak came to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::audit::Findings;
use super::crew::Exits;
use super::options::Options;
use super::traffic::Traffic;
use super::watch::Watch;
use crate::error::Error;
use crate::output::Machine;
use crate::table::table;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: Machine,
    seed: u64,
    seconds: f64,
    /// Whether everything came to its end before patience did.
    in_time: bool,
    versions: usize,
    keys: usize,
    bytes: u64,
    attempts: u64,
    ends: BTreeMap<String, usize>,
    exits: Exits,
    recovery_seconds: Option<Recovery>,
    findings: Findings,
    fault_hits: BTreeMap<String, u64>,
}

/// From the SIGKILL of a worker to the end of a transfer that it held.
#[derive(Debug, Serialize)]
struct Recovery {
    transfers: usize,
    p50: f64,
    p99: f64,
    max: f64,
}

impl Report {
    #[expect(clippy::too_many_arguments, reason = "each is a part of the run")]
    pub(super) fn new(
        options: &Options,
        took: Duration,
        in_time: bool,
        traffic: &Traffic,
        watch: &Watch,
        exits: Exits,
        findings: Findings,
        fault_hits: BTreeMap<String, u64>,
    ) -> Self {
        let mut ends = BTreeMap::new();
        let mut attempts = 0;
        for item in watch.items().values() {
            *ends.entry(item.status.to_string()).or_default() += 1;
            attempts += item.attempts;
        }
        Self {
            machine: Machine::look(),
            seed: options.seed,
            seconds: took.as_secs_f64(),
            in_time,
            versions: traffic.put_so_far(),
            keys: traffic.versions().len(),
            bytes: traffic.bytes_in_all(),
            attempts,
            ends,
            exits,
            recovery_seconds: Recovery::of(&watch.recoveries()),
            findings,
            fault_hits,
        }
    }

    pub(super) fn text(&self) -> String {
        let ends: Vec<String> = self.ends.iter().map(|(end, count)| format!("{count} {end}")).collect();
        let recovery = self.recovery_seconds.as_ref().map_or(
            "no transfer was held by a killed worker".to_owned(),
            |r| {
                format!(
                    "recovery after SIGKILL ({} transfers): p50 {:.1} s, p99 {:.1} s, max {:.1} s",
                    r.transfers, r.p50, r.p99, r.max
                )
            },
        );
        let slowest = self.exits.drain_seconds.iter().copied().fold(0.0, f64::max);
        let findings = &self.findings;
        let messages: u64 = findings.messages.values().sum();
        let reaped = usize::try_from(findings.reaped_uploads).unwrap_or(usize::MAX);
        let rows = [
            ("lost", findings.lost.len(), findings.lost.first()),
            ("wrong bytes", findings.wrong_bytes.len(), findings.wrong_bytes.first()),
            ("untruthful items", findings.untruthful.len(), findings.untruthful.first()),
            ("files put twice", findings.put_again, None),
            ("uploads reaped", reaped, None),
            ("left-over uploads", findings.uploads.len(), findings.uploads.first()),
            ("objects nobody put", findings.foreign.len(), findings.foreign.first()),
            ("left-over messages", usize::try_from(messages).unwrap_or(usize::MAX), None),
            ("bad exits", self.exits.badly.len(), self.exits.badly.first()),
            ("unasked exits", self.exits.unasked.len(), self.exits.unasked.first()),
        ];
        let rows = rows.map(|(what, count, example)| {
            vec![what.to_owned(), count.to_string(), example.cloned().unwrap_or_default()]
        });
        format!(
            "seed {}: {} versions of {} files, {:.1} GiB, in {:.0} s: {}; {} attempts\n\
             {} SIGKILLs, {} SIGTERMs ended in exit code 0, the slowest after {slowest:.1} s\n{recovery}\n{} faults struck\n{}\n\n{}",
            self.seed,
            self.versions,
            self.keys,
            self.bytes as f64 / f64::from(1 << 30),
            self.seconds,
            ends.join(", "),
            self.attempts,
            self.exits.killed,
            self.exits.drained,
            self.fault_hits.values().sum::<u64>(),
            self.machine.line(),
            table(&["found", "count", "example"], &rows),
        )
    }

    pub(super) fn verdict(&self) -> Result<(), Error> {
        let exits = self.exits.badly.is_empty() && self.exits.unasked.is_empty();
        if self.in_time && exits && self.findings.is_clean() {
            return Ok(());
        }
        let late = if self.in_time { "" } else { "; not every transfer came to its end in time" };
        Err(Error::Failed(format!("the soak found something wrong: see the table{late}")))
    }
}

impl Recovery {
    fn of(sorted: &[Duration]) -> Option<Self> {
        let at = |share: f64| {
            let index = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len()) - 1;
            sorted.get(index).map(Duration::as_secs_f64)
        };
        Some(Self {
            transfers: sorted.len(),
            p50: if sorted.is_empty() { return None } else { at(0.5)? },
            p99: at(0.99)?,
            max: at(1.0)?,
        })
    }
}
