//! One queue, and the name by which it is found.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Notify;

use super::attributes::QueueAttributes;
use super::errors::{invalid_value, unsupported};
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

    pub(super) fn advance(&mut self, now_ms: u64) {
        self.messages.advance(now_ms, u64::from(self.attributes.retention_seconds) * 1000);
    }

    /// Puts a message in; without a delay of its own it has the queue's.
    pub(super) fn send(&mut self, envelope: Envelope, now_ms: u64, delay_seconds: Option<u32>) {
        let delay_seconds = delay_seconds.unwrap_or(self.attributes.delay_seconds);
        self.messages.insert(envelope, now_ms, u64::from(delay_seconds) * 1000);
        self.changed.notify_one();
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

/// Refuses what is no name of a standard queue.
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    if name.ends_with(".fifo") {
        return Err(unsupported("FIFO queues"));
    }
    let valid = (1..=80).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if valid {
        return Ok(());
    }
    let reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.";
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
        assert!(check_name("Work-1_x").is_ok() && check_name(&"a".repeat(80)).is_ok());
        assert_eq!(check_name("a.fifo").unwrap_err().code, "UnsupportedOperation");
        for name in ["", "a b", "a.b", &"a".repeat(81)] {
            assert_eq!(check_name(name).unwrap_err().code, "InvalidParameterValue", "{name}");
        }
    }
}
