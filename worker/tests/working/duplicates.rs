//! One visible effect, however many messages and workers there are.

use std::time::Duration;

use common::ledger::Status;
use common::transfer::Transfer;
use common::wire;
use simcloud::{Effect, Fault, Gate};

use super::crew::{Worker, in_time};
use super::watch::Watch;
use super::yard::{MIB, VISIBILITY, Yard, bytes};

/// Two workers and one transfer.
struct Race {
    transfer: Transfer,
    watch: Watch,
    /// Stands before a request that the gate holds.
    late: Worker,
    gate: Gate,
    /// Has not begun; the transfer's message is there for it once more, as after a stale lease, and it will claim it under a higher
    /// fence.
    other: Worker,
}

impl Race {
    /// The late worker has begun, and stands before its first `operation` at the target.
    async fn at(yard: &Yard, operation: &str, body: &[u8]) -> Self {
        let transfer = yard.land("k", body).await;
        let (watch, mut late, other) = (yard.watch(), yard.worker("late"), yard.worker("other"));
        let gate = yard.faults().gate_on(Fault::on("S3", operation).times(1));
        late.beside(gate.reached()).await;
        yard.send_body(&wire::encode(&transfer)).await;
        Self { transfer, watch, late, gate, other }
    }

    /// As [`Self::at`]; then the source goes, and the other worker works on the transfer for so long that it would have failed the file,
    /// did it not wait for the late one.
    async fn without_source(yard: &Yard, operation: &str, body: &[u8]) -> Self {
        let mut race = Self::at(yard, operation, body).await;
        yard.s3.delete_object().bucket("landing").key("k").send().await.unwrap();
        race.other.beside(tokio::time::sleep(Duration::from_secs(2))).await;
        race
    }
}

/// Works until nothing is left to do for two visibility timeouts.
async fn work_off(yard: &Yard, permits: usize) {
    let mut worker = yard.worker_with("w9", permits, 1);
    worker.beside(tokio::time::sleep(2 * VISIBILITY)).await;
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_same_message_after_its_end_is_deleted() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    yard.work_until(Status::Completed).await;
    let requests = yard.count("*");
    let mut watch = yard.watch();
    yard.send_body(&wire::encode(&transfer)).await;
    work_off(&yard, 1).await;
    assert_eq!(requests.count(), 0);
    assert!(watch.so_far().is_empty());
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn the_same_message_of_a_superseded_transfer_is_deleted() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    yard.put("k", b"newer").await;
    yard.work_until(Status::Superseded).await;
    yard.send_body(&wire::encode(&transfer)).await;
    work_off(&yard, 1).await;
    yard.assert_at_rest().await;
    assert_eq!(yard.dead_letters().await, []);
}

#[tokio::test(start_paused = true)]
async fn the_same_message_of_a_failed_transfer_is_parked_under_the_reason_of_the_failure() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    yard.s3.delete_object().bucket("landing").key("k").send().await.unwrap();
    yard.work_until(Status::Failed).await;
    yard.assert_parked(&transfer, "source_missing").await;
    yard.send_body(&wire::encode(&transfer)).await;
    work_off(&yard, 1).await;
    assert_eq!(yard.assert_parked(&transfer, "source_missing").await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_transfer_that_could_not_be_parked_is_parked_later() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    yard.s3.delete_object().bucket("landing").key("k").send().await.unwrap();
    let dropped = Fault::on("SQS", "SendMessage").times(4).effect(Effect::DropBefore);
    yard.faults().add(dropped);
    yard.work_until(Status::Failed).await;
    assert_eq!(yard.dead_letters().await, []);
    assert_eq!(yard.messages().await, (0, 1));
    work_off(&yard, 1).await;
    yard.assert_parked(&transfer, "source_missing").await;
}

