//! Sends, deletes and visibility changes: in batches, with a result for each entry.

use std::collections::BTreeSet;
use std::time::Duration;

use common::fault::{Class, Fault as Refused};
use common::queue::{BATCH_MAX, Message, Outgoing};
use simcloud::{Effect, Fault};

use crate::queue_bench::{Bench, outgoing, receipts};

fn numbered(count: usize) -> Vec<Outgoing> {
    (0..count).map(|number| outgoing(&format!("body {number}"))).collect()
}

async fn receive_all(bench: &Bench) -> Vec<Message> {
    let mut all = Vec::new();
    loop {
        let batch = bench.receive().await;
        if batch.is_empty() {
            return all;
        }
        all.extend(batch);
    }
}

fn bodies(messages: &[Message]) -> BTreeSet<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn more_than_ten_messages_go_in_several_batches() {
    let bench = Bench::new().await;
    let messages = numbered(2 * BATCH_MAX + 3);
    bench
        .world
        .cloud
        .faults()
        .add(Fault::on("SQS", "SendMessageBatch").always().effect(Effect::Delay(Duration::ZERO)));
    assert!(bench.queue.send(&messages).await.iter().all(Result::is_ok));
    assert_eq!(bench.hits("SQS.SendMessageBatch:Delay"), 3);
    let received = receive_all(&bench).await;
    assert_eq!(received.len(), messages.len());
    assert_eq!(bodies(&received), messages.iter().map(|message| message.body.as_str()).collect());
}

#[tokio::test(start_paused = true)]
async fn large_messages_are_split_by_bytes_and_one_too_large_fails_alone() {
    let bench = Bench::new().await;
    let sizes = [600_000, 600_000, 1_048_577, 400_000, 1_048_576];
    let messages: Vec<Outgoing> = sizes.iter().map(|size| outgoing(&"x".repeat(*size))).collect();
    let sent = bench.queue.send(&messages).await;
    let failed: Vec<usize> =
        sent.iter().enumerate().filter(|(_, entry)| entry.is_err()).map(|(at, _)| at).collect();
    assert_eq!(failed, [2]);
    assert_eq!(sent[2].as_ref().unwrap_err().class, Class::Invalid);
    assert_eq!(receive_all(&bench).await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn one_refused_message_does_not_keep_its_batch_from_being_sent() {
    let bench = Bench::new().await;
    let mut messages = numbered(5);
    messages[3].body = "\u{ffff}".to_owned();
    let sent = bench.queue.send(&messages).await;
    let refused = sent[3].as_ref().unwrap_err();
    assert_eq!((refused.class, refused.code.as_str()), (Class::Invalid, "InvalidMessageContents"));
    assert_eq!(sent.iter().filter(|entry| entry.is_ok()).count(), 4);
    assert_eq!(bodies(&receive_all(&bench).await), BTreeSet::from(["body 0", "body 1", "body 2", "body 4"]));
}

#[tokio::test(start_paused = true)]
async fn one_failed_batch_does_not_keep_the_others_from_being_sent() {
    let bench = Bench::new().await;
    let refusal = Effect::respond(403, "AccessDeniedException", "no");
    bench
        .world
        .cloud
        .faults()
        .add(Fault::on("SQS", "SendMessageBatch").key("body 13").always().effect(refusal));
    let sent = bench.queue.send(&numbered(25)).await;
    let failed: Vec<usize> =
        sent.iter().enumerate().filter(|(_, entry)| entry.is_err()).map(|(at, _)| at).collect();
    assert_eq!(failed, (10..20).collect::<Vec<_>>());
    assert!(sent.iter().filter_map(|entry| entry.as_ref().err()).all(|fault| fault.class == Class::Denied));
    assert_eq!(receive_all(&bench).await.len(), 15);
}

#[tokio::test(start_paused = true)]
async fn entries_that_a_reply_does_not_mention_are_uncertain() {
    let bench = Bench::new().await;
    bench
        .world
        .cloud
        .faults()
        .add(Fault::on("SQS", "SendMessageBatch").always().effect(Effect::EmptyOkAfter));
    let sent = bench.queue.send(&numbered(2)).await;
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|entry| entry.as_ref().is_err_and(Refused::is_uncertain)), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_retried_and_may_send_twice() {
    let bench = Bench::new().await;
    bench.world.cloud.faults().add(Fault::on("SQS", "SendMessageBatch").effect(Effect::DropAfter));
    bench.send(&["a"]).await;
    assert_eq!(bench.counts().await, [2, 0]);
}

#[tokio::test(start_paused = true)]
async fn nothing_to_do_is_no_request() {
    let bench = Bench::new().await;
    bench.world.cloud.faults().add(Fault::on("SQS", "*").always());
    assert!(bench.queue.send(&[]).await.is_empty());
    assert!(bench.queue.delete(&[]).await.is_empty());
    assert!(bench.queue.extend(&[]).await.is_empty());
    bench.queue.give_back(Vec::new()).await;
    assert_eq!(bench.world.cloud.faults().hits().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn deleted_messages_are_gone_however_many() {
    let bench = Bench::new().await;
    bench.queue.send(&numbered(23)).await;
    let received = receive_all(&bench).await;
    let deleted = bench.queue.delete(&receipts(&received)).await;
    assert_eq!(deleted.len(), 23);
    assert!(deleted.iter().all(Result::is_ok));
    assert_eq!(bench.counts().await, [0, 0]);
}
