//! Parking: moving a message to the dead-letter queue with the reason, its body untouched.
//!
//! Sent first, deleted after. A crash in between leaves it in both queues: the copy in the dead-letter queue does no harm, and the
//! original is parked again when it comes back. On a FIFO queue the copy is known by the original's id, so that SQS drops a second one
//! for five minutes. A message that is redriven from the dead-letter queue has a new id, and is parked again if need be.

use aws_sdk_sqs::types::MessageSystemAttributeNameForSends;

use super::batch::{string_attribute, trace_header};
use super::{Message, Queue, REASON_CODE, REASON_MESSAGE, TRACEPARENT, TRACESTATE};
use crate::fault::{Class, Fault};
use crate::ledger::Reason;
use crate::metrics;

impl Queue {
    /// Sends the message to the dead-letter queue. It is still in this queue afterwards.
    ///
    /// # Errors
    /// The fault, when it may not have been sent.
    pub async fn send_to_dead_letters(&self, message: &Message, reason: &Reason) -> Result<(), Fault> {
        let mut attributes =
            vec![(REASON_CODE, plain(&reason.code)), (REASON_MESSAGE, plain(&reason.message))];
        let carried = [TRACEPARENT, TRACESTATE].into_iter();
        attributes.extend(carried.filter_map(|name| Some((name, message.attributes.get(name)?.clone()))));
        let sent = match self.send_dead_letter(message, &attributes).await {
            // A body near SQS's limit leaves no room for attributes: better parked without them than never.
            Err(fault) if fault.class == Class::Invalid => self.send_dead_letter(message, &[]).await,
            sent => sent,
        };
        if sent.is_ok() {
            metrics::queues::parked(self, &reason.code);
        }
        sent
    }

    async fn send_dead_letter(&self, message: &Message, attributes: &[(&str, String)]) -> Result<(), Fault> {
        let mut request =
            self.client.send_message().queue_url(&self.dead_letter_url).message_body(&message.body);
        for (name, value) in attributes {
            if let Some(value) = string_attribute(value) {
                request = request.message_attributes(*name, value);
            }
        }
        if let Some(header) = trace_header(&message.attributes) {
            request =
                request.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, header);
        }
        let deduplication_id = self.fifo.then(|| message.id.clone());
        let request = request
            .set_message_group_id(message.group.clone())
            .set_message_deduplication_id(deduplication_id);
        request.send().await.map(drop).map_err(|error| Fault::of("SendMessage", &error))
    }

    /// Parks the message: dead-letter queue first, then delete.
    ///
    /// # Errors
    /// The fault of whichever step failed; the message is then still here.
    pub async fn park(&self, message: &Message, reason: &Reason) -> Result<(), Fault> {
        self.send_to_dead_letters(message, reason).await?;
        self.delete(std::slice::from_ref(&message.receipt)).await.into_iter().collect()
    }
}

/// What SQS takes in an attribute: never empty, no control characters.
fn plain(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control() && *c < '\u{fffe}').take(1_000).collect();
    if plain.is_empty() { "unknown".to_owned() } else { plain }
}
