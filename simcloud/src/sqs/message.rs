//! A message: what its sender gave, what SQS notes beside it, and how a receiver sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::digest::md5_of_attributes;
use super::selection::Selection;

/// A message attribute as its sender gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MessageAttribute {
    /// `String`, `Number` or `Binary`, with an optional custom label after a dot.
    pub(super) data_type: String,
    pub(super) value: AttributeValue,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AttributeValue {
    Text(String),
    Binary(Vec<u8>),
}

impl MessageAttribute {
    pub(super) fn string(value: impl Into<String>) -> Self {
        Self { data_type: "String".to_owned(), value: AttributeValue::Text(value.into()) }
    }

    pub(super) fn size_bytes(&self) -> usize {
        let value = match &self.value {
            AttributeValue::Text(text) => text.len(),
            AttributeValue::Binary(bytes) => bytes.len(),
        };
        self.data_type.len() + value
    }

    fn to_json(&self) -> Value {
        match &self.value {
            AttributeValue::Text(text) => json!({"DataType": self.data_type, "StringValue": text}),
            AttributeValue::Binary(bytes) => {
                json!({"DataType": self.data_type, "BinaryValue": BASE64.encode(bytes)})
            }
        }
    }
}

/// What never changes of a message: shared, so that a receive copies nothing under the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) message_id: String,
    pub(super) body: String,
    pub(super) body_md5: String,
    pub(super) attributes: BTreeMap<String, MessageAttribute>,
    /// Orders the messages of a FIFO queue. On a standard queue it takes part in fair queueing; here it is only carried.
    pub(super) group_id: Option<String>,
    /// Of a FIFO queue only.
    #[serde(default)]
    pub(super) deduplication_id: Option<String>,
    pub(super) trace_header: Option<String>,
    pub(super) sender_id: String,
}

/// A message with its history; it moves from queue to queue as a whole.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    pub(super) content: Arc<Content>,
    /// Kept when the message is moved to a dead-letter queue: retention counts from here.
    pub(super) sent_at_ms: u64,
    pub(super) first_received_at_ms: Option<u64>,
    pub(super) receive_count: u32,
    /// The ARN of the queue that gave the message up.
    pub(super) dead_letter_source: Option<Arc<str>>,
    /// Given by a FIFO queue when the message comes in.
    pub(super) sequence_number: Option<String>,
}

impl Envelope {
    pub(super) fn new(content: Content, sent_at_ms: u64) -> Self {
        Self {
            content: Arc::new(content),
            sent_at_ms,
            first_received_at_ms: None,
            receive_count: 0,
            dead_letter_source: None,
            sequence_number: None,
        }
    }

    /// The message group; every message of a FIFO queue has one.
    pub(super) fn group(&self) -> &str {
        self.content.group_id.as_deref().unwrap_or_default()
    }

    /// The message as ReceiveMessage returns it, with what `selection` asks for.
    pub(super) fn to_json(&self, receipt_handle: String, selection: &Selection) -> Value {
        let content = &self.content;
        let mut reply = Map::new();
        reply.insert("MessageId".to_owned(), content.message_id.clone().into());
        reply.insert("ReceiptHandle".to_owned(), receipt_handle.into());
        reply.insert("MD5OfBody".to_owned(), content.body_md5.clone().into());
        reply.insert("Body".to_owned(), content.body.clone().into());
        let system = self.system_attributes(selection);
        if !system.is_empty() {
            reply.insert("Attributes".to_owned(), system.into());
        }
        let chosen: BTreeMap<_, _> =
            content.attributes.iter().filter(|(name, _)| selection.wants_message_attribute(name)).collect();
        if let Some(digest) = md5_of_attributes(chosen.iter().map(|(name, attribute)| (*name, *attribute))) {
            let attributes: Map<_, _> =
                chosen.into_iter().map(|(name, attribute)| (name.clone(), attribute.to_json())).collect();
            reply.insert("MD5OfMessageAttributes".to_owned(), digest.into());
            reply.insert("MessageAttributes".to_owned(), attributes.into());
        }
        reply.into()
    }

    fn system_attributes(&self, selection: &Selection) -> Map<String, Value> {
        let mut attributes = Map::new();
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value.filter(|_| selection.wants_system_attribute(name)) {
                attributes.insert(name.to_owned(), value.into());
            }
        };
        if selection.wants_no_system_attribute() {
            return attributes;
        }
        add("SenderId", Some(self.content.sender_id.clone()));
        add("SentTimestamp", Some(self.sent_at_ms.to_string()));
        add("ApproximateReceiveCount", Some(self.receive_count.to_string()));
        add("ApproximateFirstReceiveTimestamp", self.first_received_at_ms.map(|at| at.to_string()));
        add("MessageGroupId", self.content.group_id.clone());
        add("MessageDeduplicationId", self.content.deduplication_id.clone());
        add("SequenceNumber", self.sequence_number.clone());
        add("AWSTraceHeader", self.content.trace_header.clone());
        add("DeadLetterQueueSourceArn", self.dead_letter_source.as_deref().map(str::to_owned));
        attributes
    }
}
