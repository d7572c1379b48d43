//! Sending, deleting and changing visibility, in batches whose entries succeed or fail one by one.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
    MessageAttributeValue, MessageSystemAttributeNameForSends::AwsTraceHeader, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry,
};
use tokio::time::Instant;

use super::receipt::before;
use super::{BATCH_MAX, Queue, Receipt, TRACEPARENT};
use crate::backoff::{self, Delays};
use crate::fault::{Class, Fault};
use crate::metrics;
use crate::telemetry::xray;

/// The most that one batch may carry, bodies and attributes together.
const BATCH_BYTES_MAX: usize = 1_048_576;

/// Tries of a give-back that SQS throttles.
const GIVE_BACK_TRIES_MAX: usize = 4;
/// The code of a request that was not sent, or not waited for, because a receipt was void.
pub const LEASE_VOID: &str = "lease_void";

/// What became of one entry, in the order given.
pub type Entry = Result<(), Fault>;

/// One message to send.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub body: String,
    /// String attributes.
    pub attributes: BTreeMap<String, String>,
    /// Turns on fair queues: a noisy tenant does not starve the others. On a FIFO queue, the messages that keep their order.
    pub group: Option<String>,
    /// What a second send of the same message has in common with the first, and no other message has. Only a FIFO queue uses it: it
    /// drops the second for five minutes.
    pub send_id: Option<String>,
}

impl Outgoing {
    fn len_bytes(&self) -> usize {
        let attributes =
            self.attributes.iter().map(|(name, value)| name.len() + value.len() + "String".len());
        self.body.len() + attributes.sum::<usize>()
    }
}

impl Queue {
    /// Sends messages. An entry whose fault [is uncertain](Fault::is_uncertain) may have been sent.
    pub async fn send(&self, messages: &[Outgoing]) -> Vec<Entry> {
        let all: Vec<&Outgoing> = messages.iter().collect();
        let results = if self.fifo { self.send_in_order(&all).await } else { self.send_batches(&all).await };
        metrics::queues::sent(self, &results);
        results
    }

