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
async fn zero_releases_at_once_and_once() {
    let world = World::new().await;
    world.send("a").await;
    let message = world.receive_one(30).await;
    change(&world, receipt(&message), 0).await.unwrap();
    let not_in_flight = Err("AWS.SimpleQueueService.MessageNotInflight".to_owned());
    assert_eq!(change(&world, receipt(&message), 0).await, not_in_flight);
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
async fn a_stale_handle_deletes_nothing_and_extends_nothing() {
    let world = World::new().await;
    world.send("a").await;
    let stale = world.receive_one(10).await;
    pass(10).await;
    let current = world.receive_one(30).await;
    delete(&world, receipt(&stale)).await;
    assert_eq!(change(&world, receipt(&stale), 0).await, Err("InvalidParameterValue".to_owned()));
    assert_eq!(world.counts().await, [0, 1, 0]);
    delete(&world, receipt(&current)).await;
    assert_eq!(world.counts().await, [0, 0, 0]);
    delete(&world, receipt(&current)).await;
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
