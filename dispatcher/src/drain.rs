//! Drains the ingest queue. The only part of the dispatcher that touches queues.
//!
//! For each batch of at most ten messages:
//! 1. receive — a crash after this brings the messages back after their visibility timeout;
//! 2. plan (pure): events, routes;
//! 3. ledger: `queued`, or what is known already — a crash after this leaves items that were never sent; the message comes back
//!    and finds them `queued`, so they are sent then;
//! 4. send to the lanes — a crash after this makes duplicates, which the worker's claim absorbs;
//! 5. park what was not understood; delete what is done. The delete is the commit point.

use std::collections::BTreeMap;
use std::time::Duration;

use common::backoff::{self, Delays};
use common::fault::{Class, Fault};
use common::lane::Lane;
use common::ledger::{Ledger, Queued};
use common::queue::{BATCH_MAX, Message, Outgoing, Queue, Receipt};
use common::routes::Routes;
use common::shutdown::Shutdown;
use common::transfer::Transfer;
use common::{telemetry, wire};
use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use tracing::Span;

use crate::Counters;
use crate::event;
use crate::plan::Plan;

/// Ledger writes in flight for one batch. A message with a thousand records must not open a thousand connections.
const LEDGER_WRITES_MAX: usize = 32;

/// Drains one ingest queue into lanes.
#[derive(Debug)]
pub struct Drain {
    ingest: Queue,
    lanes: BTreeMap<Lane, Queue>,
    ledger: Ledger,
    routes: Routes,
    wait: Duration,
    shutdown: Shutdown,
    counters: Counters,
}

/// One message on its way through.
struct Work {
    message: Message,
    plan: Plan,
    span: Span,
    /// What keeps the message from being deleted.
    fault: Option<Fault>,
}

/// One transfer to send, and which message asked for it.
struct Send {
    work: usize,
    lane: Lane,
    transfer: Transfer,
}

