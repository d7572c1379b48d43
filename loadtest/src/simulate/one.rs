//! One seed from beginning to end, on a thread and a paused clock of its own.
//!
//! 1. Chaos: services come, work, crash, pause, are cut off and stopped, while the client puts files and the gremlin plays tricks.
//! 2. Healing: faults stop. Whoever is there goes on; fresh services join.
//! 3. Rest: everything comes to its end within a bound; then the fresh services are stopped, and what is left is looked at.

use std::sync::Arc;
use std::time::Duration;

use simcloud::Options;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::LocalSet;

use super::actors::{Client, Ended, Role, Service, gremlin, slot};
use super::faults::{Kind, Weather};
use super::invariants::{IN_TIME, QUIET_WITHIN, Violation, leaked, requests_max, stopped_in_time};
use super::logs::Logs;
use super::plan::Plan;
use super::stage::Stage;
use super::trace::Trace;
use super::world::Place;

/// What came of a seed.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) seed: u64,
    pub(super) violation: Option<Violation>,
    pub(super) trace_hash: u64,
    pub(super) hits: Vec<u64>,
    pub(super) simulated: Duration,
    /// From the end of the faults until everything had ended.
    pub(super) quiet_after: Duration,
    pub(super) requests: u64,
    pub(super) completed: usize,
    pub(super) superseded: usize,
    pub(super) failed: usize,
    /// Uploads that nobody knows, or whose removal was lost: a lifecycle rule's.
    pub(super) uploads_left: usize,
    pub(super) same_bytes_overtaken: usize,
    pub(super) failed_then_published: usize,
    pub(super) failed_unseen: usize,
}

/// Runs a seed on a thread of its own, so that nothing of an earlier one is left in it.
pub(super) fn run(seed: u64, files: usize, prints: bool) -> Outcome {
    let thread = std::thread::Builder::new().name(format!("seed-{seed}")).spawn(move || {
        fastrand::seed(seed);
        let (logs, _collecting) = Logs::collect(prints);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        match runtime {
            Ok(runtime) => LocalSet::new().block_on(&runtime, Box::pin(play(seed, files, prints, logs))),
            Err(error) => Outcome::not_run(seed, &error.to_string()),
        }
    });
    let ended = thread.map_err(|error| error.to_string()).and_then(|thread| {
        thread.join().map_err(|_| "something panicked; its message is on standard error".to_owned())
    });
    ended.unwrap_or_else(|why| Outcome::not_run(seed, &why))
}

async fn play(seed: u64, files: usize, prints: bool, logs: Logs) -> Outcome {
    let plan = Arc::new(Plan::draw(seed, files));
    let weather = Weather::new(plan.rates, seed, plan.visibility);
    let (wishes, granted) = unbounded_channel();
    let stage = Stage::new(weather, Trace::new(prints), Options::default().epoch, wishes);
    let place = match Place::new(seed, &stage, plan.visibility).await {
        Ok(place) => place,
        Err(why) => return Outcome::not_run(seed, &why),
    };
    let roles = std::iter::repeat_n(Role::Worker, plan.workers)
        .chain(std::iter::repeat_n(Role::Dispatcher, plan.dispatchers));
    let mut slots = Vec::new();
    for (number, role) in roles.enumerate() {
        let (stage, place, plan) = (Arc::clone(&stage), place.clone(), Arc::clone(&plan));
        slots.push(tokio::task::spawn_local(slot(stage, place, plan, role, number, seed)));
    }
    let s3 = common::aws::s3(&place.config_of("client"));
    let client = Client::new(s3, Arc::clone(&stage), seed).run(Arc::clone(&plan), granted);
    let client = tokio::task::spawn_local(client);
    tokio::task::spawn_local(gremlin(Arc::clone(&stage), place.clone(), seed));

    tokio::select! {
        biased;
        () = stage.broken.cancelled() => {}
        () = tokio::time::sleep(plan.chaos) => {}
    }
    stage.heal();
    let healed_at = stage.elapsed();
    tokio::select! {
        biased;
        () = stage.broken.cancelled() => {}
        () = rest(&stage, &place, &plan, client) => {}
    }
    let quiet_after = stage.elapsed().saturating_sub(healed_at);
    for slot in slots {
        if slot.is_finished() && slot.await.is_err_and(|error| error.is_panic()) {
            stage.violated("no panic", "a service panicked; its message is on standard error".to_owned());
        }
    }
    at_rest(&stage, &place, &plan, &logs).await;
    outcome(&stage, seed, quiet_after)
}

