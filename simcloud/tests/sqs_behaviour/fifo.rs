use aws_sdk_sqs::operation::send_message::SendMessageOutput;

use super::*;

/// A world whose queue is a FIFO queue.
async fn fifo(attributes: &[(QueueAttributeName, &str)]) -> World {
    let world = World::new().await;
    let mut create = world.client.create_queue().queue_name("line.fifo");
    create = create.attributes(QueueAttributeName::FifoQueue, "true");
    for (name, value) in attributes {
        create = create.attributes(name.clone(), *value);
    }
    let queue = create.send().await.unwrap().queue_url.unwrap();
    World { queue, ..world }
}

async fn put(world: &World, group: &str, body: &str, id: &str) -> SendMessageOutput {
    let send = world.client.send_message().queue_url(&world.queue).message_body(body);
    send.message_group_id(group).message_deduplication_id(id).send().await.unwrap()
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(Message::body).collect()
}

#[tokio::test(start_paused = true)]
async fn a_group_waits_for_what_is_in_flight_and_other_groups_do_not() {
    let world = fifo(&[]).await;
    for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")] {
        put(&world, group, body, body).await;
    }
    let first = world.client.receive_message().queue_url(&world.queue).visibility_timeout(30);
    let first = first.send().await.unwrap().messages.unwrap();
    assert_eq!(bodies(&first), ["a1"]);
    assert_eq!(bodies(&world.receive(30).await), ["b1"]);
    let delete = world.client.delete_message().queue_url(&world.queue).receipt_handle(receipt(&first[0]));
    delete.send().await.unwrap();
    assert_eq!(bodies(&world.receive(30).await), ["a2", "a3"]);
}

#[tokio::test(start_paused = true)]
async fn what_comes_back_keeps_its_place() {
    let world = fifo(&[]).await;
    for body in ["1", "2", "3"] {
        put(&world, "a", body, body).await;
    }
    assert_eq!(bodies(&world.receive(10).await), ["1", "2", "3"]);
    pass(10).await;
    put(&world, "a", "4", "4").await;
    assert_eq!(bodies(&world.receive(10).await), ["1", "2", "3", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_is_taken_and_not_delivered_for_five_minutes() {
    let world = fifo(&[]).await;
    let first = put(&world, "a", "once", "id").await;
    let second = put(&world, "b", "twice", "id").await;
    assert_eq!(first.message_id(), second.message_id());
    assert_eq!(first.sequence_number(), second.sequence_number());
    assert_eq!(world.counts().await, [1, 0, 0]);
    pass(301).await;
    let third = put(&world, "a", "later", "id").await;
    assert_ne!(first.message_id(), third.message_id());
    assert_eq!(world.counts().await, [2, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn an_expired_receipt_deletes_nothing_and_says_so() {
    let world = fifo(&[]).await;
    put(&world, "a", "x", "1").await;
    let message = world.receive_one(5).await;
    pass(5).await;
    let delete = world.client.delete_message().queue_url(&world.queue).receipt_handle(receipt(&message));
    assert_eq!(code(delete.send().await), "InvalidParameterValue");
    assert_eq!(world.counts().await, [1, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn an_older_receipt_changes_visibility_and_deletes_nothing() {
    let world = fifo(&[]).await;
    for body in ["1", "2"] {
        put(&world, "a", body, body).await;
    }
    let first = world.client.receive_message().queue_url(&world.queue).visibility_timeout(5);
    let older = first.send().await.unwrap().messages.unwrap().remove(0);
    pass(5).await;
    assert_eq!(bodies(&world.receive(5).await), ["1", "2"]);
    let change = |seconds| {
        let change = world.client.change_message_visibility().queue_url(&world.queue);
        change.receipt_handle(receipt(&older)).visibility_timeout(seconds).send()
    };
    change(60).await.unwrap();
    pass(5).await;
    // The second is visible again, and waits for the first of its group.
    assert_eq!(world.counts().await, [1, 1, 0]);
    assert!(world.receive(5).await.is_empty());
    let delete = world.client.delete_message().queue_url(&world.queue).receipt_handle(receipt(&older));
    assert_eq!(code(delete.send().await), "InvalidParameterValue");
    change(0).await.unwrap();
    assert_eq!(bodies(&world.receive(5).await), ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn content_based_deduplication_makes_the_id() {
    let world = fifo(&[(QueueAttributeName::ContentBasedDeduplication, "true")]).await;
    let send = |body: &str| {
        world.client.send_message().queue_url(&world.queue).message_body(body).message_group_id("a").send()
    };
    let (first, again, other) =
        (send("x").await.unwrap(), send("x").await.unwrap(), send("y").await.unwrap());
    assert_eq!(first.message_id(), again.message_id());
    assert!(first.sequence_number() < other.sequence_number());
    assert_eq!(world.counts().await, [2, 0, 0]);
}
