//! Keeps a worker's task protected while it should be.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::backoff::{Delays, Policy as Backoff};
use common::metrics::{self, Protected};
use tokio::time::Instant;

use super::busy::Busy;
use super::door::Door;
use super::failure::Failure;
use super::machine::{Ask, Machine, Policy, Step};

/// Between tries. ECS throttles by account and region, and there may be a thousand workers.
const RETRY: Backoff = Backoff { first: Duration::from_secs(2), most: Duration::from_secs(120) };
/// While requests keep failing, it is said so often.
const LOGGED_EVERY: Duration = Duration::from_secs(600);
/// What the release at the end may take: the process has little time left.
const CLOSING_PATIENCE: Duration = Duration::from_secs(2);

/// What has been asked for since the start. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Counts(Arc<[AtomicU64; 2]>);

impl Counts {
    pub fn requests(&self) -> u64 {
        self.0[0].load(Ordering::Relaxed)
    }

    /// Of those, how many failed.
    pub fn failures(&self) -> u64 {
        self.0[1].load(Ordering::Relaxed)
    }
}

/// Protects the task it runs in.
#[derive(Debug)]
pub struct Protection {
    busy: Busy,
    machine: Machine,
    door: Door,
    counts: Counts,
    delays: Delays,
    /// When the failures that go on were last logged.
    logged_at: Option<Instant>,
}

impl Protection {
    pub fn new(policy: Policy, door: Door, busy: Busy) -> Self {
        let (machine, delays) = (Machine::new(policy), Delays::new(RETRY));
        Self { busy, machine, door, counts: Counts::default(), delays, logged_at: None }
    }

    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }

    /// Asks, renews and releases, for as long as it is polled. Dropped in the middle of a request, it goes on knowing that the
    /// request may have taken effect.
    pub async fn run(&mut self) -> Infallible {
        metrics::protecting();
        let busy = self.busy.clone();
        loop {
            let mut changed = std::pin::pin!(busy.changed());
            changed.as_mut().enable();
            match self.machine.step(Instant::now(), busy.oldest(), false) {
                Step::Send(ask) => self.send(ask).await,
                Step::Wait(at) => tokio::select! {
                    () = changed => {}
                    () = sleep_until(at) => {}
                },
            }
        }
    }

    /// Releases it when the work has ended, if that can be done quickly; otherwise it expires.
    pub async fn close(&mut self) {
        let release = async {
            while self.machine.may_be_protected(Instant::now()) {
                match self.machine.step(Instant::now(), None, true) {
                    Step::Send(ask) => self.send(ask).await,
                    Step::Wait(at) => sleep_until(at).await,
                }
            }
        };
        if tokio::time::timeout(CLOSING_PATIENCE, release).await.is_err() {
            tracing::warn!("failed to release the task's protection; it expires by itself");
        }
    }

    async fn send(&mut self, ask: Ask) {
        let sent = self.machine.sending(ask, Instant::now());
        self.counts.0[0].fetch_add(1, Ordering::Relaxed);
        let result = self.door.send(ask).await;
        let now = Instant::now();
        let pause = match &result {
            Ok(()) => {
                tracing::debug!(?ask, "task protection is as asked for");
                metrics::protection(Protected::Done);
                self.delays.reset();
                self.logged_at = None;
                Duration::ZERO
            }
            Err(failure) => {
                self.counts.0[1].fetch_add(1, Ordering::Relaxed);
                metrics::protection(if failure.uncertain { Protected::Unknown } else { Protected::Refused });
                self.log(ask, failure, now);
                self.delays.next_delay()
            }
        };
        self.machine.answered(&sent, now, &result, pause);
    }

    fn log(&mut self, ask: Ask, failure: &Failure, now: Instant) {
        if self.logged_at.is_some_and(|at| now < at + LOGGED_EVERY) {
            return;
        }
        self.logged_at = Some(now);
        let failures = self.counts.failures();
        tracing::warn!(?ask, %failure, failures, "failed to change the task's protection; working on");
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
