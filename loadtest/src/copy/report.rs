//! The rows of a comparison, as a table and as JSON.

use serde::Serialize;

use super::contender::{Contender, Found, Kind};
use super::measure::Usage;
use super::options::Options;
use super::workload::{PART_BYTES, Workload};
use crate::error::Error;
use crate::output::Machine;
use crate::table::table;

/// How a run of a row ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Measured(Usage),
    Failed(String),
    /// Not installed, or not asked to.
    NotMeasured(String),
}

/// The results, as they are written to `copy.json`.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: Machine,
    repeats: usize,
    part_bytes: u64,
    pub(super) workloads: Vec<Section>,
}

/// The rows of one workload.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    pub(super) name: &'static str,
    objects: usize,
    object_bytes: u64,
    objects_at_once: usize,
    parts_in_flight_of_an_object: usize,
    /// Whether what counts is files, not bytes.
    #[serde(skip)]
    pub(super) is_small: bool,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    workload: &'static str,
    name: &'static str,
    pub(super) title: &'static str,
    version: Option<String>,
    status: &'static str,
    note: String,
    pub(super) figures: Option<Figures>,
}

/// Of the median run by time.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Figures {
    seconds: f64,
    mb_per_s: f64,
    files_per_s: f64,
    cpu_seconds: f64,
    cpu_s_per_gib: f64,
    cpu_us_per_file: f64,
    peak_rss_mib: f64,
    /// This row's divided by the floor's.
    speed_to_floor: Option<f64>,
    cpu_to_floor: Option<f64>,
    /// Of every run, in their order.
    seconds_of_runs: Vec<f64>,
}

impl Figures {
    pub(super) fn speed(&self, is_small: bool) -> f64 {
        if is_small { self.files_per_s } else { self.mb_per_s }
    }

    pub(super) fn cpu(&self, is_small: bool) -> f64 {
        if is_small { self.cpu_us_per_file } else { self.cpu_s_per_gib }
    }
}

impl Row {
    pub(super) fn new(
        workload: &Workload,
        contender: &Contender,
        found: &Found,
        outcomes: Vec<Outcome>,
    ) -> Self {
        let (mut runs, mut status, mut note) = (Vec::new(), "measured", String::new());
        for outcome in outcomes {
            match outcome {
                Outcome::Measured(usage) => runs.push(usage),
                Outcome::Failed(why) => (status, note) = ("failed", why),
                Outcome::NotMeasured(why) => (status, note) = ("not measured", why),
            }
        }
        let figures = if status == "measured" { figures(workload, &runs) } else { None };
        let version = match found {
            Found::Here { version, .. } => Some(version.clone()),
            Found::Missing => None,
        };
        Self {
            workload: workload.name,
            name: contender.kind.name(),
            title: contender.title(),
            version,
            status,
            note,
            figures,
        }
    }

    pub(super) fn status(&self) -> &'static str {
        self.status
    }

    fn is_floor(&self) -> bool {
        self.name == Kind::Pipe.name()
    }
}

fn figures(workload: &Workload, runs: &[Usage]) -> Option<Figures> {
    let mut sorted = runs.to_vec();
    sorted.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let median = sorted.get(sorted.len().saturating_sub(1) / 2)?;
    let (bytes, files) = (workload.bytes_in_all() as f64, workload.objects as f64);
    Some(Figures {
        seconds: median.seconds,
        mb_per_s: bytes / 1e6 / median.seconds,
        files_per_s: files / median.seconds,
        cpu_seconds: median.cpu_seconds,
        cpu_s_per_gib: median.cpu_seconds / (bytes / f64::from(1_u32 << 30)),
        cpu_us_per_file: median.cpu_seconds * 1e6 / files,
        peak_rss_mib: median.peak_kib as f64 / 1024.0,
        speed_to_floor: None,
        cpu_to_floor: None,
        seconds_of_runs: runs.iter().map(|run| run.seconds).collect(),
    })
}

impl Report {
    pub(super) fn new(machine: Machine, options: &Options, rows: Vec<Row>) -> Self {
        let mut workloads: Vec<Section> = options.workloads.iter().map(Section::of).collect();
        for row in rows {
            if let Some(section) = workloads.iter_mut().find(|section| section.name == row.workload) {
                section.rows.push(row);
            }
        }
        for section in &mut workloads {
            section.compare();
        }
        Self { machine, repeats: options.repeats, part_bytes: PART_BYTES, workloads }
    }

    pub(super) fn table(&self) -> String {
        let runs =
            if self.repeats > 1 { format!(", medians of {} runs", self.repeats) } else { String::new() };
        let sections = self.workloads.iter().map(Section::table).collect::<Vec<_>>().join("\n\n");
        format!("{}{runs}\n\n{sections}", self.machine.line())
    }

