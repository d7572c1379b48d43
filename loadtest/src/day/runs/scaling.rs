//! A fleet with always enough to do: what it carries, and whether twice the workers carry twice as much.

use serde::Serialize;

use super::progress::bar;
use super::{Bound, bounds};
use crate::day::load::Load;
use crate::day::model::{Micros, Model, Rates, Setup};
use crate::day::options::Options;

const WARM_UP: Micros = 10_000_000;
const MEASURED: Micros = 30_000_000;
/// Files in the system for each permit of the fast lane: one is copied, others wait for its end.
const FILES_PER_PERMIT: usize = 3;

/// One saturated fleet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::day) struct Scaling {
    pub(in crate::day) workers: usize,
    pub(in crate::day) has_limits: bool,
    pub(in crate::day) files_per_s: f64,
    /// Files a second of each worker, to those of a single worker without limits.
    pub(in crate::day) to_linear: f64,
    pub(in crate::day) utilisation: f64,
    pub(in crate::day) released: u64,
    pub(in crate::day) bounds: Vec<Bound>,
}

/// Each number of workers, with AWS's limits and without any.
pub(in crate::day) fn scaling(options: &Options) -> Vec<Scaling> {
    let alone = saturated(options, without_limits(options.setup(1)));
    let both = |workers: &usize| {
        let setup = options.setup(*workers);
        [saturated(options, setup.clone()), saturated(options, without_limits(setup))]
    };
    let rows = options.workers.iter().flat_map(both);
    rows.map(|row| Scaling { to_linear: row.files_per_s / row.workers as f64 / alone.files_per_s, ..row })
        .collect()
}

fn without_limits(setup: Setup) -> Setup {
    Setup { rates: Rates { status_shards: setup.rates.status_shards, ..Rates::none() }, ..setup }
}

/// What a fleet carries when it always has enough to do.
pub(super) fn saturated(options: &Options, setup: Setup) -> Scaling {
    let workers = setup.fleet.fast.workers;
    let permits = workers * setup.fleet.fast.permits;
    let batches = setup.fleet.dispatchers * setup.fleet.pollers * common::queue::BATCH_MAX;
    let files = permits * FILES_PER_PERMIT + batches * 2;
    let has_limits = setup.rates.partition_writes.is_some();
    let mut model = Model::new(setup, Load::standing(files, options.shape(), options.seed), options.seed);
    let bar = bar(WARM_UP + MEASURED, &format!("{workers} workers with enough to do"));
    let mut progress = |model: &Model| bar.set_position(model.now());
    model.run(WARM_UP, &mut progress);
    let (completed, area) = (model.books().completed, model.books().fast_at_work.area(WARM_UP));
    model.run(WARM_UP + MEASURED, &mut progress);
    bar.finish_and_clear();
    let books = model.books();
    let at_work = (books.fast_at_work.area(model.now()) - area) as f64;
    Scaling {
        workers,
        has_limits,
        files_per_s: (books.completed - completed) as f64 / (MEASURED as f64 / 1e6),
        to_linear: 1.0,
        utilisation: at_work / (permits as f64 * MEASURED as f64),
        released: books.released,
        bounds: bounds(&model),
    }
}
