//! What is counted: latencies, requests, and the areas under what is in the system and at work, from which averages come.

use std::fmt;

use hdrhistogram::Histogram;

use super::Micros;

/// Requests by kind, as production sends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Receive,
    Send,
    Delete,
    ChangeVisibility,
    PutItem,
    UpdateItem,
    Get,
    Put,
    UploadPart,
    Head,
    Create,
    Complete,
}

impl Request {
    pub(crate) const ALL: [Self; 12] = [
        Self::Receive,
        Self::Send,
        Self::Delete,
        Self::ChangeVisibility,
        Self::PutItem,
        Self::UpdateItem,
        Self::Get,
        Self::Put,
        Self::UploadPart,
        Self::Head,
        Self::Create,
        Self::Complete,
    ];

    /// By service and operation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Receive => "SQS.ReceiveMessage",
            Self::Send => "SQS.SendMessageBatch",
            Self::Delete => "SQS.DeleteMessageBatch",
            Self::ChangeVisibility => "SQS.ChangeMessageVisibilityBatch",
            Self::PutItem => "DynamoDB.PutItem",
            Self::UpdateItem => "DynamoDB.UpdateItem",
            Self::Get => "S3.GetObject",
            Self::Put => "S3.PutObject",
            Self::UploadPart => "S3.UploadPart",
            Self::Head => "S3.HeadObject",
            Self::Create => "S3.CreateMultipartUpload",
            Self::Complete => "S3.CompleteMultipartUpload",
        }
    }
}

/// Latencies in microseconds, within 1 %.
pub(crate) struct Latencies(Histogram<u64>);

/// A day and a half.
const LATENCY_MAX: Micros = 36 * 3_600_000_000;

impl Latencies {
    pub(crate) fn new() -> Self {
        // Two digits are always possible; the bounds are constants.
        let kept = Histogram::new_with_bounds(1, LATENCY_MAX, 2);
        Self(kept.unwrap_or_else(|_| unreachable!("the bounds of a histogram are wrong")))
    }

    pub(crate) fn record(&mut self, latency: Micros) {
        self.0.saturating_record(latency);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1e3
    }

    pub(crate) fn max_ms(&self) -> f64 {
        self.0.max() as f64 / 1e3
    }
}

impl fmt::Debug for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} latencies, p99 {:.1} ms", self.count(), self.quantile_ms(0.99))
    }
}

/// A level that changes, and the area under it since the start.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Level {
    pub(crate) now: u64,
    pub(crate) most: u64,
    area: u128,
    since: Micros,
}

impl Level {
    pub(super) fn change(&mut self, at: Micros, by: i64) {
        self.area += u128::from(self.now) * u128::from(at - self.since);
        self.since = at;
        self.now = self.now.saturating_add_signed(by);
        self.most = self.most.max(self.now);
    }

    /// In level × microseconds.
    pub(crate) fn area(&self, at: Micros) -> u128 {
        self.area + u128::from(self.now) * u128::from(at - self.since)
    }
}

#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) uploaded: u64,
    pub(crate) completed: u64,
    pub(crate) last_completed_at: Micros,
    pub(crate) latencies: Latencies,
    /// Of everybody but the noisy tenant.
    pub(crate) latencies_of_others: Latencies,
    /// Of all files, exactly.
    pub(crate) latency_sum: u128,
    /// Uploaded and not completed.
    pub(crate) in_system: Level,
    /// Permits of the fast lane's workers, and of all.
    pub(crate) fast_at_work: Level,
    pub(crate) bulk_at_work: Level,
    /// Dispatchers' polls that have a batch.
    pub(crate) dispatching: Level,
    requests: [u64; Request::ALL.len()],
    pub(crate) released: u64,
}

impl Books {
    pub(super) fn new() -> Self {
        Self {
            uploaded: 0,
            completed: 0,
            last_completed_at: 0,
            latencies: Latencies::new(),
            latencies_of_others: Latencies::new(),
            latency_sum: 0,
            in_system: Level::default(),
            fast_at_work: Level::default(),
            bulk_at_work: Level::default(),
            dispatching: Level::default(),
            requests: Default::default(),
            released: 0,
        }
    }

    pub(super) fn request(&mut self, kind: Request) {
        if let Some(count) = self.requests.get_mut(kind as usize) {
            *count += 1;
        }
    }

    /// Requests by name, of the kinds that there were.
    pub(crate) fn requests(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let all = Request::ALL.into_iter().zip(self.requests);
        all.filter(|(_, count)| *count > 0).map(|(kind, count)| (kind.name(), count))
    }

    pub(super) fn uploaded(&mut self, at: Micros) {
        self.uploaded += 1;
        self.in_system.change(at, 1);
    }

    pub(super) fn completed(&mut self, at: Micros, latency: Micros, is_noisy: bool) {
        self.completed += 1;
        self.last_completed_at = at;
        self.in_system.change(at, -1);
        self.latency_sum += u128::from(latency);
        self.latencies.record(latency);
        if !is_noisy {
            self.latencies_of_others.record(latency);
        }
    }

    /// From here on latencies count anew: what came before was the warm-up.
    pub(crate) fn forget_latencies(&mut self) {
        self.latencies = Latencies::new();
        self.latencies_of_others = Latencies::new();
    }
}
