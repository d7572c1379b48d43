use super::*;

#[tokio::test(start_paused = true)]
async fn a_restored_cloud_has_every_message_and_nobody_holds_one() {
    let before = World::new().await;
    let tag = before.client.tag_queue().queue_url(&before.queue).tags("k", "v");
    tag.send().await.unwrap();
    let id = before.send("held").await;
    let held = before.receive_one(3600).await;
    before.send("waiting \u{fffd}").await;
    let late = before.client.send_message().queue_url(&before.queue).message_body("late").delay_seconds(60);
    late.send().await.unwrap();

    let cloud = Cloud::new(Options::default()).unwrap();
    let text = before.cloud.snapshot().to_string();
    cloud.restore(serde_json::from_str(&text).unwrap()).unwrap();
    let client = client(&cloud);
    let after = World { cloud, client, queue: before.queue.clone() };
    assert_eq!(after.counts().await, [2, 0, 1]);
    let receive = after.client.receive_message().queue_url(&after.queue);
    let receive = receive.message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
    let again = receive.send().await.unwrap().messages.unwrap().remove(0);
    assert_eq!(again.message_id(), Some(id.as_str()));
    assert_eq!(again.attributes.unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount], "2");
    let delete = after.client.delete_message().queue_url(&after.queue).receipt_handle(receipt(&held));
    assert_eq!(code(delete.send().await), "ReceiptHandleIsInvalid");
    pass(60).await;
    assert_eq!(after.counts().await[2], 0);
    let tags = after.client.list_queue_tags().queue_url(&after.queue).send().await.unwrap().tags.unwrap();
    assert_eq!(tags["k"], "v");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_snapshot_changes_nothing() {
    let world = World::new().await;
    world.send("a").await;
    assert!(world.cloud.restore(serde_json::json!({"queues": [{"name": 1}]})).is_err());
    assert_eq!(world.counts().await, [1, 0, 0]);
}
