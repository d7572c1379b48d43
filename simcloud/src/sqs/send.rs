//! SendMessage, SendMessageBatch, and what arrives from inside AWS.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::attributes::MESSAGE_BYTES_MAX;
use super::digest::{md5_of_attributes, md5_of_body};
use super::errors::{invalid_parameter, no_such_queue, parse};
use super::message::{Content, Envelope, MessageAttribute};
use super::outgoing::{Accepted, Outgoing, check_characters};
use super::queue::Queue;
use super::{Sqs, batch, fifo};
use crate::api::{ApiError, ApiResult, Caller};
use crate::observe::Event;

/// The principal that every caller is: simcloud knows no users.
const CALLER_SENDER_ID: &str = "AIDASIMCLOUDCALLER000";
const SERVICE_SENDER_ID: &str = "AIDASIMCLOUDSERVICE00";

impl Sqs {
    /// The trace of the request itself goes with the message, unless the message has one of its own.
    pub(super) fn send_message(&self, caller: &Caller, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        let outgoing: Outgoing = parse(Value::Object(request))?;
        let mut accepted = outgoing.accept(self.entropy.uuid(), CALLER_SENDER_ID)?;
        let mut reply = reply(&accepted.content);
        if let Some(header) = &caller.trace_header {
            accepted.content.trace_header.get_or_insert_with(|| header.clone());
        }
        self.send_one(&name, accepted, &mut reply)?;
        Ok(Value::Object(reply))
    }

    pub(super) fn send_message_batch(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        let content_based = self.with_queue(&name, |queue, _| {
            queue.attributes.fifo.then_some(queue.attributes.content_based_deduplication)
        })?;
        let entries = batch::entries(&mut request)?;
        let mut messages = Vec::with_capacity(entries.len());
        let mut total_bytes = 0;
        for (id, entry) in entries {
            let outgoing: Outgoing = parse(entry)?;
            total_bytes += outgoing.size_bytes();
            messages.push((id, outgoing));
        }
        if total_bytes > MESSAGE_BYTES_MAX as usize {
            let message = format!(
                "Batch requests cannot be longer than {MESSAGE_BYTES_MAX} bytes. \
                 You have sent {total_bytes} bytes."
            );
            return Err(ApiError::bad("BatchRequestTooLong", message));
        }
        if let Some(content_based) = content_based {
            fifo::check_batch(messages.iter().map(|(_, outgoing)| outgoing), content_based)?;
        }
        batch::each(messages, |outgoing| {
            let accepted = outgoing.accept(self.entropy.uuid(), CALLER_SENDER_ID)?;
            let mut reply = reply(&accepted.content);
            self.send_one(&name, accepted, &mut reply)?;
            Ok(reply)
        })
    }

    /// A message from inside AWS (EventBridge, S3): `attributes` are string message attributes.
    pub(crate) fn deliver(
        &self,
        queue_arn: &str,
        body: String,
        attributes: BTreeMap<String, String>,
    ) -> Result<(), ApiError> {
        let name = self.name_of_arn(queue_arn).ok_or_else(no_such_queue)?;
        check_characters(&body)?;
        let attributes: BTreeMap<_, _> =
            attributes.into_iter().map(|(name, value)| (name, MessageAttribute::string(value))).collect();
        let attribute_bytes: usize =
            attributes.iter().map(|(name, value)| name.len() + value.size_bytes()).sum();
        let size_bytes = body.len() + attribute_bytes;
        let content = Content {
            message_id: self.entropy.uuid(),
            body_md5: md5_of_body(&body),
            body,
            attributes,
            group_id: None,
            deduplication_id: None,
            trace_header: None,
            sender_id: SERVICE_SENDER_ID.to_owned(),
        };
        let accepted = Accepted { content, size_bytes, delay_seconds: None };
        self.with_queue(name, |queue, now_ms| self.put(queue, name, accepted, now_ms))?.map(drop)
    }

    fn send_one(
        &self,
        name: &str,
        accepted: Accepted,
        reply: &mut Map<String, Value>,
    ) -> Result<(), ApiError> {
        let put = self.with_queue(name, |queue, now_ms| self.put(queue, name, accepted, now_ms))??;
        reply.insert("MessageId".to_owned(), put.message_id.into());
        if let Some(number) = put.sequence_number {
            reply.insert("SequenceNumber".to_owned(), number.into());
        }
        Ok(())
    }

    fn put(&self, queue: &mut Queue, name: &str, accepted: Accepted, now_ms: u64) -> Result<Put, ApiError> {
        let bytes_max = queue.attributes.message_bytes_max;
        if accepted.size_bytes > bytes_max as usize {
            return Err(invalid_parameter(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {bytes_max} bytes."
            )));
        }
        let mut content = accepted.content;
        fifo::check(&content, accepted.delay_seconds, queue.attributes.fifo)?;
        let message_id = content.message_id.clone();
        let send = |queue: &mut Queue, content: Content, delay_seconds: Option<u32>| {
            let envelope = Envelope::new(content, now_ms);
            let content = Arc::clone(&envelope.content);
            let number = queue.send(envelope, now_ms, delay_seconds);
            let (body, group) = (&content.body, content.group_id.as_deref());
            self.observer.tell(|| Event::MessageSent { queue: name, number, body, group });
            number
        };
        if !queue.attributes.fifo {
            send(queue, content, accepted.delay_seconds);
            return Ok(Put { message_id, sequence_number: None });
        }
        let id = fifo::deduplication_id(&content, queue.attributes.content_based_deduplication)?;
        content.deduplication_id = Some(id.clone());
        let scope = if queue.attributes.deduplication_by_group { content.group_id.as_deref() } else { None };
        let key = format!("{}\0{id}", scope.unwrap_or_default());
        if let Some(first) = queue.messages.groups().and_then(|groups| groups.first_of(&key, now_ms).cloned())
        {
            return Ok(Put { message_id: first.message_id, sequence_number: Some(first.sequence_number) });
        }
        let number = fifo::sequence_number(send(queue, content, None));
        if let Some(groups) = queue.messages.groups() {
            groups.note(&key, &message_id, number.clone(), now_ms);
        }
        Ok(Put { message_id, sequence_number: Some(number) })
    }
}

/// What became of a message: of a duplicate, what became of the first.
struct Put {
    message_id: String,
    sequence_number: Option<String>,
}

fn reply(content: &Content) -> Map<String, Value> {
    let trace = content.trace_header.as_ref().map(MessageAttribute::string);
    let trace_name = "AWSTraceHeader".to_owned();
    let members = [
        ("MD5OfMessageBody", Some(content.body_md5.clone())),
        ("MD5OfMessageAttributes", md5_of_attributes(&content.attributes)),
        ("MD5OfMessageSystemAttributes", md5_of_attributes(trace.iter().map(|trace| (&trace_name, trace)))),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect()
}
