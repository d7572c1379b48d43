//! What the fleet is made of, and what everything takes: the model's only inputs beside the load.

use std::time::Duration;

use worker::copy::{Budget, Tuning};

use super::Micros;
use super::latency::Latency;
use super::limits::Rates;

/// The queues by place.
pub(super) const INGEST: usize = 0;
pub(super) const LANES: usize = 2;

/// A fleet as deploy/terraform makes it: one service of dispatchers, and one of workers for each lane.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    pub(crate) dispatchers: usize,
    pub(crate) pollers: usize,
    pub(crate) fast: Lane,
    pub(crate) bulk: Lane,
    /// Files of more bytes take the bulk lane.
    pub(crate) bulk_over_bytes: u64,
    pub(crate) tuning: Tuning,
    pub(crate) wait: Duration,
    /// Messages carry their customer as message group.
    pub(crate) is_fair: bool,
    /// CPU time of a worker for a file, and of a dispatcher for an event, on the share of a core that the task has.
    pub(crate) worker_cpu: Micros,
    pub(crate) dispatcher_cpu: Micros,
    /// What all bodies of a worker pass, in and out together; `None` is no bound.
    pub(crate) network_bytes_per_s: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Lane {
    pub(crate) workers: usize,
    /// Files that one of them copies at a time.
    pub(crate) permits: usize,
}

impl Fleet {
    /// The defaults of the settings and of Terraform, with as many dispatchers as `workers` ask for.
    pub(crate) fn of(workers: usize) -> Self {
        Self {
            dispatchers: workers.div_ceil(2).max(2),
            pollers: 4,
            fast: Lane { workers, permits: 32 },
            bulk: Lane { workers: workers.div_ceil(10), permits: 4 },
            bulk_over_bytes: 524_288_000,
            tuning: Tuning {
                part_bytes: 8 << 20,
                parts_in_flight: 4,
                budget: Budget { streams_max: 32, buffer_bytes: 32 << 20 },
            },
            wait: Duration::from_secs(20),
            is_fair: true,
            // docs/performance.md: 460 µs a file on a whole core, which a worker's task has. A dispatcher's has half of one.
            worker_cpu: 460,
            dispatcher_cpu: 400,
            network_bytes_per_s: Some(250_000_000),
        }
    }

    pub(super) fn lane_of(&self, size_bytes: u64) -> usize {
        usize::from(size_bytes > self.bulk_over_bytes)
    }

    pub(super) fn lanes(&self) -> [Lane; LANES] {
        [self.fast, self.bulk]
    }
}

/// How long each kind of request takes.
#[derive(Debug, Clone)]
pub(crate) struct Times {
    pub(crate) receive: Latency,
    pub(crate) send: Latency,
    pub(crate) delete: Latency,
    pub(crate) change_visibility: Latency,
    pub(crate) put_item: Latency,
    pub(crate) update_item: Latency,
    pub(crate) get: Latency,
    pub(crate) put: Latency,
    pub(crate) head: Latency,
    pub(crate) create: Latency,
    pub(crate) complete: Latency,
    /// Of one body; 0 is no bound.
    pub(crate) stream_bytes_per_s: u64,
}

impl Times {
    /// Assumed for AWS, within one region: medians and 99th percentiles.
    pub(crate) fn assumed() -> Self {
        let ms = |median: f64, p99: f64| Latency::spread((median * 1e3) as Micros, (p99 * 1e3) as Micros);
        Self {
            receive: ms(8.0, 40.0),
            send: ms(10.0, 50.0),
            delete: ms(8.0, 40.0),
            change_visibility: ms(8.0, 40.0),
            put_item: ms(4.0, 20.0),
            update_item: ms(4.5, 22.0),
            get: ms(25.0, 120.0),
            put: ms(35.0, 180.0),
            head: ms(15.0, 80.0),
            create: ms(25.0, 120.0),
            complete: ms(60.0, 400.0),
            stream_bytes_per_s: 90_000_000,
        }
    }
}

/// Everything that a model is made from.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) fleet: Fleet,
    pub(crate) times: Times,
    pub(crate) rates: Rates,
    pub(crate) tenants: usize,
    /// The tenant whose latencies are kept apart from the others'.
    pub(crate) noisy: Option<u16>,
}
