//! The source may change, go away, or be out of reach.

use aws_sdk_s3::types::StorageClass;
use common::ledger::{Status, attribute};
use common::transfer::Transfer;
use simcloud::{Effect, Fault};

use super::yard::{KIB, MIB, Yard, bytes};

/// One for each way of copying.
const SIZES: [usize; 3] = [1_000, 300 * KIB, 9 * MIB];

#[tokio::test(start_paused = true)]
async fn a_source_overwritten_before_the_copy_is_superseded() {
    for size in SIZES {
        let yard = Yard::new().await;
        let transfer = yard.land("k", &bytes(size, 1)).await;
        yard.put("k", &bytes(size, 2)).await;
        let item = yard.work_until(Status::Superseded).await;
        assert_eq!(item.text(attribute::ERROR_CODE), "source_overwritten");
        assert_eq!(yard.record(&transfer).await.attempts, 1);
        assert_eq!(yard.delivered("k").await, None);
        yard.assert_at_rest().await;
        assert_eq!(yard.dead_letters().await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_overwritten_in_the_middle_of_the_copy_is_superseded_and_its_upload_removed() {
    let yard = Yard::new().await;
    yard.land("k", &bytes(20 * MIB, 1)).await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate_on(Fault::on("S3", "GetObject").skip(1).times(1));
    worker.beside(gate.reached()).await;
    let body = bytes(20 * MIB, 2);
    let newer = yard.put("k", &body).await;
    gate.open();
    worker.beside(watch.until(Status::Superseded)).await;
    worker.stop().await;
    assert_eq!(yard.delivered("k").await, None);
    yard.assert_at_rest().await;
    // The newer version's own event brings it.
    yard.send(&newer).await;
    yard.work_until(Status::Completed).await;
    yard.assert_delivered(&newer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn the_newest_version_wins_in_whatever_order_events_come() {
    let yard = Yard::new().await;
    let older = yard.put("k", b"older").await;
    let newer = yard.land("k", b"newer").await;
    yard.work_until(Status::Completed).await;
    yard.send(&older).await;
    yard.work_until(Status::Superseded).await;
    yard.assert_delivered(&newer, b"newer").await;
    assert_eq!(yard.record(&older).await.status, Status::Superseded);
}

#[tokio::test(start_paused = true)]
async fn an_older_version_of_equal_bytes_does_not_pass_for_the_newer_one() {
    let yard = Yard::new().await;
    let older = yard.put("k", b"same").await;
    let newer = yard.land("k", b"same").await;
    yard.work_until(Status::Completed).await;
    yard.send(&older).await;
    yard.work_until(Status::Superseded).await;
    yard.assert_delivered(&newer, b"same").await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_source_fails_at_once_and_is_parked() {
    for size in SIZES {
        let yard = Yard::new().await;
        let transfer = yard.land("k", &bytes(size, 3)).await;
        yard.s3.delete_object().bucket("landing").key("k").send().await.unwrap();
        yard.work_until(Status::Failed).await;
        let record = yard.assert_parked(&transfer, "source_missing").await;
        assert_eq!((record.attempts, record.failed_attempts), (1, 1));
        assert_eq!(yard.delivered("k").await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_deleted_in_the_middle_of_the_copy_fails_and_its_upload_is_removed() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", &bytes(20 * MIB, 4)).await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate_on(Fault::on("S3", "GetObject").skip(1).times(1));
    worker.beside(gate.reached()).await;
    yard.s3.delete_object().bucket("landing").key("k").send().await.unwrap();
    gate.open();
    worker.beside(watch.until(Status::Failed)).await;
    worker.stop().await;
    yard.assert_parked(&transfer, "source_missing").await;
}

fn deny(yard: &Yard, operation: &str, times: u64) {
    let denied = Effect::respond(403, "AccessDenied", "no");
    yard.faults().add(Fault::on("S3", operation).key("landing/").times(times).effect(denied));
}

async fn denied(yard: &Yard, transfer: &Transfer, operation: &str) {
    deny(yard, operation, 3);
    yard.work_until(Status::Failed).await;
    let record = yard.assert_parked(transfer, "access_denied").await;
    assert_eq!((record.attempts, record.failed_attempts, record.released_attempts), (3, 3, 2));
    assert_eq!(yard.delivered("k").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_denied_three_times_fails() {
    for (size, operation) in SIZES.into_iter().zip(["GetObject", "GetObject", "HeadObject"]) {
        let yard = Yard::new().await;
        let transfer = yard.land("k", &bytes(size, 5)).await;
        denied(&yard, &transfer, operation).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_denied_after_its_head_fails_and_leaves_no_upload() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", &bytes(9 * MIB, 5)).await;
    denied(&yard, &transfer, "GetObject").await;
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_denied_twice_is_delivered() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    deny(&yard, "GetObject", 2);
    yard.work_until(Status::Completed).await;
    let record = yard.assert_delivered(&transfer, b"body").await;
    assert_eq!((record.attempts, record.failed_attempts), (3, 2));
    assert_eq!(record.error_message, None);
}

#[tokio::test(start_paused = true)]
async fn an_upload_kept_from_before_is_removed_when_its_source_stays_denied() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", &bytes(20 * MIB, 6)).await;
    let mut worker = yard.worker("w1");
    let gate = yard.faults().gate_on(Fault::on("S3", "GetObject").skip(1).times(1));
    worker.beside(gate.reached()).await;
    worker.shutdown.abort();
    worker.ended().await;
    gate.open();
    assert_eq!(yard.uploads().await.len(), 1);
    deny(&yard, "HeadObject", 3);
    yard.work_until(Status::Failed).await;
    yard.assert_parked(&transfer, "access_denied").await;
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_denied_three_times_fails() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    let denied = Effect::respond(403, "AccessDenied", "no");
    yard.faults().add(Fault::on("S3", "PutObject").key("delivered/").times(3).effect(denied));
    yard.work_until(Status::Failed).await;
    assert_eq!(yard.assert_parked(&transfer, "access_denied").await.attempts, 3);
}

#[tokio::test(start_paused = true)]
async fn an_archived_source_fails_at_once() {
    let yard = Yard::new().await;
    let transfer = yard.put_with("k", b"body", |put| put.storage_class(StorageClass::Glacier)).await;
    yard.send(&transfer).await;
    yard.work_until(Status::Failed).await;
    assert_eq!(yard.assert_parked(&transfer, "source_archived").await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_source_of_another_size_than_its_event_said_fails_at_once() {
    for size in SIZES {
        let yard = Yard::new().await;
        let mut transfer = yard.put("k", &bytes(size, 7)).await;
        transfer.source.size_bytes -= 1;
        yard.send(&transfer).await;
        yard.work_until(Status::Failed).await;
        assert_eq!(yard.assert_parked(&transfer, "size_mismatch").await.attempts, 1);
        assert_eq!(yard.delivered("k").await, None);
    }
}
