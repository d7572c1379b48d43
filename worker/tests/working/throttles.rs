//! Brown-outs spend no attempts: what is throttled waits and is delivered later.

use std::time::Duration;

use common::ledger::{Status, attribute};
use simcloud::{Effect, Fault};

use super::yard::{KIB, MIB, Yard, bytes};

/// One for each way of copying.
const SIZES: [usize; 3] = [1_000, 300 * KIB, 20 * MIB];

#[tokio::test(start_paused = true)]
async fn a_throttling_store_makes_the_worker_wait_longer_and_longer() {
    for size in SIZES {
        let yard = Yard::new().await;
        let body = bytes(size, 1);
        let transfer = yard.land("k", &body).await;
        yard.faults().add(Fault::on("S3", "*").always().effect(Effect::slow_down()));
        let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
        let mut released_at = Vec::new();
        for _ in 0..6 {
            let item = worker.beside(watch.until(Status::Queued)).await;
            assert_eq!(item.number(attribute::FAILED_ATTEMPTS), 0);
            assert!(item.text(attribute::ERROR_MESSAGE).ends_with("(HTTP 503)"));
            released_at.push(tokio::time::Instant::now());
        }
        let waits: Vec<_> = released_at.windows(2).map(|pair| pair[1] - pair[0]).collect();
        // An attempt's own tries take up to four seconds; the wait after the fifth release is at least half of 32.
        assert!(waits[0] < Duration::from_secs(16) && waits[4] >= Duration::from_secs(16), "{waits:?}");
        yard.faults().clear();
        worker.beside(watch.until(Status::Completed)).await;
        worker.stop().await;
        let record = yard.assert_delivered(&transfer, &body).await;
        assert_eq!((record.attempts, record.failed_attempts, record.released_attempts), (7, 0, 6));
    }
}

#[tokio::test(start_paused = true)]
async fn throttles_far_beyond_the_limit_of_failed_attempts_fail_nothing() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    yard.faults().add(Fault::on("S3", "PutObject").times(80).effect(Effect::slow_down()));
    yard.work_until(Status::Completed).await;
    let record = yard.assert_delivered(&transfer, b"body").await;
    assert!(record.attempts > 12, "{record:?}");
    assert_eq!(record.failed_attempts, 0);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_is_throttled_for_a_moment_is_sent_again_within_the_attempt() {
    for operation in ["GetObject", "UploadPart"] {
        let yard = Yard::new().await;
        let body = bytes(20 * MIB, 2);
        let transfer = yard.land("k", &body).await;
        yard.faults().add(Fault::on("S3", operation).skip(1).times(2).effect(Effect::slow_down()));
        yard.work_until(Status::Completed).await;
        assert_eq!(yard.assert_delivered(&transfer, &body).await.attempts, 1, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_kept_over_a_brown_out() {
    let yard = Yard::new().await;
    let body = bytes(20 * MIB, 3);
    let transfer = yard.land("k", &body).await;
    let parts = yard.count("UploadPart");
    let creates = yard.count("CreateMultipartUpload");
    // The second part does not come through for longer than the attempt tries.
    yard.faults().add(Fault::on("S3", "GetObject").skip(1).times(7).effect(Effect::slow_down()));
    yard.work_until(Status::Completed).await;
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 0));
    assert_eq!((creates.count(), parts.count()), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_claim_gives_the_message_back() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    yard.faults().add(Fault::on("DynamoDB", "UpdateItem").times(12).effect(Effect::throttled()));
    yard.work_until(Status::Completed).await;
    let record = yard.assert_delivered(&transfer, b"body").await;
    assert_eq!((record.attempts, record.failed_attempts), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_settlement_is_written_in_the_end_by_the_same_attempt() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    yard.faults().add(Fault::on("DynamoDB", "UpdateItem").skip(1).times(18).effect(Effect::throttled()));
    yard.work_until(Status::Completed).await;
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_settlement_that_cannot_be_written_is_left_to_the_next_attempt() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    yard.faults().add(Fault::on("DynamoDB", "UpdateItem").skip(1).times(24).effect(Effect::throttled()));
    yard.work_until(Status::Completed).await;
    let record = yard.assert_delivered(&transfer, b"body").await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_throttles_or_drops_is_asked_again() {
    for effect in [Effect::throttled(), Effect::DropBefore, Effect::DropAfter] {
        let yard = Yard::new().await;
        let transfer = yard.land("k", b"body").await;
        yard.faults().add(Fault::on("SQS", "ReceiveMessage").times(3).effect(effect));
        yard.work_until(Status::Completed).await;
        assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_could_not_be_deleted_is_deleted_later_without_another_copy() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    // Every try of the first deletion; the message comes back, and is found done.
    yard.faults().add(Fault::on("SQS", "DeleteMessageBatch").times(16).effect(Effect::DropBefore));
    let puts = yard.count("PutObject");
    yard.work_until(Status::Completed).await;
    assert_eq!(yard.messages().await, (0, 1));
    let mut worker = yard.worker("w2");
    worker.beside(tokio::time::sleep(2 * super::yard::VISIBILITY)).await;
    worker.stop().await;
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 1);
    assert_eq!(puts.count(), 1);
}
