//! Parts of an earlier attempt: used again when they hold, and sent again when not.

use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use common::ledger::Status;
use common::transfer::Transfer;
use simcloud::{Effect, Fault};

use super::copies::{put_composite, put_crc32};
use super::crashes::die_at;
use super::lister::Listing;
use super::yard::{MIB, Yard, bytes};

const PART: usize = 8 * MIB;
/// Five parts, of which a worker has sent three when it dies.
const SIZE: usize = 36 * MIB;

async fn left_by_a_dead_worker(yard: &Yard, transfer: &Transfer) -> String {
    yard.send(transfer).await;
    die_at(yard, "S3", "UploadPart", 3).await;
    yard.uploads().await.remove(0)
}

/// Another attempt's bytes in the second part, as long as ours and with a checksum that fits them.
async fn overwrite_second_part(yard: &Yard, upload_id: &str) {
    let part = yard.summing_s3().upload_part().bucket("delivered").key("k").upload_id(upload_id);
    let part = part.part_number(2).checksum_algorithm(ChecksumAlgorithm::Crc64Nvme);
    part.body(bytes(PART, 99).into()).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn parts_of_a_source_with_another_crc_are_read_again_and_not_sent_again() {
    let yard = Yard::new().await;
    let body = bytes(SIZE, 1);
    let transfer = put_crc32(&yard, "k", &body).await;
    left_by_a_dead_worker(&yard, &transfer).await;
    let (reads, parts) = (yard.count("GetObject"), yard.count("UploadPart"));
    yard.work_until(Status::Completed).await;
    assert_eq!((reads.count(), parts.count()), (5, 2));
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_part_with_other_bytes_than_its_source_is_sent_again() {
    let yard = Yard::new().await;
    let body = bytes(SIZE, 2);
    let transfer = put_crc32(&yard, "k", &body).await;
    let upload_id = left_by_a_dead_worker(&yard, &transfer).await;
    overwrite_second_part(&yard, &upload_id).await;
    let (reads, parts) = (yard.count("GetObject"), yard.count("UploadPart"));
    yard.work_until(Status::Completed).await;
    assert_eq!((reads.count(), parts.count()), (6, 3));
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_reused_part_is_read_again_until_its_body_comes_whole() {
    let effects = [
        Effect::TruncateBody { after_bytes: 9 },
        Effect::StallBody { after_bytes: 9 },
        Effect::Trickle { bytes_per_second: 2 },
        Effect::slow_down(),
    ];
    for effect in effects {
        let yard = Yard::new().await;
        let body = bytes(SIZE, 3);
        let transfer = put_crc32(&yard, "k", &body).await;
        left_by_a_dead_worker(&yard, &transfer).await;
        yard.fault("GetObject", effect.clone());
        let parts = yard.count("UploadPart");
        yard.work_until(Status::Completed).await;
        assert_eq!(parts.count(), 2, "{effect:?}");
        assert_eq!(yard.assert_delivered(&transfer, &body).await.attempts, 2, "{effect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_that_flips_while_a_reused_part_is_read_again_publishes_nothing_wrong() {
    let yard = Yard::new().await;
    let body = bytes(SIZE, 4);
    let transfer = put_crc32(&yard, "k", &body).await;
    left_by_a_dead_worker(&yard, &transfer).await;
    yard.fault("GetObject", Effect::FlipByte { at: 5 });
    let parts = yard.count("UploadPart");
    yard.work_until(Status::Completed).await;
    // The part that seemed to differ goes once more.
    assert_eq!(parts.count(), 3);
    assert_eq!(yard.assert_delivered(&transfer, &body).await.failed_attempts, 0);
}

#[tokio::test(start_paused = true)]
async fn with_a_crc64nvme_wrong_parts_are_found_by_adding_up_and_the_upload_is_thrown_away() {
    let yard = Yard::new().await;
    let body = bytes(SIZE, 5);
    let transfer = yard.put("k", &body).await;
    let upload_id = left_by_a_dead_worker(&yard, &transfer).await;
    overwrite_second_part(&yard, &upload_id).await;
    let (reads, parts) = (yard.count("GetObject"), yard.count("UploadPart"));
    yard.work_until(Status::Completed).await;
    assert_eq!((reads.count(), parts.count()), (2 + 5, 2 + 5));
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.failed_attempts), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn parts_of_a_source_without_a_crc_of_its_own_are_used_as_they_are() {
    let yard = Yard::new().await;
    let body = bytes(SIZE, 6);
    let transfer = put_composite(&yard, "k", &body, &[20 * MIB, 16 * MIB]).await;
    left_by_a_dead_worker(&yard, &transfer).await;
    let (reads, parts) = (yard.count("GetObject"), yard.count("UploadPart"));
    yard.work_until(Status::Completed).await;
    assert_eq!((reads.count(), parts.count()), (2, 2));
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn parts_on_later_pages_are_found() {
    let mut yard = Yard::new().await;
    yard.list_parts(Listing::OnePartAPage).await;
    let body = bytes(SIZE, 7);
    let transfer = yard.put("k", &body).await;
    left_by_a_dead_worker(&yard, &transfer).await;
    let (pages, parts) = (yard.count("ListParts"), yard.count("UploadPart"));
    yard.work_until(Status::Completed).await;
    assert_eq!((pages.count(), parts.count()), (3, 2));
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn parts_that_are_listed_without_a_checksum_are_sent_again() {
    let mut yard = Yard::new().await;
    yard.list_parts(Listing::NoChecksums).await;
    let body = bytes(SIZE, 8);
    let transfer = yard.put("k", &body).await;
    left_by_a_dead_worker(&yard, &transfer).await;
    let (creates, parts) = (yard.count("CreateMultipartUpload"), yard.count("UploadPart"));
    yard.work_until(Status::Completed).await;
    assert_eq!((creates.count(), parts.count()), (0, 5));
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_vanished_between_attempts_is_made_again() {
    let yard = Yard::new().await;
    let body = bytes(SIZE, 9);
    let transfer = yard.put("k", &body).await;
    let upload_id = left_by_a_dead_worker(&yard, &transfer).await;
    let abort = yard.s3.abort_multipart_upload().bucket("delivered").key("k").upload_id(upload_id);
    abort.send().await.unwrap();
    let (creates, parts) = (yard.count("CreateMultipartUpload"), yard.count("UploadPart"));
    yard.work_until(Status::Completed).await;
    assert_eq!((creates.count(), parts.count()), (1, 5));
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_another_attempt_completes_meanwhile_leaves_no_second_one() {
    let yard = Yard::new().await;
    let body = bytes(SIZE, 10);
    let transfer = yard.land("k", &body).await;
    die_at(&yard, "S3", "CompleteMultipartUpload", 0).await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w2"));
    let list = yard.faults().gate_on(Fault::on("S3", "ListParts").times(1));
    worker.beside(list.reached()).await;
    // After the look at the target, before the look at the upload.
    complete(&yard, &yard.uploads().await[0]).await;
    let creates = yard.count("CreateMultipartUpload");
    list.open();
    worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    assert_eq!(creates.count(), 1);
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 0));
}

/// Completes an upload with all its parts, as the attempt would that sent them.
async fn complete(yard: &Yard, upload_id: &str) {
    let list = yard.s3.list_parts().bucket("delivered").key("k").upload_id(upload_id);
    let listed = list.send().await.unwrap();
    let parts = listed.parts().iter().map(|part| {
        let completed = CompletedPart::builder().set_part_number(part.part_number());
        completed
            .set_e_tag(part.e_tag.clone())
            .set_checksum_crc64_nvme(part.checksum_crc64_nvme.clone())
            .build()
    });
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
    let complete = yard.s3.complete_multipart_upload().bucket("delivered").key("k").upload_id(upload_id);
    complete.multipart_upload(parts).send().await.unwrap();
}
