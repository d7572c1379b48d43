//! A worker that dies in the middle of a large copy. The world is held at a gate meanwhile, so the middle is the middle.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use common::aws;
use simcloud::{Effect, Fault};

use crate::support::drayage::Drayage;
use crate::support::files::{MIB, bytes};
use crate::support::fleet::Fleet;
use crate::support::ledger;
use crate::support::pids::kill;
use crate::support::store::{delivered, put, unfinished_uploads};
use crate::support::until;

/// One part at a time, and messages that come back soon.
const WORKER: [&str; 6] = ["--part-bytes", "5MiB", "--parts-in-flight", "1", "--visibility-timeout-s", "12"];

fn one_of(workers: [Drayage; 2], name: &str) -> (Drayage, Drayage) {
    let [first, second] = workers;
    if name == "worker-1" { (first, second) } else { (second, first) }
}

/// Messages of a queue, hidden ones included.
async fn messages(fleet: &Fleet, queue: &str) -> u32 {
    let sqs = aws::sqs(fleet.config());
    let url = sqs.get_queue_url().queue_name(queue).send().await.unwrap().queue_url.unwrap();
    let all = sqs
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .unwrap();
    let all = all.attributes.unwrap();
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    names.iter().map(|name| all[name].parse::<u32>().unwrap()).sum()
}

#[tokio::test]
async fn another_worker_goes_on_where_a_killed_one_was() {
    let fleet = Fleet::new().await;
    let faults = fleet.world.cloud.faults();
    // Counts the parts that were begun.
    faults.add(Fault::on("S3", "UploadPart").always().effect(Effect::Delay(Duration::ZERO)));
    let gate = faults.gate_on(Fault::on("S3", "UploadPart").skip(1).always());
    let _dispatcher = fleet.dispatcher(&[]).await;
    let workers = [fleet.worker("worker-1", &WORKER).await, fleet.worker("worker-2", &WORKER).await];
    let (s3, dynamodb) = (fleet.world.s3(), fleet.world.dynamodb());
    let content = bytes(20 * MIB, 1);
    put(&s3, "large", &content).await;

    gate.reached().await;
    let held = ledger::only(&dynamodb, "a copy in its middle", |item| item.has("upload_id")).await;
    assert_eq!(held.text("status"), "processing");
    assert_eq!(unfinished_uploads(&s3).await, [held.text("upload_id")]);
    let owner = held.text("processed_by").to_owned();
    let (killed, other) = one_of(workers, &owner);
    kill(killed.pid());
    killed.ended().await;
    gate.open();

    let done = ledger::over(&dynamodb, 1).await.pop().unwrap();
    assert_eq!(done.text("status"), "completed", "{done:#?}");
    assert_ne!(done.text("processed_by"), owner);
    assert_eq!((done.number("attempts"), done.number("failed_attempts")), (2, 0));
    assert!(delivered(&s3, "large").await == content);
    assert_eq!(unfinished_uploads(&s3).await, [""; 0]);
    // Two by the first worker, and by the second one only the three that were not there.
    assert_eq!(faults.hits()["S3.UploadPart:Delay"], 5);
    until("an empty lane", async || (messages(&fleet, "fast").await == 0).then_some(())).await;
    assert_eq!(messages(&fleet, "fast-dlq").await, 0);
    drop(other);
}

#[tokio::test]
async fn nothing_is_visible_at_the_target_before_the_copy_is_whole() {
    let fleet = Fleet::new().await;
    let gate = fleet.world.cloud.faults().gate("S3", "CompleteMultipartUpload");
    let _dispatcher = fleet.dispatcher(&[]).await;
    let worker = fleet.worker("worker-1", &WORKER).await;
    let s3 = fleet.world.s3();
    let whole = bytes(11 * MIB, 3);
    let put = put(&s3, "large", &whole);
    put.await;
    gate.reached().await;
    assert_eq!(crate::support::store::delivered_keys(&s3).await, [""; 0]);
    kill(worker.pid());
    worker.ended().await;
    gate.open();
    let _other = fleet.worker("worker-2", &WORKER).await;
    let done = ledger::over(&fleet.world.dynamodb(), 1).await.pop().unwrap();
    assert_eq!((done.text("status"), done.number("attempts")), ("completed", 2));
    assert!(delivered(&s3, "large").await == whole);
    assert_eq!(unfinished_uploads(&s3).await, [""; 0]);
}

#[tokio::test]
async fn another_dispatcher_sends_what_a_killed_one_had_only_written_down() {
    let fleet = Fleet::new().await;
    let gate = fleet.world.cloud.faults().gate("SQS", "SendMessageBatch");
    let timeout = ["--visibility-timeout-s", "12"];
    let first = fleet.dispatcher(&timeout).await;
    let s3 = fleet.world.s3();
    put(&s3, "a", b"x").await;
    gate.reached().await;
    let queued = ledger::only(&fleet.world.dynamodb(), "a queued item", |_| true).await;
    assert_eq!(queued.text("status"), "queued");
    kill(first.pid());
    first.ended().await;
    gate.open();
    let _second = fleet.dispatcher(&timeout).await;
    let _worker = fleet.worker("worker-1", &WORKER).await;
    let done = ledger::over(&fleet.world.dynamodb(), 1).await;
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].text("file_id"), queued.text("file_id"));
    assert_eq!(delivered(&s3, "a").await, b"x");
}