#[tokio::test(start_paused = true)]
async fn the_same_message_side_by_side_has_one_effect() {
    for size in [1_000, 9 * MIB] {
        let yard = Yard::new().await;
        let body = bytes(size, 1);
        let transfer = yard.land("k", &body).await;
        for _ in 0..3 {
            yard.send_body(&wire::encode(&transfer)).await;
        }
        work_off(&yard, 4).await;
        let record = yard.assert_delivered(&transfer, &body).await;
        assert_eq!(record.failed_attempts, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn two_workers_on_one_transfer_publish_once_and_the_late_one_writes_nothing() {
    for (size, operation) in
        [(1_000, "PutObject"), (9 * MIB, "UploadPart"), (9 * MIB, "CompleteMultipartUpload")]
    {
        let yard = Yard::new().await;
        let body = bytes(size, 2);
        let Race { transfer, mut watch, mut late, gate, mut other } = Race::at(&yard, operation, &body).await;
        let item = other.beside(watch.until(Status::Completed)).await;
        other.stop().await;
        let etag = yard.head("k").await.e_tag;
        gate.open();
        late.beside(tokio::time::sleep(2 * VISIBILITY)).await;
        late.stop().await;
        assert!(watch.so_far().is_empty(), "{operation}");
        assert_eq!(item.text("owner").split('.').next(), Some("other"));
        assert_eq!(yard.head("k").await.e_tag, etag);
        assert_eq!(yard.assert_delivered(&transfer, &body).await.attempts, 2);
    }
}

/// The source goes while the first attempt publishes; the second one finds nothing to copy, and nothing at the target yet.
#[tokio::test(start_paused = true)]
async fn a_file_that_an_attempt_without_a_fence_is_publishing_is_not_failed() {
    for (size, operation) in [(1_000, "PutObject"), (9 * MIB, "CompleteMultipartUpload")] {
        let yard = Yard::new().await;
        let body = bytes(size, 2);
        let Race { mut watch, late, gate, mut other, .. } =
            Race::without_source(&yard, operation, &body).await;
        gate.open();
        late.stop().await;
        let item = other.beside(watch.until(Status::Completed)).await;
        other.stop().await;
        assert_eq!(item.text("owner").split('.').next(), Some("other"), "{operation}");
        assert_eq!(yard.delivered("k").await.as_deref(), Some(&*body));
        assert_eq!(yard.dead_letters().await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_what_another_attempt_may_be_publishing() {
    let yard = Yard::new().await;
    let Race { transfer, mut watch, late: _late, gate: _gate, other } =
        Race::without_source(&yard, "PutObject", b"body").await;
    other.shutdown.abort();
    other.ended().await;
    in_time(watch.until(Status::Queued)).await;
    let record = yard.record(&transfer).await;
    assert_eq!((record.error_code.as_deref(), record.failed_attempts), (Some("interrupted"), 0));
}

#[tokio::test(start_paused = true)]
async fn a_late_publish_does_not_overwrite_a_newer_version() {
    for (size, operation) in [(1_000, "PutObject"), (9 * MIB, "CompleteMultipartUpload")] {
        let yard = Yard::new().await;
        let older = yard.land("k", &bytes(size, 3)).await;
        let mut late = yard.worker("late");
        let gate = yard.faults().gate_on(Fault::on("S3", operation).times(1));
        late.beside(gate.reached()).await;
        let newer = yard.land("k", b"newer").await;
        let (mut watch, mut other) = (yard.watch(), yard.worker("other"));
        other.beside(watch.until(Status::Completed)).await;
        other.stop().await;
        gate.open();
        late.beside(watch.until(Status::Superseded)).await;
        late.stop().await;
        assert_eq!(yard.record(&older).await.status, Status::Superseded, "{operation}");
        yard.assert_delivered(&newer, b"newer").await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_versions_side_by_side_leave_the_newer_one() {
    let yard = Yard::new().await;
    let older = yard.land("k", b"older").await;
    let newer = yard.land("k", b"newer").await;
    work_off(&yard, 4).await;
    yard.assert_delivered(&newer, b"newer").await;
    assert_eq!(yard.record(&older).await.status, Status::Superseded);
}
