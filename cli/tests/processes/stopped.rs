//! SIGTERM to the services, in the middle of a copy.

use rustix::process::Signal;

use crate::support::drayage::Drayage;
use crate::support::files::{MIB, bytes};
use crate::support::fleet::Fleet;
use crate::support::ledger;
use crate::support::store::{delivered, put, unfinished_uploads};

/// A message that is not given back stays hidden for longer than any test waits.
const WORKER: [&str; 6] = ["--part-bytes", "5MiB", "--parts-in-flight", "1", "--visibility-timeout-s", "600"];

#[tokio::test]
async fn a_stopped_worker_finishes_what_it_has_begun() {
    let fleet = Fleet::new().await;
    let gate = fleet.world.cloud.faults().gate("S3", "UploadPart");
    let _dispatcher = fleet.dispatcher(&[]).await;
    let worker = fleet.worker("worker-1", &WORKER).await;
    let (s3, content) = (fleet.world.s3(), bytes(11 * MIB, 1));
    put(&s3, "large", &content).await;
    gate.reached().await;
    worker.signal(Signal::TERM);
    gate.open();
    worker.ended().await.succeeded();
    let done = ledger::over(&fleet.world.dynamodb(), 1).await.pop().unwrap();
    assert_eq!((done.text("status"), done.number("attempts")), ("completed", 1));
    assert!(delivered(&s3, "large").await == content);
}

#[tokio::test]
async fn a_copy_that_does_not_end_in_time_is_handed_to_another_worker() {
    let fleet = Fleet::new().await;
    let gate = fleet.world.cloud.faults().gate("S3", "UploadPart");
    let _dispatcher = fleet.dispatcher(&[]).await;
    let worker = fleet.worker("worker-1", &[&WORKER[..], &["--grace-period-s", "2"]].concat()).await;
    let (s3, content) = (fleet.world.s3(), bytes(11 * MIB, 1));
    put(&s3, "large", &content).await;
    gate.reached().await;
    worker.signal(Signal::TERM);
    worker.ended().await.succeeded().said("\"message\":\"released\",\"attempt\":1,\"code\":\"interrupted\"");
    let left = ledger::only(&fleet.world.dynamodb(), "an item", |_| true).await;
    assert_eq!((left.text("status"), left.number("released_attempts")), ("queued", 1));
    assert_eq!(unfinished_uploads(&s3).await, [left.text("upload_id")], "the upload is kept");

    gate.open();
    let _other = fleet.worker("worker-2", &WORKER).await;
    let done = ledger::over(&fleet.world.dynamodb(), 1).await.pop().unwrap();
    assert_eq!((done.text("status"), done.text("processed_by")), ("completed", "worker-2"));
    assert_eq!((done.number("attempts"), done.number("failed_attempts")), (2, 0));
    assert!(delivered(&s3, "large").await == content);
    assert_eq!(unfinished_uploads(&s3).await, [""; 0]);
}

#[tokio::test]
async fn a_second_signal_hands_over_at_once() {
    let fleet = Fleet::new().await;
    let gate = fleet.world.cloud.faults().gate("S3", "UploadPart");
    let _dispatcher = fleet.dispatcher(&[]).await;
    // A grace period that no test waits for.
    let worker = fleet.worker("worker-1", &[&WORKER[..], &["--grace-period-s", "118"]].concat()).await;
    put(&fleet.world.s3(), "large", &bytes(11 * MIB, 1)).await;
    gate.reached().await;
    // Two different signals: two of one kind may arrive as one.
    worker.signal(Signal::TERM);
    worker.signal(Signal::INT);
    worker.ended().await.succeeded().said("\"message\":\"released\",\"attempt\":1,\"code\":\"interrupted\"");
    let left = ledger::only(&fleet.world.dynamodb(), "an item", |_| true).await;
    assert_eq!((left.text("status"), left.number("released_attempts")), ("queued", 1));
}

#[tokio::test]
async fn a_stopped_dispatcher_ends_its_polls_and_leaves() {
    let fleet = Fleet::new().await;
    let dispatcher = fleet.dispatcher(&[]).await;
    dispatcher.signal(Signal::TERM);
    dispatcher.ended().await.succeeded().said("\"message\":\"stopped\"");
}

#[tokio::test]
async fn a_service_that_is_stopped_while_it_starts_leaves_at_once() {
    let fleet = Fleet::new().await;
    for role in ["dispatcher", "worker"] {
        let gate = fleet.world.cloud.faults().gate("DynamoDB", "DescribeTable");
        let rules = fleet.rules();
        let more: &[&str] = if role == "dispatcher" { &["--rules", &rules] } else { &[] };
        let service = Drayage::start(&fleet.arguments(role, more));
        gate.reached().await;
        service.signal(Signal::TERM);
        service.ended().await.succeeded();
    }
}