impl Drain {
    pub fn new(
        ingest: Queue,
        lanes: BTreeMap<Lane, Queue>,
        ledger: Ledger,
        routes: Routes,
        wait: Duration,
        shutdown: Shutdown,
    ) -> Self {
        Self { ingest, lanes, ledger, routes, wait, shutdown, counters: Counters::default() }
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Drains with `pollers` polls open at a time, until the shutdown begins and every open poll has ended.
    pub async fn run(&self, pollers: usize) {
        join_all((0..pollers).map(|_| self.poll())).await;
    }

    async fn poll(&self) {
        let mut delays = Delays::new(backoff::POLL);
        while !self.shutdown.is_stopping() {
            match self.ingest.receive(BATCH_MAX, self.wait).await {
                Ok(messages) => {
                    delays.reset();
                    if self.shutdown.is_aborting() {
                        let receipts = messages.into_iter().map(|message| (message.receipt, Duration::ZERO));
                        self.release(receipts.collect()).await;
                    } else if !messages.is_empty() {
                        Box::pin(self.dispatch(messages)).await;
                    }
                }
                Err(fault) => {
                    tracing::warn!(%fault, "failed to receive from the ingest queue");
                    tokio::select! {
                        biased;
                        () = self.shutdown.stopping() => {}
                        () = tokio::time::sleep(delays.next_delay()) => {}
                    }
                }
            }
        }
    }

    /// Dispatches one batch.
    pub async fn dispatch(&self, messages: Vec<Message>) {
        Counters::add(&self.counters.messages, messages.len());
        let mut works: Vec<Work> = messages.into_iter().map(|message| self.plan(message)).collect();
        let sends = self.queue(&mut works).await;
        self.send(&mut works, sends).await;
        self.settle(works).await;
    }

    fn plan(&self, message: Message) -> Work {
        let span = tracing::info_span!("dispatch", message_id = message.id, otel.kind = "consumer");
        telemetry::follow(&span, &message.attributes);
        let plan = span.in_scope(|| {
            let plan = Plan::of(event::parse(&message.body), &self.routes);
            for why in &plan.ignored {
                tracing::debug!(why, "ignored an event");
            }
            for unrouted in &plan.unrouted {
                tracing::info!(
                    bucket = unrouted.bucket,
                    source_key_hash = unrouted.source_key_hash,
                    why = unrouted.explanation,
                    "no rule wants the file"
                );
            }
            plan
        });
        Counters::add(&self.counters.events, plan.created);
        Counters::add(&self.counters.ignored, plan.ignored.len());
        Counters::add(&self.counters.unrouted, plan.unrouted.len());
        Work { message, plan, span, fault: None }
    }

    /// Step 3. What comes back is to be sent.
    async fn queue(&self, works: &mut [Work]) -> Vec<Send> {
        let wanted = works.iter_mut().enumerate().flat_map(|(work, Work { plan, .. })| {
            plan.transfers.drain(..).map(move |(lane, transfer)| Send { work, lane, transfer })
        });
        let wanted: Vec<Send> = wanted.collect();
        let written = stream::iter(wanted)
            .map(|send| async move {
                let written = self.ledger.queue(&send.transfer, &send.lane).await;
                (send, written)
            })
            .buffered(LEDGER_WRITES_MAX)
            .collect::<Vec<_>>()
            .await;
        let mut sends = Vec::with_capacity(written.len());
        for (send, written) in written {
            let Some(work) = works.get_mut(send.work) else { continue };
            match written {
                Ok(Queued::New | Queued::Again) => sends.push(send),
                Ok(Queued::Beyond(status)) => {
                    Counters::add(&self.counters.duplicates, 1);
                    work.span.in_scope(
                        || tracing::debug!(transfer = %send.transfer.id, %status, "a duplicate event"),
                    );
                }
                Err(fault) => work.fault = Some(fault),
            }
        }
        sends
    }

    /// Step 4, lane by lane: one lane's trouble does not keep the others from being served.
    async fn send(&self, works: &mut [Work], sends: Vec<Send>) {
        let mut by_lane: BTreeMap<Lane, Vec<Send>> = BTreeMap::new();
        for send in sends {
            by_lane.entry(send.lane.clone()).or_default().push(send);
        }
        let spans: Vec<Span> = works.iter().map(|work| work.span.clone()).collect();
        let sending = by_lane.into_iter().map(|(lane, sends)| {
            let messages =
                sends.iter().map(|send| outgoing(&send.transfer, spans.get(send.work))).collect::<Vec<_>>();
            async move {
                let entries = match self.lanes.get(&lane) {
                    Some(queue) => queue.send(&messages).await,
                    // The rules were checked against these very lanes; without a queue nothing is sent, so nothing is deleted.
                    None => vec![
                        Err(Fault::new(Class::Invalid, "SendMessageBatch", "NoSuchLane"));
                        messages.len()
                    ],
                };
                sends.into_iter().zip(entries).collect::<Vec<_>>()
            }
        });
        for (send, entry) in join_all(sending).await.into_iter().flatten() {
            let Some(work) = works.get_mut(send.work) else { continue };
            match entry {
                Ok(()) => {
                    Counters::add(&self.counters.sent, 1);
                    let Send { lane, transfer, .. } = send;
                    work.span.in_scope(
                        || tracing::info!(transfer = %transfer.id, %lane, rule = transfer.rule, "queued"),
                    );
                }
                Err(fault) => work.fault = Some(fault),
            }
        }
    }

    /// Step 5.
    async fn settle(&self, works: Vec<Work>) {
        let parked = join_all(works.into_iter().map(async |mut work| {
            if let (Some(reason), None) = (&work.plan.park, &work.fault) {
                match self.ingest.send_to_dead_letters(&work.message, reason).await {
                    Ok(()) => {
                        Counters::add(&self.counters.parked, 1);
                        work.span.in_scope(|| {
                            tracing::warn!(code = reason.code, reason = reason.message, "parked a message");
                        });
                    }
                    Err(fault) => work.fault = Some(fault),
                }
            }
            work
        }));
        let (mut done, mut given_back): (Vec<Receipt>, Vec<(Receipt, Duration)>) = Default::default();
        for work in parked.await {
            match work.fault {
                None => done.push(work.message.receipt),
                Some(fault) => {
                    work.span
                        .in_scope(|| tracing::warn!(%fault, "failed to dispatch a message; giving it back"));
                    let delay =
                        backoff::delay_for(backoff::RELEASE, work.message.receive_count.saturating_sub(1));
                    given_back.push((work.message.receipt, delay));
                }
            }
        }
        for fault in self.ingest.delete(&done).await.into_iter().filter_map(Result::err) {
            tracing::warn!(%fault, "failed to delete a dispatched message; it will come back as a duplicate");
        }
        self.release(given_back).await;
    }

    async fn release(&self, messages: Vec<(Receipt, Duration)>) {
        if messages.is_empty() {
            return;
        }
        Counters::add(&self.counters.released, messages.len());
        self.ingest.give_back(&messages).await;
    }
}

fn outgoing(transfer: &Transfer, span: Option<&Span>) -> Outgoing {
    let mut attributes = BTreeMap::new();
    if let Some(span) = span {
        telemetry::inject(span, &mut attributes);
    }
    Outgoing { body: wire::encode(transfer), attributes, group: Some(transfer.customer.clone()) }
}
