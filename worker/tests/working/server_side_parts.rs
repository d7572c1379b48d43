//! Copies that the store makes by parts: an upload like any other, into which no byte of ours goes.

use common::ledger::{Status, attribute};
use common::transfer::{Strategy, Transfer};
use drayage_worker::copy::ServerSide;
use simcloud::{Effect, Fault};

use super::server_side::route;
use super::yard::{MIB, Yard, bytes};

const COPY: &str = "UploadPartCopy";

struct Large {
    yard: Yard,
    body: Vec<u8>,
    transfer: Transfer,
}

/// An object of three parts where 9 MiB is what one request does.
async fn large(strategy: Strategy) -> Large {
    let yard = Yard::new().await;
    yard.server_side.set(ServerSide { copy_object_bytes_max: 9 * MIB as u64, part_bytes: 6 * MIB as u64 });
    let body = bytes(17 * MIB, 1);
    let transfer = yard.land_on(&route(strategy), "k", &body).await;
    Large { yard, body, transfer }
}

impl Large {
    async fn is_delivered(&self) -> common::ledger::Record {
        self.yard.work_until(Status::Completed).await;
        self.yard.assert_delivered(&self.transfer, &self.body).await
    }

    fn refuse(&self, status: u16, code: &str) {
        let refused = Effect::respond(status, code, "no");
        self.yard.faults().add(Fault::on("S3", COPY).always().effect(refused));
    }

    /// Lets a worker die while its `skip + 1`th part is on its way; the world never applies that one.
    async fn die_at_part(&self, skip: u64) {
        let mut worker = self.yard.worker("w1");
        let there = || Fault::on("S3", COPY).skip(skip).times(1);
        let gate = self.yard.faults().gate_on(there());
        self.yard.faults().add(there());
        worker.beside(gate.reached()).await;
        drop(worker);
    }
}