    /// # Errors
    /// When the floor or Drayage was to be measured and failed.
    pub(super) fn verdict(&self) -> Result<(), Error> {
        let own = [Kind::Pipe.name(), Kind::Drayage.name()];
        let rows = self.workloads.iter().flat_map(|section| &section.rows);
        let failed: Vec<String> = rows
            .filter(|row| own.contains(&row.name) && row.status != "measured")
            .map(|row| format!("{}: {} {}: {}", row.workload, row.title, row.status, row.note))
            .collect();
        if failed.is_empty() { Ok(()) } else { Err(Error::Failed(failed.join("\n"))) }
    }
}

impl Section {
    fn of(workload: &Workload) -> Self {
        Self {
            name: workload.name,
            objects: workload.objects,
            object_bytes: workload.object_bytes,
            objects_at_once: workload.at_once,
            parts_in_flight_of_an_object: workload.parts_in_flight,
            is_small: workload.is_small(),
            rows: Vec::new(),
        }
    }

    /// Sets each row beside the floor.
    fn compare(&mut self) {
        let is_small = self.is_small;
        let Some(floor) = self.rows.iter().find(|row| row.is_floor()).and_then(|row| row.figures.clone())
        else {
            return;
        };
        let ratio = |own: f64, floor: f64| (floor > 0.0).then(|| own / floor);
        for figures in self.rows.iter_mut().filter_map(|row| row.figures.as_mut()) {
            figures.speed_to_floor = ratio(figures.speed(is_small), floor.speed(is_small));
            figures.cpu_to_floor = ratio(figures.cpu(is_small), floor.cpu(is_small));
        }
    }

    pub(super) fn title(&self) -> String {
        let at_once = self.objects_at_once.min(self.objects);
        let objects = if self.objects == 1 { "object" } else { "objects" };
        let parts = match self.is_small {
            true => String::new(),
            false => format!(", {} parts of each in flight", self.parts_in_flight_of_an_object),
        };
        format!(
            "{}: {} {objects} of {}, {at_once} at a time{parts}",
            self.name,
            self.objects,
            size(self.object_bytes)
        )
    }

    /// What is measured, for people: speed and CPU.
    pub(super) fn units(&self) -> (&'static str, &'static str) {
        if self.is_small { ("files/s", "CPU µs/file") } else { ("MB/s", "CPU s/GiB") }
    }

    fn table(&self) -> String {
        let (speed, cpu) = self.units();
        let head = ["", speed, "to floor", cpu, "to floor", "peak RSS MiB", ""];
        let ratio = |ratio: Option<f64>| ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
        let rows: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| {
                let cells = row.figures.as_ref().map_or_else(
                    || vec!["-".to_owned(); 5],
                    |figures| {
                        let digits = if self.is_small { 0 } else { 2 };
                        vec![
                            format!("{:.0}", figures.speed(self.is_small)),
                            ratio(figures.speed_to_floor),
                            format!("{:.digits$}", figures.cpu(self.is_small)),
                            ratio(figures.cpu_to_floor),
                            format!("{:.0}", figures.peak_rss_mib),
                        ]
                    },
                );
                let note = match row.status {
                    "measured" => row.version.clone().unwrap_or_default(),
                    status => format!("{status}: {}", row.note),
                };
                [vec![row.title.to_owned()], cells, vec![note]].concat()
            })
            .collect();
        format!("{}\n{}", self.title(), table(&head, &rows))
    }
}

fn size(bytes: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let whole = units.into_iter().find(|(_, shift)| bytes >= 1 << shift && bytes.is_multiple_of(1 << shift));
    whole.map_or_else(|| format!("{bytes} bytes"), |(unit, shift)| format!("{} {unit}", bytes >> shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(seconds: f64) -> Usage {
        Usage { seconds, cpu_seconds: seconds / 2.0, peak_kib: 2048 }
    }

    #[test]
    fn the_median_run_counts_and_the_floor_is_one() {
        let workload = Workload::large(1 << 30);
        let found = Found::Missing;
        let row =
            |kind, runs: Vec<Outcome>| Row::new(&workload, &Contender { kind, program: None }, &found, runs);
        let runs = [3.0, 1.0, 2.0].map(|seconds| Outcome::Measured(usage(seconds)));
        let mut section = Section::of(&workload);
        section.rows.push(row(Kind::Pipe, runs.into()));
        section.rows.push(row(Kind::Drayage, vec![Outcome::Measured(usage(4.0))]));
        section.rows.push(row(Kind::Rclone, vec![Outcome::Failed("no".to_owned())]));
        section.compare();
        let figures: Vec<_> = section.rows.iter().filter_map(|row| row.figures.as_ref()).collect();
        assert_eq!(figures.len(), 2);
        assert_eq!(
            (figures[0].seconds, figures[0].speed_to_floor, figures[0].cpu_s_per_gib),
            (2.0, Some(1.0), 1.0)
        );
        assert_eq!((figures[1].speed_to_floor, figures[1].cpu_to_floor), (Some(0.5), Some(2.0)));
        assert!(section.table().ends_with("failed: no"), "{}", section.table());
    }

    #[test]
    fn sizes_are_whole() {
        assert_eq!([size(4096), size(1 << 30), size(1000)], ["4 KiB", "1 GiB", "1000 bytes"]);
    }
}
