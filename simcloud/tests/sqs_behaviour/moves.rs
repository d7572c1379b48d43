use aws_sdk_sqs::types::ListMessageMoveTasksResultEntry;

use super::*;

const WORK: &str = "arn:aws:sqs:us-east-1:000000000000:work";
const DEAD: &str = "arn:aws:sqs:us-east-1:000000000000:dead";

/// A queue whose messages are received once, and its dead-letter queue.
async fn with_dead_letter_queue() -> (World, World) {
    let world = World::new().await;
    let dead = create(&world.client, "dead").await;
    let policy = format!(r#"{{"deadLetterTargetArn":"{DEAD}","maxReceiveCount":1}}"#);
    let set = world.client.set_queue_attributes().queue_url(&world.queue);
    set.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap();
    let dead = World { cloud: world.cloud.clone(), client: world.client.clone(), queue: dead };
    (world, dead)
}

async fn kill(world: &World, count: usize) {
    for nth in 0..count {
        world.send(&nth.to_string()).await;
    }
    while !world.receive(0).await.is_empty() {}
}

async fn latest(world: &World) -> ListMessageMoveTasksResultEntry {
    let listed = world.client.list_message_move_tasks().source_arn(DEAD).send().await.unwrap();
    listed.results.unwrap().remove(0)
}

#[tokio::test(start_paused = true)]
async fn dead_letters_go_back_as_new_messages() {
    let (world, dead) = with_dead_letter_queue().await;
    kill(&world, 3).await;
    let before = dead.receive(0).await;
    world.client.start_message_move_task().source_arn(DEAD).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((world.counts().await, dead.counts().await), ([3, 0, 0], [0, 0, 0]));
    let task = latest(&world).await;
    assert_eq!((task.status(), task.approximate_number_of_messages_moved()), (Some("COMPLETED"), 3));
    assert_eq!(task.task_handle(), None);
    // With their old receive count, they would be dead again at once.
    let after = world.receive(30).await;
    assert_eq!(after.len(), 3);
    assert!(after.iter().all(|new| before.iter().all(|old| old.message_id() != new.message_id())));
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_kept_and_a_task_can_be_cancelled() {
    let (world, dead) = with_dead_letter_queue().await;
    kill(&world, 10).await;
    let start =
        || world.client.start_message_move_task().source_arn(DEAD).max_number_of_messages_per_second(1);
    let handle = start().send().await.unwrap().task_handle.unwrap();
    assert_eq!(code(start().send().await), "InvalidParameterValue");
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    let cancel = || world.client.cancel_message_move_task().task_handle(&handle).send();
    assert_eq!(cancel().await.unwrap().approximate_number_of_messages_moved(), 3);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!((world.counts().await, dead.counts().await), ([3, 0, 0], [7, 0, 0]));
    assert_eq!(latest(&world).await.status(), Some("CANCELLED"));
    assert_eq!(code(cancel().await), "AWS.SimpleQueueService.UnsupportedOperation");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_sent_there_by_hand_needs_a_destination() {
    let (world, dead) = with_dead_letter_queue().await;
    dead.send("parked").await;
    let start = || world.client.start_message_move_task().source_arn(DEAD);
    start().send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let task = latest(&world).await;
    assert_eq!(
        (task.status(), task.failure_reason()),
        (Some("FAILED"), Some("CouldNotDetermineMessageSource"))
    );
    assert_eq!(dead.counts().await, [1, 0, 0]);
    start().destination_arn(WORK).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.receive_one(30).await.body(), Some("parked"));
}
