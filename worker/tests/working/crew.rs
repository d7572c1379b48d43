//! Workers that run beside a test's steps. Dropping one is a crash.

use std::pin::Pin;
use std::time::Duration;

use common::ledger::Status;
use common::shutdown::Shutdown;
use drayage_worker::copy::{Copier, Tuning};
use drayage_worker::{Laneworks, Pull};

use super::watch::Item;
use super::yard::{MIB, Yard};

/// The long poll.
pub(crate) const WAIT: Duration = Duration::from_secs(20);
/// Simulated time after which a step that did not come is taken for lost.
const PATIENCE: Duration = Duration::from_secs(13 * 3600);

/// One worker on the lane `fast`.
pub(crate) struct Worker {
    pub(crate) shutdown: Shutdown,
    run: Pin<Box<dyn Future<Output = ()>>>,
}

impl Worker {
    /// Works while `steps` go on.
    pub(crate) async fn beside<T>(&mut self, steps: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            output = in_time(steps) => output,
            () = &mut self.run => panic!("the worker ended"),
        }
    }

    /// Works until it ends by itself: after a stop, an abort, or with its last message.
    pub(crate) async fn ended(self) {
        in_time(self.run).await;
    }

    /// Takes no more, and works until everything taken is settled.
    pub(crate) async fn stop(self) {
        self.shutdown.stop();
        self.ended().await;
    }
}

/// Runs steps that must come to an end.
pub(crate) async fn in_time<T>(steps: impl Future<Output = T>) -> T {
    let Ok(output) = tokio::time::timeout(PATIENCE, steps).await else {
        panic!("what was waited for did not come")
    };
    output
}

impl Yard {
    /// A worker with one permit that sends one 8 MiB part at a time.
    pub(crate) fn worker(&self, id: &str) -> Worker {
        self.worker_with(id, 1, 1)
    }

    pub(crate) fn worker_with(&self, id: &str, permits: usize, parts_in_flight: usize) -> Worker {
        self.worker_tuned(
            id,
            permits,
            Tuning { part_bytes: 8 * MIB as u64, parts_in_flight, ..Tuning::default() },
        )
    }

    pub(crate) fn worker_tuned(&self, id: &str, permits: usize, tuning: Tuning) -> Worker {
        let shutdown = Shutdown::new();
        let copier = Copier::new(&self.world.config, tuning);
        let copier = copier.with_server_side(self.server_side.get());
        let works = Laneworks::new(self.ledger.clone(), copier, shutdown.clone(), id, self.next_number(), 3);
        let patience = Duration::from_secs(10).min(self.queue.visibility_timeout() / 6);
        let heartbeats = self.world.access.sqs_for_heartbeats(&self.world.config, patience);
        let pull = Pull {
            lane: self.lane.clone(),
            queue: self.queue.clone(),
            heartbeats: self.queue.through(&heartbeats),
            permits,
            wait: WAIT,
        };
        Worker { shutdown, run: Box::pin(async move { works.run(pull).await }) }
    }

    /// Works until the ledger says `status` of some transfer, then stops; gives that item.
    pub(crate) async fn work_until(&self, status: Status) -> Item {
        let (mut watch, mut worker) = (self.watch(), self.worker("w1"));
        let item = worker.beside(watch.until(status)).await;
        worker.stop().await;
        item
    }
}
