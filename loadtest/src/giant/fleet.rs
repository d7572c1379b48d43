//! A dispatcher and workers in one future. Dropping one of them is its crash.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use common::lane::Lane;
use common::routes::Routes;
use common::shutdown::Shutdown;
use dispatcher::Drain;
use futures::future::{join_all, select_all};
use topology::{INGEST, World, lanes};
use worker::copy::{Copier, Tuning};
use worker::{Laneworks, Pull};

use super::options::Options;
use crate::error::Error;

/// The defaults of a worker.
const HEARTBEAT_PATIENCE: Duration = Duration::from_secs(10);
const WAIT: Duration = Duration::from_secs(20);
const FAILED_ATTEMPTS_MAX: u32 = 3;
const DISPATCHER: &str = "dispatcher";
const LANE: &str = "bulk";
/// One lane, whatever the size: workers that poll another one only cost time.
const RULES: &str = r#"
version = 1
[lanes]
default = "bulk"
[[rule]]
name = "everything"
match.bucket = "landing"
target.bucket = "delivered"
target.key = "{key}"
"#;

/// Everything that works.
pub(super) struct Fleet<'w> {
    world: &'w World,
    tuning: Tuning,
    visibility_timeout: Duration,
    services: Vec<Service>,
    shutdown: Shutdown,
    boots: u64,
}

struct Service {
    name: String,
    run: Pin<Box<dyn Future<Output = ()>>>,
}

fn worker_id(number: usize) -> String {
    format!("worker-{number}")
}

impl<'w> Fleet<'w> {
    pub(super) async fn start(world: &'w World, options: &Options) -> Result<Self, Error> {
        let tuning = Tuning {
            part_bytes: options.part_bytes,
            parts_in_flight: options.parts_in_flight,
            ..Tuning::default()
        };
        let mut fleet = Self {
            world,
            tuning,
            visibility_timeout: options.visibility_timeout,
            services: Vec::new(),
            shutdown: Shutdown::new(),
            boots: 0,
        };
        let drain = fleet.dispatcher().await?;
        fleet
            .services
            .push(Service { name: DISPATCHER.to_owned(), run: Box::pin(async move { drain.run(1).await }) });
        for number in 1..=options.workers {
            let service = fleet.worker(worker_id(number)).await?;
            fleet.services.push(service);
        }
        Ok(fleet)
    }

    async fn queue(&self, name: &str) -> Result<common::queue::Queue, Error> {
        let found = self.world.queue(name, self.visibility_timeout).await;
        found.map_err(|fault| Error::failed_to(format!("find the queue {name}"), fault))
    }

    async fn dispatcher(&self) -> Result<Drain, Error> {
        let lanes: Vec<Lane> = lanes().into_iter().filter(|lane| lane.as_str() == LANE).collect();
        let routes = Routes::parse(RULES, &lanes);
        let routes = routes.map_err(|mistakes| Error::failed_to("read the rules", mistakes))?;
        let mut queues = BTreeMap::new();
        for lane in lanes {
            queues.insert(lane, self.queue(LANE).await?);
        }
        let (ingest, ledger) = (self.queue(INGEST).await?, self.world.ledger());
        Ok(Drain::new(ingest, queues, ledger, routes, WAIT, self.shutdown.clone()))
    }

    /// Takes the dispatcher away, which would poll an empty queue for days.
    pub(super) fn dismiss_dispatcher(&mut self) {
        self.services.retain(|service| service.name != DISPATCHER);
    }

    async fn worker(&mut self, id: String) -> Result<Service, Error> {
        self.boots += 1;
        let world = self.world;
        let copier = Copier::new(&world.config, self.tuning);
        let shutdown = self.shutdown.clone();
        let works = Laneworks::new(world.ledger(), copier, shutdown, &*id, self.boots, FAILED_ATTEMPTS_MAX);
        let patience = HEARTBEAT_PATIENCE.min(self.visibility_timeout / 6);
        let heartbeats = world.access.sqs_for_heartbeats(&world.config, patience);
        let lane = Lane::parse(LANE).map_err(|error| Error::failed_to("name the lane", error))?;
        let queue = self.queue(LANE).await?;
        let pull = Pull { lane, heartbeats: queue.through(&heartbeats), queue, permits: 1, wait: WAIT };
        let run = async move { works.run(pull).await };
        Ok(Service { name: id, run: Box::pin(run) })
    }

    /// Works until one of them ends, which none does by itself.
    pub(super) async fn work(&mut self) -> Error {
        let runs = self.services.iter_mut().map(|service| service.run.as_mut());
        let (_, index, _) = select_all(runs).await;
        let name = self.services.get(index).map_or("a service", |service| &*service.name);
        Error::Failed(format!("{name} ended by itself"))
    }

    /// Ends a worker where it is, and starts it again.
    pub(super) async fn crash(&mut self, id: &str) -> Result<(), Error> {
        self.services.retain(|service| service.name != id);
        let service = self.worker(id.to_owned()).await?;
        self.services.push(service);
        Ok(())
    }

    /// Takes no more, and settles what was taken.
    pub(super) async fn stop(self) {
        self.shutdown.stop();
        join_all(self.services.into_iter().map(|service| service.run)).await;
    }
}
