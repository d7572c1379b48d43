//! Server-side copies whose requests are refused, lost, or answered with something that is no answer.

use common::ledger::{Status, attribute};
use common::transfer::Strategy;
use simcloud::{Effect, Fault};

use super::server_side::route;
use super::yard::{MIB, Yard, bytes};

#[tokio::test(start_paused = true)]
async fn a_copy_whose_reply_was_lost_is_recognised_as_ours() {
    let lost = [
        Effect::DropAfter,
        Effect::EmptyOkAfter,
        Effect::OkWithErrorBodyAfter,
        Effect::respond_after(500, "InternalError", "lost"),
    ];
    for effect in lost {
        let yard = Yard::new().await;
        let transfer = yard.land_on(&route(Strategy::ServerSide), "k", b"body").await;
        // As often as the SDK asks.
        yard.faults().add(Fault::on("S3", "CopyObject").always().effect(effect.clone()));
        yard.work_until(Status::Completed).await;
        let record = yard.assert_delivered(&transfer, b"body").await;
        assert_eq!((record.attempts, record.failed_attempts), (1, 0), "{effect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_never_happened_is_made_again() {
    for effect in [Effect::DropBefore, Effect::EmptyOk, Effect::OkWithErrorBody, Effect::internal_error()] {
        let yard = Yard::new().await;
        let transfer = yard.land_on(&route(Strategy::Auto), "k", &bytes(9 * MIB, 1)).await;
        let streamed = yard.count("UploadPart");
        // As often as the SDK asks within one attempt.
        yard.faults().add(Fault::on("S3", "CopyObject").times(4).effect(effect.clone()));
        yard.work_until(Status::Completed).await;
        let record = yard.assert_delivered(&transfer, &bytes(9 * MIB, 1)).await;
        assert!(record.attempts >= 2, "{effect:?}");
        assert_eq!(
            (record.failed_attempts, streamed.count()),
            (0, 0),
            "{effect:?}: nothing certain was said"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_is_given_up_and_asked_again() {
    let yard = Yard::new().await;
    let transfer = yard.land_on(&route(Strategy::ServerSide), "k", b"body").await;
    let stall = Effect::StallBody { after_bytes: 3 };
    yard.faults().add(Fault::on("S3", "CopyObject").effect(stall));
    yard.work_until(Status::Completed).await;
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.failed_attempts, 0);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_tried_again_within_the_attempt() {
    let yard = Yard::new().await;
    let transfer = yard.land_on(&route(Strategy::ServerSide), "k", b"body").await;
    let conflict = Effect::respond(409, "ConditionalRequestConflict", "at the same time");
    yard.faults().add(Fault::on("S3", "CopyObject").times(2).effect(conflict));
    yard.work_until(Status::Completed).await;
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 1);
}

const REFUSALS: [(u16, &str); 3] = [(403, "AccessDenied"), (501, "NotImplemented"), (400, "InvalidRequest")];

#[tokio::test(start_paused = true)]
async fn auto_streams_what_the_store_refuses_to_copy() {
    for (status, code) in REFUSALS {
        let yard = Yard::new().await;
        let body = bytes(9 * MIB, 2);
        let transfer = yard.land_on(&route(Strategy::Auto), "k", &body).await;
        yard.faults().add(Fault::on("S3", "CopyObject").always().effect(Effect::respond(status, code, "no")));
        let parts = yard.count("UploadPart");
        yard.work_until(Status::Completed).await;
        let record = yard.assert_delivered(&transfer, &body).await;
        assert_eq!((record.attempts, parts.count()), (1, 2), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_route_that_insists_on_the_store_fails_with_its_refusal() {
    for ((status, code), (reason, attempts)) in
        REFUSALS.into_iter().zip([("access_denied", 3), ("refused", 1), ("refused", 1)])
    {
        let yard = Yard::new().await;
        let transfer = yard.land_on(&route(Strategy::ServerSide), "k", b"body").await;
        yard.faults().add(Fault::on("S3", "CopyObject").always().effect(Effect::respond(status, code, "no")));
        let (reads, puts) = (yard.count("GetObject"), yard.count("PutObject"));
        yard.work_until(Status::Failed).await;
        assert_eq!((reads.count(), puts.count()), (0, 0), "{code}");
        assert_eq!(yard.assert_parked(&transfer, reason).await.attempts, attempts, "{code}");
        assert_eq!(yard.delivered("k").await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_bucket_that_is_not_there_is_not_found() {
    let yard = Yard::new().await;
    let transfer = yard.put("k", b"body").await;
    let target = common::transfer::Target { bucket: "nowhere".to_owned(), ..transfer.target };
    let id = common::transfer::TransferId::derive(&transfer.source, &target);
    let options = route(Strategy::ServerSide);
    let transfer = common::transfer::Transfer { id, target, options, ..transfer };
    yard.send(&transfer).await;
    yard.work_until(Status::Failed).await;
    assert_eq!(yard.assert_parked(&transfer, "not_found").await.attempts, 3);
}

/// Lets the source claim a checksum that its bytes do not have.
fn claim_another_checksum(yard: &Yard, heads: u64) {
    let other = Effect::response_header("x-amz-checksum-crc64nvme", "AAAAAAAAAAE=");
    yard.faults().add(Fault::on("S3", "HeadObject").key("landing/").times(heads).effect(other));
}

#[tokio::test(start_paused = true)]
async fn a_copy_with_another_checksum_than_its_source_is_replaced_by_the_next_attempt() {
    let yard = Yard::new().await;
    let transfer = yard.land_on(&route(Strategy::ServerSide), "k", b"body").await;
    claim_another_checksum(&yard, 1);
    let mut watch = yard.watch();
    let item = yard.work_until(Status::Completed).await;
    assert!(watch.so_far().iter().any(|item| item.text(attribute::STATUS) == "queued"));
    assert_eq!(item.text(attribute::VERIFIED_BY), "crc64nvme");
    let record = yard.assert_delivered(&transfer, b"body").await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_never_has_its_sources_checksum_is_not_taken_for_delivered() {
    let yard = Yard::new().await;
    let transfer = yard.land_on(&route(Strategy::ServerSide), "k", b"body").await;
    claim_another_checksum(&yard, 100);
    yard.work_until(Status::Failed).await;
    assert_eq!(yard.assert_parked(&transfer, "checksum_mismatch").await.attempts, 3);
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_request_is_made_good_by_the_next_worker() {
    for (service, operation) in [
        ("S3", "HeadObject"),
        ("S3", "CopyObject"),
        ("DynamoDB", "UpdateItem"),
        ("SQS", "DeleteMessageBatch"),
    ] {
        for applied in [false, true] {
            let yard = Yard::new().await;
            let transfer = yard.land_on(&route(Strategy::ServerSide), "k", b"body").await;
            let mut worker = yard.worker("w1");
            let gate = yard.faults().gate_on(Fault::on(service, operation).times(1));
            if !applied {
                yard.faults().add(Fault::on(service, operation).times(1));
            }
            worker.beside(gate.reached()).await;
            drop(worker);
            gate.open();
            if operation == "DeleteMessageBatch" {
                let mut worker = yard.worker("w2");
                worker.beside(tokio::time::sleep(super::yard::VISIBILITY * 2)).await;
                worker.stop().await;
            } else {
                yard.work_until(Status::Completed).await;
            }
            yard.assert_delivered(&transfer, b"body").await;
        }
    }
}