    pub(super) async fn send_batches(&self, messages: &[&Outgoing]) -> Vec<Entry> {
        let mut results = Vec::with_capacity(messages.len());
        let mut rest = messages;
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(batch_len(rest));
            results.extend(self.send_batch(batch).await);
            rest = after;
        }
        results
    }

    async fn send_batch(&self, batch: &[&Outgoing]) -> Vec<Entry> {
        const OPERATION: &str = "SendMessageBatch";
        let mut request = self.client.send_message_batch().queue_url(&self.url);
        for (index, message) in batch.iter().enumerate() {
            let mut entry =
                SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(&message.body);
            for (name, value) in &message.attributes {
                if let Some(value) = string_attribute(value) {
                    entry = entry.message_attributes(name, value);
                }
            }
            if let Some(header) = trace_header(&message.attributes) {
                entry = entry.message_system_attributes(AwsTraceHeader, header);
            }
            let send_id = message.send_id.clone().filter(|_| self.fifo);
            let entry = entry
                .set_message_group_id(message.group.clone())
                .set_message_deduplication_id(send_id)
                .build();
            match entry {
                Ok(entry) => request = request.entries(entry),
                Err(_) => return all(batch.len(), &Fault::new(Class::Invalid, OPERATION, "request")),
            }
        }
        match request.send().await {
            Ok(reply) => by_entry(
                OPERATION,
                batch.len(),
                reply.successful.iter().map(|entry| &*entry.id),
                &reply.failed,
            ),
            Err(error) => all(batch.len(), &Fault::of(OPERATION, &error)),
        }
    }

    /// Deletes messages that are done. Success proves nothing: SQS may delete nothing under an old handle.
    pub async fn delete(&self, receipts: &[Receipt]) -> Vec<Entry> {
        const OPERATION: &str = "DeleteMessageBatch";
        let deleted = in_batches(
            OPERATION,
            receipts,
            |receipt| receipt,
            async |batch: &[&Receipt]| {
                let entries = batch.iter().enumerate().map(|(index, receipt)| {
                    DeleteMessageBatchRequestEntry::builder()
                        .id(index.to_string())
                        .receipt_handle(receipt.as_str())
                        .build()
                });
                let entries = built(OPERATION, entries)?;
                let request =
                    self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
                let reply = request.send().await.map_err(|error| Fault::of(OPERATION, &error))?;
                Ok(by_entry(
                    OPERATION,
                    batch.len(),
                    reply.successful.iter().map(|entry| &*entry.id),
                    &reply.failed,
                ))
            },
        )
        .await;
        metrics::queues::deleted(self, receipts, &deleted);
        deleted
    }

    /// Heartbeats: hides each message for another visibility timeout. A good one gives the receipt to go on with.
    pub async fn extend(&self, receipts: &[Receipt]) -> Vec<Result<Receipt, Fault>> {
        let mut extended = Vec::with_capacity(receipts.len());
        for batch in receipts.chunks(BATCH_MAX) {
            let start = Instant::now();
            let change = |receipt: &Receipt| (receipt.clone(), self.visibility_timeout);
            let entries = self.change_visibility(&batch.iter().map(change).collect::<Vec<_>>()).await;
            let longer = |receipt: &Receipt| receipt.extended(start, self.visibility_timeout);
            extended
                .extend(batch.iter().zip(entries).map(|(receipt, entry)| entry.map(|()| longer(receipt))));
        }
        extended
    }

    /// Gives messages back, each to be visible after its delay. One that fails is logged and comes back by itself.
    ///
    /// What SQS throttles is tried again, for it had no effect. Nothing else is: the message may be visible already, and another
    /// worker's when the second try comes.
    pub async fn give_back(&self, mut messages: Vec<(Receipt, Duration)>) {
        let mut delays = Delays::new(backoff::REQUEST);
        for tries in 1..=GIVE_BACK_TRIES_MAX {
            let entries = self.change_visibility(&messages).await;
            metrics::queues::given_back(self, &entries);
            let mut throttled = Vec::new();
            for (message, entry) in messages.into_iter().zip(entries) {
                match entry {
                    Ok(()) => {}
                    Err(fault) if fault.class == Class::Throttled && tries < GIVE_BACK_TRIES_MAX => {
                        throttled.push(message);
                    }
                    Err(fault) => tracing::warn!(
                        %fault, "failed to give a message back; it comes back after its visibility timeout"
                    ),
                }
            }
            if throttled.is_empty() {
                return;
            }
            messages = throttled;
            tokio::time::sleep(delays.next_delay()).await;
        }
    }

    /// Hides each message for a time counted from now. One try: the SDK knows nothing of receipts.
    async fn change_visibility(&self, changes: &[(Receipt, Duration)]) -> Vec<Entry> {
        const OPERATION: &str = "ChangeMessageVisibilityBatch";
        let changed = in_batches(
            OPERATION,
            changes,
            |change| &change.0,
            async |batch: &[&(Receipt, Duration)]| {
                let entries = batch.iter().enumerate().map(|(index, (receipt, visibility_timeout))| {
                    ChangeMessageVisibilityBatchRequestEntry::builder()
                        .id(index.to_string())
                        .receipt_handle(receipt.as_str())
                        .visibility_timeout(i32::try_from(visibility_timeout.as_secs()).unwrap_or(i32::MAX))
                        .build()
                });
                let entries = built(OPERATION, entries)?;
                let request = self
                    .client
                    .change_message_visibility_batch()
                    .queue_url(&self.url)
                    .set_entries(Some(entries));
                let once = aws_sdk_sqs::config::Builder::new().retry_config(RetryConfig::disabled());
                let reply = request.customize().config_override(once).send().await;
                let reply = reply.map_err(|error| Fault::of(OPERATION, &error))?;
                Ok(by_entry(
                    OPERATION,
                    batch.len(),
                    reply.successful.iter().map(|entry| &*entry.id),
                    &reply.failed,
                ))
            },
        )
        .await;
        metrics::queues::hidden(self, changes, &changed);
        changed
    }
}

