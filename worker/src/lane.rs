//! One lane of a worker: pulls as many messages as can start now, works on them, keeps their leases.
//!
//! Permit first: a receive asks for no more messages than there are free permits, so a received message never waits. Each lane has
//! permits of its own: one lane's trouble, or its large files, do not slow another.

use std::sync::Arc;
use std::time::Duration;

use common::backoff::{self, Delays};
use common::fault::Fault;
use common::lane::Lane;
use common::ledger::Ledger;
use common::metrics;
use common::queue::{BATCH_MAX, Message, Queue};
use common::shutdown::Shutdown;
use futures::future::{Either, Fuse, FusedFuture as _, FutureExt as _, select};
use futures::stream::{FuturesUnordered, StreamExt as _};

use crate::acks::{self, acks};
use crate::attempt::{Attempts, Identity};
use crate::copy::Copier;
use crate::lease::Keeper;
use crate::protect::Busy;
use crate::settle::Settler;

/// How long a receive waits for more free permits, once there is one.
pub const LINGER: Duration = Duration::from_millis(100);

/// So many free permits are worth a receive at once; fewer only after [`LINGER`].
pub fn worthwhile(permits: usize) -> usize {
    (permits / 4).clamp(1, BATCH_MAX)
}

/// What all lanes of a worker share.
#[derive(Debug, Clone)]
pub struct Laneworks {
    ledger: Ledger,
    copier: Copier,
    shutdown: Shutdown,
    identity: Arc<Identity>,
    failed_attempts_max: u32,
    busy: Busy,
}

/// How one lane is pulled.
#[derive(Debug, Clone)]
pub struct Pull {
    pub lane: Lane,
    pub queue: Queue,
    /// The same queue through a client of its own.
    pub heartbeats: Queue,
    /// Messages worked on at a time.
    pub permits: usize,
    pub wait: Duration,
}

impl Laneworks {
    /// `boot` must be new at every start of a worker with this id.
    pub fn new(
        ledger: Ledger,
        copier: Copier,
        shutdown: Shutdown,
        worker_id: impl Into<String>,
        boot: u64,
        failed_attempts_max: u32,
    ) -> Self {
        let identity = Arc::new(Identity { worker_id: worker_id.into(), boot, attempts: Default::default() });
        Self { ledger, copier, shutdown, identity, failed_attempts_max, busy: Busy::default() }
    }

    /// Which messages the lanes hold.
    pub fn busy(&self) -> &Busy {
        &self.busy
    }

    /// Pulls one lane until the shutdown begins, the open poll has ended, and everything that was taken is settled.
    pub async fn run(&self, pull: Pull) {
        metrics::receiving(&pull.queue, pull.permits);
        let keeper = Arc::new(Keeper::new(pull.heartbeats.clone()));
        let (acks, pending) = acks();
        let settler = Settler { ledger: self.ledger.clone(), queue: pull.queue.clone(), acks };
        let attempts = Attempts {
            lane: pull.lane.clone(),
            identity: Arc::clone(&self.identity),
            ledger: self.ledger.clone(),
            copier: self.copier.clone(),
            settler,
            shutdown: self.shutdown.clone(),
            failed_attempts_max: self.failed_attempts_max,
        };
        let work = std::pin::pin!(async {
            // Moved in, so that its end ends the acks too.
            let attempts = attempts;
            self.pull(&pull, &keeper, &attempts).await;
        });
        let work = futures::future::join(work, acks::run(&pull.queue, pending));
        // The leases first: a process that stood still for longer than its leases ends them before it goes on with its work.
        if let Either::Left(_) = select(std::pin::pin!(keeper.run()), std::pin::pin!(work)).await {
            tracing::error!("the heartbeats ended by themselves");
        }
    }

    async fn pull(&self, pull: &Pull, keeper: &Arc<Keeper>, attempts: &Attempts) {
        let mut running = FuturesUnordered::new();
        let mut receiving = Fuse::terminated();
        let mut delays = Delays::new(backoff::POLL);
        let mut delay = None;
        // Waiting a moment for a few free permits makes receives worth their request.
        let mut lingered = false;
        let worthwhile = worthwhile(pull.permits);
        loop {
            let free = pull.permits.saturating_sub(running.len());
            let enough = free >= worthwhile || (free > 0 && lingered);
            if receiving.is_terminated() && enough && !self.shutdown.is_stopping() {
                receiving = Box::pin(self.receive(pull, free, delay.take())).fuse();
            }
            if receiving.is_terminated() && running.is_empty() {
                return;
            }
            tokio::select! {
                biased;
                Some(()) = running.next(), if !running.is_empty() => {}
                // An open receive is never dropped: what it brings would be hidden from everybody for a visibility timeout.
                received = &mut receiving => match received {
                    Ok(messages) if self.shutdown.is_stopping() => running.push(give_back(messages, pull).boxed_local()),
                    Ok(messages) => {
                        delays.reset();
                        lingered = false;
                        for message in messages {
                            let lease = keeper.hold(&message);
                            let hold = self.busy.hold();
                            let attempt = attempts.run(message, lease).map(move |()| drop(hold));
                            running.push(attempt.boxed_local());
                        }
                    }
                    Err(fault) => {
                        tracing::warn!(lane = %pull.lane, %fault, "failed to receive");
                        delay = Some(delays.next_delay());
                    }
                },
                () = tokio::time::sleep(LINGER), if receiving.is_terminated() && free > 0 && !lingered => {
                    lingered = true;
                }
            }
        }
    }

    async fn receive(
        &self,
        pull: &Pull,
        most: usize,
        delay: Option<Duration>,
    ) -> Result<Vec<Message>, Fault> {
        if let Some(delay) = delay {
            tokio::select! {
                biased;
                () = self.shutdown.stopping() => return Ok(Vec::new()),
                () = tokio::time::sleep(delay) => {}
            }
        }
        pull.queue.receive(most, pull.wait).await
    }
}

/// What a poll brings after the shutdown has begun goes back at once.
async fn give_back(messages: Vec<Message>, pull: &Pull) {
    let changes = messages.into_iter().map(|message| (message.receipt, Duration::ZERO)).collect();
    pull.queue.give_back(changes).await;
}
