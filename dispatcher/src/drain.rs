//! Drains the ingest queue. The only part of the dispatcher that touches queues.
//!
//! For each batch of at most ten messages:
//! 1. receive — a crash after this brings the messages back after their visibility timeout;
//! 2. plan (pure): events, routes;
//! 3. ledger: `queued`, or what is known already — a crash after this leaves items that were never sent; the message comes back
//!    and finds them `queued`, so they are sent then;
//! 4. send to the lanes — a crash after this makes duplicates, which the worker's claim absorbs;
//! 5. park what was not understood; delete what is done. The delete is the commit point. Nothing keeps the messages hidden meanwhile:
//!    what took longer than the visibility timeout is neither deleted nor given back, and comes back as a duplicate.

use std::collections::BTreeMap;
use std::time::Duration;

use common::backoff::{self, Delays};
use common::fault::{Class, Fault};
use common::lane::Lane;
use common::ledger::{Ledger, Queued, Status};
use common::metrics::{self, EventOutcome};
use common::queue::{BATCH_MAX, Message, Outgoing, Queue, Receipt};
use common::routes::Routes;
use common::shutdown::Shutdown;
use common::transfer::Transfer;
use common::{telemetry, wire};
use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use tracing::{Span, field};

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
        metrics::receiving(&self.ingest, pollers * BATCH_MAX);
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
        let _in_flight = metrics::in_flight(&self.ingest, messages.len());
        Counters::add(&self.counters.messages, messages.len());
        let mut works: Vec<Work> = messages.into_iter().map(|message| self.plan(message)).collect();
        let sends = self.queue(&mut works).await;
        self.send(&mut works, sends).await;
        self.settle(works).await;
    }

    fn plan(&self, message: Message) -> Work {
        let span = tracing::info_span!(
            "dispatch",
            message_id = message.id,
            trace_id = field::Empty,
            span_id = field::Empty,
            otel.kind = "consumer"
        );
        telemetry::follow(&span, &message, &self.ingest);
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
        for (outcome, count) in [
            (EventOutcome::Created, plan.created),
            (EventOutcome::Ignored, plan.ignored.len()),
            (EventOutcome::Unrouted, plan.unrouted.len()),
            (EventOutcome::Malformed, plan.malformed),
        ] {
            metrics::events(outcome, count);
        }
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
                Ok(Queued::New) => {
                    metrics::state(&send.transfer, &send.lane, Status::Queued);
                    sends.push(send);
                }
                Ok(Queued::Again) => sends.push(send),
                Ok(Queued::Beyond(status)) => {
                    Counters::add(&self.counters.duplicates, 1);
                    metrics::events(EventOutcome::Duplicate, 1);
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
        let mut transfers_of = vec![0_usize; works.len()];
        for send in sends {
            transfers_of.get_mut(send.work).into_iter().for_each(|count| *count += 1);
            by_lane.entry(send.lane.clone()).or_default().push(send);
        }
        let fans_out = |work: usize| transfers_of.get(work).is_some_and(|count| *count > 1);
        let spans: Vec<Span> = works.iter().map(|work| work.span.clone()).collect();
        let sending = by_lane.into_iter().map(|(lane, sends)| {
            let queue = self.lanes.get(&lane);
            let outgoing = |send: &Send| {
                let work = spans.get(send.work).cloned().unwrap_or_else(Span::none);
                outgoing(&send.transfer, queue, &work, fans_out(send.work))
            };
            let (sending, messages): (Vec<Span>, Vec<Outgoing>) = sends.iter().map(outgoing).unzip();
            async move {
                let entries = match queue {
                    Some(queue) => queue.send(&messages).await,
                    // The rules were checked against these very lanes; without a queue nothing is sent, so nothing is deleted.
                    None => vec![
                        Err(Fault::new(Class::Invalid, "SendMessageBatch", "NoSuchLane"));
                        messages.len()
                    ],
                };
                for (span, entry) in sending.iter().zip(&entries) {
                    entry.as_ref().err().into_iter().for_each(|f| telemetry::failed(span, f.class.as_str()));
                }
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
                        telemetry::failed(&work.span, &reason.code);
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
                    telemetry::failed(&work.span, fault.class.as_str());
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
        self.ingest.give_back(messages).await;
    }
}

/// The message of one transfer, and the span that lasts as long as it is being sent. `work` is the span of its event.
fn outgoing(transfer: &Transfer, queue: Option<&Queue>, work: &Span, fans_out: bool) -> (Span, Outgoing) {
    let mut attributes = BTreeMap::new();
    let span = queue.map_or_else(Span::none, |queue| telemetry::sending(work, queue));
    telemetry::inject(&span, fans_out.then_some(work), &mut attributes);
    (span, Outgoing { body: wire::encode(transfer), attributes, group: Some(transfer.customer.clone()) })
}
