//! A kept cloud that was killed: the next one on its folder goes on.

use std::path::Path;

use super::*;

/// A cloud that keeps what it has in `folder`, and a client of it.
fn kept(folder: &Path) -> World {
    let cloud = Cloud::new(Options::default()).unwrap();
    cloud.keep_in(folder).unwrap();
    let client = client(&cloud);
    World { cloud, client, queue: "http://simcloud.local/000000000000/work".to_owned() }
}

async fn begun(folder: &Path) -> World {
    let world = kept(folder);
    create(&world.client, "work").await;
    world
}

/// Bodies of all messages with how often each was received, this time included.
async fn bodies(world: &World) -> Vec<(String, String)> {
    let receive = world.client.receive_message().queue_url(&world.queue).max_number_of_messages(10);
    let name = MessageSystemAttributeName::ApproximateReceiveCount;
    let received = receive.message_system_attribute_names(name.clone()).send().await.unwrap();
    let shown = |message: Message| (message.body.unwrap(), message.attributes.unwrap()[&name].clone());
    let mut bodies: Vec<_> = received.messages.unwrap_or_default().into_iter().map(shown).collect();
    bodies.sort();
    bodies
}

fn pair(body: &str, count: &str) -> (String, String) {
    (body.to_owned(), count.to_owned())
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_is_there_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let before = begun(folder.path()).await;
    before.send("deleted").await;
    let deleted = before.receive_one(60).await;
    before.send("held").await;
    before.receive_one(3600).await;
    before.send("waiting").await;
    let delete = before.client.delete_message().queue_url(&before.queue).receipt_handle(receipt(&deleted));
    delete.send().await.unwrap();
    // No checkpoint, no stop: as a kill leaves it.
    drop(before);
    let after = kept(folder.path());
    assert_eq!(bodies(&after).await, [pair("held", "2"), pair("waiting", "1")]);
}

#[tokio::test(start_paused = true)]
async fn checkpoints_and_kills_in_any_order_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = begun(folder.path()).await;
    let mut expected = Vec::new();
    for round in 0..6 {
        let body = format!("{round}");
        world.send(&body).await;
        expected.push(body);
        if round % 2 == 0 {
            world.cloud.checkpoint().unwrap();
        }
        if round % 3 == 0 {
            world = kept(folder.path());
        }
    }
    let found: Vec<String> = bodies(&kept(folder.path())).await.into_iter().map(|(body, _)| body).collect();
    assert_eq!(found, expected);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_moves_to_the_dead_letter_queue_is_in_one_of_the_two() {
    let folder = tempfile::tempdir().unwrap();
    let before = begun(folder.path()).await;
    let dead = create(&before.client, "dead").await;
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}"#;
    let set = before.client.set_queue_attributes().queue_url(&before.queue);
    set.attributes(QueueAttributeName::RedrivePolicy, policy).send().await.unwrap();
    before.send("poison").await;
    before.receive_one(1).await;
    pass(2).await;
    assert!(before.receive(1).await.is_empty(), "moved");
    drop(before);
    let after = kept(folder.path());
    assert_eq!(after.counts().await, [0, 0, 0]);
    assert_eq!(bodies(&World { queue: dead, ..after }).await, [pair("poison", "2")]);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_broke_off_is_left_out_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let before = begun(folder.path()).await;
    before.send("whole").await;
    drop(before);
    let journals = || std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let journal = journals().find(|path| path.extension().is_some_and(|kind| kind == "jsonl")).unwrap();
    let whole = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, [&whole[..], b"{\"queues\":{\"work\":{\"the"].concat()).unwrap();
    assert_eq!(bodies(&kept(folder.path())).await, [pair("whole", "1")]);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_none_of_ours_is_refused_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    drop(begun(folder.path()).await);
    std::fs::write(folder.path().join("journal-900.jsonl"), "mine\n").unwrap();
    let cloud = Cloud::new(Options::default()).unwrap();
    let refused = cloud.keep_in(folder.path()).unwrap_err();
    assert!(refused.to_string().contains("journal-900.jsonl"), "{refused}");
}