#[tokio::test(start_paused = true)]
async fn the_store_copies_the_parts_and_their_checksums_combine() {
    for strategy in [Strategy::ServerSide, Strategy::Auto] {
        let large = large(strategy).await;
        let (copies, reads, parts) =
            (large.yard.count(COPY), large.yard.count("GetObject"), large.yard.count("UploadPart"));
        let item = large.yard.work_until(Status::Completed).await;
        assert_eq!((copies.count(), reads.count(), parts.count()), (3, 0, 0));
        assert_eq!(item.text(attribute::VERIFIED_BY), "crc64nvme");
        large.yard.assert_delivered(&large.transfer, &large.body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_checksum_to_compare_with_it_is_the_stores_word() {
    let Large { yard, body, .. } = large(Strategy::ServerSide).await;
    yard.work_until(Status::Completed).await;
    let put = yard.summing_s3().put_object().bucket("landing").key("l").checksum_algorithm("SHA256".into());
    let etag = put.body(body.clone().into()).send().await.unwrap().e_tag.unwrap();
    let transfer = yard.transfer("l", body.len() as u64, &etag);
    let transfer = Transfer { options: route(Strategy::ServerSide), ..transfer };
    yard.send(&transfer).await;
    let mut watch = yard.watch();
    let mut worker = yard.worker("w1");
    let item = worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    assert_eq!(item.text(attribute::VERIFIED_BY), "crc64nvme-by-store");
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn the_next_worker_copies_only_the_parts_that_are_missing() {
    for strategy in [Strategy::ServerSide, Strategy::Auto] {
        let large = large(strategy).await;
        large.die_at_part(2).await;
        assert_eq!(large.yard.delivered("k").await, None);
        assert_eq!(large.yard.uploads().await.len(), 1);
        let (creates, copies) = (large.yard.count("CreateMultipartUpload"), large.yard.count(COPY));
        assert_eq!(large.is_delivered().await.attempts, 2);
        assert_eq!((creates.count(), copies.count()), (0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_request_is_made_good_by_the_next_worker() {
    for operation in ["HeadObject", "CreateMultipartUpload", COPY, "CompleteMultipartUpload"] {
        let large = large(Strategy::ServerSide).await;
        let mut worker = large.yard.worker("w1");
        let gate = large.yard.faults().gate_on(Fault::on("S3", operation).times(1));
        worker.beside(gate.reached()).await;
        drop(worker);
        // The request takes effect although nobody waits for it.
        gate.open();
        large.yard.work_until(Status::Completed).await;
        let uploads = large.yard.uploads().await;
        // What was created and not noted is the lifecycle rule's to remove.
        assert_eq!(uploads.len(), usize::from(operation == "CreateMultipartUpload"), "{operation}");
        assert!(large.yard.delivered("k").await.as_deref() == Some(&large.body[..]), "{operation}");
        assert_eq!(large.yard.record(&large.transfer).await.attempts, 2, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_whose_reply_says_nothing_is_copied_again() {
    let nothing = [
        Effect::DropBefore,
        Effect::DropAfter,
        Effect::EmptyOk,
        Effect::EmptyOkAfter,
        Effect::OkWithErrorBody,
        Effect::OkWithErrorBodyAfter,
        Effect::slow_down(),
        Effect::StallBody { after_bytes: 3 },
    ];
    for effect in nothing {
        let large = large(Strategy::Auto).await;
        large.yard.faults().add(Fault::on("S3", COPY).skip(1).times(1).effect(effect.clone()));
        let parts = large.yard.count("UploadPart");
        let record = large.is_delivered().await;
        assert_eq!((record.failed_attempts, parts.count()), (0, 0), "{effect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_overwritten_between_the_parts_is_superseded_and_its_upload_removed() {
    let large = large(Strategy::Auto).await;
    let (mut watch, mut worker) = (large.yard.watch(), large.yard.worker("w1"));
    let gate = large.yard.faults().gate_on(Fault::on("S3", COPY).skip(1).times(1));
    worker.beside(gate.reached()).await;
    large.yard.put("k", b"newer").await;
    gate.open();
    let item = worker.beside(watch.until(Status::Superseded)).await;
    worker.stop().await;
    assert_eq!(item.text(attribute::ERROR_CODE), "source_overwritten");
    assert_eq!(large.yard.delivered("k").await, None);
    large.yard.assert_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn auto_streams_the_parts_that_the_store_refuses_to_copy() {
    for (status, code) in [(403, "AccessDenied"), (501, "NotImplemented")] {
        let large = large(Strategy::Auto).await;
        large.refuse(status, code);
        let parts = large.yard.count("UploadPart");
        assert_eq!(large.is_delivered().await.attempts, 1, "{code}");
        assert_eq!(parts.count(), 3, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn parts_of_both_kinds_make_one_object() {
    let large = large(Strategy::Auto).await;
    large.die_at_part(1).await;
    large.refuse(403, "AccessDenied");
    let parts = large.yard.count("UploadPart");
    assert_eq!(large.is_delivered().await.attempts, 2);
    assert_eq!(parts.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_route_that_insists_on_the_store_fails_with_its_refusal() {
    for (status, code, reason, attempts) in
        [(403, "AccessDenied", "access_denied", 3), (501, "NotImplemented", "refused", 1)]
    {
        let large = large(Strategy::ServerSide).await;
        large.refuse(status, code);
        let parts = large.yard.count("UploadPart");
        large.yard.work_until(Status::Failed).await;
        assert_eq!(large.yard.assert_parked(&large.transfer, reason).await.attempts, attempts, "{code}");
        assert_eq!(parts.count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_copied_part_that_is_not_the_sources_is_not_published() {
    let large = large(Strategy::ServerSide).await;
    let other = Effect::response_header("x-amz-checksum-crc64nvme", "AAAAAAAAAAE=");
    large.yard.faults().add(Fault::on("S3", "HeadObject").key("landing/").times(1).effect(other));
    let completes = large.yard.count("CompleteMultipartUpload");
    let record = large.is_delivered().await;
    assert_eq!((record.attempts, record.failed_attempts, completes.count()), (2, 1, 1));
}
