//! What the runs came to, and whether that is what was asked for.

use serde::Serialize;

use super::calibrate::Comparison;
use super::options::Options;
use super::runs::{Bound, Day, Neighbour, Scaling};
use crate::error::Error;
use crate::output::Machine;
use crate::procfs;
use crate::table::table;

/// How far from linear a fleet may be that no limit holds back.
const LINEAR_MIN: f64 = 0.95;
/// What a noisy tenant may do to the others' p99.
const NEIGHBOUR_MAX: f64 = 2.0;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: Machine,
    seed: u64,
    status_shards: u32,
    noisy_percent: f64,
    pub(super) calibration: Vec<Comparison>,
    pub(super) scaling: Vec<Scaling>,
    pub(super) neighbour: Vec<Neighbour>,
    pub(super) days: Vec<Day>,
    peak_rss_mib: Option<f64>,
    /// What is not as it was asked for.
    misses: Vec<String>,
}

impl Report {
    pub(super) fn new(options: &Options, machine: Machine) -> Self {
        Self {
            machine,
            seed: options.seed,
            status_shards: options.status_shards,
            noisy_percent: options.noisy_percent,
            calibration: Vec::new(),
            scaling: Vec::new(),
            neighbour: Vec::new(),
            days: Vec::new(),
            peak_rss_mib: None,
            misses: Vec::new(),
        }
    }

    pub(super) fn judge(&mut self) {
        self.peak_rss_mib = procfs::peak_kib(std::process::id()).map(|kib| kib as f64 / 1024.0);
        let calibration = self.calibration.iter().flat_map(Comparison::misses);
        let scaling = self.scaling.iter().filter(|row| row.to_linear < LINEAR_MIN && row.bounds.is_empty());
        let scaling = scaling.map(|row| {
            format!("{} workers are at {:.3} of linear, and no limit bound", row.workers, row.to_linear)
        });
        let neighbour =
            self.neighbour.iter().filter(|row| row.fair_ratio > NEIGHBOUR_MAX && row.bounds.is_empty());
        let neighbour = neighbour.map(|row| {
            let Neighbour { workers, load, fair_ratio, .. } = row;
            format!(
                "{workers} workers, load {load}: the others' p99 is {fair_ratio:.2} times what it is alone"
            )
        });
        let days = self.days.iter().filter(|day| !day.is_over || day.completed != day.events).map(|day| {
            let Day { events, workers, completed, .. } = day;
            format!("{workers} workers completed {completed} of {events} events")
        });
        self.misses = calibration.chain(scaling).chain(neighbour).chain(days).collect();
    }

    pub(super) fn text(&self) -> String {
        let mut parts = vec![format!(
            "a model of the fleet, seed {}, {} shards of each state; {}, peak RSS {:.0} MiB",
            self.seed,
            self.status_shards,
            self.machine.line(),
            self.peak_rss_mib.unwrap_or(0.0)
        )];
        let mut section = |head: &str, columns: &[&str], rows: Vec<Vec<String>>| {
            if !rows.is_empty() {
                parts.push(format!("{head}\n{}", table(columns, &rows)));
            }
        };
        section(
            "calibration: the production services over simcloud, and the model on the same load",
            &["load", "production", "model", "off by %", "at most", "figure"],
            self.calibration.iter().flat_map(Comparison::rows).collect(),
        );
        section(
            "scaling: as many files as the fleet can take",
            &[
                "workers",
                "files/s",
                "to linear",
                "permits in use",
                "released",
                "limits that bound, the first one first",
            ],
            self.scaling.iter().map(scaling_row).collect(),
        );
        section(
            &format!(
                "neighbour: the others' latencies beside a tenant with {} % of the load",
                self.noisy_percent
            ),
            &[
                "workers",
                "load",
                "events/s",
                "alone p50 ms",
                "p99 ms",
                "beside p50 ms",
                "p99 ms",
                "ratio",
                "without groups p99 ms",
                "ratio",
                "limits that bound",
            ],
            self.neighbour.iter().map(neighbour_row).collect(),
        );
        section(
            "day: 24 hours with tides and bursts",
            &[
                "events",
                "workers",
                "p50 ms",
                "p99 ms",
                "p99.9 ms",
                "max ms",
                "most at a time",
                "permits in use",
                "requests/file",
                "real s",
                "limits that bound",
            ],
            self.days.iter().map(day_row).collect(),
        );
        let verdict = match &self.misses[..] {
            [] => "everything is as it was asked for".to_owned(),
            misses => misses.join("\n"),
        };
        parts.push(verdict);
        parts.join("\n\n")
    }

    /// # Errors
    /// What is not as it was asked for.
    pub(super) fn verdict(&self) -> Result<(), Error> {
        match self.misses.len() {
            0 => Ok(()),
            count => Err(Error::Failed(format!("{count} figures are not what was asked for"))),
        }
    }
}

fn scaling_row(row: &Scaling) -> Vec<String> {
    vec![
        row.workers.to_string(),
        format!("{:.0}", row.files_per_s),
        format!("{:.3}", row.to_linear),
        format!("{:.0} %", row.utilisation * 100.0),
        row.released.to_string(),
        if row.has_limits { limits(&row.bounds) } else { "(limits off)".to_owned() },
    ]
}

fn neighbour_row(row: &Neighbour) -> Vec<String> {
    vec![
        row.workers.to_string(),
        format!("{:.1}", row.load),
        format!("{:.0}", row.events_per_s),
        format!("{:.0}", row.alone_p50_ms),
        format!("{:.0}", row.alone_p99_ms),
        format!("{:.0}", row.fair_p50_ms),
        format!("{:.0}", row.fair_p99_ms),
        format!("{:.2}", row.fair_ratio),
        format!("{:.0}", row.unfair_p99_ms),
        format!("{:.2}", row.unfair_ratio),
        limits(&row.bounds),
    ]
}

fn day_row(day: &Day) -> Vec<String> {
    vec![
        day.events.to_string(),
        day.workers.to_string(),
        format!("{:.0}", day.p50_ms),
        format!("{:.0}", day.p99_ms),
        format!("{:.0}", day.p999_ms),
        format!("{:.0}", day.max_ms),
        day.in_system_most.to_string(),
        format!("{:.2} %", day.utilisation * 100.0),
        format!("{:.2}", day.requests_per_file.iter().map(|(_, count)| count).sum::<f64>()),
        format!("{:.0}", day.real_s),
        limits(&day.bounds),
    ]
}

fn limits(bounds: &[Bound]) -> String {
    let each = |bound: &Bound| {
        format!("{} ({} refused, from {:.1} s)", bound.limit, bound.refused, bound.first_at_s)
    };
    let all: Vec<String> = bounds.iter().map(each).collect();
    if all.is_empty() { "none".to_owned() } else { all.join("; ") }
}