/// Everything comes to its end, and the fresh services stop as they should.
async fn rest(stage: &Arc<Stage>, place: &Place, plan: &Arc<Plan>, client: tokio::task::JoinHandle<()>) {
    let fresh = [(Role::Dispatcher, 8), (Role::Worker, 8), (Role::Worker, 9)].map(|(role, number)| {
        let name = format!("{}-{number}.0", role.name());
        let (control, plan) = (stage.enter(&name), Arc::clone(plan));
        let service = Service::new(place, role, name, 0);
        let run = {
            let control = Arc::clone(&control);
            async move { service.run(&plan, control).await }
        };
        (control, tokio::task::spawn_local(run))
    });
    // The client may have something left to do; what it does counts.
    let _ = client.await;
    let quiet = async {
        while !stage.is_quiet() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    if tokio::time::timeout(QUIET_WITHIN, quiet).await.is_err() {
        let state = stage.lock();
        let open = state
            .facts
            .expected
            .keys()
            .find(|id| !state.facts.items.get(*id).is_some_and(super::facts::Item::is_terminal));
        let what = match open {
            Some(id) => format!("transfer {id} has not ended {QUIET_WITHIN:?} after the last fault"),
            None => format!("a queue is not empty {QUIET_WITHIN:?} after the last fault"),
        };
        drop(state);
        return stage.violated("L1 all ends in time", what);
    }
    for (control, service) in fresh {
        control.stop.notify_one();
        let stopped = super::actors::timed(service).await;
        let (ended, took) = stopped;
        let late = stopped_in_time(took, plan.grace);
        match ended {
            Ok(Ended::Stopped) if late.is_none() => {}
            Ok(ended) => {
                let what = late.unwrap_or_else(|| format!("a stopped service was {ended:?} after {took:?}"));
                return stage.violated(IN_TIME, what);
            }
            Err(_) => return stage.violated("simulation", "a service panicked".to_owned()),
        }
    }
}

async fn at_rest(stage: &Arc<Stage>, place: &Place, plan: &Plan, logs: &Logs) {
    if stage.broken.is_cancelled() {
        return;
    }
    stage.check_at_rest();
    if let Some(what) = leaked(&logs.text()) {
        stage.violated("S10 no secret told", what);
    }
    if let Some(what) = slowed(stage, plan) {
        stage.violated("L5 lanes do not slow each other", what);
    }
    let (requests, transfers) = {
        let state = stage.lock();
        (state.facts.request_count, state.facts.expected.len())
    };
    let pollers = plan.dispatchers * plan.pollers + (plan.workers + 3) * 2;
    let most = requests_max(transfers, pollers, stage.elapsed());
    if requests > most {
        stage.violated(
            "L4 requests are bounded",
            format!("{requests} requests for {transfers} transfers: at most {most}"),
        );
    }
    if let Some(what) = compared(stage, place).await {
        stage.violated("S1 no wrong bytes", what);
    }
}

/// With the bulk lane in trouble and nothing else, files of the fast lane end at once.
fn slowed(stage: &Stage, plan: &Plan) -> Option<String> {
    if !plan.is_lane_trouble {
        return None;
    }
    let state = stage.lock();
    let fast = state.facts.expected.values().filter(|it| !state.facts.is_bulk(&it.key));
    let limit = plan.wait * 2 + Duration::from_secs(30);
    fast.into_iter().find_map(|expected| {
        let put_ms = state.facts.version(&expected.key, &expected.sequencer)?.put_ms;
        let took = Duration::from_millis(state.facts.ended_ms.get(&expected.id)?.saturating_sub(put_ms));
        (took > limit)
            .then(|| format!("transfer {} of the other lane took {took:?}, not {limit:?}", expected.id))
    })
}

/// Reads what is visible at the targets and compares it byte by byte.
async fn compared(stage: &Arc<Stage>, place: &Place) -> Option<String> {
    let visible: Vec<_> = {
        let state = stage.lock();
        let last = state.facts.published.keys().filter_map(|target| {
            let visible = state.facts.visible(&target.0, &target.1)?;
            Some((target.clone(), state.facts.expected.get(&visible.transfer)?.content))
        });
        last.collect()
    };
    let s3 = common::aws::s3(&place.config_of("client"));
    for ((bucket, key), content) in visible {
        let got = s3.get_object().bucket(&bucket).key(&key).send().await.ok();
        let bytes = match got {
            Some(got) => {
                got.body.collect().await.ok().map(aws_sdk_s3::primitives::AggregatedBytes::into_bytes)
            }
            None => None,
        };
        if bytes.as_deref() != Some(&*content.bytes()) {
            return Some(format!("{bucket}/{key:?} does not have the bytes of its source"));
        }
    }
    None
}

fn outcome(stage: &Stage, seed: u64, quiet_after: Duration) -> Outcome {
    let state = stage.lock();
    let facts = &state.facts;
    let ended = |status: &str| facts.items.values().filter(|item| item.status == status).count();
    Outcome {
        seed,
        violation: state.violation.clone(),
        trace_hash: state.trace.hash(),
        hits: state.weather.hits.to_vec(),
        simulated: stage.elapsed(),
        quiet_after,
        requests: facts.request_count,
        completed: ended("completed"),
        superseded: ended("superseded"),
        failed: ended("failed"),
        uploads_left: facts.uploads.values().filter(|upload| upload.is_open).count(),
        same_bytes_overtaken: facts.same_bytes_overtaken.len(),
        failed_then_published: facts.failed_then_published.len(),
        failed_unseen: facts.failed_unseen.len(),
    }
}

impl Outcome {
    /// A world that could not be played.
    fn not_run(seed: u64, why: &str) -> Self {
        let violation = Violation { invariant: "simulation", what: why.to_owned(), at_ms: 0 };
        Self {
            seed,
            violation: Some(violation),
            trace_hash: 0,
            hits: vec![0; Kind::COUNT],
            simulated: Duration::ZERO,
            quiet_after: Duration::ZERO,
            requests: 0,
            completed: 0,
            superseded: 0,
            failed: 0,
            uploads_left: 0,
            same_bytes_overtaken: 0,
            failed_then_published: 0,
            failed_unseen: 0,
        }
    }
}
