//! All queues as one JSON value and back, so that `drayage local --data` survives a restart.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::attributes::QueueAttributes;
use super::message::{Content, Envelope};
use super::queue::Queue;
use super::store::Kept;
use super::{Queues, Sqs};

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
    /// Within its queue, until the next restore.
    #[serde(default)]
    number: u64,
    content: Content,
    sent_at_ms: u64,
    first_received_at_ms: Option<u64>,
    receive_count: u32,
    dead_letter_source: Option<String>,
    delayed_until_ms: Option<u64>,
}

/// What changed in one queue: a line of the journal has one for each.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Change {
    /// As they are now.
    there: Vec<SavedMessage>,
    /// Numbers of messages.
    gone: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    queues: BTreeMap<String, Change>,
}

/// A line for the journal; `None` when no message changed.
pub(super) fn changes(queues: &mut Queues) -> Option<Value> {
    let mut line = Line { queues: BTreeMap::new() };
    for (name, queue) in queues {
        let mut change = Change::default();
        for (number, message) in queue.messages.take_changes() {
            match message {
                Some(kept) => {
                    let (envelope, until) = (kept.envelope.clone(), kept.delayed_until_ms);
                    change.there.push(save_message(number, envelope, until));
                }
                None => change.gone.push(number),
            }
        }
        if !change.there.is_empty() || !change.gone.is_empty() {
            line.queues.insert(name.clone(), change);
        }
    }
    // Texts and numbers: it does not fail.
    (!line.queues.is_empty()).then(|| serde_json::to_value(line).unwrap_or_default())
}

impl Sqs {
    /// The queues without their messages.
    pub(crate) fn settings(&self) -> Value {
        let saved: Vec<_> = self.lock().iter().map(|(name, queue)| save(name, queue)).collect();
        serde_json::to_value(saved).unwrap_or_default()
    }

    /// Everything there is: queues, attributes, tags, messages. Who holds a message is not part of it.
    pub(crate) fn snapshot(&self) -> Value {
        let saved: Vec<_> = {
            let mut queues = self.lock();
            let now_ms = self.clock.unix_ms();
            queues.values_mut().for_each(|queue| queue.advance(now_ms));
            queues.iter().map(|(name, queue)| (save(name, queue), contents(queue))).collect()
        };
        let whole = |(queue, messages): (SavedQueue, Vec<(u64, Envelope, Option<u64>)>)| {
            let saved = |(number, envelope, until)| save_message(number, envelope, until);
            SavedQueue { messages: messages.into_iter().map(saved).collect(), ..queue }
        };
        serde_json::to_value(saved.into_iter().map(whole).collect::<Vec<_>>()).unwrap_or_default()
    }

    /// Replaces all queues by those of a snapshot, with what lines of the journal say of them since. Messages that were in flight are
    /// visible; old receipt handles are refused.
    ///
    /// # Errors
    /// When `snapshot` is none, or a line is none; nothing is changed then.
    pub(crate) fn restore(&self, snapshot: Value, lines: Vec<Value>) -> Result<(), serde_json::Error> {
        let saved: Vec<SavedQueue> = serde_json::from_value(snapshot)?;
        let saved = replayed(saved, lines)?;
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

/// Saved queues with what the lines say. A queue that is gone is passed over: its line is older than the snapshot.
fn replayed(saved: Vec<SavedQueue>, lines: Vec<Value>) -> Result<Vec<SavedQueue>, serde_json::Error> {
    // By number, so that a long journal takes no longer than its length.
    let mut queues: BTreeMap<String, (SavedQueue, BTreeMap<u64, SavedMessage>)> = saved
        .into_iter()
        .map(|mut queue| {
            let messages = std::mem::take(&mut queue.messages);
            // Those of an older version have no numbers; no line speaks of them either.
            let numbered = messages.into_iter().zip(1..).map(|(message, place)| {
                let number = if message.number == 0 { place } else { message.number };
                (number, message)
            });
            (queue.name.clone(), (queue, numbered.collect()))
        })
        .collect();
    for line in lines {
        let line: Line = serde_json::from_value(line)?;
        for (name, change) in line.queues {
            let Some((_, messages)) = queues.get_mut(&name) else { continue };
            change.gone.iter().for_each(|number| drop(messages.remove(number)));
            messages.extend(change.there.into_iter().map(|message| (message.number, message)));
        }
    }
    let whole = |(queue, messages): (SavedQueue, BTreeMap<u64, SavedMessage>)| SavedQueue {
        messages: messages.into_values().collect(),
        ..queue
    };
    Ok(queues.into_values().map(whole).collect())
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

fn contents(queue: &Queue) -> Vec<(u64, Envelope, Option<u64>)> {
    let copy = |(number, kept): (u64, Kept<'_>)| (number, kept.envelope.clone(), kept.delayed_until_ms);
    queue.messages.iter().map(copy).collect()
}

fn save_message(number: u64, envelope: Envelope, delayed_until_ms: Option<u64>) -> SavedMessage {
    SavedMessage {
        number,
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
