use aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry;

use super::*;

async fn change(world: &World, receipt: &str, seconds: i32) -> Result<(), String> {
    let change = world.client.change_message_visibility().queue_url(&world.queue).receipt_handle(receipt);
    change.visibility_timeout(seconds).send().await.map(drop).map_err(|error| code::<(), _>(Err(error)))
}

async fn delete(world: &World, receipt: &str) {
    world.client.delete_message().queue_url(&world.queue).receipt_handle(receipt).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_comes_back_when_its_timeout_ends() {
    let world = World::new().await;
    let id = world.send("a").await;
    let first = world.receive_one(30).await;
    assert_eq!(first.message_id(), Some(id.as_str()));
    pass(29).await;
    assert!(world.receive(30).await.is_empty());
    assert_eq!(world.counts().await, [0, 1, 0]);
    pass(1).await;
    let second = world.receive_one(30).await;
    assert_eq!(second.message_id(), Some(id.as_str()));
    assert_ne!(first.receipt_handle(), second.receipt_handle());
}

#[tokio::test(start_paused = true)]
async fn a_change_counts_from_when_it_is_made() {
    let world = World::new().await;
    world.send("a").await;
    let message = world.receive_one(30).await;
    pass(20).await;
    change(&world, receipt(&message), 30).await.unwrap();
    pass(29).await;
    assert!(world.receive(30).await.is_empty());
    pass(1).await;
    assert_eq!(world.receive(30).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn zero_releases_at_once_and_again_what_is_released() {
    let world = World::new().await;
    world.send("a").await;
    let message = world.receive_one(30).await;
    for _ in 0..2 {
        change(&world, receipt(&message), 0).await.unwrap();
        assert_eq!(world.counts().await, [1, 0, 0]);
    }
    assert_eq!(world.receive(30).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn twelve_hours_from_the_receive_are_the_limit() {
    let world = World::new().await;
    world.send("a").await;
    let message = world.receive_one(30).await;
    let refused = Err("InvalidParameterValue".to_owned());
    assert_eq!(change(&world, receipt(&message), 43_201).await, refused);
    assert_eq!(change(&world, receipt(&message), 43_200).await, refused);
    change(&world, receipt(&message), 43_195).await.unwrap();
    pass(43_000).await;
    assert_eq!(change(&world, receipt(&message), 201).await, refused);
    change(&world, receipt(&message), 190).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_older_handle_deletes_nothing() {
    let world = World::new().await;
    world.send("a").await;
    let older = world.receive_one(10).await;
    pass(10).await;
    let current = world.receive_one(30).await;
    delete(&world, receipt(&older)).await;
    assert_eq!(world.counts().await, [0, 1, 0]);
    delete(&world, receipt(&current)).await;
    assert_eq!(world.counts().await, [0, 0, 0]);
    delete(&world, receipt(&current)).await;
}

#[tokio::test(start_paused = true)]
async fn an_older_handle_exposes_what_another_receiver_holds() {
    let world = World::new().await;
    let id = world.send("a").await;
    let older = world.receive_one(10).await;
    pass(10).await;
    world.receive_one(30).await;
    change(&world, receipt(&older), 0).await.unwrap();
    assert_eq!(world.receive_one(30).await.message_id(), Some(id.as_str()));
}

#[tokio::test(start_paused = true)]
async fn an_older_handle_hides_the_message_from_all_and_takes_no_delete_from_the_newest() {
    let world = World::new().await;
    world.send("a").await;
    let older = world.receive_one(10).await;
    pass(10).await;
    let current = world.receive_one(10).await;
    change(&world, receipt(&older), 600).await.unwrap();
    pass(599).await;
    assert!(world.receive(10).await.is_empty());
    delete(&world, receipt(&current)).await;
    pass(10).await;
    assert_eq!(world.counts().await, [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_handle_hides_the_message_again_after_its_timeout() {
    let world = World::new().await;
    world.send("a").await;
    let message = world.receive_one(1).await;
    pass(2).await;
    assert_eq!(world.counts().await, [1, 0, 0]);
    change(&world, receipt(&message), 30).await.unwrap();
    assert_eq!(world.counts().await, [0, 1, 0]);
    pass(29).await;
    assert!(world.receive(30).await.is_empty());
    pass(1).await;
    assert_eq!(world.receive(30).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_waits_as_long_as_an_older_handle_hides() {
    let world = World::new().await;
    world.send("a").await;
    let older = world.receive_one(10).await;
    pass(10).await;
    world.receive_one(2).await;
    let started = tokio::time::Instant::now();
    let poll = world.client.receive_message().queue_url(&world.queue).wait_time_seconds(20).send();
    let (polled, ()) = tokio::join!(poll, async {
        tokio::task::yield_now().await;
        change(&world, receipt(&older), 15).await.unwrap();
    });
    assert_eq!(polled.unwrap().messages().len(), 1);
    assert_eq!(started.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn the_entries_of_a_batch_work_with_older_handles_too() {
    let world = World::new().await;
    world.send("a").await;
    let older = world.receive_one(10).await;
    pass(10).await;
    let current = world.receive_one(30).await;
    world.send("gone").await;
    let gone = world.receive_one(30).await;
    delete(&world, receipt(&gone)).await;
    let entry = |id: &str, message: &Message| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).visibility_timeout(0);
        entry.receipt_handle(receipt(message)).build().unwrap()
    };
    let entries = vec![entry("older", &older), entry("current", &current), entry("gone", &gone)];
    let change = world.client.change_message_visibility_batch().queue_url(&world.queue);
    let changed = change.set_entries(Some(entries)).send().await.unwrap();
    let successful: Vec<&str> = changed.successful().iter().map(|entry| entry.id()).collect();
    assert_eq!(successful, ["older", "current"]);
    assert_eq!((changed.failed()[0].id(), changed.failed()[0].code()), ("gone", "InvalidParameterValue"));
    assert_eq!(world.counts().await, [1, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn the_handle_of_a_deleted_message_changes_nothing() {
    let world = World::new().await;
    world.send("a").await;
    let message = world.receive_one(10).await;
    delete(&world, receipt(&message)).await;
    for seconds in [0, 30] {
        let refused = change(&world, receipt(&message), seconds).await;
        assert_eq!(refused, Err("InvalidParameterValue".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_handle_still_deletes_if_it_is_the_latest() {
    let world = World::new().await;
    world.send("a").await;
    let message = world.receive_one(10).await;
    pass(60).await;
    delete(&world, receipt(&message)).await;
    assert!(world.receive(10).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_handle_of_the_queue_is_refused() {
    let world = World::new().await;
    assert_eq!(change(&world, "nonsense", 0).await, Err("ReceiptHandleIsInvalid".to_owned()));
    let other = create(&world.client, "other").await;
    world.send("a").await;
    let message = world.receive_one(10).await;
    let delete = world.client.delete_message().queue_url(other).receipt_handle(receipt(&message));
    assert_eq!(code(delete.send().await), "ReceiptHandleIsInvalid");
}
