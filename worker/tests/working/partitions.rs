//! Cut off from S3 or from the ledger, or with credentials that have expired: given back, and gone on with later.

use std::time::Duration;

use common::ledger::Status;
use simcloud::{Effect, Fault};

use super::yard::{MIB, Yard, bytes};

#[tokio::test(start_paused = true)]
async fn a_worker_cut_off_from_s3_gives_back_and_the_upload_is_gone_on_with() {
    let yard = Yard::new().await;
    let body = bytes(20 * MIB, 1);
    let transfer = yard.land("k", &body).await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate_on(Fault::on("S3", "UploadPart").skip(1).times(1));
    worker.beside(gate.reached()).await;
    let (creates, parts) = (yard.count("CreateMultipartUpload"), yard.count("UploadPart"));
    let cut = yard.faults().add(Fault::on("S3", "*").always());
    gate.open();
    for _ in 0..3 {
        worker.beside(watch.until(Status::Queued)).await;
    }
    yard.faults().remove(cut);
    worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    // The second part was on its way already; the third is all that was missing.
    assert_eq!((creates.count(), parts.count()), (0, 1));
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.failed_attempts), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_the_ledger_cannot_note_is_removed_before_any_part_is_sent() {
    let yard = Yard::new().await;
    let body = bytes(20 * MIB, 2);
    let transfer = yard.land("k", &body).await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate_on(Fault::on("S3", "CreateMultipartUpload").times(1));
    worker.beside(gate.reached()).await;
    let (parts, aborts) = (yard.count("UploadPart"), yard.count("AbortMultipartUpload"));
    let cut = yard.faults().add(Fault::on("DynamoDB", "*").always());
    gate.open();
    worker.beside(tokio::time::sleep(Duration::from_secs(600))).await;
    assert_eq!((parts.count(), aborts.count()), (0, 1));
    assert_eq!(yard.delivered("k").await, None);
    yard.faults().remove(cut);
    worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    assert_eq!(yard.assert_delivered(&transfer, &body).await.failed_attempts, 0);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_expire_in_the_middle_cost_one_part_a_second_try() {
    for operation in ["GetObject", "UploadPart"] {
        let yard = Yard::new().await;
        let body = bytes(36 * MIB, 3);
        let transfer = yard.land("k", &body).await;
        let parts = yard.count("UploadPart");
        let expired = Effect::respond(400, "ExpiredToken", "The provided token has expired.");
        yard.faults().add(Fault::on("S3", operation).skip(2).times(1).effect(expired));
        yard.work_until(Status::Completed).await;
        assert_eq!(parts.count(), if operation == "UploadPart" { 6 } else { 5 });
        let record = yard.assert_delivered(&transfer, &body).await;
        assert_eq!((record.attempts, record.failed_attempts), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_meets_expired_credentials_spends_no_attempt() {
    // The source's HEAD; then its GET for the reason too.
    for refused in [&["HeadObject"][..], &["HeadObject", "GetObject"]] {
        let yard = Yard::new().await;
        let body = bytes(36 * MIB, 3);
        let transfer = yard.land("k", &body).await;
        for operation in refused {
            yard.fault(operation, Effect::respond(400, "ExpiredToken", "The provided token has expired."));
        }
        yard.work_until(Status::Completed).await;
        let record = yard.assert_delivered(&transfer, &body).await;
        assert_eq!((record.attempts, record.failed_attempts), (2, 0), "{refused:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_refused_for_good_fails_with_the_reason_of_its_get() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", &bytes(36 * MIB, 3)).await;
    for operation in ["HeadObject", "GetObject"] {
        let refusal = Effect::respond(400, "InvalidRequest", "The object was stored using a form of SSE.");
        yard.faults().add(Fault::on("S3", operation).always().effect(refusal));
    }
    yard.work_until(Status::Failed).await;
    let record = yard.assert_parked(&transfer, "refused").await;
    assert!(record.error_message.is_some_and(|message| message.contains("InvalidRequest")));
}
