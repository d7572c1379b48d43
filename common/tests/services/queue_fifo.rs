//! FIFO queues: what keeps a group's order, and what a second send does.

use std::time::Duration;

use aws_sdk_sqs::types::MessageSystemAttributeName::{MessageDeduplicationId, MessageGroupId};
use common::ledger::Reason;
use common::queue::{HELD_BACK, Message, Outgoing, Queue};
use simcloud::{Effect, Fault};
use topology::World;

use crate::queue_bench::{VISIBILITY, pass, raw_attributes, raw_messages};

async fn fifo() -> (World, Queue) {
    let world = World::new().await.unwrap();
    world.add_queue("line.fifo").await.unwrap();
    let queue = world.queue("line.fifo", VISIBILITY).await.unwrap();
    (world, queue)
}

fn of(group: &str, body: &str) -> Outgoing {
    let send_id = Some(format!("{group}/{body}"));
    Outgoing { body: body.to_owned(), attributes: Default::default(), group: Some(group.to_owned()), send_id }
}

async fn send(queue: &Queue, messages: &[Outgoing]) {
    for entry in queue.send(messages).await {
        entry.unwrap();
    }
}

/// What is visible now, one after another; each is deleted before the next.
async fn drain(queue: &Queue) -> Vec<String> {
    let mut bodies = Vec::new();
    while let Some(message) = receive(queue).await {
        queue.delete(&[message.receipt]).await.remove(0).unwrap();
        bodies.push(message.body);
    }
    bodies
}

/// One short poll; it never brings two.
async fn receive(queue: &Queue) -> Option<Message> {
    let mut messages = queue.receive(10, Duration::ZERO).await.unwrap();
    assert!(messages.len() < 2, "{messages:?}");
    messages.pop()
}

#[tokio::test(start_paused = true)]
async fn a_receive_brings_one_message_and_its_group_waits_for_it() {
    let (_world, queue) = fifo().await;
    assert!(queue.is_fifo());
    send(&queue, &[of("a", "a1"), of("a", "a2"), of("b", "b1")]).await;
    let first = receive(&queue).await.unwrap();
    assert_eq!((first.body.as_str(), first.group.as_deref()), ("a1", Some("a")));
    assert_eq!(receive(&queue).await.unwrap().body, "b1");
    assert!(receive(&queue).await.is_none(), "a2 waits for a1");
    queue.delete(&[first.receipt]).await.remove(0).unwrap();
    assert_eq!(receive(&queue).await.unwrap().body, "a2");
}

