//! Results: tables to standard output, JSON to files.

use std::path::Path;

use serde::Serialize;

use crate::error::Error;

pub(crate) use common::output::out;

/// Writes a file, and the folders above it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::failed_to(format!("write {}", path.display()), error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}

pub(crate) fn write_json(path: &Path, report: &impl Serialize) -> Result<(), Error> {
    let json = serde_json::to_string_pretty(report);
    let json = json.map_err(|error| Error::failed_to(format!("write {}", path.display()), error))?;
    write(path, &format!("{json}\n"))
}

/// The machine and how busy it was with other things.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    /// Of the last minute before the start; above 0 other work was being done.
    pub(crate) load_average: Option<f64>,
}

impl Machine {
    pub(crate) fn look() -> Self {
        let average = std::fs::read_to_string("/proc/loadavg").ok();
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load_average: average.and_then(|text| text.split(' ').next()?.parse().ok()),
        }
    }

    /// A line above a table.
    pub(crate) fn line(&self) -> String {
        let load = self.load_average.map(|load| format!(", load average before the start {load:.2}"));
        format!("{} cores{}", self.cores, load.unwrap_or_default())
    }
}
