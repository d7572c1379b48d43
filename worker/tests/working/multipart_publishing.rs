//! Publishing large objects: Complete is the commit point, and its reply may say anything. Races for the key are in `lost_races`.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::ChecksumAlgorithm;
use common::ledger::{Record, Status};
use common::transfer::{CopyOptions, Encryption, Transfer};
use simcloud::{Effect, Fault};

use super::yard::{MIB, Yard, bytes};

const COMPLETE: &str = "CompleteMultipartUpload";

struct Large {
    yard: Yard,
    body: Vec<u8>,
    transfer: Transfer,
}

/// An object of two parts, sent.
async fn large() -> Large {
    let yard = Yard::new().await;
    let body = bytes(9 * MIB, 1);
    let transfer = yard.land("k", &body).await;
    Large { yard, body, transfer }
}

impl Large {
    async fn is_delivered(&self) -> Record {
        self.yard.work_until(Status::Completed).await;
        self.yard.assert_delivered(&self.transfer, &self.body).await
    }

    /// Does something between the worker's decision and its Complete.
    async fn before_complete(&self, meanwhile: impl AsyncFnOnce(&Yard), ends: Status) {
        let (mut watch, mut worker) = (self.yard.watch(), self.yard.worker("w1"));
        let gate = self.yard.faults().gate_on(Fault::on("S3", COMPLETE).times(1));
        worker.beside(gate.reached()).await;
        meanwhile(&self.yard).await;
        gate.open();
        worker.beside(watch.until(ends)).await;
        worker.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_older_version_is_replaced() {
    let large = large().await;
    large.yard.occupy("k", b"stranger", None).await;
    assert_eq!(large.is_delivered().await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_newer_version_is_seen_before_any_part_is_sent() {
    let Large { yard, transfer, .. } = large().await;
    let newer = yard.transfer("k", 5, "newer");
    yard.occupy("k", b"newer", Some(&newer)).await;
    let (uploads, parts) = (yard.count("CreateMultipartUpload"), yard.count("UploadPart"));
    yard.work_until(Status::Superseded).await;
    assert_eq!((uploads.count(), parts.count()), (0, 0));
    assert_eq!(yard.record(&transfer).await.attempts, 1);
    assert_eq!(yard.delivered("k").await.unwrap(), b"newer");
    yard.assert_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_complete_whose_reply_was_lost_is_recognised_as_ours() {
    let lost = [
        Effect::DropAfter,
        Effect::EmptyOkAfter,
        Effect::OkWithErrorBodyAfter,
        Effect::respond_after(500, "InternalError", "lost"),
    ];
    for effect in lost {
        let large = large().await;
        // As often as the SDK asks.
        large.yard.faults().add(Fault::on("S3", COMPLETE).always().effect(effect.clone()));
        let parts = large.yard.count("UploadPart");
        let record = large.is_delivered().await;
        assert_eq!((record.attempts, record.failed_attempts), (1, 0), "{effect:?}");
        assert_eq!(parts.count(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn no_such_upload_after_a_lost_reply_means_that_it_was_completed() {
    let large = large().await;
    large.yard.fault(COMPLETE, Effect::DropAfter);
    let gone = Effect::respond(404, "NoSuchUpload", "completed before");
    large.yard.faults().add(Fault::on("S3", COMPLETE).skip(1).always().effect(gone));
    assert_eq!(large.is_delivered().await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_complete_that_never_happened_is_repeated_with_the_same_parts() {
    for effect in [Effect::DropBefore, Effect::EmptyOk, Effect::OkWithErrorBody, Effect::internal_error()] {
        let large = large().await;
        // As often as the SDK asks within one attempt.
        large.yard.faults().add(Fault::on("S3", COMPLETE).times(4).effect(effect.clone()));
        let parts = large.yard.count("UploadPart");
        let record = large.is_delivered().await;
        assert!(record.attempts >= 2, "{effect:?}");
        assert_eq!(record.failed_attempts, 0, "{effect:?}");
        assert_eq!(parts.count(), 2, "{effect:?}");
    }
}

async fn abort(s3: &Client, upload_id: &str) {
    s3.abort_multipart_upload().bucket("delivered").key("k").upload_id(upload_id).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_was_aborted_under_us_is_made_again() {
    let large = large().await;
    let parts = large.yard.count("UploadPart");
    let abort = async |yard: &Yard| abort(&yard.s3, &yard.uploads().await[0]).await;
    large.before_complete(abort, Status::Completed).await;
    let record = large.yard.assert_delivered(&large.transfer, &large.body).await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 0));
    assert_eq!(parts.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_was_aborted_while_parts_are_sent_is_made_again() {
    let Large { yard, body, transfer } = large().await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate_on(Fault::on("S3", "UploadPart").skip(1).times(1));
    worker.beside(gate.reached()).await;
    abort(&yard.s3, &yard.uploads().await[0]).await;
    gate.open();
    worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    assert_eq!(yard.assert_delivered(&transfer, &body).await.failed_attempts, 0);
}

#[tokio::test(start_paused = true)]
async fn a_complete_that_is_refused_throws_the_upload_away_and_counts() {
    let large = large().await;
    large.yard.fault(COMPLETE, Effect::respond(400, "InvalidPart", "another attempt sent it again"));
    let parts = large.yard.count("UploadPart");
    let record = large.is_delivered().await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 1));
    assert_eq!(parts.count(), 4);
}

/// As [`large`], to a target whose parts have another ETag each time.
async fn large_under_a_kms_key() -> Large {
    let yard = Yard::new().await;
    let body = bytes(9 * MIB, 2);
    let encryption = Encryption::SseKms { key: "alias/k".to_owned(), bucket_key: None };
    let options = CopyOptions { encryption, ..CopyOptions::default() };
    let transfer = yard.land_on(&options, "k", &body).await;
    Large { yard, body, transfer }
}

/// What an attempt that lost its lease does whose request was on its way for long.
async fn send_last_part(yard: &Yard, body: &[u8]) {
    let id = yard.uploads().await.remove(0);
    let part = yard.summing_s3().upload_part().bucket("delivered").key("k").upload_id(id).part_number(2);
    let part = part.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).body(body[8 * MIB..].to_vec().into());
    part.send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_part_that_another_attempt_sent_again_counts_as_ours_under_its_new_etag() {
    let large = large_under_a_kms_key().await;
    let (parts, completes) = (large.yard.count("UploadPart"), large.yard.count(COMPLETE));
    large.before_complete(async |yard| send_last_part(yard, &large.body).await, Status::Completed).await;
    assert_eq!((parts.count(), completes.count()), (3, 2));
    let record = large.yard.assert_delivered(&large.transfer, &large.body).await;
    assert_eq!((record.attempts, record.failed_attempts), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn other_bytes_in_a_part_that_was_sent_again_are_not_published() {
    let large = large_under_a_kms_key().await;
    let other = bytes(9 * MIB, 3);
    let completes = large.yard.count(COMPLETE);
    large.before_complete(async |yard| send_last_part(yard, &other).await, Status::Completed).await;
    assert_eq!(completes.count(), 2);
    let record = large.yard.assert_delivered(&large.transfer, &large.body).await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 1));
}
