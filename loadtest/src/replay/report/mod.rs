//! What a replay came to: as text, as JSON, and as a page that needs nothing else.

mod chart;
mod html;
mod text;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::findings::Kind;
use super::objectives::{Judged, Objectives};
use super::options::Options;
use super::play::Played;
use super::processes::Used;
use super::step_up::{Step, sustained_per_s};
use crate::error::Error;
use crate::output::{Machine, out, write, write_json};
use crate::workload::Shape;

/// The results, as they stand in report.json.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: Machine,
    setting: Setting,
    met: bool,
    verdict: Vec<Judged>,
    /// Only with `--step-up`.
    sustained_per_s: Option<f64>,
    steps: Vec<Step>,
    /// Dispatcher and workers together; `None` where they are not ours to look at.
    cpu_us_per_file: Option<f64>,
    service_peak_rss_mib: Option<f64>,
    /// With `--step-up`: findings and series of all steps, everything else of the last one that was held.
    #[serde(flatten)]
    played: Played,
}

/// What was played, and on what.
#[derive(Debug, Serialize)]
struct Setting {
    seed: u64,
    compress: f64,
    /// `None`: `drayage local` was started.
    endpoint_url: Option<String>,
    workers: usize,
    puts_in_flight_max: usize,
    read_percent: u8,
    removes: bool,
    bulk_over_bytes: u64,
    data_in_memory: bool,
    workload: Shape,
}

impl Setting {
    fn new(options: &Options) -> Self {
        Self {
            seed: options.seed,
            compress: options.compress,
            endpoint_url: options.place.endpoint_url.clone(),
            workers: options.workers,
            puts_in_flight_max: options.in_flight,
            read_percent: options.read_percent,
            removes: options.removes,
            bulk_over_bytes: options.bulk_over_bytes,
            data_in_memory: options.data_in_memory,
            workload: options.shape.clone(),
        }
    }
}

impl Report {
    pub(super) fn new(options: &Options, machine: Machine, played: Played) -> Self {
        Self::judged(Setting::new(options), &options.objectives, machine, Vec::new(), played)
    }

    /// `steps` and what each came to, at least one.
    pub(super) fn of_steps(
        options: &Options,
        machine: Machine,
        steps: Vec<Step>,
        mut played: Vec<Played>,
    ) -> Result<Self, Error> {
        let held = steps.iter().rposition(|step| step.gave_way.is_none()).unwrap_or(0);
        let (mut findings, mut series) = (Default::default(), Default::default());
        for each in &mut played {
            super::findings::Findings::extend(&mut findings, &each.findings);
            super::series::Series::append(&mut series, std::mem::take(&mut each.series));
        }
        if held >= played.len() {
            return Err(Error::Failed("not one step was played".to_owned()));
        }
        let shown = Played { findings, series, ..played.swap_remove(held) };
        Ok(Self::judged(Setting::new(options), &options.objectives, machine, steps, shown))
    }

    fn judged(
        setting: Setting,
        objectives: &Objectives,
        machine: Machine,
        steps: Vec<Step>,
        played: Played,
    ) -> Self {
        let services: Vec<&Used> = played.processes.iter().filter(|used| used.is_service()).collect();
        let files = played.totals.completed + played.totals.superseded + played.totals.failed;
        let cpu_s: Option<f64> = services.iter().map(|used| used.cpu_s).sum();
        let cpu_us_per_file =
            cpu_s.filter(|_| files > 0 && !services.is_empty()).map(|cpu_s| cpu_s * 1e6 / files as f64);
        let peak = services.iter().map(|used| used.peak_rss_mib).reduce(f64::max);
        let mut report = Self {
            machine,
            setting,
            met: false,
            verdict: Vec::new(),
            sustained_per_s: sustained_per_s(&steps),
            steps,
            cpu_us_per_file,
            service_peak_rss_mib: peak,
            played,
        };
        report.verdict = objectives.judge(&report.measured());
        report.met = report.verdict.iter().all(|judged| judged.met);
        report
    }

