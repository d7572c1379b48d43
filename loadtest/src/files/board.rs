//! Which files have come to their end, when, and how.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::put::Load;

/// What is read of a line of `drayage local --json`.
#[derive(Debug, Deserialize)]
struct Line {
    key: String,
    status: String,
    processed_by: Option<String>,
    checksum_crc64nvme: Option<String>,
}

#[derive(Debug, Clone, Default)]
struct File {
    put_at: Option<Instant>,
    ended_at: Option<Instant>,
}

/// The files of one load.
#[derive(Debug)]
pub(super) struct Board {
    load: Load,
    checksum: String,
    started: Instant,
    files: Vec<File>,
    unfinished: usize,
    /// How many came to each end.
    pub(super) ends: BTreeMap<String, usize>,
    /// How many each worker delivered.
    pub(super) by_worker: BTreeMap<String, usize>,
    /// Completed, but with a checksum that is not that of what was put in.
    pub(super) wrong_checksums: usize,
    /// From the start to the last put's reply.
    pub(super) put_for: Option<Duration>,
    /// From the start to the last end.
    pub(super) ended_after: Duration,
}

impl Board {
    pub(super) fn new(load: &Load, started: Instant) -> Self {
        Self {
            load: load.clone(),
            checksum: load.checksum(),
            started,
            files: vec![File::default(); load.count],
            unfinished: load.count,
            ends: BTreeMap::new(),
            by_worker: BTreeMap::new(),
            wrong_checksums: 0,
            put_for: None,
            ended_after: Duration::ZERO,
        }
    }

    pub(super) fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// The file is about to be put in.
    pub(super) fn put(&mut self, index: usize) {
        if let Some(file) = self.files.get_mut(index) {
            file.put_at = Some(Instant::now());
        }
    }

    pub(super) fn all_put(&mut self) {
        self.put_for = Some(self.started.elapsed());
    }

    /// Takes a line in; lines of other files, and a second end of the same file, change nothing.
    pub(super) fn line(&mut self, text: &str) {
        let Ok(line) = serde_json::from_str::<Line>(text) else { return };
        let file = self.load.index(&line.key).and_then(|index| self.files.get_mut(index));
        let Some(file) = file.filter(|file| file.ended_at.is_none()) else { return };
        file.ended_at = Some(Instant::now());
        self.unfinished -= 1;
        self.ended_after = self.started.elapsed();
        if line.status == "completed" && line.checksum_crc64nvme.as_ref() != Some(&self.checksum) {
            self.wrong_checksums += 1;
        }
        *self.ends.entry(line.status).or_default() += 1;
        if let Some(worker) = line.processed_by {
            *self.by_worker.entry(worker).or_default() += 1;
        }
    }

    /// From the put to the end, of every file that has come to one; shortest first.
    pub(super) fn latencies(&self) -> Vec<Duration> {
        let each = self.files.iter().filter_map(|file| Some(file.ended_at?.duration_since(file.put_at?)));
        let mut latencies: Vec<Duration> = each.collect();
        latencies.sort_unstable();
        latencies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(key: &str, status: &str, checksum: &str) -> String {
        let json = serde_json::json!({
            "key": key, "status": status, "checksum_crc64nvme": checksum, "processed_by": "worker-1",
        });
        json.to_string()
    }

    #[tokio::test(start_paused = true)]
    async fn each_file_ends_once() {
        let load = Load { prefix: "load/", count: 3, in_flight: 1, rate: None, bytes: 3 };
        let mut board = Board::new(&load, Instant::now());
        board.put(0);
        board.put(1);
        tokio::time::advance(Duration::from_millis(20)).await;
        let right = load.checksum();
        for key in ["load/0000000", "load/0000000", "other/0000001", "load/0000003"] {
            board.line(&line(key, "completed", &right));
        }
        board.line("not json");
        board.line(&line("load/0000001", "completed", "AAAAAAAAAAA="));
        assert_eq!(board.unfinished(), 1);
        assert_eq!(board.wrong_checksums, 1);
        assert_eq!(board.ends, BTreeMap::from([("completed".to_owned(), 2)]));
        assert_eq!(board.by_worker, BTreeMap::from([("worker-1".to_owned(), 2)]));
        assert_eq!(board.latencies(), [Duration::from_millis(20); 2]);
    }
}
