//! The rows of a comparison, as a table and as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::contender::{Contender, Found, Kind};
use super::options::Options;
use super::run::Usage;
use crate::error::Error;
use crate::output::Machine;
use crate::table::table;

/// How a run of a row ended.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    Measured(Usage),
    Failed(String),
    Missing(String),
}

/// The results, as they are written to `small.json`.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: Machine,
    files: usize,
    file_bytes: usize,
    warm_up_files: usize,
    in_flight: usize,
    repeats: usize,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    name: &'static str,
    pub(super) title: &'static str,
    version: Option<String>,
    pub(super) status: &'static str,
    note: String,
    pub(super) figures: Option<Figures>,
}

/// Of the median run by CPU time.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Figures {
    pub(super) cpu_us_per_file: f64,
    pub(super) files_per_s: f64,
    peak_rss_mib: f64,
    /// This row's CPU time divided by that of the cheapest bare loop.
    cpu_to_bare: Option<f64>,
    requests_per_file: f64,
    requests_per_file_by_operation: BTreeMap<String, f64>,
    /// Of every run, in their order.
    cpu_us_per_file_of_runs: Vec<f64>,
}

fn cpu_us_per_file(usage: &Usage) -> f64 {
    usage.cpu_seconds * 1e6 / usage.files as f64
}

impl Figures {
    fn of(runs: &[Usage]) -> Option<Self> {
        let mut sorted: Vec<&Usage> = runs.iter().collect();
        sorted.sort_by(|a, b| cpu_us_per_file(a).total_cmp(&cpu_us_per_file(b)));
        let median = *sorted.get(sorted.len().saturating_sub(1) / 2)?;
        let files = median.files as f64;
        let each = median.requests.iter().map(|(name, &count)| (name.clone(), count as f64 / files));
        Some(Self {
            cpu_us_per_file: cpu_us_per_file(median),
            files_per_s: files / median.seconds,
            peak_rss_mib: median.peak_kib as f64 / 1024.0,
            cpu_to_bare: None,
            requests_per_file: median.requests.values().sum::<u64>() as f64 / files,
            requests_per_file_by_operation: each.collect(),
            cpu_us_per_file_of_runs: runs.iter().map(cpu_us_per_file).collect(),
        })
    }
}

impl Row {
    pub(super) fn new(contender: &Contender, found: &Found, outcomes: Vec<Outcome>) -> Self {
        let (mut runs, mut status, mut note) = (Vec::new(), "measured", String::new());
        for outcome in outcomes {
            match outcome {
                Outcome::Measured(usage) => runs.push(usage),
                Outcome::Failed(why) => (status, note) = ("failed", why),
                Outcome::Missing(why) => (status, note) = ("missing", why),
            }
        }
        let version = match found {
            Found::Here { version, .. } => Some(version.clone()),
            Found::Missing(_) => None,
        };
        let figures = if status == "measured" { Figures::of(&runs) } else { None };
        Self { name: contender.kind.name(), title: contender.kind.title(), version, status, note, figures }
    }
}

impl Report {
    pub(super) fn new(machine: Machine, options: &Options, mut rows: Vec<Row>) -> Self {
        let bare = Kind::ALL.into_iter().filter(|kind| kind.is_bare()).map(Kind::name).collect::<Vec<_>>();
        let bare = rows.iter().filter(|row| bare.contains(&row.name)).filter_map(|row| row.figures.as_ref());
        let cheapest = bare.map(|figures| figures.cpu_us_per_file).min_by(f64::total_cmp);
        for figures in rows.iter_mut().filter_map(|row| row.figures.as_mut()) {
            figures.cpu_to_bare =
                cheapest.filter(|&least| least > 0.0).map(|least| figures.cpu_us_per_file / least);
        }
        Self {
            machine,
            files: options.files,
            file_bytes: options.file_bytes,
            warm_up_files: options.warm_up,
            in_flight: options.in_flight,
            repeats: options.repeats,
            rows,
        }
    }

    pub(super) fn title(&self) -> String {
        format!(
            "{} files of {} bytes, {} at a time, after {} that warm up",
            self.files, self.file_bytes, self.in_flight, self.warm_up_files
        )
    }

    pub(super) fn table(&self) -> String {
        let runs =
            if self.repeats > 1 { format!(", medians of {} runs", self.repeats) } else { String::new() };
        let head = ["", "CPU µs/file", "to bare", "files/s", "peak RSS MiB", "requests/file", ""];
        let rows: Vec<Vec<String>> = self.rows.iter().map(Row::cells).collect();
        let operations = self.operations();
        format!("{}{runs}\n\n{}\n{}\n\n{operations}", self.machine.line(), self.title(), table(&head, &rows))
    }