    /// By the objectives' names without `_max` and `_min`.
    fn measured(&self) -> BTreeMap<&'static str, f64> {
        let played = &self.played;
        let counts = Kind::ALL.into_iter().map(|kind| (kind.name(), played.findings.count(kind) as f64));
        let (end, lag) = (played.end_to_end.as_ref(), played.send_lag.as_ref());
        let others = [
            ("end_to_end_p50_ms", end.map(|summary| summary.p50_ms)),
            ("end_to_end_p99_ms", end.map(|summary| summary.p99_ms)),
            ("end_to_end_p999_ms", end.map(|summary| summary.p999_ms)),
            ("quiet_tenants_p99_ms", played.quiet_tenants.as_ref().map(|summary| summary.p99_ms)),
            ("send_lag_p99_ms", lag.map(|summary| summary.p99_ms)),
            ("completed_per_s", Some(played.completed_per_s)),
            ("sustained_per_s", self.sustained_per_s),
            ("cpu_us_per_file", self.cpu_us_per_file),
            ("service_peak_rss_mib", self.service_peak_rss_mib),
        ];
        counts.chain(others.into_iter().filter_map(|(name, value)| Some((name, value?)))).collect()
    }

    pub(super) fn text(&self) -> String {
        text::text(self)
    }

    /// report.txt, report.json and report.html.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        write(&folder.join("report.txt"), &format!("{}\n", self.text()))?;
        write_json(&folder.join("report.json"), self)?;
        let page = folder.join("report.html");
        write(&page, &html::page(self))?;
        out(&format!("\nThe report is {}", page.display()));
        Ok(())
    }

    /// # Errors
    /// Unless every objective is met.
    pub(super) fn verdict(&self) -> Result<(), Error> {
        let missed: Vec<&str> =
            self.verdict.iter().filter(|judged| !judged.met).map(|judged| judged.objective).collect();
        if self.met { Ok(()) } else { Err(Error::Failed(format!("not met: {}", missed.join(", ")))) }
    }

    /// Whether the load test could not keep up; its own lateness is then part of what it measured.
    fn is_late(&self) -> bool {
        self.verdict.iter().any(|judged| judged.objective == "send_lag_p99_ms_max" && !judged.met)
    }

    /// One line: what was played.
    fn headline(&self) -> String {
        let Setting { workload, compress, seed, endpoint_url, workers, .. } = &self.setting;
        let on = match endpoint_url {
            Some(url) => url.clone(),
            None => format!("drayage local, {workers} workers"),
        };
        if self.steps.is_empty() {
            let (span, real) = (workload.span_s, workload.span_s / compress);
            format!("{} events of {} in {}, seed {seed}, on {on}", workload.events, time(span), time(real))
        } else {
            format!("rate raised in {} steps, seed {seed}, on {on}", self.steps.len())
        }
    }
}

/// Seconds, as people say it.
fn time(s: f64) -> String {
    match s {
        s if s >= 7_200.0 => format!("{:.1} h", s / 3_600.0).replace(".0 h", " h"),
        s if s >= 120.0 => format!("{:.1} min", s / 60.0).replace(".0 min", " min"),
        s => format!("{s:.1} s").replace(".0 s", " s"),
    }
}

/// A number with as many digits as say something.
fn number(value: f64) -> String {
    if value == value.trunc() || value.abs() >= 1_000.0 {
        format!("{value:.0}")
    } else if value.abs() >= 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_short() {
        assert_eq!([86_400.0, 5_400.0, 90.0, 1.25].map(time), ["24 h", "90 min", "90 s", "1.2 s"]);
        assert_eq!(
            [0.0, 2_000.0, 1_234.5, 123.45, 1.234].map(number),
            ["0", "2000", "1234", "123.5", "1.23"]
        );
    }
}
