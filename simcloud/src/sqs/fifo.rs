//! What a FIFO queue adds: message groups in order, and duplicates that are taken and not delivered.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::errors::{invalid_parameter, invalid_value, missing_parameter};
use super::message::Content;
use super::outgoing::Outgoing;
use crate::api::ApiError;

/// A duplicate within this time of the first is not delivered.
const DEDUPLICATION_MS: u64 = 300_000;

/// Which messages of a FIFO queue may be handed out, and which were sent before. Pure: time is an argument.
#[derive(Debug, Default)]
pub(super) struct Groups {
    by_name: BTreeMap<String, Group>,
    /// The order in which receives look at the groups. A group that was served goes to the end, as was recorded on AWS.
    turns: BTreeMap<u64, String>,
    last_turn: u64,
    /// What each deduplication id stood for, and until when.
    sent: BTreeMap<String, Sent>,
}

#[derive(Debug)]
struct Group {
    turn: u64,
    /// The numbers of its messages, visible or not, in the order in which they were sent.
    members: BTreeSet<u64>,
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
        if let Some(group) = self.by_name.get_mut(group) {
            group.members.insert(sequence);
            return;
        }
        let turn = self.new_turn(group);
        self.by_name.insert(group.to_owned(), Group { turn, members: BTreeSet::from([sequence]) });
    }

    pub(super) fn remove(&mut self, name: &str, sequence: u64) {
        let Some(group) = self.by_name.get_mut(name) else { return };
        group.members.remove(&sequence);
        if group.members.is_empty() {
            self.turns.remove(&group.turn);
            self.by_name.remove(name);
        }
    }

    /// Sends the group to the end of the line.
    pub(super) fn served(&mut self, name: &str) {
        let turn = self.new_turn(name);
        match self.by_name.get_mut(name) {
            Some(group) => self.turns.remove(&std::mem::replace(&mut group.turn, turn)),
            None => self.turns.remove(&turn),
        };
    }

    fn new_turn(&mut self, name: &str) -> u64 {
        self.last_turn += 1;
        self.turns.insert(self.last_turn, name.to_owned());
        self.last_turn
    }

    /// The next message to hand out beside those `taken` now: all that a group has, then those of the group whose turn is next. A
    /// group waits at its first message that is neither taken now nor visible.
    pub(super) fn next(
        &self,
        is_taken: impl Fn(u64) -> bool,
        is_visible: impl Fn(u64) -> bool,
    ) -> Option<u64> {
        let first_of = |name: &String| {
            let mut members = self.by_name.get(name)?.members.iter().copied();
            members.find(|sequence| !is_taken(*sequence)).filter(|sequence| is_visible(*sequence))
        };
        self.turns.values().find_map(first_of)
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
        None => Err(no_deduplication_id()),
    }
}

/// What a FIFO queue wants of a message, and a standard queue does not know. A FIFO queue takes a delay of 0, which says nothing.
pub(super) fn check(content: &Content, delay_seconds: Option<u32>, is_fifo: bool) -> Result<(), ApiError> {
    match delay_seconds.filter(|delay| *delay > 0) {
        _ if !is_fifo && content.deduplication_id.is_some() => Err(invalid_parameter(
            "The request includes a parameter that is not valid for this queue type: MessageDeduplicationId.",
        )),
        _ if !is_fifo => Ok(()),
        _ if content.group_id.is_none() => Err(missing_parameter("MessageGroupId")),
        Some(delay) => {
            let reason = "The request include parameter that is not valid for this queue type.";
            Err(invalid_value("DelaySeconds", delay, reason))
        }
        None => Ok(()),
    }
}

/// A batch of which an entry lacks what a FIFO queue wants is refused as a whole, unlike one with any other bad entry.
pub(super) fn check_batch<'a>(
    entries: impl Iterator<Item = &'a Outgoing>,
    content_based: bool,
) -> Result<(), ApiError> {
    for entry in entries {
        if !entry.has_group() {
            return Err(invalid_parameter(missing_parameter("MessageGroupId").message));
        }
        if !content_based && !entry.has_deduplication_id() {
            return Err(no_deduplication_id());
        }
    }
    Ok(())
}

fn no_deduplication_id() -> ApiError {
    invalid_parameter(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
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
        assert_eq!(groups.next(|_| false, |_| true), Some(1));
        assert_eq!(groups.next(|_| false, |sequence| sequence != 1), Some(2), "3 waits for 1");
        assert_eq!(
            groups.next(|taken| taken == 1, |sequence| sequence != 1),
            Some(3),
            "a group is emptied first"
        );
        groups.remove("a", 1);
        assert_eq!(groups.next(|_| false, |_| true), Some(3));
    }

    #[test]
    fn a_group_that_was_served_goes_to_the_end() {
        let mut groups = Groups::default();
        for (group, sequence) in [("a", 1), ("b", 2), ("a", 3)] {
            groups.add(group, sequence);
        }
        groups.served("a");
        groups.served("gone");
        assert_eq!(groups.next(|_| false, |_| true), Some(2));
        groups.served("b");
        assert_eq!(groups.next(|_| false, |_| true), Some(1));
        groups.remove("a", 1);
        groups.remove("a", 3);
        groups.add("a", 4);
        assert_eq!(groups.next(|_| false, |_| true), Some(2), "a group that was empty comes last");
        assert_eq!(groups.turns.len(), groups.by_name.len());
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
