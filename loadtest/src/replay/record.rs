//! Everything that is counted and timed in a run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::measures::{Latencies, Watched};
use super::oracle::Ended;
use super::series::Series;

#[derive(Debug)]
pub(super) struct Record {
    /// From the instant when a file was meant to be put in to its end.
    pub(super) end_to_end: Watched,
    noisy: Watched,
    quiet: Watched,
    /// From the put's answer to the end.
    pub(super) from_put: Latencies,
    pub(super) put: Latencies,
    /// How much later than meant a put began.
    pub(super) send_lag: Latencies,
    pub(super) tenants: Vec<Tenant>,
    pub(super) series: Series,
    pub(super) by_worker: BTreeMap<String, u64>,
    pub(super) totals: Totals,
    pub(super) last_end: Duration,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(super) struct Totals {
    pub(super) puts: u64,
    pub(super) put_bytes: u64,
    pub(super) completed: u64,
    pub(super) superseded: u64,
    pub(super) failed: u64,
    pub(super) copies: u64,
    pub(super) poison: u64,
    pub(super) parked: u64,
    pub(super) checked: u64,
    /// Checked byte by byte; the others by the store's checksum.
    pub(super) read: u64,
}

#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) puts: u64,
    pub(super) end_to_end: Latencies,
}

impl Record {
    pub(super) fn new(tenants: u16) -> Self {
        let tenant = || Tenant { puts: 0, end_to_end: Latencies::coarse() };
        Self {
            end_to_end: Watched::new(),
            noisy: Watched::new(),
            quiet: Watched::new(),
            from_put: Latencies::new(),
            put: Latencies::new(),
            send_lag: Latencies::new(),
            tenants: (0..tenants).map(|_| tenant()).collect(),
            series: Series::default(),
            by_worker: BTreeMap::new(),
            totals: Totals::default(),
            last_end: Duration::ZERO,
        }
    }

    pub(super) fn put(&mut self, tenant: u16, size_bytes: u64, began: Duration, at: Duration) {
        self.totals.puts += 1;
        self.totals.put_bytes += size_bytes;
        self.series.at(at).put += 1;
        self.put.add(at.saturating_sub(began));
        if let Some(tenant) = self.tenants.get_mut(usize::from(tenant)) {
            tenant.puts += 1;
        }
    }

    pub(super) fn ended(&mut self, ended: Ended, status: &str, worker: Option<String>, at: Duration) {
        self.last_end = self.last_end.max(at);
        let second = self.series.at(at);
        match status {
            "completed" => {
                (second.completed, self.totals.completed) = (second.completed + 1, self.totals.completed + 1);
            }
            "superseded" => {
                (second.superseded, self.totals.superseded) =
                    (second.superseded + 1, self.totals.superseded + 1);
            }
            _ => (second.failed, self.totals.failed) = (second.failed + 1, self.totals.failed + 1),
        }
        if let Some(worker) = worker {
            *self.by_worker.entry(worker).or_default() += 1;
        }
        if !ended.is_completed {
            return;
        }
        let took = at.saturating_sub(ended.due);
        self.end_to_end.add(took);
        if ended.tenant == 0 {
            self.noisy.add(took);
        } else {
            self.quiet.add(took);
        }
        // An end that was heard of before the put's answer took no time since.
        self.from_put.add(ended.put_at.map_or(Duration::ZERO, |put_at| at.saturating_sub(put_at)));
        if let Some(tenant) = self.tenants.get_mut(usize::from(ended.tenant)) {
            tenant.end_to_end.add(took);
        }
    }

    /// Closes a second: what came since the last call belongs to it.
    pub(super) fn close_second(&mut self, at: Duration, backlog: u64) -> &mut super::series::Second {
        let (end_to_end, noisy, quiet) = (self.end_to_end.moment(), self.noisy.moment(), self.quiet.moment());
        let second = self.series.at(at);
        (second.end_to_end, second.noisy, second.quiet, second.backlog) = (end_to_end, noisy, quiet, backlog);
        second
    }

    pub(super) fn quiet_tenants(&self) -> &Latencies {
        &self.quiet.all
    }
}
