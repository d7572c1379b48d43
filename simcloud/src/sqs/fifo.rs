//! What a FIFO queue adds: message groups in order, and duplicates that are taken and not delivered.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::errors::{invalid_parameter, missing_parameter};
use super::message::Content;
use crate::api::ApiError;

/// A duplicate within this time of the first is not delivered.
const DEDUPLICATION_MS: u64 = 300_000;

/// Which messages of a FIFO queue may be handed out, and which were sent before. Pure: time is an argument.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// The numbers of a group's messages, visible or not, in the order in which they were sent.
    members: BTreeMap<String, BTreeSet<u64>>,
    /// What each deduplication id stood for, and until when.
    sent: BTreeMap<String, Sent>,
}

/// The first message with a deduplication id.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    until_ms: u64,
    pub(super) message_id: String,
    pub(super) sequence_number: String,
}

impl Groups {
    pub(super) fn add(&mut self, group: &str, sequence: u64) {
        self.members.entry(group.to_owned()).or_default().insert(sequence);
    }

    pub(super) fn remove(&mut self, group: &str, sequence: u64) {
        if let Some(members) = self.members.get_mut(group) {
            members.remove(&sequence);
            if members.is_empty() {
                self.members.remove(group);
            }
        }
    }

    /// Whether every earlier message of the group is among those `taken` now: otherwise the group waits.
    pub(super) fn is_next(&self, group: &str, sequence: u64, taken: impl Fn(u64) -> bool) -> bool {
        let mut earlier = self.members.get(group).into_iter().flat_map(|members| members.range(..sequence));
        earlier.all(|earlier| taken(*earlier))
    }

    /// The message of which one with this id is a duplicate.
    pub(super) fn first_of(&self, id: &str, now_ms: u64) -> Option<&Sent> {
        self.sent.get(id).filter(|sent| now_ms < sent.until_ms)
    }

    pub(super) fn note(&mut self, id: &str, message_id: &str, sequence_number: String, now_ms: u64) {
        self.sent.retain(|_, sent| now_ms < sent.until_ms);
        let until_ms = now_ms.saturating_add(DEDUPLICATION_MS);
        self.sent
            .insert(id.to_owned(), Sent { until_ms, message_id: message_id.to_owned(), sequence_number });
    }

    /// Forgets the messages; duplicates of them stay duplicates.
    pub(super) fn clear(&mut self) {
        self.members.clear();
    }
}

/// Twenty digits that grow with every message of a queue.
pub(super) fn sequence_number(sequence: u64) -> String {
    format!("{:020}", 18_850_000_000_000_000_000 + u128::from(sequence) * 256)
}

/// The deduplication id of a message, its own or made from its body.
pub(super) fn deduplication_id(content: &Content, content_based: bool) -> Result<String, ApiError> {
    match &content.deduplication_id {
        Some(id) => Ok(id.clone()),
        None if content_based => {
            let digest = Sha256::digest(content.body.as_bytes());
            Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
        }
        None => Err(invalid_parameter(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        )),
    }
}

/// What a FIFO queue wants of a message, and a standard queue does not know.
pub(super) fn check(content: &Content, has_delay: bool, is_fifo: bool) -> Result<(), ApiError> {
    let foreign = |name: &str| {
        Err(invalid_parameter(format!(
            "The request includes a parameter that is not valid for this queue type: {name}."
        )))
    };
    match is_fifo {
        true if content.group_id.is_none() => Err(missing_parameter("MessageGroupId")),
        true if has_delay => foreign("DelaySeconds"),
        false if content.deduplication_id.is_some() => foreign("MessageDeduplicationId"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_waits_for_its_first_message() {
        let mut groups = Groups::default();
        groups.add("a", 1);
        groups.add("b", 2);
        groups.add("a", 3);
        assert!(groups.is_next("a", 1, |_| false) && groups.is_next("b", 2, |_| false));
        assert!(!groups.is_next("a", 3, |_| false) && groups.is_next("a", 3, |taken| taken == 1));
        groups.remove("a", 1);
        assert!(groups.is_next("a", 3, |_| false));
    }

    #[test]
    fn a_duplicate_is_one_for_five_minutes() {
        let mut groups = Groups::default();
        groups.note("id", "m", sequence_number(1), 1_000);
        assert!(groups.first_of("id", 300_999).is_some() && groups.first_of("id", 301_000).is_none());
    }

    #[test]
    fn sequence_numbers_sort_as_text() {
        assert!(sequence_number(9) < sequence_number(10) && sequence_number(1).len() == 20);
    }
}
