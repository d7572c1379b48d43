//! Keeps the leases of one lane alive: one batch request for up to ten heartbeats that are due.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use common::fault::{Class, Fault};
use common::metrics::{self, Heartbeat, Loss};
use common::queue::{BATCH_MAX, Message, Queue, Receipt};
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Timing;

/// Heartbeat requests in flight at a time; a request that hangs must not keep the others' leases from being extended.
const REQUESTS_MAX: usize = 8;

/// Keeps leases. [`Keeper::run`] must be polled beside the work.
#[derive(Debug)]
pub struct Keeper {
    queue: Queue,
    timing: Timing,
    state: Mutex<State>,
    /// A lease was added, or a heartbeat came back.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    next_id: u64,
    held: BTreeMap<u64, Held>,
}

#[derive(Debug)]
struct Held {
    /// Of the receive, or of the last good heartbeat.
    receipt: Receipt,
    beat_at: Instant,
    hand_over_at: Instant,
    /// A heartbeat is on its way.
    beating: bool,
    lost: CancellationToken,
    hand_over: CancellationToken,
}

/// The right to work on one message. Dropped unsettled, it lets the message come back.
#[derive(Debug)]
pub struct Lease {
    keeper: Arc<Keeper>,
    id: u64,
    lost: CancellationToken,
    hand_over: CancellationToken,
}

struct Beat {
    ids: Vec<u64>,
    start: Instant,
    extended: Vec<Result<Receipt, Fault>>,
}

impl Keeper {
    /// `queue` speaks through a client of its own.
    pub fn new(queue: Queue) -> Self {
        let timing = Timing::new(queue.visibility_timeout());
        Self { queue, timing, state: Mutex::default(), changed: Notify::new() }
    }

    /// Takes a message's lease over. It counts from before the receive was sent.
    pub fn hold(self: &Arc<Self>, message: &Message) -> Lease {
        let (lost, hand_over) = (CancellationToken::new(), CancellationToken::new());
        let held = Held {
            receipt: message.receipt.clone(),
            beat_at: self.timing.beat_at(message.received_after, fastrand::f64()),
            hand_over_at: self.timing.hand_over_at(message.received_after),
            beating: false,
            lost: lost.clone(),
            hand_over: hand_over.clone(),
        };
        // The process stood still while the message came: another worker may hold it already.
        if held.receipt.is_void() {
            metrics::lease_lost(&self.queue, Loss::Expired);
            lost.cancel();
        }
        let mut state = self.state();
        let id = state.next_id;
        state.next_id += 1;
        state.held.insert(id, held);
        drop(state);
        self.changed.notify_waiters();
        Lease { keeper: Arc::clone(self), id, lost, hand_over }
    }

