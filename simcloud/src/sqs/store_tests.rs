use std::collections::BTreeMap;

use proptest::prelude::*;

use super::message::{Content, Envelope};
use super::store::*;

const RETENTION_MS: u64 = 345_600_000;

fn envelope(id: &str, sent_at_ms: u64) -> Envelope {
    let content = Content {
        message_id: id.to_owned(),
        body: id.to_owned(),
        body_md5: String::new(),
        attributes: BTreeMap::new(),
        group_id: None,
        deduplication_id: None,
        trace_header: None,
        sender_id: String::new(),
    };
    Envelope::new(content, sent_at_ms)
}

fn take(messages_max: usize, visibility_ms: u64) -> Take {
    Take { messages_max, visibility_ms, receives_max: None }
}

fn receive_at(store: &mut MessageStore, now_ms: u64, take: Take) -> Vec<(u64, Envelope)> {
    store.advance(now_ms, RETENTION_MS);
    store.receive(now_ms, take).received
}

fn ids(received: &[(u64, Envelope)]) -> Vec<&str> {
    received.iter().map(|(_, envelope)| envelope.content.message_id.as_str()).collect()
}

#[test]
fn a_message_is_hidden_until_its_timeout_and_then_seen_again() {
    let mut store = MessageStore::default();
    store.insert(envelope("a", 0), 0, 0);
    assert_eq!(receive_at(&mut store, 5, take(10, 1000)).len(), 1);
    assert!(receive_at(&mut store, 1004, take(10, 1000)).is_empty());
    let again = receive_at(&mut store, 1005, take(10, 1000));
    assert_eq!(again[0].1.receive_count, 2);
    assert_eq!(again[0].1.first_received_at_ms, Some(5));
}

#[test]
fn a_message_that_comes_back_waits_behind_those_already_visible() {
    let mut store = MessageStore::default();
    store.insert(envelope("a", 0), 0, 0);
    store.insert(envelope("b", 1), 1, 0);
    assert_eq!(ids(&receive_at(&mut store, 2, take(1, 10))), ["a"]);
    assert_eq!(ids(&receive_at(&mut store, 20, take(10, 10))), ["b", "a"]);
}

#[test]
fn a_delayed_message_is_neither_visible_nor_in_flight() {
    let mut store = MessageStore::default();
    store.insert(envelope("a", 0), 0, 500);
    assert_eq!(store.counts(), Counts { visible: 0, in_flight: 0, delayed: 1 });
    assert_eq!(store.next_due_ms(), Some(500));
    assert!(receive_at(&mut store, 499, take(1, 0)).is_empty());
    assert_eq!(receive_at(&mut store, 500, take(1, 0)).len(), 1);
}

#[test]
fn only_the_latest_receive_deletes() {
    let mut store = MessageStore::default();
    store.insert(envelope("a", 0), 0, 0);
    let (sequence, first) = receive_at(&mut store, 0, take(1, 10)).remove(0);
    let (_, second) = receive_at(&mut store, 10, take(1, 10)).remove(0);
    assert!(!store.delete(sequence, first.receive_count));
    assert!(store.delete(sequence, second.receive_count));
    assert!(!store.delete(sequence, second.receive_count));
}

#[test]
fn an_expired_receive_still_deletes_if_nobody_received_since() {
    let mut store = MessageStore::default();
    store.insert(envelope("a", 0), 0, 0);
    let (sequence, first) = receive_at(&mut store, 0, take(1, 10)).remove(0);
    store.advance(50, RETENTION_MS);
    assert!(store.delete(sequence, first.receive_count));
    assert_eq!(store.counts(), Counts { visible: 0, in_flight: 0, delayed: 0 });
}

#[test]
fn twelve_hours_count_from_the_receive_that_the_handle_names() {
    let mut store = MessageStore::default();
    store.insert(envelope("a", 0), 0, 0);
    let (sequence, _) = receive_at(&mut store, 0, take(1, 30_000)).remove(0);
    let mut change = |received_at_ms, now_ms, timeout_s: u64| {
        store.change_visibility(sequence, received_at_ms, now_ms, timeout_s * 1000)
    };
    assert_eq!(change(0, 0, 43_200), Err(NotChanged::BeyondLimit));
    assert_eq!(change(0, 0, 43_195), Ok(()));
    assert_eq!(change(0, 43_190_000, 10), Err(NotChanged::BeyondLimit));
    assert_eq!(change(0, 43_190_000, 9), Ok(()));
    // A later receive has time of its own left, and giving back is never too much.
    assert_eq!(change(43_180_000, 43_190_000, 43_100), Ok(()));
    assert_eq!(change(0, 50_000_000, 1), Err(NotChanged::BeyondLimit));
    assert_eq!(change(0, 50_000_000, 0), Ok(()));
}

#[test]
fn a_handle_works_again_after_its_timeout_and_never_after_the_delete() {
    let mut store = MessageStore::default();
    store.insert(envelope("a", 0), 0, 0);
    let (sequence, _) = receive_at(&mut store, 0, take(1, 10)).remove(0);
    store.advance(20, RETENTION_MS);
    assert_eq!(store.counts(), Counts { visible: 1, in_flight: 0, delayed: 0 });
    assert_eq!(store.change_visibility(sequence, 0, 20, 30), Ok(()));
    assert_eq!(store.counts(), Counts { visible: 0, in_flight: 1, delayed: 0 });
    let (_, second) = receive_at(&mut store, 50, take(1, 1000)).remove(0);
    assert!(store.delete(sequence, second.receive_count));
    assert_eq!(store.change_visibility(sequence, 0, 50, 0), Err(NotChanged::Gone));
    assert_eq!(store.counts(), Counts { visible: 0, in_flight: 0, delayed: 0 });
}

