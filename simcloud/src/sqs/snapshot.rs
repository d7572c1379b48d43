//! All queues as one JSON value and back, so that `drayage local --data` survives a restart.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Sqs;
use super::attributes::QueueAttributes;
use super::message::{Content, Envelope};
use super::queue::Queue;

#[derive(Debug, Serialize, Deserialize)]
struct SavedQueue {
    name: String,
    id: u64,
    created_at_ms: u64,
    modified_at_ms: u64,
    attributes: QueueAttributes,
    tags: BTreeMap<String, String>,
    messages: Vec<SavedMessage>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedMessage {
    content: Content,
    sent_at_ms: u64,
    first_received_at_ms: Option<u64>,
    receive_count: u32,
    dead_letter_source: Option<String>,
    delayed_until_ms: Option<u64>,
}

impl Sqs {
    /// Everything there is: queues, attributes, tags, messages. Who holds a message is not part of it.
    pub(crate) fn snapshot(&self) -> Value {
        let saved: Vec<_> = {
            let mut queues = self.lock();
            let now_ms = self.clock.unix_ms();
            queues.values_mut().for_each(|queue| queue.advance(now_ms));
            queues.iter().map(|(name, queue)| (save(name, queue), contents(queue))).collect()
        };
        let whole = |(queue, messages): (SavedQueue, Vec<(Envelope, Option<u64>)>)| SavedQueue {
            messages: messages.into_iter().map(|(envelope, until)| save_message(envelope, until)).collect(),
            ..queue
        };
        serde_json::to_value(saved.into_iter().map(whole).collect::<Vec<_>>()).unwrap_or_default()
    }

    /// Replaces all queues by those of a snapshot. Messages that were in flight are visible; old receipt handles are refused.
    ///
    /// # Errors
    /// When `snapshot` is none; nothing is changed then.
    pub(crate) fn restore(&self, snapshot: Value) -> Result<(), serde_json::Error> {
        let saved: Vec<SavedQueue> = serde_json::from_value(snapshot)?;
        let now_ms = self.clock.unix_ms();
        let load = |saved: SavedQueue| {
            let name = saved.name.clone();
            let queue = load(saved, &self.arn(&name), now_ms);
            (name, queue)
        };
        *self.lock() = saved.into_iter().map(load).collect();
        Ok(())
    }
}

fn save(name: &str, queue: &Queue) -> SavedQueue {
    SavedQueue {
        name: name.to_owned(),
        id: queue.id,
        created_at_ms: queue.created_at_ms,
        modified_at_ms: queue.modified_at_ms,
        attributes: queue.attributes.clone(),
        tags: queue.tags.clone(),
        messages: Vec::new(),
    }
}

fn contents(queue: &Queue) -> Vec<(Envelope, Option<u64>)> {
    queue.messages.iter().map(|(envelope, until)| (envelope.clone(), until)).collect()
}

fn save_message(envelope: Envelope, delayed_until_ms: Option<u64>) -> SavedMessage {
    SavedMessage {
        content: Arc::unwrap_or_clone(envelope.content),
        sent_at_ms: envelope.sent_at_ms,
        first_received_at_ms: envelope.first_received_at_ms,
        receive_count: envelope.receive_count,
        dead_letter_source: envelope.dead_letter_source.as_deref().map(str::to_owned),
        delayed_until_ms,
    }
}

fn load(saved: SavedQueue, arn: &str, now_ms: u64) -> Queue {
    // Messages are numbered anew: under another id, an old handle is refused rather than taken for another message's.
    let mut queue = Queue::new(saved.id.wrapping_add(1), arn, saved.created_at_ms);
    queue.modified_at_ms = saved.modified_at_ms;
    queue.configure(saved.attributes);
    queue.tags = saved.tags;
    for message in saved.messages {
        let envelope = Envelope {
            content: Arc::new(message.content),
            sent_at_ms: message.sent_at_ms,
            first_received_at_ms: message.first_received_at_ms,
            receive_count: message.receive_count,
            dead_letter_source: message.dead_letter_source.map(Arc::from),
            sequence_number: None,
        };
        let delay_ms = message.delayed_until_ms.map_or(0, |until| until.saturating_sub(now_ms));
        queue.messages.insert(envelope, now_ms, delay_ms);
    }
    queue
}
