//! What the processes use, second by second.

use std::collections::BTreeMap;

use serde::Serialize;

use super::series::Load;
use crate::usage::{EMBEDDED_AWS, Snapshot, Usage};

/// What the load test's own process is called among the others.
pub(super) const GENERATOR: &str = "load test";

/// Differences from look to look.
#[derive(Debug)]
pub(super) struct Processes {
    /// `None`: what we did not start cannot be looked at.
    local: Option<u32>,
    first: BTreeMap<String, Usage>,
    last: BTreeMap<String, Usage>,
}

/// One process over the whole run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Used {
    pub(super) name: String,
    /// Files it had a hand in.
    pub(super) files: u64,
    /// `None` when it was started again in between.
    pub(super) cpu_s: Option<f64>,
    pub(super) cpu_us_per_file: Option<f64>,
    pub(super) rss_mib: f64,
    pub(super) peak_rss_mib: f64,
}

impl Used {
    /// A dispatcher or a worker, and not what stands in for AWS or makes the load.
    pub(super) fn is_service(&self) -> bool {
        ![EMBEDDED_AWS, GENERATOR].contains(&&*self.name)
    }
}

impl Processes {
    pub(super) fn new(local: Option<u32>) -> Self {
        let now = look(local);
        Self { local, first: now.clone(), last: now }
    }

    /// What each has used since the last call.
    pub(super) fn since_last(&mut self) -> BTreeMap<String, Load> {
        let now = look(self.local);
        let each = now.iter().map(|(name, usage)| {
            let before = self.last.get(name).filter(|before| before.process == usage.process);
            let cpu_s = before.map_or(0.0, |before| usage.cpu_seconds - before.cpu_seconds);
            (name.clone(), Load { cpu_s, rss_mib: mib(usage.rss_kib) })
        });
        let loads = each.collect();
        self.last = now;
        loads
    }

    /// What each has used since the start. `files`: all that were ended, and by which worker.
    pub(super) fn since_first(&self, files: u64, by_worker: &BTreeMap<String, u64>) -> Vec<Used> {
        let each = look(self.local).into_iter().map(|(name, usage)| {
            let files = match by_worker.get(&name) {
                Some(its) => *its,
                None if name.starts_with("worker") => 0,
                None => files,
            };
            let before = self.first.get(&name).filter(|before| before.process == usage.process);
            let cpu_s = before.map(|before| usage.cpu_seconds - before.cpu_seconds);
            Used {
                files,
                cpu_s,
                cpu_us_per_file: cpu_s.filter(|_| files > 0).map(|cpu_s| cpu_s * 1e6 / files as f64),
                rss_mib: mib(usage.rss_kib),
                peak_rss_mib: mib(usage.peak_kib),
                name,
            }
        });
        each.collect()
    }
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1_024.0
}

fn look(local: Option<u32>) -> BTreeMap<String, Usage> {
    let mut all = local.map(|local| Snapshot::of(local).0).unwrap_or_default();
    all.extend(Usage::of(std::process::id()).map(|usage| (GENERATOR.to_owned(), usage)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_test_itself_is_always_there() {
        let mut processes = Processes::new(None);
        let loads = processes.since_last();
        assert!(loads[GENERATOR].cpu_s >= 0.0 && loads[GENERATOR].rss_mib > 1.0);
        let used = processes.since_first(10, &BTreeMap::new());
        assert_eq!((used.len(), used[0].files, used[0].is_service()), (1, 10, false));
        assert!(used[0].cpu_us_per_file.is_some());
    }
}
