//! A worker that dies leaves something to go on with, whenever it dies.

use common::ledger::{Status, attribute};
use simcloud::Fault;

use super::reaping::{DAY, HOUR, sweep};
use super::yard::{MIB, Yard, bytes};

/// Lets a worker die while its `skip + 1`th request for `operation` is on its way; the world never applies that one.
pub(crate) async fn die_at(yard: &Yard, service: &str, operation: &str, skip: u64) {
    let mut worker = yard.worker("w1");
    let there = || Fault::on(service, operation).skip(skip).times(1);
    let gate = yard.faults().gate_on(there());
    yard.faults().add(there());
    worker.beside(gate.reached()).await;
    drop(worker);
}

#[tokio::test(start_paused = true)]
async fn the_next_worker_sends_only_the_parts_that_are_missing() {
    let yard = Yard::new().await;
    let body = bytes(36 * MIB, 1);
    let transfer = yard.land("k", &body).await;
    die_at(&yard, "S3", "UploadPart", 3).await;
    assert_eq!(yard.delivered("k").await, None);
    let noted = yard.record(&transfer).await;
    assert_eq!(yard.uploads().await, [noted.upload.unwrap().id]);
    let (creates, reads, parts) =
        (yard.count("CreateMultipartUpload"), yard.count("GetObject"), yard.count("UploadPart"));
    let item = yard.work_until(Status::Completed).await;
    assert_eq!((creates.count(), reads.count(), parts.count()), (0, 2, 2));
    assert_eq!(item.number(attribute::ATTEMPTS), 2);
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_with_another_part_size_goes_on_with_the_cut_of_the_first() {
    let yard = Yard::new().await;
    let body = bytes(20 * MIB, 2);
    let transfer = yard.put("k", &body).await;
    yard.ledger.queue(&transfer, &yard.lane).await.unwrap();
    // An attempt that cut into parts of 5 MiB noted its upload and sent the third part.
    let created = yard.s3.create_multipart_upload().bucket("delivered").key("k");
    let created = created.checksum_algorithm("CRC64NVME".into()).checksum_type("FULL_OBJECT".into());
    let created = created.metadata("drayage", super::yard::marker(&transfer)).send().await.unwrap();
    let upload = common::ledger::Upload { id: created.upload_id.unwrap(), part_bytes: 5 * MIB as u64 };
    let part = yard.s3.upload_part().bucket("delivered").key("k").upload_id(&upload.id).part_number(3);
    part.body(body[10 * MIB..15 * MIB].to_vec().into()).send().await.unwrap();
    yard.ledger.claim(&transfer.id, "w0", "w0/0").await.unwrap();
    let held = common::ledger::Held { id: &transfer.id, fence: 1, owner: "w0/0" };
    yard.ledger.note_upload(&held, &upload, 1).await.unwrap();
    yard.send_body(&common::wire::encode(&transfer)).await;
    let parts = yard.count("UploadPart");
    yard.work_until(Status::Completed).await;
    assert_eq!(parts.count(), 3);
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn a_part_of_another_length_is_sent_again() {
    let yard = Yard::new().await;
    let body = bytes(20 * MIB, 3);
    let transfer = yard.land("k", &body).await;
    die_at(&yard, "S3", "UploadPart", 1).await;
    let id = &yard.uploads().await[0];
    let part = yard.s3.upload_part().bucket("delivered").key("k").upload_id(id).part_number(2);
    part.body(body[..6 * MIB].to_vec().into()).send().await.unwrap();
    let parts = yard.count("UploadPart");
    yard.work_until(Status::Completed).await;
    assert_eq!(parts.count(), 2);
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_request_is_made_good_by_the_next_worker() {
    let small =
        [("S3", "GetObject"), ("S3", "PutObject"), ("DynamoDB", "UpdateItem"), ("SQS", "DeleteMessageBatch")];
    let large = [
        ("S3", "HeadObject"),
        ("S3", "CreateMultipartUpload"),
        ("S3", "GetObject"),
        ("S3", "UploadPart"),
        ("S3", "CompleteMultipartUpload"),
        ("DynamoDB", "UpdateItem"),
        ("SQS", "DeleteMessageBatch"),
    ];
    let cases = small.map(|at| (1_000, at)).into_iter().chain(large.map(|at| (9 * MIB, at)));
    for (size, (service, operation)) in cases {
        let yard = Yard::new().await;
        let body = bytes(size, 4);
        let transfer = yard.land("k", &body).await;
        die_at(&yard, service, operation, 0).await;
        if service == "SQS" {
            // Its work was done; the message comes back to be deleted.
            let mut worker = yard.worker("w2");
            worker.beside(tokio::time::sleep(2 * super::yard::VISIBILITY)).await;
            worker.stop().await;
        } else {
            yard.work_until(Status::Completed).await;
        }
        let record = yard.assert_delivered(&transfer, &body).await;
        assert_eq!(record.failed_attempts, 0, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_creating_and_noting_an_upload_costs_only_that_upload() {
    let yard = Yard::new().await;
    let body = bytes(9 * MIB, 5);
    let transfer = yard.land("k", &body).await;
    // The note, after the claim.
    die_at(&yard, "DynamoDB", "UpdateItem", 1).await;
    let unknown = yard.uploads().await;
    assert_eq!(unknown.len(), 1);
    yard.work_until(Status::Completed).await;
    assert_eq!(yard.uploads().await, unknown);
    tokio::time::sleep(DAY + HOUR).await;
    assert_eq!(sweep(&yard.reaper()).await.counts.aborted, 1);
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn a_file_that_takes_every_worker_down_is_parked_in_the_end() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"poison").await;
    for n in 0..10 {
        yard.ledger.claim(&transfer.id, "w0", &format!("w0/{n}")).await.unwrap();
    }
    yard.work_until(Status::Failed).await;
    let record = yard.assert_parked(&transfer, "attempts_vanished").await;
    assert_eq!(record.attempts, 11);
    assert_eq!(yard.delivered("k").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_large_file_that_takes_every_worker_down_leaves_no_upload() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", &bytes(20 * MIB, 6)).await;
    die_at(&yard, "S3", "UploadPart", 1).await;
    for n in 0..49 {
        yard.ledger.claim(&transfer.id, "w0", &format!("w0/{n}")).await.unwrap();
    }
    yard.work_until(Status::Failed).await;
    yard.assert_parked(&transfer, "attempts_vanished").await;
}
