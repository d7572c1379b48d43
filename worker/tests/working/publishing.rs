//! Publishing small objects: what is at the target decides, and what it says after a reply was lost.

use common::ledger::{Status, attribute};
use simcloud::{Effect, Fault, FaultId};

use super::crashes::die_at;
use super::yard::{KIB, Yard, bytes};

/// One buffered, one streamed.
const SIZES: [usize; 2] = [1_000, 300 * KIB];

#[tokio::test(start_paused = true)]
async fn an_older_version_is_replaced() {
    for size in SIZES {
        let yard = Yard::new().await;
        let older = yard.put("k", b"older").await;
        yard.occupy("k", b"older", Some(&older)).await;
        let body = bytes(size, 1);
        let newer = yard.land("k", &body).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&newer, &body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_strangers_object_is_replaced() {
    let yard = Yard::new().await;
    yard.occupy("k", b"stranger", None).await;
    let transfer = yard.land("k", b"body").await;
    yard.work_until(Status::Completed).await;
    yard.assert_delivered(&transfer, b"body").await;
}

#[tokio::test(start_paused = true)]
async fn our_mark_on_other_bytes_is_replaced() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    yard.occupy("k", b"BODY", Some(&transfer)).await;
    yard.work_until(Status::Completed).await;
    yard.assert_delivered(&transfer, b"body").await;
}

#[tokio::test(start_paused = true)]
async fn a_newer_version_is_not_overwritten() {
    for size in SIZES {
        let yard = Yard::new().await;
        let transfer = yard.land("k", &bytes(size, 2)).await;
        let newer = yard.transfer("k", 5, "newer");
        yard.occupy("k", b"newer", Some(&newer)).await;
        let item = yard.work_until(Status::Superseded).await;
        assert_eq!(item.text(attribute::FILE_ID), transfer.id.as_str());
        assert_eq!(item.text(attribute::ERROR_CODE), "newer_published");
        assert_eq!(yard.delivered("k").await.unwrap(), b"newer");
        yard.assert_at_rest().await;
        assert_eq!(yard.dead_letters().await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_newer_version_of_another_source_key_is_not_comparable_and_is_replaced() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    let other = yard.transfer("other", 5, "newer");
    yard.occupy("k", b"newer", Some(&other)).await;
    yard.work_until(Status::Completed).await;
    yard.assert_delivered(&transfer, b"body").await;
}

/// Publishes something at the target between the worker's decision and its PUT.
async fn lose_the_race(yard: &Yard, occupied: impl AsyncFnOnce(&Yard), ends: Status) {
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate_on(Fault::on("S3", "PutObject").times(1));
    worker.beside(gate.reached()).await;
    occupied(yard).await;
    gate.open();
    worker.beside(watch.until(ends)).await;
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_race_lost_to_a_newer_version_supersedes() {
    for size in SIZES {
        let yard = Yard::new().await;
        let transfer = yard.land("k", &bytes(size, 3)).await;
        let newer = yard.transfer("k", 5, "newer");
        let occupy = async |yard: &Yard| yard.occupy("k", b"newer", Some(&newer)).await;
        lose_the_race(&yard, occupy, Status::Superseded).await;
        assert_eq!(yard.delivered("k").await.unwrap(), b"newer");
        assert_eq!(yard.record(&transfer).await.attempts, 1);
        yard.assert_at_rest().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_race_lost_to_an_older_version_is_run_again() {
    for size in SIZES {
        let yard = Yard::new().await;
        let older = yard.transfer("k", 5, "older");
        let body = bytes(size, 4);
        let transfer = yard.land("k", &body).await;
        let occupy = async |yard: &Yard| yard.occupy("k", b"older", Some(&older)).await;
        lose_the_race(&yard, occupy, Status::Completed).await;
        assert_eq!(yard.assert_delivered(&transfer, &body).await.attempts, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_to_be_replaced_may_go_away_meanwhile() {
    let yard = Yard::new().await;
    yard.occupy("k", b"stranger", None).await;
    let transfer = yard.land("k", b"body").await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    // The first PUT finds the stranger; the second one is to replace it.
    let gate = yard.faults().gate_on(Fault::on("S3", "PutObject").skip(1).times(1));
    worker.beside(gate.reached()).await;
    yard.s3.delete_object().bucket("delivered").key("k").send().await.unwrap();
    gate.open();
    worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_publish_whose_reply_was_lost_is_recognised_as_ours() {
    let lost = [
        Effect::DropAfter,
        Effect::EmptyOkAfter,
        Effect::OkWithErrorBodyAfter,
        Effect::respond_after(500, "InternalError", "lost"),
        Effect::respond_after(400, "RequestTimeout", "lost"),
    ];
    for effect in lost {
        for size in SIZES {
            let yard = Yard::new().await;
            let body = bytes(size, 5);
            let transfer = yard.land("k", &body).await;
            yard.fault("PutObject", effect.clone());
            let mut watch = yard.watch();
            yard.work_until(Status::Completed).await;
            let record = yard.assert_delivered(&transfer, &body).await;
            assert_eq!((record.attempts, record.failed_attempts), (1, 0), "{effect:?}");
            assert_eq!(watch.so_far().len(), 2, "claimed and completed");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_put_that_never_arrived_is_sent_again() {
    for effect in [Effect::DropBefore, Effect::EmptyOk, Effect::OkWithErrorBody, Effect::internal_error()] {
        for size in SIZES {
            let yard = Yard::new().await;
            let body = bytes(size, 6);
            let transfer = yard.land("k", &body).await;
            yard.fault("PutObject", effect.clone());
            yard.work_until(Status::Completed).await;
            assert_eq!(yard.assert_delivered(&transfer, &body).await.failed_attempts, 0, "{effect:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_tried_again_within_the_attempt() {
    for size in SIZES {
        let yard = Yard::new().await;
        let body = bytes(size, 7);
        let transfer = yard.land("k", &body).await;
        let conflict = Effect::respond(409, "ConditionalRequestConflict", "at the same time");
        yard.faults().add(Fault::on("S3", "PutObject").times(2).effect(conflict));
        yard.work_until(Status::Completed).await;
        let record = yard.assert_delivered(&transfer, &body).await;
        assert_eq!((record.attempts, record.failed_attempts), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_its_attempt_could_not_write_down_is_found_by_the_next() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    let mut worker = yard.worker("w1");
    // The second write, which says `completed`, waits and is then lost.
    let second = || Fault::on("DynamoDB", "UpdateItem").skip(1).times(1);
    let gate = yard.faults().gate_on(second());
    yard.faults().add(second().effect(Effect::DropBefore));
    worker.beside(gate.reached()).await;
    drop(worker);
    gate.open();
    let published = yard.head("k").await.last_modified().copied();
    let puts = yard.count("PutObject");
    yard.work_until(Status::Completed).await;
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 2);
    assert_eq!(yard.head("k").await.last_modified().copied(), published);
    assert_eq!(puts.count(), 1, "refused, for it is there");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_broke_the_connection_is_found_out_within_the_attempt() {
    let yard = Yard::new().await;
    yard.occupy("k", b"stranger", None).await;
    let body = bytes(300 * KIB, 8);
    let transfer = yard.land("k", &body).await;
    yard.fault("PutObject", Effect::DropBefore);
    let puts = yard.count("PutObject");
    yard.work_until(Status::Completed).await;
    assert_eq!(puts.count(), 2);
    assert_eq!(yard.assert_delivered(&transfer, &body).await.attempts, 1);
}

/// The target refuses these operations.
fn deny<const N: usize>(yard: &Yard, operations: [&str; N]) -> [FaultId; N] {
    operations.map(|operation| {
        let denied = Effect::respond(403, "AccessDenied", "no");
        yard.faults().add(Fault::on("S3", operation).key("delivered/").always().effect(denied))
    })
}

fn allow<const N: usize>(yard: &Yard, denied: [FaultId; N]) {
    for fault in denied {
        yard.faults().remove(fault);
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_a_dead_worker_published_is_not_failed_while_its_target_may_not_be_looked_at() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    // The claim is written, and what was published is not.
    die_at(&yard, "DynamoDB", "UpdateItem", 1).await;
    assert_eq!(yard.delivered("k").await.unwrap(), b"body");
    let denied = deny(&yard, ["*"]);
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w2"));
    for _ in 0..4 {
        worker.beside(watch.until(Status::Queued)).await;
    }
    allow(&yard, denied);
    worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    let record = yard.assert_delivered(&transfer, b"body").await;
    assert_eq!((record.attempts, record.failed_attempts), (6, 2));
}

#[tokio::test(start_paused = true)]
async fn a_publish_whose_reply_was_lost_has_not_failed_when_the_look_is_refused() {
    for size in SIZES {
        let yard = Yard::new().await;
        let body = bytes(size, 9);
        let transfer = yard.land("k", &body).await;
        yard.fault("PutObject", Effect::DropAfter);
        let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
        let denied = deny(&yard, ["HeadObject", "GetObject"]);
        worker.beside(watch.until(Status::Queued)).await;
        allow(&yard, denied);
        worker.beside(watch.until(Status::Completed)).await;
        worker.stop().await;
        assert_eq!(yard.assert_delivered(&transfer, &body).await.failed_attempts, 0, "{size} bytes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_publish_whose_reply_was_lost_is_not_failed_however_long_the_look_is_refused() {
    for size in SIZES {
        let yard = Yard::new().await;
        let body = bytes(size, 10);
        let transfer = yard.land("k", &body).await;
        yard.fault("PutObject", Effect::DropAfter);
        let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
        let denied = deny(&yard, ["HeadObject", "GetObject"]);
        for _ in 0..5 {
            worker.beside(watch.until(Status::Queued)).await;
        }
        allow(&yard, denied);
        worker.beside(watch.until(Status::Completed)).await;
        worker.stop().await;
        let record = yard.assert_delivered(&transfer, &body).await;
        assert_eq!((record.attempts, record.failed_attempts), (6, 2), "{size} bytes");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_nobody_can_have_published_fails_where_the_look_is_refused() {
    for size in SIZES {
        let yard = Yard::new().await;
        yard.occupy("k", b"stranger", None).await;
        yard.land("k", &bytes(size, 11)).await;
        deny(&yard, ["HeadObject", "GetObject"]);
        let item = yard.work_until(Status::Failed).await;
        assert_eq!(item.text(attribute::ERROR_CODE), "access_denied");
        assert_eq!(item.number(attribute::ATTEMPTS), 3);
    }
}
