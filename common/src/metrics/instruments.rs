//! The catalogue's entries as OpenTelemetry instruments.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, UpDownCounter};
use tokio::time::Instant;

use super::ages::Ages;
use super::catalogue as c;
use super::customers::Customers;
use super::entry::Entry;
use super::label as l;
use super::labelled::Labelled;
use crate::clock::WallClock;

/// Every instrument. Whatever the work does is written here, and nothing but the export reads it.
#[derive(Debug)]
pub struct Metrics {
    pub(super) files: Labelled<Counter<u64>>,
    pub(super) delivered: Labelled<Counter<u64>>,
    pub(super) file_latency: Labelled<Histogram<f64>>,
    pub(super) queue_wait: Labelled<Histogram<f64>>,
    pub(super) messages: Labelled<Counter<u64>>,
    pub(super) parked: Labelled<Counter<u64>>,
    pub(super) receives: Labelled<Counter<u64>>,
    pub(super) events: Labelled<Counter<u64>>,
    pub(super) attempts: Labelled<Counter<u64>>,
    pub(super) copy_duration: Labelled<Histogram<f64>>,
    pub(super) attempt_requests: Labelled<Histogram<u64>>,
    pub(super) in_flight: Labelled<UpDownCounter<i64>>,
    pub(super) in_flight_limit: Labelled<UpDownCounter<i64>>,
    pub(super) heartbeats: Labelled<Counter<u64>>,
    pub(super) lease_margin: Labelled<Histogram<f64>>,
    pub(super) leases_lost: Labelled<Counter<u64>>,
    pub(super) task_protection: Labelled<Counter<u64>>,
    pub(super) ledger_writes: Labelled<Counter<u64>>,
    pub(super) ledger_capacity: Labelled<Counter<f64>>,
    pub(super) requests: Labelled<Counter<u64>>,
    pub(super) request_cost: Labelled<Counter<f64>>,
    pub(super) faults: Labelled<Counter<u64>>,
    pub(super) guards: Labelled<Counter<u64>>,
    pub(super) customers: Customers,
    pub(super) ages: Arc<Ages>,
    pub(super) pace: Arc<PaceLevels>,
}

/// Where the worker's budget stands.
#[derive(Debug, Default)]
pub(super) struct PaceLevels {
    pub(super) streams: AtomicU64,
    pub(super) streams_max: AtomicU64,
    pub(super) waiting: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) bytes_max: AtomicU64,
}

fn counter(meter: &Meter, entry: &Entry) -> Labelled<Counter<u64>> {
    let builder = meter.u64_counter(entry.name).with_unit(entry.unit).with_description(entry.help);
    Labelled::new(builder.build(), entry)
}

fn sum(meter: &Meter, entry: &Entry) -> Labelled<Counter<f64>> {
    let builder = meter.f64_counter(entry.name).with_unit(entry.unit).with_description(entry.help);
    Labelled::new(builder.build(), entry)
}

fn level(meter: &Meter, entry: &Entry) -> Labelled<UpDownCounter<i64>> {
    let builder = meter.i64_up_down_counter(entry.name).with_unit(entry.unit).with_description(entry.help);
    Labelled::new(builder.build(), entry)
}

fn seconds(meter: &Meter, entry: &Entry) -> Labelled<Histogram<f64>> {
    let builder = meter.f64_histogram(entry.name).with_unit(entry.unit).with_description(entry.help);
    Labelled::new(builder.with_boundaries(entry.bounds.to_vec()).build(), entry)
}

fn counts(meter: &Meter, entry: &Entry) -> Labelled<Histogram<u64>> {
    let builder = meter.u64_histogram(entry.name).with_unit(entry.unit).with_description(entry.help);
    Labelled::new(builder.with_boundaries(entry.bounds.to_vec()).build(), entry)
}

impl Metrics {
    /// `customers_max`: how many customers have a label value of their own.
    pub fn new(meter: &Meter, customers_max: usize) -> Self {
        let metrics = Self {
            files: counter(meter, &c::FILES),
            delivered: counter(meter, &c::DELIVERED),
            file_latency: seconds(meter, &c::FILE_LATENCY),
            queue_wait: seconds(meter, &c::QUEUE_WAIT),
            messages: counter(meter, &c::MESSAGES),
            parked: counter(meter, &c::PARKED),
            receives: counter(meter, &c::RECEIVES),
            events: counter(meter, &c::EVENTS),
            attempts: counter(meter, &c::ATTEMPTS),
            copy_duration: seconds(meter, &c::COPY_DURATION),
            attempt_requests: counts(meter, &c::ATTEMPT_REQUESTS),
            in_flight: level(meter, &c::IN_FLIGHT),
            in_flight_limit: level(meter, &c::IN_FLIGHT_LIMIT),
            heartbeats: counter(meter, &c::HEARTBEATS),
            lease_margin: seconds(meter, &c::LEASE_MARGIN),
            leases_lost: counter(meter, &c::LEASES_LOST),
            task_protection: counter(meter, &c::TASK_PROTECTION),
            ledger_writes: counter(meter, &c::LEDGER_WRITES),
            ledger_capacity: sum(meter, &c::LEDGER_CAPACITY),
            requests: counter(meter, &c::REQUESTS),
            request_cost: sum(meter, &c::REQUEST_COST),
            faults: counter(meter, &c::FAULTS),
            guards: counter(meter, &c::GUARDS),
            customers: Customers::new(customers_max),
            ages: Arc::default(),
            pace: Arc::default(),
        };
        metrics.observe(meter);
        // A guard that never held anything back says so: zero, not nothing.
        for invariant in l::INVARIANTS {
            metrics.guards.add(0, &[*invariant]);
        }
        metrics
    }

    /// What is read when it is exported.
    fn observe(&self, meter: &Meter) {
        let ages = Arc::clone(&self.ages);
        let entry = c::OLDEST_MESSAGE_AGE;
        meter
            .f64_observable_gauge(entry.name)
            .with_unit(entry.unit)
            .with_description(entry.help)
            .with_callback(move |observer| {
                for (queue, age_s) in ages.oldest(Instant::now(), now_ms()) {
                    observer.observe(age_s, &[KeyValue::new(l::QUEUE, queue)]);
                }
            })
            .build();
        type Level = fn(&PaceLevels) -> &AtomicU64;
        let levels: [(Entry, Level); 5] = [
            (c::STREAMS, |pace| &pace.streams),
            (c::STREAMS_LIMIT, |pace| &pace.streams_max),
            (c::STREAMS_WAITING, |pace| &pace.waiting),
            (c::BUFFERS, |pace| &pace.bytes),
            (c::BUFFERS_LIMIT, |pace| &pace.bytes_max),
        ];
        for (entry, level) in levels {
            let pace = Arc::clone(&self.pace);
            meter
                .u64_observable_gauge(entry.name)
                .with_unit(entry.unit)
                .with_description(entry.help)
                .with_callback(move |observer| {
                    // Only a worker has a budget.
                    if pace.streams_max.load(Ordering::Relaxed) > 0 {
                        observer.observe(level(&pace).load(Ordering::Relaxed), &[]);
                    }
                })
                .build();
        }
    }
}

/// Wall-clock time, in which SQS stamps messages.
pub(super) fn now_ms() -> i64 {
    i64::try_from(WallClock::System.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
