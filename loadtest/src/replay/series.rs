//! What happened in each second of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::measures::Moment;

/// One second. Events are counted in the second in which they happened, intended ones in that in which they were due.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Second {
    /// Puts that were due.
    pub(super) intended: u32,
    /// Puts that were answered.
    pub(super) put: u32,
    pub(super) completed: u32,
    pub(super) superseded: u32,
    pub(super) failed: u32,
    /// Copies of events that were sent.
    pub(super) copies: u32,
    pub(super) poison: u32,
    /// Poison that was found in the dead-letter queue.
    pub(super) parked: u32,
    pub(super) requests_failed: u32,
    /// Versions on their way at the end of the second.
    pub(super) backlog: u64,
    pub(super) end_to_end: Option<Moment>,
    pub(super) noisy: Option<Moment>,
    pub(super) quiet: Option<Moment>,
    /// CPU seconds in this second, and memory, by process.
    pub(super) processes: BTreeMap<String, Load>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(super) struct Load {
    pub(super) cpu_s: f64,
    pub(super) rss_mib: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Series(pub(super) Vec<Second>);

/// A run that takes longer than a week is none.
const SECONDS_MAX: usize = 7 * 86_400;

impl Series {
    /// The second of an instant.
    pub(super) fn at(&mut self, at: Duration) -> &mut Second {
        let index = usize::try_from(at.as_secs()).unwrap_or(SECONDS_MAX).min(SECONDS_MAX);
        if self.0.len() <= index {
            self.0.resize_with(index + 1, Second::default);
        }
        &mut self.0[index]
    }

    /// Groups of seconds, no more than `most`; and how many seconds one stands for.
    pub(super) fn groups(&self, most: usize) -> (usize, Vec<&[Second]>) {
        let each = self.0.len().div_ceil(most.max(1)).max(1);
        (each, self.0.chunks(each).collect())
    }

    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(super) fn process_names(&self) -> Vec<String> {
        let names = self.0.iter().flat_map(|second| second.processes.keys());
        let names: std::collections::BTreeSet<&String> = names.collect();
        names.into_iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_made_as_they_are_needed() {
        let mut series = Series::default();
        series.at(Duration::from_millis(2_500)).put += 1;
        series.at(Duration::from_millis(999)).put += 2;
        series.at(Duration::from_millis(2_000)).put += 1;
        assert_eq!(series.0.iter().map(|second| second.put).collect::<Vec<_>>(), [2, 0, 2]);
    }

    #[test]
    fn groups_leave_nothing_out() {
        let mut series = Series::default();
        series.at(Duration::from_secs(999)).put = 1;
        let (each, groups) = series.groups(300);
        assert_eq!((each, groups.len()), (4, 250));
        assert_eq!(groups.iter().map(|group| group.len()).sum::<usize>(), 1_000);
        assert_eq!(Series::default().groups(10).1.len(), 0);
    }
}
