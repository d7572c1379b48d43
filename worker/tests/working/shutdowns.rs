//! Stopping: first no more work, then no work; nothing is lost and nothing waits for a timeout.

use common::ledger::{Status, attribute};
use common::transfer::Transfer;
use simcloud::Fault;
use tokio::time::Instant;

use super::crew::{WAIT, Worker};
use super::yard::{MIB, VISIBILITY, Yard, bytes};

#[tokio::test(start_paused = true)]
async fn a_stop_lets_a_copy_finish_and_takes_no_more() {
    for (size, operation) in [(1_000, "PutObject"), (20 * MIB, "UploadPart")] {
        let yard = Yard::new().await;
        let body = bytes(size, 1);
        let transfer = yard.land("k", &body).await;
        let mut worker = yard.worker("w1");
        let gate = yard.faults().gate_on(Fault::on("S3", operation).times(1));
        worker.beside(gate.reached()).await;
        yard.send_body("not taken").await;
        worker.shutdown.stop();
        gate.open();
        worker.ended().await;
        assert_eq!(yard.messages().await, (1, 0));
        assert_eq!(yard.record(&transfer).await.attempts, 1);
        assert_eq!(yard.record(&transfer).await.status, Status::Completed);
        assert!(yard.delivered("k").await == Some(body));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_keeps_the_lease_of_a_copy_that_takes_its_time() {
    let yard = Yard::new().await;
    let body = bytes(9 * MIB, 2);
    let transfer = yard.land("k", &body).await;
    let mut worker = yard.worker("w1");
    let gate = yard.faults().gate("S3", "GetObject");
    worker.beside(gate.reached()).await;
    worker.shutdown.stop();
    worker.beside(tokio::time::sleep(3 * VISIBILITY)).await;
    assert_eq!(yard.messages().await, (0, 1));
    gate.open();
    worker.ended().await;
    assert_eq!(yard.assert_delivered(&transfer, &body).await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn an_abort_keeps_the_progress_and_gives_the_message_back_at_once() {
    let yard = Yard::new().await;
    let body = bytes(20 * MIB, 3);
    let transfer = yard.land("k", &body).await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate_on(Fault::on("S3", "UploadPart").skip(1).times(1));
    worker.beside(gate.reached()).await;
    let aborted = Instant::now();
    worker.shutdown.abort();
    worker.ended().await;
    assert_eq!(aborted.elapsed().as_secs(), 0);
    assert_eq!(yard.messages().await, (1, 0));
    let item = watch.until(Status::Queued).await;
    assert_eq!(item.text(attribute::ERROR_CODE), "interrupted");
    assert_eq!(yard.uploads().await, [item.text(attribute::UPLOAD_ID)]);
    let parts = yard.count("UploadPart");
    gate.open();
    yard.work_until(Status::Completed).await;
    assert_eq!(parts.count(), 2);
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.released_attempts, record.failed_attempts), (2, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_abort_of_a_small_copy_leaves_it_to_the_next_worker() {
    for operation in ["GetObject", "PutObject"] {
        let yard = Yard::new().await;
        let transfer = yard.land("k", b"body").await;
        let mut worker = yard.worker("w1");
        let gate = yard.faults().gate_on(Fault::on("S3", operation).times(1));
        worker.beside(gate.reached()).await;
        worker.shutdown.abort();
        worker.ended().await;
        assert_eq!(yard.messages().await, (1, 0));
        assert_eq!(yard.record(&transfer).await.status, Status::Queued);
        gate.open();
        yard.work_until(Status::Completed).await;
        let record = yard.assert_delivered(&transfer, b"body").await;
        assert_eq!((record.attempts, record.failed_attempts), (2, 0), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn aborts_without_end_never_fail_a_file() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    for _ in 0..12 {
        let mut worker = yard.worker("w1");
        let gate = yard.faults().gate_on(Fault::on("S3", "GetObject").times(1));
        worker.beside(gate.reached()).await;
        worker.shutdown.abort();
        worker.ended().await;
    }
    yard.work_until(Status::Completed).await;
    let record = yard.assert_delivered(&transfer, b"body").await;
    assert_eq!((record.attempts, record.released_attempts, record.failed_attempts), (13, 12, 0));
}

#[tokio::test(start_paused = true)]
async fn what_the_open_poll_brings_after_a_stop_is_given_back() {
    let yard = Yard::new().await;
    let mut worker = yard.worker_with("w1", 4, 1);
    let gate = yard.faults().gate("SQS", "ReceiveMessage");
    worker.beside(gate.reached()).await;
    worker.shutdown.stop();
    let transfers = [yard.land("k", b"k").await, yard.land("l", b"l").await];
    gate.open();
    worker.ended().await;
    assert_eq!(yard.messages().await, (2, 0));
    for transfer in &transfers {
        assert_eq!(yard.record(transfer).await.attempts, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_an_idle_worker_waits_for_its_open_poll_and_no_longer() {
    let yard = Yard::new().await;
    let mut worker = yard.worker("w1");
    let gate = yard.faults().gate("SQS", "ReceiveMessage");
    worker.beside(gate.reached()).await;
    gate.open();
    let stopped = Instant::now();
    worker.stop().await;
    assert_eq!(stopped.elapsed().as_secs(), WAIT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_the_pause_after_a_failed_poll() {
    let yard = Yard::new().await;
    let worker = yard.worker("w1");
    worker.shutdown.stop();
    let stopped = Instant::now();
    worker.ended().await;
    assert_eq!(stopped.elapsed().as_secs(), 0);
    yard.faults().add(Fault::on("SQS", "ReceiveMessage").always());
    let mut worker = yard.worker("w2");
    worker.beside(tokio::time::sleep(10 * WAIT)).await;
    let stopped = Instant::now();
    worker.stop().await;
    assert_eq!(stopped.elapsed().as_secs(), 0);
}

/// A worker that has begun, and whose transfer has lost its source; it stands before its first `operation` of the look that comes before
/// a failure.
async fn about_to_fail(yard: &Yard, operation: &str) -> (Transfer, Worker) {
    let transfer = yard.land("k", &bytes(20 * MIB, 4)).await;
    let mut worker = yard.worker("w1");
    let second_part = yard.faults().gate_on(Fault::on("S3", "GetObject").skip(1).times(1));
    worker.beside(second_part.reached()).await;
    yard.s3.delete_object().bucket("landing").key("k").send().await.unwrap();
    let look = yard.faults().gate_on(Fault::on("S3", operation).key("delivered/").times(1));
    second_part.open();
    worker.beside(look.reached()).await;
    (transfer, worker)
}

#[tokio::test(start_paused = true)]
async fn an_abort_does_not_wait_for_the_look_before_a_failure() {
    let yard = Yard::new().await;
    let (transfer, worker) = about_to_fail(&yard, "HeadObject").await;
    let aborted = Instant::now();
    worker.shutdown.abort();
    worker.ended().await;
    assert_eq!(aborted.elapsed().as_secs(), 0);
    let record = yard.record(&transfer).await;
    assert_eq!((record.status, record.error_code.as_deref()), (Status::Queued, Some("interrupted")));
    // The next attempt finds the upload, and that it is of no use.
    yard.work_until(Status::Failed).await;
    assert_eq!(yard.uploads().await, [""; 0]);
    yard.assert_parked(&transfer, "source_missing").await;
}

#[tokio::test(start_paused = true)]
async fn an_abort_does_not_wait_until_the_upload_of_a_failed_file_is_removed() {
    let yard = Yard::new().await;
    let (transfer, worker) = about_to_fail(&yard, "AbortMultipartUpload").await;
    let aborted = Instant::now();
    worker.shutdown.abort();
    worker.ended().await;
    assert_eq!(aborted.elapsed().as_secs(), 0);
    yard.assert_parked(&transfer, "source_missing").await;
}