/// Sends items in batches of at most ten; a batch that fails as a whole fails for each of its items. What has become void is left out,
/// and a batch ends when its first receipt becomes void.
async fn in_batches<T>(
    operation: &'static str,
    items: &[T],
    receipt: impl Fn(&T) -> &Receipt,
    send: impl AsyncFn(&[&T]) -> Result<Vec<Entry>, Fault>,
) -> Vec<Entry> {
    let mut results = Vec::with_capacity(items.len());
    for batch in items.chunks(BATCH_MAX) {
        let is_live: Vec<bool> = batch.iter().map(|item| !receipt(item).is_void()).collect();
        let live: Vec<&T> =
            batch.iter().zip(&is_live).filter_map(|(item, live)| live.then_some(item)).collect();
        let mut sent = match live.iter().map(|item| receipt(item).void_at()).min() {
            None => Vec::new(),
            Some(void_at) => match before(void_at, send(&live)).await {
                Some(reply) => reply.unwrap_or_else(|fault| all(live.len(), &fault)),
                // It may be on its way.
                None => all(live.len(), &Fault::new(Class::Transient, operation, LEASE_VOID)),
            },
        }
        .into_iter();
        let unsent = || Err(Fault::new(Class::Precondition, operation, LEASE_VOID));
        results.extend(is_live.into_iter().map(|is_live| {
            let entry = if is_live { sent.next() } else { None };
            entry.unwrap_or_else(unsent)
        }));
    }
    results
}

/// The entries of a request, all of which have their required members.
fn built<T, E>(
    operation: &'static str,
    entries: impl Iterator<Item = Result<T, E>>,
) -> Result<Vec<T>, Fault> {
    entries.collect::<Result<_, _>>().map_err(|_| Fault::new(Class::Invalid, operation, "request"))
}

/// The trace context in X-Ray's form, so that AWS's own tools follow the trace too. It counts neither as an attribute nor against the
/// message's size.
pub(super) fn trace_header(attributes: &BTreeMap<String, String>) -> Option<MessageSystemAttributeValue> {
    let header = xray::header(attributes.get(TRACEPARENT)?)?;
    MessageSystemAttributeValue::builder().data_type("String").string_value(header).build().ok()
}

pub(super) fn string_attribute(value: &str) -> Option<MessageAttributeValue> {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().ok()
}

/// How many of the first messages fit into one batch; at least one, whatever its size.
fn batch_len(messages: &[&Outgoing]) -> usize {
    let mut bytes = 0;
    let fitting = messages.iter().take(BATCH_MAX).take_while(|message| {
        bytes += message.len_bytes();
        bytes <= BATCH_BYTES_MAX
    });
    fitting.count().max(1)
}

fn all(count: usize, fault: &Fault) -> Vec<Entry> {
    vec![Err(fault.clone()); count]
}

/// Sorts a batch reply by entry. An entry that the reply does not mention is uncertain.
fn by_entry<'a>(
    operation: &'static str,
    count: usize,
    successful: impl Iterator<Item = &'a str>,
    failed: &[BatchResultErrorEntry],
) -> Vec<Entry> {
    let mut results = all(count, &Fault::new(Class::Transient, operation, "reply"));
    let mut put = |id: &str, entry: Entry| {
        if let Some(slot) = id.parse().ok().and_then(|index: usize| results.get_mut(index)) {
            *slot = entry;
        }
    };
    successful.for_each(|id| put(id, Ok(())));
    for entry in failed {
        let status = if entry.sender_fault() { 400 } else { 500 };
        put(entry.id(), Err(Fault::from_reply(operation, status, entry.code())));
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(len: usize) -> Outgoing {
        Outgoing { body: "x".repeat(len), attributes: BTreeMap::new(), group: None, send_id: None }
    }

    #[test]
    fn batches_are_bounded_by_count_and_by_bytes() {
        assert_eq!(batch_len(&[&outgoing(10); 25]), 10);
        assert_eq!(batch_len(&[&outgoing(400_000); 5]), 2);
        assert_eq!(batch_len(&[&outgoing(2_000_000)]), 1);
    }

    #[test]
    fn an_entry_that_the_reply_forgets_is_uncertain() {
        let failed =
            BatchResultErrorEntry::builder().id("1").code("Throttled").sender_fault(false).build().unwrap();
        let entries = by_entry("SendMessageBatch", 3, ["0"].into_iter(), &[failed]);
        assert!(entries[0].is_ok());
        assert!(entries[1].as_ref().is_err_and(|fault| fault.code == "Throttled"));
        assert!(entries[2].as_ref().is_err_and(Fault::is_uncertain));
    }
}
