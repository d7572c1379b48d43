//! SendMessage, SendMessageBatch, and what arrives from inside AWS.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::attributes::MESSAGE_BYTES_MAX;
use super::digest::{md5_of_attributes, md5_of_body};
use super::errors::{invalid_parameter, no_such_queue, parse};
use super::message::{Content, Envelope, MessageAttribute};
use super::outgoing::{Accepted, Outgoing, check_characters};
use super::queue::Queue;
use super::{Sqs, batch};
use crate::api::{ApiError, ApiResult};

/// The principal that every caller is: simcloud knows no users.
const CALLER_SENDER_ID: &str = "AIDASIMCLOUDCALLER000";
const SERVICE_SENDER_ID: &str = "AIDASIMCLOUDSERVICE00";

impl Sqs {
    pub(super) fn send_message(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        let outgoing = parse(Value::Object(request))?;
        self.send_one(&name, outgoing).map(Value::Object)
    }

    pub(super) fn send_message_batch(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        self.with_queue(&name, |_, _| ())?;
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
        batch::each(messages, |outgoing| self.send_one(&name, outgoing))
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
            trace_header: None,
            sender_id: SERVICE_SENDER_ID.to_owned(),
        };
        self.with_queue(name, |queue, now_ms| {
            put(queue, Accepted { content, size_bytes, delay_seconds: None }, now_ms)
        })?
    }

    fn send_one(&self, name: &str, outgoing: Outgoing) -> Result<Map<String, Value>, ApiError> {
        let accepted = outgoing.accept(self.entropy.uuid(), CALLER_SENDER_ID)?;
        let reply = reply(&accepted.content);
        self.with_queue(name, |queue, now_ms| put(queue, accepted, now_ms))??;
        Ok(reply)
    }
}

fn put(queue: &mut Queue, accepted: Accepted, now_ms: u64) -> Result<(), ApiError> {
    let bytes_max = queue.attributes.message_bytes_max;
    if accepted.size_bytes > bytes_max as usize {
        return Err(invalid_parameter(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {bytes_max} bytes."
        )));
    }
    queue.send(Envelope::new(accepted.content, now_ms), now_ms, accepted.delay_seconds);
    Ok(())
}

fn reply(content: &Content) -> Map<String, Value> {
    let trace = content.trace_header.as_ref().map(MessageAttribute::string);
    let trace_name = "AWSTraceHeader".to_owned();
    let members = [
        ("MessageId", Some(content.message_id.clone())),
        ("MD5OfMessageBody", Some(content.body_md5.clone())),
        ("MD5OfMessageAttributes", md5_of_attributes(&content.attributes)),
        ("MD5OfMessageSystemAttributes", md5_of_attributes(trace.iter().map(|trace| (&trace_name, trace)))),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect()
}
