use aws_sdk_sqs::types::MessageSystemAttributeName;

use super::*;

const DEAD_ARN: &str = "arn:aws:sqs:us-east-1:000000000000:dead";

async fn with_dead_letter_queue(max_receive_count: u32) -> (World, World) {
    let world = World::new().await;
    let dead = create(&world.client, "dead").await;
    let policy = format!(r#"{{"deadLetterTargetArn":"{DEAD_ARN}","maxReceiveCount":{max_receive_count}}}"#);
    let set = world.client.set_queue_attributes().queue_url(&world.queue);
    set.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap();
    let dead = World { cloud: world.cloud.clone(), client: world.client.clone(), queue: dead };
    (world, dead)
}

#[tokio::test(start_paused = true)]
async fn a_message_moves_when_one_more_receive_would_be_too_many() {
    let (world, dead) = with_dead_letter_queue(2).await;
    let id = world.send("poison").await;
    pass(100).await;
    for _ in 0..2 {
        assert_eq!(world.receive(1).await.len(), 1);
        pass(1).await;
    }
    assert_eq!(dead.counts().await, [0, 0, 0]);
    assert!(world.receive(1).await.is_empty());
    assert_eq!(world.counts().await, [0, 0, 0]);

    let receive = dead.client.receive_message().queue_url(&dead.queue);
    let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
    let message = receive.send().await.unwrap().messages.unwrap().remove(0);
    assert_eq!((message.message_id(), message.body()), (Some(id.as_str()), Some("poison")));
    let attributes = message.attributes.unwrap();
    assert_eq!(
        attributes[&MessageSystemAttributeName::DeadLetterQueueSourceArn],
        "arn:aws:sqs:us-east-1:000000000000:work"
    );
    assert_eq!(attributes[&MessageSystemAttributeName::SentTimestamp], "1780000000000");
    assert_eq!(attributes[&MessageSystemAttributeName::ApproximateReceiveCount], "3");
}

#[tokio::test(start_paused = true)]
async fn poison_does_not_stand_in_the_way() {
    let (world, _dead) = with_dead_letter_queue(1).await;
    world.send("poison").await;
    assert_eq!(world.receive(1).await.len(), 1);
    pass(1).await;
    world.send("good").await;
    assert_eq!(world.receive_one(30).await.body(), Some("good"));
}

#[tokio::test(start_paused = true)]
async fn a_move_wakes_a_poll_of_the_dead_letter_queue() {
    let (world, dead) = with_dead_letter_queue(1).await;
    world.send("poison").await;
    assert_eq!(world.receive(1).await.len(), 1);
    let poll = dead.client.receive_message().queue_url(&dead.queue).wait_time_seconds(20);
    let work = world.client.receive_message().queue_url(&world.queue).wait_time_seconds(20);
    let started = tokio::time::Instant::now();
    let polled = async {
        let received = poll.send().await;
        (received, started.elapsed().as_secs())
    };
    let ((polled, seconds), worked) = tokio::join!(polled, work.send());
    assert_eq!((polled.unwrap().messages().len(), seconds), (1, 1));
    assert!(worked.unwrap().messages().is_empty());
}

#[tokio::test(start_paused = true)]
async fn retention_in_the_dead_letter_queue_counts_from_the_first_sending() {
    let (world, dead) = with_dead_letter_queue(1).await;
    let set = dead.client.set_queue_attributes().queue_url(&dead.queue);
    set.attributes(QueueAttributeName::MessageRetentionPeriod, "120").send().await.unwrap();
    world.send("poison").await;
    assert_eq!(world.receive(100).await.len(), 1);
    pass(100).await;
    assert!(world.receive(1).await.is_empty());
    assert_eq!(dead.counts().await, [1, 0, 0]);
    pass(20).await;
    assert_eq!(dead.counts().await, [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn without_its_dead_letter_queue_a_message_stays() {
    let (world, dead) = with_dead_letter_queue(1).await;
    dead.client.delete_queue().queue_url(&dead.queue).send().await.unwrap();
    world.send("a").await;
    for _ in 0..3 {
        assert_eq!(world.receive(0).await.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn sources_are_listed_and_targets_checked() {
    let (world, dead) = with_dead_letter_queue(3).await;
    let sources = world.client.list_dead_letter_source_queues().queue_url(&dead.queue).send().await.unwrap();
    assert_eq!(sources.queue_urls(), std::slice::from_ref(&world.queue));
    let set = |policy: &str| {
        let set = world.client.set_queue_attributes().queue_url(&world.queue);
        set.attributes(QueueAttributeName::RedrivePolicy, policy).send()
    };
    let nowhere = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:no","maxReceiveCount":3}"#;
    assert_eq!(code(set(nowhere).await), "InvalidParameterValue");
    let deny = world.client.set_queue_attributes().queue_url(&dead.queue);
    let deny = deny.attributes(QueueAttributeName::RedriveAllowPolicy, r#"{"redrivePermission":"denyAll"}"#);
    deny.send().await.unwrap();
    let denied = format!(r#"{{"deadLetterTargetArn":"{DEAD_ARN}","maxReceiveCount":5}}"#);
    assert_eq!(code(set(&denied).await), "InvalidParameterValue");
    set("").await.unwrap();
    let sources = world.client.list_dead_letter_source_queues().queue_url(&dead.queue).send().await.unwrap();
    assert!(sources.queue_urls().is_empty());
}
