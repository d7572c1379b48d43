//! A day: tides and bursts, from the first upload to the last deletion.

use serde::Serialize;

use super::progress::{Seconds, bar};
use super::{Bound, bounds, utilisation};
use crate::day::load::Load;
use crate::day::model::{End, Micros, Model};
use crate::day::options::Options;
use crate::workload::Shape;

/// What is not over then never will be.
const PATIENCE: Micros = 2 * 86_400_000_000;

/// What a day came to. Latencies are from the event at the ingest queue to the ledger's `completed`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::day) struct Day {
    pub(in crate::day) events: u64,
    pub(in crate::day) workers: usize,
    pub(in crate::day) completed: u64,
    pub(in crate::day) is_over: bool,
    pub(in crate::day) p50_ms: f64,
    pub(in crate::day) p99_ms: f64,
    pub(in crate::day) p999_ms: f64,
    pub(in crate::day) max_ms: f64,
    pub(in crate::day) in_system_most: u64,
    pub(in crate::day) utilisation: f64,
    pub(in crate::day) requests_per_file: Vec<(&'static str, f64)>,
    pub(in crate::day) released: u64,
    pub(in crate::day) bounds: Vec<Bound>,
    pub(in crate::day) real_s: f64,
}

pub(in crate::day) fn days(options: &Options) -> Vec<Day> {
    let all = options.events.iter().flat_map(|events| options.workers.iter().map(move |of| (*events, *of)));
    all.map(|(events, workers)| day(options, events, workers)).collect()
}

fn day(options: &Options, events: u64, workers: usize) -> Day {
    let seconds = Seconds::start();
    let shape = Shape { events, ..options.shape() };
    let mut model = Model::new(options.setup(workers), Load::paced(shape, options.seed), options.seed);
    let bar = bar(events, &format!("a day of {events} events, {workers} workers"));
    let end = model.run(PATIENCE, &mut |model| bar.set_position(model.books().completed));
    bar.finish_and_clear();
    let books = model.books();
    let latencies = &books.latencies;
    Day {
        events,
        workers,
        completed: books.completed,
        is_over: end == End::Drained,
        p50_ms: latencies.quantile_ms(0.5),
        p99_ms: latencies.quantile_ms(0.99),
        p999_ms: latencies.quantile_ms(0.999),
        max_ms: latencies.max_ms(),
        in_system_most: books.in_system.most,
        utilisation: utilisation(&model),
        requests_per_file: books
            .requests()
            .map(|(name, count)| (name, count as f64 / books.completed.max(1) as f64))
            .collect(),
        released: books.released,
        bounds: bounds(&model),
        real_s: seconds.passed(),
    }
}
