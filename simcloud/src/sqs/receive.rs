//! ReceiveMessage, with long polling and the move to the dead-letter queue.
//!
//! A long poll sleeps until its queue's `changed` or the instant at which the next hidden message comes due. Only one poll is
//! woken at a time, and each one that leaves wakes the next: so whoever still waits knows the present state of the queue, at
//! whatever rate messages come, and however its fellows end (a reply, the end of the wait, a dropped connection).

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::attributes::{VISIBILITY_SECONDS_MAX, WAIT_SECONDS_MAX};
use super::errors::{in_range, invalid_parameter, no_such_queue, parse};
use super::message::Envelope;
use super::receipt::Receipt;
use super::selection::Selection;
use super::store::{Take, dead_letter};
use super::{Queues, Sqs};
use crate::api::{ApiError, ApiResult};
use crate::observe::Event;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveMessage {
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    receive_request_attempt_id: Option<String>,
}

#[derive(Debug)]
struct Ask {
    messages_max: usize,
    visibility_seconds: Option<u32>,
}

/// What one look at the queue gave.
#[derive(Debug)]
struct Look {
    queue_id: u64,
    received_at_ms: u64,
    received: Vec<(u64, Envelope)>,
    at_cap: bool,
    /// The wait time that the queue gives to a receive which names none.
    wait_seconds: u32,
    /// How long until the next hidden message comes due.
    due_in: Option<Duration>,
    changed: Arc<Notify>,
}

impl Sqs {
    pub(super) async fn receive_message(&self, mut request: Map<String, Value>) -> ApiResult {
        let started = Instant::now();
        let name = self.queue_name(&mut request)?;
        let request: ReceiveMessage = parse(Value::Object(request))?;
        let is_fifo = |queue: &mut super::Queue, _: u64| queue.attributes.fifo;
        if request.receive_request_attempt_id.is_some() && !self.with_queue(&name, is_fifo)? {
            return Err(invalid_parameter(
                "The request includes a parameter that is not valid for this queue type: \
                 ReceiveRequestAttemptId.",
            ));
        }
        let mut system = request.attribute_names;
        system.extend(request.message_system_attribute_names);
        let selection = Selection::new(system, request.message_attribute_names)?;
        let messages_max =
            in_range("MaxNumberOfMessages", request.max_number_of_messages.unwrap_or(1), 1..=10)?;
        let optional =
            |name, value: Option<i64>, max| value.map(|value| in_range(name, value, 0..=max)).transpose();
        let visibility_seconds =
            optional("VisibilityTimeout", request.visibility_timeout, VISIBILITY_SECONDS_MAX)?;
        let wait_seconds = optional("WaitTimeSeconds", request.wait_time_seconds, WAIT_SECONDS_MAX)?;
        let ask = Ask { messages_max: messages_max as usize, visibility_seconds };
        let Look { queue_id, received_at_ms, received, .. } =
            self.poll(&name, &ask, wait_seconds, started).await?;
        if received.is_empty() {
            return Ok(json!({}));
        }
        let message = |(sequence, envelope): (u64, Envelope)| {
            let receive_count = envelope.receive_count;
            let receipt = Receipt { queue_id, sequence, receive_count, received_at_ms };
            envelope.to_json(receipt.encode(), &selection)
        };
        Ok(json!({"Messages": received.into_iter().map(message).collect::<Vec<_>>()}))
    }

    /// What was received, after waiting for it if need be.
    async fn poll(
        &self,
        name: &str,
        ask: &Ask,
        wait_seconds: Option<u32>,
        started: Instant,
    ) -> Result<Look, ApiError> {
        let mut passed_on: Option<PassOn> = None;
        loop {
            let look = self.look(name, ask)?;
            let wait_seconds = wait_seconds.unwrap_or(look.wait_seconds);
            if look.at_cap && wait_seconds == 0 {
                return Err(ApiError::bad(
                    "OverLimit",
                    "Too many messages are in flight: delete some, or let their visibility timeouts end.",
                ));
            }
            let deadline = started + Duration::from_secs(u64::from(wait_seconds));
            let now = Instant::now();
            if !look.received.is_empty() || now >= deadline {
                return Ok(look);
            }
            let wake_at = look.due_in.map_or(deadline, |due_in| deadline.min(now + due_in));
            let waiting: &PassOn = match &mut passed_on {
                Some(waiting) if Arc::ptr_eq(&waiting.0, &look.changed) => waiting,
                other => other.insert(PassOn(look.changed)),
            };
            tokio::select! {
                biased;
                () = waiting.0.notified() => {}
                () = sleep_until(wake_at) => {}
            }
        }
    }

    fn look(&self, name: &str, ask: &Ask) -> Result<Look, ApiError> {
        let mut queues = self.lock();
        let now_ms = self.clock.unix_ms();
        let dead_letters = self.dead_letter_queue(&queues, name)?;
        let queue = queues.get_mut(name).ok_or_else(no_such_queue)?;
        queue.advance(now_ms);
        let visibility_seconds =
            ask.visibility_seconds.unwrap_or(queue.attributes.visibility_timeout_seconds);
        let take = Take {
            messages_max: ask.messages_max,
            visibility_ms: u64::from(visibility_seconds) * 1000,
            receives_max: dead_letters.as_ref().map(|(_, receives_max)| *receives_max),
        };
        let taken = queue.messages.receive(now_ms, take);
        if !taken.received.is_empty() {
            queue.changed.notify_one();
        }
        for (number, envelope) in &taken.received {
            self.observer.tell(|| Event::MessageReceived {
                queue: name,
                number: *number,
                receive_count: envelope.receive_count,
                until_ms: now_ms + take.visibility_ms,
            });
        }
        let look = Look {
            queue_id: queue.id,
            received_at_ms: now_ms,
            received: taken.received,
            at_cap: taken.at_cap,
            wait_seconds: queue.attributes.receive_wait_seconds,
            due_in: queue.messages.next_due_ms().map(|due| Duration::from_millis(due.saturating_sub(now_ms))),
            changed: Arc::clone(&queue.changed),
        };
        let source_arn = Arc::clone(&queue.arn);
        if let Some(target) = dead_letters.and_then(|(target, _)| queues.get_mut(&target)) {
            for envelope in taken.dead {
                let body = &envelope.content.body;
                self.observer.tell(|| Event::MessageGivenUp { queue: name, body });
                target.send(dead_letter(envelope, &source_arn), now_ms, Some(0));
            }
        }
        Ok(look)
    }

    /// The name of the queue's dead-letter queue, if that exists, and how often a message may be received before it goes there.
    fn dead_letter_queue(&self, queues: &Queues, name: &str) -> Result<Option<(String, u32)>, ApiError> {
        let queue = queues.get(name).ok_or_else(no_such_queue)?;
        Ok(queue.attributes.redrive_policy.as_ref().and_then(|policy| {
            let target = self.name_of_arn(&policy.dead_letter_target_arn)?;
            queues.contains_key(target).then(|| (target.to_owned(), policy.max_receive_count))
        }))
    }
}

/// Wakes the next poll when this one ends, in whatever way.
#[derive(Debug)]
struct PassOn(Arc<Notify>);

impl Drop for PassOn {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