    /// Who sends which requests for a file.
    fn operations(&self) -> String {
        let measured = || self.rows.iter().filter_map(|row| Some((row.name, row.figures.as_ref()?)));
        let mut names: Vec<&String> =
            measured().flat_map(|(_, figures)| figures.requests_per_file_by_operation.keys()).collect();
        names.sort();
        names.dedup();
        let head: Vec<&str> =
            ["requests/file"].into_iter().chain(measured().map(|(name, _)| name)).chain([""]).collect();
        let count = |figures: &Figures, name: &str| {
            figures
                .requests_per_file_by_operation
                .get(name)
                .map_or("-".to_owned(), |count| format!("{count:.2}"))
        };
        let row = |name: &String| {
            let counts = measured().map(|(_, figures)| count(figures, name));
            std::iter::once(name.clone()).chain(counts).collect()
        };
        table(&head, &names.into_iter().map(row).collect::<Vec<_>>())
    }

    /// # Errors
    /// When the worker or the bare loop was to be measured and failed.
    pub(super) fn verdict(&self) -> Result<(), Error> {
        let own: Vec<_> =
            Kind::ALL.into_iter().filter(|&kind| kind.is_worker() || kind == Kind::Bare).collect();
        let is_own = |row: &&Row| own.iter().any(|kind| kind.name() == row.name);
        let failed = self.rows.iter().filter(is_own).filter(|row| row.status != "measured");
        let failed: Vec<String> =
            failed.map(|row| format!("{} {}: {}", row.title, row.status, row.note)).collect();
        if failed.is_empty() { Ok(()) } else { Err(Error::Failed(failed.join("\n"))) }
    }
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let figures = self.figures.as_ref().map_or_else(
            || vec!["-".to_owned(); 5],
            |figures| {
                vec![
                    format!("{:.0}", figures.cpu_us_per_file),
                    figures.cpu_to_bare.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
                    format!("{:.0}", figures.files_per_s),
                    format!("{:.0}", figures.peak_rss_mib),
                    format!("{:.2}", figures.requests_per_file),
                ]
            },
        );
        let note = match self.status {
            "measured" => self.version.clone().unwrap_or_default(),
            status => format!("{status}: {}", self.note),
        };
        [vec![self.title.to_owned()], figures, vec![note]].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(cpu_seconds: f64) -> Outcome {
        let requests = BTreeMap::from([("S3.GetObject".to_owned(), 1_000)]);
        Outcome::Measured(Usage { files: 1_000, seconds: 2.0, cpu_seconds, peak_kib: 2048, requests })
    }

    fn row(kind: Kind, outcomes: Vec<Outcome>) -> Row {
        Row::new(&Contender { kind, program: None }, &Found::Missing(String::new()), outcomes)
    }

    fn report(rows: Vec<Row>) -> Report {
        let matches = super::super::options::command().try_get_matches_from(["small"]).unwrap();
        Report::new(Machine::look(), &Options::read(&matches).unwrap(), rows)
    }

    #[test]
    fn the_median_counts_beside_the_cheapest_bare_loop() {
        let report = report(vec![
            row(Kind::Worker, vec![usage(3.0), usage(1.0), usage(2.0)]),
            row(Kind::Bare, vec![usage(0.8)]),
            row(Kind::BareMimalloc, vec![usage(0.5)]),
        ]);
        let worker = report.rows[0].figures.as_ref().unwrap();
        assert_eq!((worker.cpu_us_per_file, worker.cpu_to_bare), (2_000.0, Some(4.0)));
        assert_eq!((worker.files_per_s, worker.requests_per_file), (500.0, 1.0));
        assert!(report.verdict().is_ok());
        assert!(report.table().contains("S3.GetObject"), "{}", report.table());
    }

    #[test]
    fn only_our_own_rows_must_be_measured() {
        let missing = || vec![Outcome::Missing("not installed".to_owned())];
        let node = report(vec![row(Kind::Node, missing())]);
        assert!(node.verdict().is_ok());
        assert!(node.table().contains("missing: not installed"), "{}", node.table());
        let failed = vec![usage(1.0), Outcome::Failed("no".to_owned())];
        assert!(report(vec![row(Kind::Worker, failed)]).verdict().is_err());
    }
}
