//! A worker or a dispatcher: production code with the real SDK, put together as the production services do it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::aws;
use common::clock::WallClock;
use common::lane::Lane;
use common::ledger::Ledger;
use common::queue::Queue;
use common::routes::Routes;
use common::shutdown::Shutdown;
use dispatcher::Drain;
use futures::future::join_all;
use tokio::time::Instant;
use topology::{INGEST, LANES, TABLE};
use worker::copy::{Copier, ServerSide, Tuning};
use worker::{Laneworks, Pull};

use super::pausable::Pausable;
use crate::simulate::plan::{PART_BYTES, Plan};
use crate::simulate::stage::Control;
use crate::simulate::world::Place;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Worker,
    Dispatcher,
}

/// How a service came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Crashed,
    /// By itself, after a stop.
    Stopped,
    /// The grace period was over before it had ended.
    CutShort,
}

/// One process.
pub(crate) struct Service {
    place: Place,
    role: Role,
    name: String,
    /// How far its wall clock is from the world's, in seconds.
    skew_s: i64,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Dispatcher => "dispatcher",
        }
    }
}

impl Service {
    pub(crate) fn new(place: &Place, role: Role, name: String, skew_s: i64) -> Self {
        Self { place: place.clone(), role, name, skew_s }
    }

    /// Runs until it is stopped or crashes. Dropping it is the crash.
    pub(crate) async fn run(self, plan: &Plan, control: Arc<Control>) -> Ended {
        let crash = control.crash.clone();
        let run = Pausable::new(self.process(plan, Arc::clone(&control)), control);
        tokio::select! {
            biased;
            () = crash.cancelled() => Ended::Crashed,
            ended = run => ended,
        }
    }

    async fn process(self, plan: &Plan, control: Arc<Control>) -> Ended {
        let shutdown = Shutdown::new();
        let mut stops = 0;
        let signal = async || {
            stops += 1;
            match stops {
                1 => control.stop.notified().await,
                _ if control.twice.load(Ordering::Relaxed) => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                _ => std::future::pending().await,
            }
        };
        let follow = shutdown.follow(signal, plan.grace);
        let work = match self.role {
            Role::Worker => futures::future::Either::Left(self.work(plan, &shutdown)),
            Role::Dispatcher => futures::future::Either::Right(self.dispatch(plan, &shutdown)),
        };
        tokio::select! {
            biased;
            () = work => Ended::Stopped,
            () = follow => Ended::CutShort,
        }
    }

    async fn work(&self, plan: &Plan, shutdown: &Shutdown) {
        let config = self.place.config_of(&self.name);
        let sqs = aws::sqs(&config);
        let patience = Duration::from_secs(10).min(plan.visibility / 6);
        let heartbeats = self.place.world.access.sqs_for_heartbeats(&config, patience);
        let tuning =
            Tuning { part_bytes: PART_BYTES, parts_in_flight: plan.parts_in_flight, ..Tuning::default() };
        let limits = ServerSide { copy_object_bytes_max: plan.copy_object_bytes_max, part_bytes: PART_BYTES };
        let copier = Copier::new(&config, tuning).with_server_side(limits);
        let boot = fastrand::u64(..);
        let works = Laneworks::new(self.ledger(&config), copier, shutdown.clone(), &self.name, boot, 3);
        let pulls = LANES.into_iter().zip(plan.permits).filter_map(|(name, permits)| {
            let queue = self.queue(name, &sqs)?;
            let heartbeats = queue.through(&heartbeats);
            Some(Pull { lane: Lane::parse(name).ok()?, queue, heartbeats, permits, wait: plan.wait })
        });
        join_all(pulls.map(|pull| Box::pin(works.run(pull)))).await;
    }

    async fn dispatch(&self, plan: &Plan, shutdown: &Shutdown) {
        let config = self.place.config_of(&self.name);
        let sqs = aws::sqs(&config);
        let lanes =
            LANES.into_iter().filter_map(|name| Some((Lane::parse(name).ok()?, self.queue(name, &sqs)?)));
        let lanes: BTreeMap<Lane, Queue> = lanes.collect();
        let Some(ingest) = self.queue(INGEST, &sqs) else { return };
        let routes: Routes = self.place.routes.clone();
        let drain = Drain::new(ingest, lanes, self.ledger(&config), routes, plan.wait, shutdown.clone());
        drain.run(plan.pollers).await;
    }

    fn queue(&self, name: &str, sqs: &aws_sdk_sqs::Client) -> Option<Queue> {
        Some(self.place.queues.get(name)?.through(sqs))
    }

    fn ledger(&self, config: &aws_config::SdkConfig) -> Ledger {
        let WallClock::Simulated { epoch, started } = self.place.world.clock else {
            return self.place.world.ledger();
        };
        let skew = Duration::from_secs(self.skew_s.unsigned_abs());
        let epoch = if self.skew_s < 0 { epoch - skew } else { epoch + skew };
        let clock = WallClock::Simulated { epoch, started };
        Ledger::new(aws::dynamodb(config), TABLE, clock, Duration::from_secs(86_400))
    }
}

/// How long something took, on the world's clock.
pub(crate) async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    let done = work.await;
    (done, started.elapsed())
}
