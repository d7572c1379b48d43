//! Finding a queue with its dead-letter queue.

use aws_sdk_sqs::types::QueueAttributeName;
use common::fault::Class;
use common::ledger::Reason;
use common::queue::Queue;
use serde_json::json;
use topology::World;

use crate::queue_bench::{Bench, VISIBILITY, raw_messages, url};

#[tokio::test(start_paused = true)]
async fn a_queue_is_found_by_name_and_by_url() {
    let bench = Bench::new().await;
    let url = url(&bench.world, "fast").await;
    let by_url = bench.world.queue(&url, VISIBILITY).await.unwrap();
    assert_eq!((by_url.name(), by_url.visibility_timeout()), ("fast", VISIBILITY));
    bench.send(&["a"]).await;
    let received = by_url.receive(10, std::time::Duration::ZERO).await.unwrap();
    by_url.park(&received[0], &Reason::new("code", "sentence")).await.unwrap();
    assert_eq!(raw_messages(&bench.world, "fast-dlq").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_not_there_is_missing() {
    let world = World::new().await.unwrap();
    let gone_url = url(&world, "fast").await.replace("fast", "slow");
    for name in ["slow", &gone_url] {
        let fault = world.queue(name, VISIBILITY).await.unwrap_err();
        assert_eq!(fault.class, Class::Missing, "{name}: {fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_without_a_dead_letter_queue_is_refused() {
    let world = World::new().await.unwrap();
    let fault = world.queue("fast-dlq", VISIBILITY).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_str()), (Class::Invalid, "NoRedrivePolicy"));
}

#[tokio::test(start_paused = true)]
async fn a_queue_whose_dead_letter_queue_has_gone_is_missing() {
    let world = World::new().await.unwrap();
    let sqs = world.sqs();
    sqs.delete_queue().queue_url(url(&world, "fast-dlq").await).send().await.unwrap();
    let fault = world.queue("fast", VISIBILITY).await.unwrap_err();
    assert_eq!(fault.class, Class::Missing, "{fault}");
}

#[tokio::test(start_paused = true)]
async fn the_redrive_policy_and_not_the_name_says_where_messages_are_parked() {
    let world = World::new().await.unwrap();
    let sqs = world.sqs();
    let policy =
        json!({ "deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:bulk-dlq", "maxReceiveCount": 9 });
    sqs.set_queue_attributes()
        .queue_url(url(&world, "fast").await)
        .attributes(QueueAttributeName::RedrivePolicy, policy.to_string())
        .send()
        .await
        .unwrap();
    let queue = Queue::find(&sqs, "fast", VISIBILITY).await.unwrap();
    queue.send(&[crate::queue_bench::outgoing("a")]).await.remove(0).unwrap();
    let received = queue.receive(1, std::time::Duration::ZERO).await.unwrap();
    queue.park(&received[0], &Reason::new("code", "sentence")).await.unwrap();
    assert_eq!(raw_messages(&world, "bulk-dlq").await.len(), 1);
    assert!(raw_messages(&world, "fast-dlq").await.is_empty());
}
