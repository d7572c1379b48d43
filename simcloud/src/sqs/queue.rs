//! One queue, and the name by which it is found.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Notify;

use super::attributes::QueueAttributes;
use super::errors::invalid_value;
use super::message::Envelope;
use super::store::{Counts, MessageStore};
use crate::api::ApiError;

/// A queue with its messages. Shared state: it is only touched under the lock of [`super::Sqs`].
#[derive(Debug)]
pub(super) struct Queue {
    /// Goes into receipt handles.
    pub(super) id: u64,
    pub(super) arn: Arc<str>,
    pub(super) created_at_ms: u64,
    pub(super) modified_at_ms: u64,
    pub(super) purged_at_ms: Option<u64>,
    pub(super) attributes: QueueAttributes,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) messages: MessageStore,
    /// Wakes one long poll, which looks again at what there is and until when it can sleep.
    pub(super) changed: Arc<Notify>,
}

impl Queue {
    pub(super) fn new(id: u64, arn: &str, now_ms: u64) -> Self {
        Self {
            id,
            arn: Arc::from(arn),
            created_at_ms: now_ms,
            modified_at_ms: now_ms,
            purged_at_ms: None,
            attributes: QueueAttributes::default(),
            tags: BTreeMap::new(),
            messages: MessageStore::default(),
            changed: Arc::default(),
        }
    }

    /// Gives a new queue its attributes, and the kind of store that goes with them.
    pub(super) fn configure(&mut self, attributes: QueueAttributes) {
        self.messages = if attributes.fifo { MessageStore::fifo() } else { MessageStore::default() };
        self.attributes = attributes;
    }

    pub(super) fn advance(&mut self, now_ms: u64) {
        self.messages.advance(now_ms, u64::from(self.attributes.retention_seconds) * 1000);
    }

    /// Puts a message in; without a delay of its own it has the queue's. Gives its number.
    pub(super) fn send(&mut self, envelope: Envelope, now_ms: u64, delay_seconds: Option<u32>) -> u64 {
        let delay_seconds = delay_seconds.unwrap_or(self.attributes.delay_seconds);
        let number = self.messages.insert(envelope, now_ms, u64::from(delay_seconds) * 1000);
        self.changed.notify_one();
        number
    }

    /// All attributes, as GetQueueAttributes shows them.
    pub(super) fn shown(&self) -> BTreeMap<&'static str, String> {
        let Counts { visible, in_flight, delayed } = self.messages.counts();
        let mut shown = self.attributes.shown();
        shown.extend([
            ("QueueArn", self.arn.to_string()),
            ("CreatedTimestamp", (self.created_at_ms / 1000).to_string()),
            ("LastModifiedTimestamp", (self.modified_at_ms / 1000).to_string()),
            ("ApproximateNumberOfMessages", visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", delayed.to_string()),
        ]);
        shown
    }
}

/// Refuses what is no name of such a queue: a FIFO queue's, and no other's, ends in `.fifo`.
pub(super) fn check_name(name: &str, fifo: bool) -> Result<(), ApiError> {
    let stem = if fifo { name.strip_suffix(".fifo").unwrap_or_default() } else { name };
    let valid = (1..=80).contains(&name.len())
        && !stem.is_empty()
        && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if valid {
        return Ok(());
    }
    let reason = if fifo {
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, \
         must end with .fifo suffix and be 1 to 80 in length."
    } else {
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length."
    };
    Err(invalid_value("QueueName", name, reason))
}

/// The account and the queue's name in a queue URL. The host does not matter: the same queue has many addresses.
pub(super) fn parse_url(url: &str) -> Option<(&str, &str)> {
    let (_, path) = url.split_once("://")?.1.split_once('/')?;
    let (front, name) = path.trim_end_matches('/').rsplit_once('/')?;
    let account = front.rsplit_once('/').map_or(front, |(_, account)| account);
    (!account.is_empty() && !name.is_empty()).then_some((account, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_ends_in_account_and_name() {
        for url in [
            "http://127.0.0.1:9000/000000000000/work",
            "https://sqs.us-east-1.amazonaws.com/000000000000/work/",
            "http://h/any/path/000000000000/work",
        ] {
            assert_eq!(parse_url(url), Some(("000000000000", "work")), "{url}");
        }
        for url in ["", "work", "http://host", "http://host/work", "http://host//work"] {
            assert_eq!(parse_url(url), None, "{url}");
        }
    }

    #[test]
    fn names() {
        assert!(check_name("Work-1_x", false).is_ok() && check_name(&"a".repeat(80), false).is_ok());
        assert!(check_name("Work-1_x.fifo", true).is_ok());
        for name in ["", "a b", "a.b", "a.fifo", &"a".repeat(81)] {
            assert_eq!(check_name(name, false).unwrap_err().code, "InvalidParameterValue", "{name}");
        }
        for name in ["", "a", ".fifo", "a.fifo.fifo", &format!("{}.fifo", "a".repeat(76))] {
            assert_eq!(check_name(name, true).unwrap_err().code, "InvalidParameterValue", "{name}");
        }
    }
}