    /// Beats for ever.
    pub async fn run(&self) {
        let mut beats = FuturesUnordered::new();
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let now = Instant::now();
            self.end_what_is_over(now);
            while beats.len() < REQUESTS_MAX
                && let Some((ids, receipts)) = self.due(now)
            {
                beats.push(self.beat(ids, receipts));
            }
            let wake_at = self.next_wake(beats.len() < REQUESTS_MAX);
            tokio::select! {
                biased;
                Some(beat) = beats.next(), if !beats.is_empty() => self.came_back(beat),
                () = changed => {}
                () = sleep_until(wake_at) => {}
            }
        }
    }

    async fn beat(&self, ids: Vec<u64>, receipts: Vec<Receipt>) -> Beat {
        let start = Instant::now();
        Beat { ids, start, extended: self.queue.extend(&receipts).await }
    }

    /// Ends the leases that are over, whether or not heartbeats are on their way.
    fn end_what_is_over(&self, now: Instant) {
        for held in self.state().held.values() {
            if held.receipt.void_at() <= now && !held.lost.is_cancelled() {
                tracing::warn!("a lease ran out before a heartbeat came through; stopping its work");
                metrics::lease_lost(&self.queue, Loss::Expired);
                held.lost.cancel();
            }
            if held.hand_over_at <= now {
                held.hand_over.cancel();
            }
        }
    }

    /// Once one heartbeat is due, picks up to ten that are due soon: they share a request.
    fn due(&self, now: Instant) -> Option<(Vec<u64>, Vec<Receipt>)> {
        let mut state = self.state();
        let waits =
            |held: &Held| !held.beating && !held.lost.is_cancelled() && !held.hand_over.is_cancelled();
        if !state.held.values().any(|held| waits(held) && held.beat_at <= now) {
            return None;
        }
        let soon = now + self.timing.visibility_timeout() / 15;
        let due = state.held.iter_mut().filter(|(_, held)| waits(held) && held.beat_at <= soon);
        let (mut ids, mut receipts) = (Vec::new(), Vec::new());
        for (id, held) in due.take(BATCH_MAX) {
            held.beating = true;
            ids.push(*id);
            receipts.push(held.receipt.clone());
        }
        (!ids.is_empty()).then_some((ids, receipts))
    }

    /// Without a free request, a heartbeat that is due waits for one to come back, not for a time that has passed.
    fn next_wake(&self, may_beat: bool) -> Option<Instant> {
        let state = self.state();
        let alive = state.held.values().filter(|held| !held.lost.is_cancelled());
        let wakes = alive.map(|held| {
            let ends = held.receipt.void_at().min(held.hand_over_at);
            match (held.hand_over.is_cancelled(), held.beating || !may_beat) {
                (true, _) => held.receipt.void_at(),
                (false, true) => ends,
                (false, false) => ends.min(held.beat_at),
            }
        });
        wakes.min()
    }

    fn came_back(&self, beat: Beat) {
        let now = Instant::now();
        let mut state = self.state();
        for (id, extended) in beat.ids.into_iter().zip(beat.extended) {
            let Some(held) = state.held.get_mut(&id) else { continue };
            held.beating = false;
            match extended {
                // SQS extends what another worker holds by now, too: an answer that comes too late says nothing.
                _ if held.receipt.is_void() => metrics::heartbeat(&self.queue, Heartbeat::Failed),
                Ok(receipt) => {
                    let margin = held.receipt.void_at().saturating_duration_since(now);
                    metrics::heartbeat(&self.queue, Heartbeat::Extended { margin });
                    held.receipt = receipt;
                    held.beat_at = self.timing.beat_at(beat.start, fastrand::f64());
                }
                Err(fault) if fault.is_passing() || fault.class == Class::Denied => {
                    tracing::warn!(%fault, "failed to send a heartbeat; trying again");
                    metrics::heartbeat(&self.queue, Heartbeat::Failed);
                    held.beat_at = self.timing.retry_at(now);
                }
                // The message has been deleted, or SQS hides it no longer: either way there is nothing to hold on to. That another
                // worker holds it, SQS does not say.
                Err(fault) => {
                    tracing::warn!(%fault, "a heartbeat was refused; stopping its work");
                    metrics::heartbeat(&self.queue, Heartbeat::Refused);
                    if !held.lost.is_cancelled() {
                        metrics::lease_lost(&self.queue, Loss::Refused);
                    }
                    held.lost.cancel();
                }
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is one statement: a panic in between leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl Lease {
    /// Resolves when another worker may hold the message: stop, and write nothing.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }

    pub fn is_lost(&self) -> bool {
        self.lost.is_cancelled()
    }

    /// Resolves when the message has to be given back with its progress, because it cannot be held much longer.
    pub async fn hand_over(&self) {
        self.hand_over.cancelled().await;
    }

    /// Ends the heartbeats and waits for one that is on its way: a heartbeat that arrives after a give-back would hide the message
    /// again. Then the message may be deleted or given back under the receipt, until that is void.
    ///
    /// `None` when the lease is lost: nothing may be sent for the message any more.
    pub async fn end(self) -> Option<Receipt> {
        loop {
            let changed = self.keeper.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.keeper.state();
                let held = state.held.get_mut(&self.id)?;
                if held.lost.is_cancelled() || held.receipt.is_void() {
                    return None;
                }
                if !held.beating {
                    return Some(held.receipt.clone());
                }
                held.beat_at = held.receipt.void_at();
            }
            tokio::select! {
                biased;
                () = self.lost.cancelled() => return None,
                () = changed => {}
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.keeper.state().held.remove(&self.id);
    }
}
