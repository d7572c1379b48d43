//! The ledger: truthful after lost replies, made again when it has gone, and obeyed when another attempt holds the fence.

use common::ledger::{Status, attribute};
use common::wire;
use simcloud::{Effect, Fault};

use super::yard::{MIB, VISIBILITY, Yard, bytes};

#[tokio::test(start_paused = true)]
async fn an_attempt_is_written_down_as_it_goes() {
    let yard = Yard::new().await;
    let mut watch = yard.watch();
    let transfer = yard.land("k", &bytes(9 * MIB, 1)).await;
    yard.work_until(Status::Completed).await;
    let changes = watch.so_far();
    let states: Vec<&str> = changes.iter().map(|item| item.text(attribute::STATUS)).collect();
    assert_eq!(states, ["queued", "processing", "processing", "completed"]);
    assert_eq!(changes[1].text(attribute::UPLOAD_ID), "");
    assert_ne!(changes[2].text(attribute::UPLOAD_ID), "");
    let last = &changes[3];
    assert_eq!(last.text(attribute::UPLOAD_ID), "");
    assert_eq!(
        last.text(attribute::STATUS_SHARD),
        common::ledger::status_shard(Status::Completed, &transfer.id)
    );
    for stamp in [attribute::QUEUED, attribute::PROCESSING, attribute::TRANSFERRED, attribute::UPDATED] {
        assert!(last.text(stamp).starts_with("20"), "{stamp}");
    }
    assert!(last.number(attribute::EXPIRE_AT) > 1_780_000_000);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_has_gone_is_made_again_from_the_message() {
    let yard = Yard::new().await;
    let transfer = yard.put("k", b"body").await;
    yard.send_body(&wire::encode(&transfer)).await;
    let item = yard.work_until(Status::Completed).await;
    assert_eq!(item.text(attribute::CUSTOMER_ID), "acme");
    assert_eq!(item.text(attribute::LANE), "fast");
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_reply_was_lost_is_recognised_as_ours() {
    // The claim, the upload's note, the end.
    for skip in 0..3 {
        let yard = Yard::new().await;
        let body = bytes(9 * MIB, 2);
        let transfer = yard.land("k", &body).await;
        let mut watch = yard.watch();
        yard.faults().add(Fault::on("DynamoDB", "UpdateItem").skip(skip).effect(Effect::DropAfter));
        yard.work_until(Status::Completed).await;
        assert_eq!(yard.assert_delivered(&transfer, &body).await.attempts, 1, "{skip}");
        assert_eq!(watch.so_far().len(), 3, "{skip}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_whose_reply_was_lost_is_counted_once() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    let denied = Effect::respond(403, "AccessDenied", "no");
    yard.faults().add(Fault::on("S3", "GetObject").times(1).effect(denied));
    yard.faults().add(Fault::on("DynamoDB", "UpdateItem").skip(1).effect(Effect::DropAfter));
    yard.work_until(Status::Completed).await;
    let record = yard.assert_delivered(&transfer, b"body").await;
    assert_eq!((record.attempts, record.failed_attempts, record.released_attempts), (2, 1, 1));
}

/// Lets another attempt claim the transfer while `operation` is on its way; then lets that go on.
async fn lose_the_fence(size: usize, service: &str, operation: &str, skip: u64) {
    let yard = Yard::new().await;
    let body = bytes(size, 3);
    let transfer = yard.land("k", &body).await;
    let mut worker = yard.worker("w1");
    let gate = yard.faults().gate_on(Fault::on(service, operation).skip(skip).times(1));
    worker.beside(gate.reached()).await;
    worker.shutdown.stop();
    yard.ledger.claim(&transfer.id, "other", "other.1/0").await.unwrap();
    let mut watch = yard.watch();
    gate.open();
    worker.ended().await;
    // The file is the other's business now; the message comes back to find it done.
    assert!(watch.so_far().is_empty(), "{operation}");
    assert_eq!(yard.messages().await, (0, 1), "{operation}");
    let record = yard.record(&transfer).await;
    assert_eq!((record.status, record.owner.as_deref()), (Status::Processing, Some("other.1/0")));
    yard.work_until(Status::Completed).await;
    assert_eq!(yard.assert_delivered(&transfer, &body).await.attempts, 3, "{operation}");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_lost_the_fence_leaves_file_and_message_alone() {
    lose_the_fence(1_000, "S3", "PutObject", 0).await;
    lose_the_fence(9 * MIB, "S3", "CompleteMultipartUpload", 0).await;
    lose_the_fence(1_000, "DynamoDB", "UpdateItem", 1).await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_cannot_note_its_upload_removes_it_and_leaves() {
    lose_the_fence(9 * MIB, "S3", "CreateMultipartUpload", 0).await;
    lose_the_fence(9 * MIB, "DynamoDB", "UpdateItem", 1).await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_fails_without_the_fence_fails_nothing() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gone = Fault::on("S3", "GetObject").times(1);
    let gate = yard.faults().gate_on(gone.clone());
    yard.faults().add(gone.effect(Effect::respond(404, "NoSuchKey", "gone")));
    worker.beside(gate.reached()).await;
    yard.ledger.claim(&transfer.id, "other", "other.1/0").await.unwrap();
    watch.so_far();
    gate.open();
    worker.beside(tokio::time::sleep(VISIBILITY / 2)).await;
    assert!(watch.so_far().is_empty());
    assert_eq!(yard.dead_letters().await, []);
    worker.stop().await;
    assert_eq!(yard.record(&transfer).await.status, Status::Processing);
}
