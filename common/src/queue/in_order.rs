//! Sending to a FIFO queue, so that a group keeps its order when an entry fails.
//!
//! An entry of a batch may fail while a later one goes in. So a batch holds one message of each group, the first that is not in yet.
//! When it fails, or may have failed, the later ones of its group are not sent: whoever asked for them sends them again, after it.
//! A crash between two batches leaves the front of each group in the queue.

use std::collections::BTreeSet;

use super::batch::Entry;
use super::{HELD_BACK, Outgoing, Queue};
use crate::fault::{Class, Fault};

impl Queue {
    pub(super) async fn send_in_order(&self, messages: &[&Outgoing]) -> Vec<Entry> {
        let mut results: Vec<Option<Entry>> = vec![None; messages.len()];
        loop {
            let round = next_of_each_group(messages, &results);
            if round.is_empty() {
                break;
            }
            let batch: Vec<&Outgoing> = round.iter().filter_map(|at| messages.get(*at).copied()).collect();
            for (at, entry) in round.into_iter().zip(self.send_batches(&batch).await) {
                if entry.is_err() {
                    hold_back(messages, &mut results, at);
                }
                if let Some(slot) = results.get_mut(at) {
                    *slot = Some(entry);
                }
            }
        }
        results.into_iter().map(|entry| entry.unwrap_or_else(|| Err(held_back()))).collect()
    }
}

/// Not sent, and no fault of its own: it may be sent again.
pub fn held_back() -> Fault {
    Fault::new(Class::Transient, "SendMessageBatch", HELD_BACK)
}

/// Where the first message of each group is that has no result yet.
fn next_of_each_group(messages: &[&Outgoing], results: &[Option<Entry>]) -> Vec<usize> {
    let mut groups = BTreeSet::new();
    let open = messages.iter().zip(results).enumerate().filter(|(_, (_, result))| result.is_none());
    open.filter(|(_, (message, _))| groups.insert(&message.group)).map(|(at, _)| at).collect()
}

/// Ends the messages that come after the one at `failed` in its group.
fn hold_back(messages: &[&Outgoing], results: &mut [Option<Entry>], failed: usize) {
    let Some(group) = messages.get(failed).map(|message| &message.group) else { return };
    for (message, result) in messages.iter().zip(results).skip(failed + 1) {
        if message.group == *group {
            *result = Some(Err(held_back()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(group: &str) -> Outgoing {
        Outgoing {
            body: "x".to_owned(),
            attributes: Default::default(),
            group: Some(group.to_owned()),
            send_id: None,
        }
    }

    #[test]
    fn a_round_has_one_message_of_each_group_and_a_failure_ends_its_group() {
        let all = ["a", "b", "a", "a", "b"].map(outgoing);
        let messages: Vec<&Outgoing> = all.iter().collect();
        let mut results = vec![None; 5];
        assert_eq!(next_of_each_group(&messages, &results), [0, 1]);
        results[0] = Some(Ok(()));
        results[1] = Some(Ok(()));
        assert_eq!(next_of_each_group(&messages, &results), [2, 4]);
        hold_back(&messages, &mut results, 2);
        assert!(matches!(&results[3], Some(Err(fault)) if fault.code == HELD_BACK && fault.is_passing()));
        assert_eq!(results[4], None, "another group goes on");
    }
}
