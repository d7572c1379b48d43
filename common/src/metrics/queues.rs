//! What is told of queues and leases.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::instruments::now_ms;
use super::label as l;
use super::{Guard, installed, seconds_between};
use crate::fault::Fault;
use crate::queue::{Entry, Message, Queue, Receipt};

/// How a heartbeat ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heartbeat {
    /// The lease goes on.
    Extended {
        /// What was left of the lease when the answer came.
        margin: Duration,
    },
    /// To be sent again.
    Failed,
    /// The message has been deleted, or has been hidden for as long as SQS allows. That another holds it is no reason to refuse.
    Refused,
}

/// How a lease was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    Expired,
    Refused,
}

/// Messages that are being worked on; dropping it takes them off the count.
#[derive(Debug)]
#[must_use = "dropping it ends the count"]
pub struct InFlight(Option<(Arc<str>, i64)>);

impl Drop for InFlight {
    fn drop(&mut self) {
        if let (Some((queue, count)), Some(metrics)) = (self.0.take(), installed()) {
            metrics.in_flight.add(-count, &[&queue]);
        }
    }
}

/// A queue that this process receives from, and how many of its messages it works on at most. Counts begin at zero, not at the first
/// message: an alarm on a rate would miss that one.
pub fn receiving(queue: &Queue, in_flight_max: usize) {
    let Some(metrics) = installed() else { return };
    let label: &str = queue.label();
    metrics.ages.announce(queue.label());
    metrics.in_flight_limit.add(i64::try_from(in_flight_max).unwrap_or(i64::MAX), &[label]);
    metrics.in_flight.add(0, &[label]);
    let zeros = [
        (&metrics.messages, l::ACTIONS),
        (&metrics.receives, l::RECEIVES),
        (&metrics.heartbeats, l::HEARTBEATS),
        (&metrics.leases_lost, l::LOSSES),
    ];
    for (counter, values) in zeros {
        for value in values {
            counter.add(0, &[label, *value]);
        }
    }
}

/// Counts messages as being worked on.
pub fn in_flight(queue: &Queue, count: usize) -> InFlight {
    InFlight(installed().map(|metrics| {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        metrics.in_flight.add(count, &[queue.label()]);
        (Arc::clone(queue.label()), count)
    }))
}

pub(crate) fn received(queue: &Queue, received: &Result<Vec<Message>, Fault>) {
    let Some(metrics) = installed() else { return };
    let outcome = match received {
        Ok(messages) if messages.is_empty() => "empty",
        Ok(_) => "messages",
        Err(_) => "failed",
    };
    metrics.receives.add(1, &[queue.label(), outcome]);
    let Ok(messages) = received else { return };
    if messages.is_empty() {
        return;
    }
    act(queue, "received", messages.len());
    let (now, now_ms) = (Instant::now(), now_ms());
    for message in messages {
        let Some(sent_at_ms) = message.sent_at_ms else { continue };
        let receipt = message.receipt.as_str();
        metrics.ages.received(queue.label(), receipt, sent_at_ms, queue.visibility_timeout(), now);
        if message.receive_count == 1 {
            let waited_s = seconds_between(sent_at_ms, now_ms);
            metrics.queue_wait.record(waited_s, &[queue.label()]);
        }
    }
}

pub(crate) fn sent(queue: &Queue, entries: &[Entry]) {
    act(queue, "sent", entries.iter().filter(|entry| entry.is_ok()).count());
}

pub(crate) fn deleted(queue: &Queue, receipts: &[Receipt], entries: &[Entry]) {
    let Some(metrics) = installed() else { return };
    let done = receipts.iter().zip(entries).filter(|(_, entry)| entry.is_ok());
    let count = done.map(|(receipt, _)| metrics.ages.ended(queue.name(), receipt.as_str())).count();
    act(queue, "deleted", count);
}

pub(crate) fn hidden(queue: &Queue, changes: &[(Receipt, Duration)], entries: &[Entry]) {
    let Some(metrics) = installed() else { return };
    let now = Instant::now();
    for ((receipt, hidden), entry) in changes.iter().zip(entries) {
        if entry.is_ok() {
            let visibility_timeout = queue.visibility_timeout();
            metrics.ages.hidden(queue.name(), receipt.as_str(), *hidden, visibility_timeout, now);
        }
    }
}

pub(crate) fn given_back(queue: &Queue, entries: &[Entry]) {
    act(queue, "given_back", entries.iter().filter(|entry| entry.is_ok()).count());
}

pub(crate) fn parked(queue: &Queue, code: &str) {
    act(queue, "parked", 1);
    if let Some(metrics) = installed() {
        metrics.parked.add(1, &[queue.label(), l::known(code, l::REASONS)]);
    }
}

fn act(queue: &Queue, action: &'static str, count: usize) {
    if let Some(metrics) = installed()
        && count > 0
    {
        metrics.messages.add(count as u64, &[queue.label(), action]);
    }
}

/// A heartbeat was sent, and this became of it.
pub fn heartbeat(queue: &Queue, heartbeat: Heartbeat) {
    let Some(metrics) = installed() else { return };
    let outcome = match heartbeat {
        Heartbeat::Extended { margin } => {
            metrics.lease_margin.record(margin.as_secs_f64(), &[queue.label()]);
            "extended"
        }
        Heartbeat::Failed => "failed",
        Heartbeat::Refused => "refused",
    };
    metrics.heartbeats.add(1, &[queue.label(), outcome]);
}

/// A lease was lost; its work stops.
pub fn lease_lost(queue: &Queue, loss: Loss) {
    let Some(metrics) = installed() else { return };
    let reason = match loss {
        Loss::Expired => "expired",
        Loss::Refused => "refused",
    };
    metrics.leases_lost.add(1, &[queue.label(), reason]);
    super::guarded(Guard::Lease);
}