#[tokio::test(start_paused = true)]
async fn what_is_given_back_or_lost_comes_before_the_later_ones_of_its_group() {
    let (_world, queue) = fifo().await;
    send(&queue, &[of("a", "a1"), of("a", "a2")]).await;
    let first = receive(&queue).await.unwrap();
    queue.give_back(vec![(first.receipt, Duration::from_secs(40))]).await;
    pass(Duration::from_secs(39)).await;
    assert!(receive(&queue).await.is_none(), "a2 waits while a1 is hidden");
    pass(Duration::from_secs(1)).await;
    assert_eq!(receive(&queue).await.unwrap().body, "a1");
    pass(VISIBILITY).await;
    assert_eq!(drain(&queue).await, ["a1", "a2"], "a receiver that died changes nothing");
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_fails_holds_back_the_later_ones_of_its_group_and_no_other() {
    let (world, queue) = fifo().await;
    // In the second request, which has the second message of each group, the first entry fails.
    let second = Fault::on("SQS", "SendMessageBatch").skip(1).times(1);
    world.cloud.faults().add(second.effect(Effect::FailEntries { places: 1 }));
    let messages = [of("a", "a1"), of("a", "a2"), of("b", "b1"), of("a", "a3"), of("b", "b2"), of("b", "b3")];
    let entries = queue.send(&messages).await;
    let codes: Vec<&str> = entries
        .iter()
        .map(|entry| entry.as_ref().map_or_else(|fault| fault.code.as_str(), |()| "sent"))
        .collect();
    assert_eq!(codes, ["sent", "InternalError", "sent", HELD_BACK, "sent", "sent"]);
    assert!(entries[3].as_ref().is_err_and(common::fault::Fault::is_passing));
    send(&queue, &[of("a", "a2"), of("a", "a3")]).await;
    assert_eq!(drain(&queue).await, ["a1", "b1", "a2", "b2", "a3", "b3"]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_as_a_whole_sends_nothing_behind_it() {
    let (world, queue) = fifo().await;
    let refuse = Effect::respond(400, "InvalidParameterValue", "no");
    world.cloud.faults().add(Fault::on("SQS", "SendMessageBatch").effect(refuse));
    let entries = queue.send(&[of("a", "a1"), of("a", "a2"), of("b", "b1"), of("b", "b2")]).await;
    assert!(entries.iter().all(Result::is_err), "{entries:?}");
    assert!(drain(&queue).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_second_send_of_the_same_message_is_dropped_for_five_minutes() {
    let (_world, queue) = fifo().await;
    send(&queue, &[of("a", "a1")]).await;
    assert_eq!(drain(&queue).await, ["a1"]);
    send(&queue, &[of("a", "a1")]).await;
    assert!(drain(&queue).await.is_empty(), "known, though the first was deleted");
    let other_event = Outgoing { send_id: Some("a/another".to_owned()), ..of("a", "a1") };
    send(&queue, &[other_event]).await;
    assert_eq!(drain(&queue).await, ["a1"], "the id counts and not the body");
    pass(Duration::from_secs(300)).await;
    send(&queue, &[of("a", "a1")]).await;
    assert_eq!(drain(&queue).await, ["a1"]);
}

#[tokio::test(start_paused = true)]
async fn a_parked_message_goes_to_the_fifo_dead_letter_queue_and_its_group_goes_on() {
    let (world, queue) = fifo().await;
    send(&queue, &[of("a", "bad"), of("a", "good")]).await;
    let message = receive(&queue).await.unwrap();
    queue.park(&message, &Reason::new("malformed_event", "not JSON")).await.unwrap();
    let parked = raw_messages(&world, "line-dlq.fifo").await;
    assert_eq!(parked[0].body(), Some("bad"));
    assert_eq!(raw_attributes(&parked[0])[common::queue::REASON_CODE], "malformed_event");
    let system = parked[0].attributes().unwrap();
    assert_eq!(
        (system[&MessageGroupId].as_str(), system[&MessageDeduplicationId].as_str()),
        ("a", message.id.as_str())
    );
    assert_eq!(drain(&queue).await, ["good"]);
}

#[tokio::test(start_paused = true)]
async fn parking_without_content_based_deduplication_works_too() {
    let (world, queue) = fifo().await;
    for name in ["line.fifo", "line-dlq.fifo"] {
        let set = world.sqs().set_queue_attributes().queue_url(crate::queue_bench::url(&world, name).await);
        let set = set.attributes(aws_sdk_sqs::types::QueueAttributeName::ContentBasedDeduplication, "false");
        set.send().await.unwrap();
    }
    send(&queue, &[of("a", "bad"), of("a", "good")]).await;
    let message = receive(&queue).await.unwrap();
    queue.park(&message, &Reason::new("code", "sentence")).await.unwrap();
    assert_eq!(raw_messages(&world, "line-dlq.fifo").await.len(), 1);
    assert_eq!(drain(&queue).await, ["good"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_parked_twice_after_a_crash_is_in_the_dead_letter_queue_once() {
    let (world, queue) = fifo().await;
    send(&queue, &[of("a", "bad")]).await;
    let reason = Reason::new("code", "sentence");
    let message = receive(&queue).await.unwrap();
    queue.send_to_dead_letters(&message, &reason).await.unwrap();
    pass(VISIBILITY).await;
    let again = receive(&queue).await.unwrap();
    queue.park(&again, &reason).await.unwrap();
    assert_eq!(raw_messages(&world, "line-dlq.fifo").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_redriven_is_parked_again_within_the_five_minutes() {
    let (world, queue) = fifo().await;
    send(&queue, &[of("a", "bad"), of("a", "later")]).await;
    let reason = Reason::new("code", "sentence");
    queue.park(&receive(&queue).await.unwrap(), &reason).await.unwrap();
    let arn = |name: &str| format!("arn:aws:sqs:us-east-1:000000000000:{name}");
    let start = world.sqs().start_message_move_task().source_arn(arn("line-dlq.fifo"));
    start.destination_arn(arn("line.fifo")).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let later = receive(&queue).await.unwrap();
    assert_eq!(later.body, "later", "what is redriven goes to the end of its group");
    queue.delete(&[later.receipt]).await.remove(0).unwrap();
    let redriven = receive(&queue).await.unwrap();
    assert_eq!((redriven.body.as_str(), redriven.group.as_deref()), ("bad", Some("a")));
    queue.park(&redriven, &reason).await.unwrap();
    assert_eq!(raw_messages(&world, "line-dlq.fifo").await.len(), 1);
    assert!(drain(&queue).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stale_receipt_deletes_nothing_and_says_so() {
    let (_world, queue) = fifo().await;
    send(&queue, &[of("a", "a1")]).await;
    let message = receive(&queue).await.unwrap();
    pass(VISIBILITY).await;
    let fault = queue.delete(&[message.receipt]).await.remove(0).unwrap_err();
    assert!(!fault.is_passing(), "{fault}");
    assert_eq!(drain(&queue).await, ["a1"]);
}
