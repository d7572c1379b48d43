use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry,
};

use super::*;

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

async fn send(
    world: &World,
    entries: Vec<SendMessageBatchRequestEntry>,
) -> Result<(usize, Vec<String>), String> {
    let batch = world.client.send_message_batch().queue_url(&world.queue).set_entries(Some(entries));
    match batch.send().await {
        Ok(sent) => {
            let failed = sent.failed.iter().map(|failed| format!("{}: {}", failed.id, failed.code)).collect();
            Ok((sent.successful.len(), failed))
        }
        Err(error) => Err(code::<(), _>(Err(error))),
    }
}

#[tokio::test(start_paused = true)]
async fn good_entries_are_sent_beside_refused_ones() {
    let world = World::new().await;
    let delayed = SendMessageBatchRequestEntry::builder().id("late").message_body("x").delay_seconds(901);
    let entries = vec![
        entry("good", "a"),
        entry("empty", ""),
        entry("control", "\u{1}"),
        delayed.build().unwrap(),
        entry("fine", "b"),
    ];
    let (sent, failed) = send(&world, entries).await.unwrap();
    assert_eq!(sent, 2);
    assert_eq!(
        failed,
        ["empty: MissingParameter", "control: InvalidMessageContents", "late: InvalidParameterValue"]
    );
    assert_eq!(world.counts().await, [2, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_wrong_as_a_whole_sends_nothing() {
    let world = World::new().await;
    let refused = |code: &str| Err(format!("AWS.SimpleQueueService.{code}"));
    assert_eq!(send(&world, vec![]).await, refused("EmptyBatchRequest"));
    let eleven = (0..11).map(|n| entry(&n.to_string(), "x")).collect();
    assert_eq!(send(&world, eleven).await, refused("TooManyEntriesInBatchRequest"));
    let twice = vec![entry("a", "x"), entry("a", "y")];
    assert_eq!(send(&world, twice).await, refused("BatchEntryIdsNotDistinct"));
    assert_eq!(send(&world, vec![entry("a b", "x")]).await, refused("InvalidBatchEntryId"));
    let half = "x".repeat(524_288);
    let long = vec![entry("a", &half), entry("b", &half), entry("c", "x")];
    assert_eq!(send(&world, long).await, refused("BatchRequestTooLong"));
    assert_eq!(world.counts().await, [0, 0, 0]);
    let full = vec![entry("a", &half), entry("b", &half)];
    assert_eq!(send(&world, full).await, Ok((2, vec![])));
}

#[tokio::test(start_paused = true)]
async fn changes_and_deletes_report_each_entry() {
    let world = World::new().await;
    world.send("a").await;
    world.send("b").await;
    let messages = world.receive(30).await;
    let change = |id: &str, receipt: &str, seconds| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(receipt);
        entry.visibility_timeout(seconds).build().unwrap()
    };
    let batch = world.client.change_message_visibility_batch().queue_url(&world.queue);
    let changed = batch
        .entries(change("good", receipt(&messages[0]), 60))
        .entries(change("long", receipt(&messages[1]), 43_200))
        .entries(change("bad", "nonsense", 60));
    let changed = changed.send().await.unwrap();
    assert_eq!(changed.successful[0].id, "good");
    let failed: Vec<_> =
        changed.failed.iter().map(|f| (f.id.as_str(), f.code.as_str(), f.sender_fault)).collect();
    assert_eq!(failed, [("long", "InvalidParameterValue", true), ("bad", "ReceiptHandleIsInvalid", true)]);

    let delete = |id: &str, receipt: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(receipt).build().unwrap()
    };
    let batch = world.client.delete_message_batch().queue_url(&world.queue);
    let deleted = batch.entries(delete("good", receipt(&messages[0]))).entries(delete("bad", "nonsense"));
    let deleted = deleted.send().await.unwrap();
    assert_eq!((deleted.successful.len(), deleted.failed.len()), (1, 1));
    assert_eq!(world.counts().await, [0, 1, 0]);
}
