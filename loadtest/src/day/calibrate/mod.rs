//! The model beside what it is a model of: the production dispatchers and workers with the real SDK over simcloud, on paused time.
//!
//! Every kind of request takes one of four times in both, drawn evenly (with one time for all, batches keep step, and figures hang on
//! what comes first within an instant). simcloud delays it by a part always and by two parts every other time. CPU takes none, and no
//! body takes any. Both get the same files at the same instants. simcloud's standard queues know no message groups, so the model's are
//! not fair here: what fair queues do rests on AWS's description alone.

mod compare;
mod production;

use super::load::{Arrival, Load};
use super::model::{End, Fleet, Lane, Latency, Micros, Model, Rates, Setup, Times};
use super::options::Options;
use crate::error::Error;
use crate::workload::Shape;
pub(super) use compare::{Comparison, Measured};

const WORKERS: usize = 4;
const DISPATCHERS: usize = 3;
const TENANTS: u16 = 5;
const NOISY_PERCENT: f64 = 60.0;
/// Events a second of the load that leaves the fleet idle now and then: about half of what it carries.
const PACED_PER_S: f64 = 700.0;
const FILE_BYTES_MAX: u64 = 16 << 10;

/// What each kind of request takes at the least, by service and operation.
const DELAYS_MS: [(&str, &str, u64); 8] = [
    ("SQS", "ReceiveMessage", 8),
    ("SQS", "SendMessageBatch", 10),
    ("SQS", "DeleteMessageBatch", 8),
    ("SQS", "ChangeMessageVisibilityBatch", 8),
    ("DynamoDB", "PutItem", 4),
    ("DynamoDB", "UpdateItem", 5),
    ("S3", "GetObject", 25),
    ("S3", "PutObject", 35),
];

fn delay_ms(operation: &str) -> u64 {
    DELAYS_MS.iter().find(|(_, name, _)| *name == operation).map_or(0, |(_, _, delay)| *delay)
}

/// What comes on top, each every other time.
fn extras_ms(ms: u64) -> [u64; 2] {
    [ms / 3 + 1, ms * 2 / 3 + 2]
}

fn setup() -> Setup {
    let drawn = |operation| {
        let ms = delay_ms(operation);
        let [some, more] = extras_ms(ms);
        Latency::one_of([ms, ms + some, ms + more, ms + some + more].map(|ms| ms * 1_000))
    };
    let mut fleet = Fleet::of(WORKERS);
    fleet.dispatchers = DISPATCHERS;
    fleet.bulk = Lane { workers: 0, ..fleet.bulk };
    fleet.is_fair = false;
    (fleet.worker_cpu, fleet.dispatcher_cpu, fleet.network_bytes_per_s) = (0, 0, None);
    let times = Times {
        receive: drawn("ReceiveMessage"),
        send: drawn("SendMessageBatch"),
        delete: drawn("DeleteMessageBatch"),
        change_visibility: drawn("ChangeMessageVisibilityBatch"),
        put_item: drawn("PutItem"),
        update_item: drawn("UpdateItem"),
        get: drawn("GetObject"),
        put: drawn("PutObject"),
        stream_bytes_per_s: 0,
        ..Times::assumed()
    };
    Setup { fleet, times, rates: Rates::none(), tenants: usize::from(TENANTS), noisy: Some(0) }
}

/// Both loads: everything at once, and evenly over a time.
fn loads(options: &Options) -> [(&'static str, Vec<Arrival>); 2] {
    let events = options.calibrate_events as u64;
    let shape = Shape {
        events,
        span_s: events as f64 / PACED_PER_S,
        tenants: TENANTS,
        noisy_percent: NOISY_PERCENT,
        large_percent: 0.0,
        medium_percent: 0.0,
        small_bytes_max: FILE_BYTES_MAX,
        ..Shape::default()
    };
    let mut load = Load::paced(shape.flat(), options.seed);
    // Paused time moves in milliseconds.
    let whole = |arrival: Arrival| Arrival { at: arrival.at / 1_000 * 1_000, ..arrival };
    let paced: Vec<Arrival> = std::iter::from_fn(|| load.next()).map(whole).collect();
    let at_once = paced.iter().map(|arrival| Arrival { at: 0, ..*arrival }).collect();
    [("all at once", at_once), ("paced", paced)]
}

pub(super) fn run(options: &Options) -> Result<Vec<Comparison>, Error> {
    let each = |(name, arrivals): (&'static str, Vec<Arrival>)| {
        let (production, item_bytes_max) = production::measure(options.seed, &arrivals)?;
        let model = modelled(options.seed, arrivals)?;
        Ok(Comparison { load: name, production, model, item_bytes_max })
    };
    loads(options).into_iter().map(each).collect()
}

fn modelled(seed: u64, arrivals: Vec<Arrival>) -> Result<Measured, Error> {
    const PATIENCE: Micros = 3_600_000_000;
    let mut model = Model::new(setup(), Load::Listed(arrivals.into_iter()), seed);
    if model.run(PATIENCE, &mut |_| {}) != End::Drained {
        return Err(Error::Failed("the model's files are not over after an hour".to_owned()));
    }
    let books = model.books();
    let requests = books.requests().collect();
    Ok(Measured::new(books.last_completed_at, books.completed, &books.latencies, requests))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Command;

    #[test]
    fn the_model_is_what_production_does() {
        let command: Command = super::super::command();
        let matches = command.get_matches_from(["day", "--calibrate", "--calibrate-events", "200"]);
        let options = Options::read(&matches).unwrap();
        let comparisons = run(&options).unwrap();
        // Shown when it fails, or with --nocapture.
        for row in comparisons.iter().flat_map(Comparison::rows) {
            common::say!("{}", row.join("  "));
        }
        let misses: Vec<String> = comparisons.iter().flat_map(Comparison::misses).collect();
        assert_eq!(misses, Vec::<String>::new());
        assert_eq!(comparisons.len(), 2);
    }
}
