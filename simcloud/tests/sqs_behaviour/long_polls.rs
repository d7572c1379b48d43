use tokio::time::Instant;

use super::*;

/// Polls for up to 20 seconds; gives the bodies and how many seconds it took.
async fn poll(world: &World) -> (Vec<String>, u64) {
    let started = Instant::now();
    let receive = world.client.receive_message().queue_url(&world.queue).wait_time_seconds(20);
    let received = receive.send().await.unwrap().messages.unwrap_or_default();
    let bodies = received.into_iter().filter_map(|message| message.body).collect();
    (bodies, started.elapsed().as_secs())
}

async fn after<T>(seconds: u64, then: impl Future<Output = T>) -> T {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    then.await
}

#[tokio::test(start_paused = true)]
async fn an_empty_queue_is_waited_for_to_the_end() {
    let world = World::new().await;
    assert_eq!(poll(&world).await, (vec![], 20));
}

#[tokio::test(start_paused = true)]
async fn a_message_wakes_the_poll() {
    let world = World::new().await;
    let (polled, _) = tokio::join!(poll(&world), after(7, world.send("a")));
    assert_eq!(polled, (vec!["a".to_owned()], 7));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_becomes_visible_wakes_a_poll_that_began_before_it_was_hidden() {
    let world = World::new().await;
    let elsewhere = after(2, async {
        world.send("a").await;
    });
    // The first poll takes the message, for five seconds; the second waits on.
    let first = async {
        let receive = world.client.receive_message().queue_url(&world.queue).wait_time_seconds(20);
        receive.visibility_timeout(5).send().await.unwrap().messages.unwrap_or_default().len()
    };
    let (first, second, ()) = tokio::join!(first, after(1, poll(&world)), elsewhere);
    assert_eq!((first, second), (1, (vec!["a".to_owned()], 6)));
}

#[tokio::test(start_paused = true)]
async fn a_delayed_message_wakes_the_poll_when_it_is_due() {
    let world = World::new().await;
    let send = world.client.send_message().queue_url(&world.queue).message_body("a").delay_seconds(9);
    let (polled, _) = tokio::join!(poll(&world), send.send());
    assert_eq!(polled, (vec!["a".to_owned()], 9));
}

#[tokio::test(start_paused = true)]
async fn a_released_message_wakes_the_poll() {
    let world = World::new().await;
    world.send("a").await;
    let held = world.receive_one(3600).await;
    let release = world.client.change_message_visibility().queue_url(&world.queue).visibility_timeout(0);
    let release = release.receipt_handle(receipt(&held)).send();
    let (polled, _) = tokio::join!(poll(&world), after(4, release));
    assert_eq!(polled, (vec!["a".to_owned()], 4));
}

#[tokio::test(start_paused = true)]
async fn each_message_reaches_one_of_many_polls() {
    let world = World::new().await;
    let polls = futures::future::join_all((0..20).map(|_| poll(&world)));
    let sends = after(3, async {
        for n in 0..20 {
            world.send(&n.to_string()).await;
        }
    });
    let (polled, ()) = tokio::join!(polls, sends);
    let mut bodies: Vec<_> = polled.iter().flat_map(|(bodies, _)| bodies.clone()).collect();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 20);
    assert!(polled.iter().all(|(_, seconds)| *seconds == 3));
}

#[tokio::test(start_paused = true)]
async fn one_batch_wakes_as_many_polls_as_it_feeds() {
    let world = World::new().await;
    let polls = futures::future::join_all((0..5).map(|_| poll(&world)));
    let entries = (0..5).map(|n| {
        let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder().id(n.to_string());
        entry.message_body("x").build().unwrap()
    });
    let batch =
        world.client.send_message_batch().queue_url(&world.queue).set_entries(Some(entries.collect()));
    let (polled, _) = tokio::join!(polls, after(1, batch.send()));
    assert!(polled.iter().all(|(bodies, seconds)| bodies.len() == 1 && *seconds == 1));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_deleted_ends_its_polls() {
    let world = World::new().await;
    let receive = || world.client.receive_message().queue_url(&world.queue).wait_time_seconds(20).send();
    let delete = after(2, world.client.delete_queue().queue_url(&world.queue).send());
    let started = Instant::now();
    let (a, b, _) = tokio::join!(receive(), receive(), delete);
    assert_eq!(code(a), "AWS.SimpleQueueService.NonExistentQueue");
    assert_eq!(code(b), "AWS.SimpleQueueService.NonExistentQueue");
    assert_eq!(started.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_queue_gives_the_wait_that_a_receive_does_not_name() {
    let world = World::new().await;
    let set = world.client.set_queue_attributes().queue_url(&world.queue);
    set.attributes(QueueAttributeName::ReceiveMessageWaitTimeSeconds, "5").send().await.unwrap();
    let started = Instant::now();
    world.client.receive_message().queue_url(&world.queue).send().await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 5);
    world.client.receive_message().queue_url(&world.queue).wait_time_seconds(0).send().await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 5);
}
