//! What must hold of any model, whatever it is fed with.

use proptest::prelude::*;

use super::*;
use crate::day::load::Load;
use crate::workload::Shape;

const HOUR: Micros = 3_600_000_000;

fn setup(workers: usize, rates: Rates) -> Setup {
    let mut fleet = Fleet::of(workers);
    fleet.bulk_over_bytes = 16 << 20;
    Setup { fleet, times: Times::assumed(), rates, tenants: 8, noisy: Some(0) }
}

/// Small files only, unless a share of large ones is asked for.
fn shape(events: u64, span_s: f64, large_percent: f64) -> Shape {
    Shape { events, span_s, large_percent, ..Shape::default() }.flat()
}

fn drained(setup: Setup, shape: Shape, seed: u64) -> Model {
    let mut model = Model::new(setup, Load::paced(shape, seed), seed);
    assert_eq!(model.run(HOUR, &mut |_| {}), End::Drained);
    model
}

/// Everything that was uploaded is completed, and nobody holds anything any more.
fn assert_conserved(model: &Model, events: u64) {
    let books = model.books();
    assert_eq!((books.uploaded, books.completed, books.latencies.count()), (events, events, events));
    assert_eq!((books.in_system.now, books.fast_at_work.now, books.bulk_at_work.now), (0, 0, 0));
    assert_eq!((model.files.in_use(), model.streams.in_use()), (0, 0));
    assert!(model.queues.iter().all(|queue| (queue.visible, queue.in_flight) == (0, 0)));
    assert!(model.workers.iter().all(|worker| worker.running == 0));
    for worker in &model.workers {
        let ((streams, _), waiting, (bytes, _)) = worker.schedule.levels();
        assert_eq!((streams, waiting, bytes), (0, 0, 0));
    }
}

/// Everything that a run shows.
#[derive(Debug, PartialEq)]
struct Figures {
    now: Micros,
    happened: u64,
    latency_sum: u128,
    requests: Vec<(&'static str, u64)>,
    refusals: Vec<(Limit, Refusals)>,
}

fn figures(model: &Model) -> Figures {
    let books = model.books();
    Figures {
        now: model.now(),
        happened: model.happened,
        latency_sum: books.latency_sum,
        requests: books.requests().collect(),
        refusals: model.refusals().collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// With limits so tight that everything is refused now and then.
    #[test]
    fn every_event_ends_whatever_is_refused(
        seed in any::<u64>(),
        workers in 1..6_usize,
        writes in 20..400_u64,
        puts in 5..200_u64,
        in_flight in 11..100_usize,
        is_fair in any::<bool>(),
    ) {
        let rates = Rates {
            event_bridge: Some(300),
            partition_writes: Some(writes),
            status_shards: 2,
            prefix_puts: Some(puts),
            prefix_gets: Some(puts),
            in_flight,
            ..Rates::aws()
        };
        let mut setup = setup(workers, rates);
        setup.fleet.is_fair = is_fair;
        setup.fleet.dispatchers = 1;
        let model = drained(setup, shape(1_000, 5.0, 0.5), seed);
        assert_conserved(&model, 1_000);
    }
}

#[test]
fn the_area_under_the_system_is_the_sum_of_the_latencies() {
    let model = drained(setup(2, Rates::aws()), shape(20_000, 60.0, 0.1), 4);
    assert_conserved(&model, 20_000);
    // Little's law, L = λW, times the time: exact where a run begins and ends empty.
    assert_eq!(model.books().in_system.area(model.now()), model.books().latency_sum);
}

#[test]
fn permits_in_use_are_what_littles_law_says() {
    let mut setup = setup(4, Rates::none());
    let fixed = |ms: Micros| Latency::fixed(ms * 1_000);
    setup.times = Times {
        receive: fixed(5),
        update_item: fixed(10),
        get: fixed(30),
        put: fixed(50),
        stream_bytes_per_s: 0,
        ..setup.times
    };
    setup.fleet.worker_cpu = 0;
    setup.fleet.network_bytes_per_s = None;
    let shape = Shape { medium_percent: 0.0, ..shape(30_000, 60.0, 0.0) };
    let model = drained(setup, shape, 9);
    // A file holds its permit from the receive to the ledger's word: 10 + 30 + 50 + 10 ms.
    let mean_us = model.books().fast_at_work.area(model.now()) as f64 / 30_000.0;
    assert!((mean_us / 100_000.0 - 1.0).abs() < 0.001, "{mean_us}");
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_does_not() {
    let tight = Rates { partition_writes: Some(50), ..Rates::aws() };
    let run = |seed| figures(&drained(setup(3, tight), shape(5_000, 20.0, 0.1), seed));
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// Files a second of a fleet with always enough to do, and the model.
fn saturated(setup: Setup) -> (f64, Model) {
    let files = setup.fleet.fast.workers * setup.fleet.fast.permits * 3 + setup.fleet.dispatchers * 80;
    let shape = Shape { medium_percent: 0.0, ..shape(1, 1.0, 0.0) };
    let mut model = Model::new(setup, Load::standing(files, shape, 5), 5);
    model.run(20_000_000, &mut |_| {});
    let before = model.books().completed;
    model.run(50_000_000, &mut |_| {});
    ((model.books().completed - before) as f64 / 30.0, model)
}

#[test]
fn without_limits_twice_the_workers_carry_twice_as_much() {
    let (alone, _) = saturated(setup(1, Rates::none()));
    for workers in [2, 4, 8] {
        let (many, model) = saturated(setup(workers, Rates::none()));
        let to_linear = many / alone / workers as f64;
        assert!((0.97..1.03).contains(&to_linear), "{workers} workers: {to_linear}");
        assert_eq!(model.refusals().count(), 0);
    }
}

#[test]
fn a_fleet_carries_no_more_than_a_limit_allows_and_nearly_that() {
    // Two writes a file of each of two keys, 100 a second each: 100 files a second.
    let keys = Rates { partition_writes: Some(100), status_shards: 2, ..Rates::none() };
    // One PUT a file, 30 a second of each of eight tenants' prefixes; the first has half of the files.
    let puts = Rates { prefix_puts: Some(100), ..Rates::none() };
    for (rates, limit, most, least) in
        [(keys, Limit::StatusKey, 100.0, 85.0), (puts, Limit::TargetPrefix, 200.0, 100.0)]
    {
        let (files_per_s, model) = saturated(setup(4, rates));
        // What the buckets held when the thirty seconds began comes on top: a second's worth.
        assert!(files_per_s <= most * 31.0 / 30.0, "{limit:?}: {files_per_s}");
        assert!(files_per_s >= least, "{limit:?}: {files_per_s}");
        let bound: Vec<Limit> = model.refusals().map(|(limit, _)| limit).collect();
        assert_eq!(bound, [limit]);
    }
}

/// The others' p99 beside a tenant with 90 % of more than the fleet carries.
fn others_p99_ms(is_fair: bool) -> f64 {
    let mut setup = setup(2, Rates::none());
    setup.fleet.is_fair = is_fair;
    let shape = Shape { tenants: 8, noisy_percent: 90.0, ..shape(60_000, 40.0, 0.0) };
    let model = drained(setup, shape, 6);
    model.books().latencies_of_others.quantile_ms(0.99)
}

#[test]
fn message_groups_keep_a_backlog_to_the_tenant_that_makes_it() {
    let (fair, unfair) = (others_p99_ms(true), others_p99_ms(false));
    assert!(fair < 1_500.0, "{fair}");
    assert!(unfair > 5.0 * fair, "{unfair} {fair}");
}