#[test]
fn giving_back_what_is_visible_does_not_send_it_to_the_end_of_the_queue() {
    let mut store = MessageStore::default();
    store.insert(envelope("a", 0), 0, 0);
    let (sequence, _) = receive_at(&mut store, 0, take(1, 10)).remove(0);
    store.insert(envelope("b", 15), 15, 0);
    store.advance(20, RETENTION_MS);
    assert_eq!(store.change_visibility(sequence, 0, 20, 0), Ok(()));
    assert_eq!(ids(&receive_at(&mut store, 20, take(10, 10))), ["a", "b"]);
}

#[test]
fn what_was_received_too_often_is_given_up_with_its_history() {
    let mut store = MessageStore::default();
    store.insert(envelope("a", 7), 7, 0);
    let once = Take { messages_max: 1, visibility_ms: 0, receives_max: Some(1) };
    assert_eq!(receive_at(&mut store, 10, once).len(), 1);
    store.advance(11, RETENTION_MS);
    let taken = store.receive(11, once);
    assert!(taken.received.is_empty());
    assert_eq!((taken.dead[0].sent_at_ms, taken.dead[0].receive_count), (7, 1));
    assert_eq!(store.iter().count(), 0);
}

#[test]
fn retention_counts_from_sending_even_in_flight() {
    let mut store = MessageStore::default();
    store.insert(envelope("a", 0), 0, 0);
    store.advance(0, 60_000);
    assert_eq!(store.receive(0, take(1, 600_000)).received.len(), 1);
    store.advance(59_999, 60_000);
    assert_eq!(store.counts().in_flight, 1);
    store.advance(60_000, 60_000);
    assert_eq!(store.counts(), Counts { visible: 0, in_flight: 0, delayed: 0 });
}

#[test]
fn no_more_than_the_cap_is_in_flight() {
    let mut store = MessageStore::default();
    for _ in 0..=IN_FLIGHT_MAX {
        store.insert(envelope("a", 0), 0, 0);
    }
    let all = receive_at(&mut store, 0, take(usize::MAX, 30_000));
    assert_eq!(all.len(), IN_FLIGHT_MAX);
    assert!(store.receive(0, take(1, 30_000)).at_cap);
    assert!(store.delete(all[0].0, 1));
    assert_eq!(store.receive(0, take(10, 30_000)).received.len(), 1);
}

#[test]
fn clearing_frees_everything_but_the_numbers() {
    let mut store = MessageStore::default();
    store.insert(envelope("a", 0), 0, 0);
    let (old, _) = receive_at(&mut store, 0, take(1, 0)).remove(0);
    store.clear();
    store.insert(envelope("b", 0), 0, 0);
    let (new, _) = receive_at(&mut store, 0, take(1, 0)).remove(0);
    assert_ne!(old, new);
}

#[derive(Debug, Clone)]
enum Step {
    Send {
        delay_ms: u64,
    },
    Receive {
        messages_max: usize,
        visibility_ms: u64,
    },
    DeleteNewest,
    /// With the handle of the newest receive, or of any earlier one.
    Change {
        nth: usize,
        timeout_ms: u64,
    },
    Wait {
        ms: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u64..50).prop_map(|delay_ms| Step::Send { delay_ms }),
        (1usize..5, 0u64..50)
            .prop_map(|(messages_max, visibility_ms)| Step::Receive { messages_max, visibility_ms }),
        Just(Step::DeleteNewest),
        (any::<usize>(), 0u64..50).prop_map(|(nth, timeout_ms)| Step::Change { nth, timeout_ms }),
        (0u64..40).prop_map(|ms| Step::Wait { ms }),
    ]
}

proptest! {
    /// Whatever happens, each message is counted once, and is received again unless it was deleted.
    #[test]
    fn nothing_is_lost_or_doubled(steps in prop::collection::vec(step(), 0..60)) {
        let mut store = MessageStore::default();
        let (mut now_ms, mut alive, mut held) = (0, 0, Vec::new());
        for step in steps {
            store.advance(now_ms, RETENTION_MS);
            match step {
                Step::Send { delay_ms } => {
                    store.insert(envelope("m", now_ms), now_ms, delay_ms);
                    alive += 1;
                }
                Step::Receive { messages_max, visibility_ms } => {
                    let taken = store.receive(now_ms, take(messages_max, visibility_ms));
                    let receipt = |(sequence, e): (u64, Envelope)| (sequence, e.receive_count, now_ms);
                    held.extend(taken.received.into_iter().map(receipt));
                }
                Step::DeleteNewest => {
                    if let Some((sequence, count, _)) = held.pop() {
                        alive -= usize::from(store.delete(sequence, count));
                    }
                }
                Step::Change { nth, timeout_ms } => {
                    if let Some((sequence, _, received_at_ms)) = held.get(nth % held.len().max(1)) {
                        let _ = store.change_visibility(*sequence, *received_at_ms, now_ms, timeout_ms);
                    }
                }
                Step::Wait { ms } => now_ms += ms,
            }
            let counts = store.counts();
            prop_assert_eq!(counts.visible + counts.in_flight + counts.delayed, alive);
        }
        store.advance(now_ms + 1000, RETENTION_MS);
        prop_assert_eq!(store.receive(now_ms + 1000, take(usize::MAX, 1000)).received.len(), alive);
        prop_assert_eq!(store.counts().in_flight, alive);
    }
}
