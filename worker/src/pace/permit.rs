//! The permits, as async code takes them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::fault::{Class as FaultClass, Fault};
use common::metrics;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::budget::Budget;
use super::schedule::{Ask, Class, Schedule};
use crate::outcome::End;

/// A worker's pace; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Pace(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    schedule: Mutex<Schedule<oneshot::Sender<()>>>,
    begun: Instant,
}

/// What a stream needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) class: Class,
    pub(crate) source: &'a str,
    /// `None` for bytes that are only read.
    pub(crate) target: Option<&'a str>,
    /// What it may have in buffers.
    pub(crate) bytes: u64,
}

/// Whose answer it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Source,
    Target,
}

/// One stream under way. Dropping it gives back what it took.
#[derive(Debug)]
pub(crate) struct Permit {
    pace: Pace,
    ticket: u64,
    ask: Ask,
    /// When it began.
    since: Duration,
}

impl Pace {
    pub(crate) fn new(budget: Budget) -> Self {
        let schedule = Schedule::new(budget);
        tell(&schedule);
        Self(Arc::new(Shared { schedule: Mutex::new(schedule), begun: Instant::now() }))
    }

    /// Waits until a stream may begin. Dropping the wait leaves the line.
    pub(crate) async fn permit(&self, wanted: Wanted<'_>) -> Permit {
        let (mut permit, waiting) = self.join(wanted);
        if let Some(waiting) = waiting {
            // The sender is dropped only together with the permit.
            let _ = waiting.await;
            permit.since = self.now();
        }
        permit
    }

    fn join(&self, wanted: Wanted<'_>) -> (Permit, Option<oneshot::Receiver<()>>) {
        let mut schedule = self.lock();
        let source = schedule.bucket(wanted.source);
        let target = schedule.bucket(wanted.target.unwrap_or(wanted.source));
        let bytes = wanted.bytes.min(schedule.bytes_max());
        let ask = Ask { class: wanted.class, buckets: [source, target], bytes };
        let permit = Permit { pace: self.clone(), ticket: schedule.ticket(), ask, since: self.now() };
        if schedule.begin_at_once(ask) {
            tell(&schedule);
            return (permit, None);
        }
        let (wake, waiting) = oneshot::channel();
        schedule.wait(permit.ticket, ask, wake);
        let woken = schedule.serve();
        tell(&schedule);
        drop(schedule);
        wake_all(woken);
        (permit, Some(waiting))
    }

    fn now(&self) -> Duration {
        self.0.begun.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, Schedule<oneshot::Sender<()>>> {
        self.0.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Tells the window of one side how its request was answered. Only throttles and successes say anything about it.
    pub(crate) fn heard(&self, side: Side, fault: Option<&Fault>) {
        let [source, target] = self.ask.buckets;
        let bucket = if side == Side::Source { source } else { target };
        match fault {
            None => self.pace.lock().succeeded(bucket, self.since),
            Some(fault) if fault.class == FaultClass::Throttled => {
                let now = self.pace.now();
                let size = self.pace.lock().throttled(bucket, self.since, now);
                if let Some(streams) = size {
                    tracing::debug!(?side, streams, "throttled: fewer streams at a time");
                }
            }
            Some(_) => {}
        }
    }

    /// [`Self::heard`], for what has become an end already.
    pub(crate) fn heard_end<T>(&self, side: Side, result: &Result<T, End>) {
        match result {
            Ok(_) => self.heard(side, None),
            Err(End::Passing(fault)) => self.heard(side, Some(fault)),
            Err(_) => {}
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut schedule = self.pace.lock();
        schedule.end(self.ticket, self.ask);
        let woken = schedule.serve();
        tell(&schedule);
        drop(schedule);
        wake_all(woken);
    }
}

fn tell<W>(schedule: &Schedule<W>) {
    let (streams, waiting, bytes) = schedule.levels();
    metrics::pace(streams, waiting, bytes);
}

fn wake_all(woken: Vec<oneshot::Sender<()>>) {
    for wake in woken {
        // Whoever is gone gives back what it was granted when its permit is dropped.
        let _ = wake.send(());
    }
}
