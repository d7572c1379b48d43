//! A noisy tenant: what the others' files take while it has most of the load, with message groups and without them.

use serde::Serialize;

use super::progress::bar;
use super::scaling::saturated;
use super::{Bound, bounds};
use crate::day::load::Load;
use crate::day::model::{Micros, Model};
use crate::day::options::Options;
use crate::workload::Shape;

const WARM_UP: Micros = 20_000_000;
const MEASURED: Micros = 100_000_000;
/// The whole load, to what the saturated fleet carries: within it, and above it by what the noisy tenant brings too much.
const LOADS: [f64; 2] = [0.8, 1.2];

/// The others' latencies in three runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::day) struct Neighbour {
    pub(in crate::day) workers: usize,
    /// The whole load, to what the fleet carries.
    pub(in crate::day) load: f64,
    pub(in crate::day) events_per_s: f64,
    /// The others alone: their part of the load, and nothing else.
    pub(in crate::day) alone_p50_ms: f64,
    pub(in crate::day) alone_p99_ms: f64,
    pub(in crate::day) fair_p50_ms: f64,
    pub(in crate::day) fair_p99_ms: f64,
    pub(in crate::day) unfair_p99_ms: f64,
    /// p99 beside the noisy tenant to p99 alone.
    pub(in crate::day) fair_ratio: f64,
    pub(in crate::day) unfair_ratio: f64,
    /// Limits that refused something while the queues were fair.
    pub(in crate::day) bounds: Vec<Bound>,
}

pub(in crate::day) fn neighbour(options: &Options) -> Vec<Neighbour> {
    let of = |workers: &usize| {
        let carried = saturated(options, options.setup(*workers)).files_per_s;
        LOADS.map(|load| beside(options, *workers, load, carried * load))
    };
    options.workers.iter().flat_map(of).collect()
}

struct Others {
    p50_ms: f64,
    p99_ms: f64,
    bounds: Vec<Bound>,
}

fn beside(options: &Options, workers: usize, load: f64, events_per_s: f64) -> Neighbour {
    let quiet_per_s = events_per_s * (1.0 - options.noisy_percent / 100.0);
    let alone = others(options, workers, quiet_per_s, 0.0, true);
    let fair = others(options, workers, events_per_s, options.noisy_percent, true);
    let unfair = others(options, workers, events_per_s, options.noisy_percent, false);
    Neighbour {
        workers,
        load,
        events_per_s,
        alone_p50_ms: alone.p50_ms,
        alone_p99_ms: alone.p99_ms,
        fair_p50_ms: fair.p50_ms,
        fair_p99_ms: fair.p99_ms,
        unfair_p99_ms: unfair.p99_ms,
        fair_ratio: fair.p99_ms / alone.p99_ms,
        unfair_ratio: unfair.p99_ms / alone.p99_ms,
        bounds: fair.bounds,
    }
}

fn others(options: &Options, workers: usize, events_per_s: f64, noisy_percent: f64, is_fair: bool) -> Others {
    let mut setup = options.setup(workers);
    setup.fleet.is_fair = is_fair;
    let span_s = (WARM_UP + MEASURED) as f64 / 1e6;
    let events = (events_per_s * span_s).round().max(1.0) as u64;
    let shape = Shape { events, span_s, noisy_percent, ..options.shape() }.flat();
    let mut model = Model::new(setup, Load::paced(shape, options.seed), options.seed);
    let bar = bar(WARM_UP + MEASURED, &format!("{workers} workers beside a noisy tenant"));
    let mut progress = |model: &Model| bar.set_position(model.now());
    model.run(WARM_UP, &mut progress);
    model.books_mut().forget_latencies();
    model.run(WARM_UP + MEASURED, &mut progress);
    bar.finish_and_clear();
    let latencies = &model.books().latencies_of_others;
    Others { p50_ms: latencies.quantile_ms(0.5), p99_ms: latencies.quantile_ms(0.99), bounds: bounds(&model) }
}
