//! Large objects whose target is written or deleted while their parts are sent: S3 refuses every conditional Complete of such an upload,
//! even when the condition holds again. The worker looks once and uploads again.

use std::time::Duration;

use common::ledger::{Record, Status, attribute};
use common::transfer::{CopyOptions, Strategy, Transfer, TransferId};
use drayage_worker::copy::{ServerSide, UPLOADS_IN_A_ROW_MAX};
use simcloud::{Effect, Fault, Gate};

use super::crashes::die_at;
use super::crew::Worker;
use super::server_side::route;
use super::watch::{Item, Watch};
use super::yard::{MIB, Yard, bytes, marker};

const COMPLETE: &str = "CompleteMultipartUpload";
const CREATE: &str = "CreateMultipartUpload";
/// Of 9 MiB in parts of 8 MiB.
const PARTS: u64 = 2;

/// Sent through the worker, and copied by the store.
fn ways() -> [(CopyOptions, &'static str); 2] {
    [(CopyOptions::default(), "UploadPart"), (route(Strategy::ServerSide), "UploadPartCopy")]
}

struct Large {
    yard: Yard,
    body: Vec<u8>,
    transfer: Transfer,
}

/// An object of two parts, sent.
async fn large_on(options: &CopyOptions) -> Large {
    let yard = Yard::new().await;
    yard.server_side.set(ServerSide { copy_object_bytes_max: MIB as u64, part_bytes: 8 * MIB as u64 });
    let body = bytes(9 * MIB, 1);
    let transfer = yard.land_on(options, "k", &body).await;
    Large { yard, body, transfer }
}

async fn large() -> Large {
    large_on(&CopyOptions::default()).await
}

/// Holds up the next Complete.
fn next_complete(yard: &Yard) -> Gate {
    yard.faults().gate_on(Fault::on("S3", COMPLETE).times(1))
}

async fn delete(yard: &Yard) {
    yard.s3.delete_object().bucket("delivered").key("k").send().await.unwrap();
}

impl Large {
    /// Changes the target while each of so many uploads waits for its Complete; then the worker goes on until the ledger says `ends`.
    async fn change_during(&self, uploads: u64, change: impl AsyncFn(&Yard, u64), ends: Status) -> Item {
        let (mut watch, mut worker) = (self.yard.watch(), self.yard.worker("w1"));
        self.change_beside(&mut worker, uploads, change).await;
        let item = worker.beside(watch.until(ends)).await;
        worker.stop().await;
        item
    }

    async fn change_beside(&self, worker: &mut Worker, uploads: u64, change: impl AsyncFn(&Yard, u64)) {
        let mut gate = next_complete(&self.yard);
        for nth in 1..=uploads {
            worker.beside(gate.reached()).await;
            change(&self.yard, nth).await;
            let held = gate;
            gate = next_complete(&self.yard);
            held.open();
        }
        // The last one holds up nothing.
        gate.open();
    }

    async fn is_delivered(&self) -> Record {
        self.yard.assert_delivered(&self.transfer, &self.body).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_race_costs_one_look_and_one_more_upload() {
    for (options, part) in ways() {
        let large = large_on(&options).await;
        let count = |operation| large.yard.count(operation);
        let (creates, parts, completes) = (count(CREATE), count(part), count(COMPLETE));
        let (aborts, looks) = (count("AbortMultipartUpload"), count("HeadObject"));
        large
            .change_during(1, async |yard, _| yard.occupy("k", b"stranger", None).await, Status::Completed)
            .await;
        let record = large.is_delivered().await;
        assert_eq!((record.attempts, record.failed_attempts, record.uploads), (1, 0, 2), "{part}");
        assert_eq!((creates.count(), parts.count(), completes.count()), (2, 2 * PARTS, 2), "{part}");
        // One look at the source, one at the target before the first upload, and one after the lost race; then the assertion's own.
        assert_eq!((aborts.count(), looks.count()), (1, 3 + 1), "{part}");
    }
}

/// Prints what docs/copy.md says.
#[tokio::test(start_paused = true)]
async fn what_a_lost_race_costs() {
    let (size, parts) = (36 * MIB, 5);
    let requests = async |races: u64| {
        let yard = Yard::new().await;
        let body = bytes(size, 5);
        let large = Large { transfer: yard.land("k", &body).await, yard, body };
        large.yard.faults().add(Fault::on("S3", "*").always().effect(Effect::Delay(Duration::ZERO)));
        // The stranger's PUT is no request of the worker's.
        large.change_during(races, strangers, Status::Completed).await;
        let hits = large.yard.faults().hits();
        let asked = hits.iter().filter(|(name, _)| name.starts_with("S3.") && name.ends_with(":Delay"));
        (asked.map(|(_, hits)| hits).sum::<u64>() - races, hits["S3.UploadPart:Delay"])
    };
    let (undisturbed, sent) = requests(0).await;
    let (once, sent_again) = requests(1).await;
    assert_eq!((sent, sent_again), (parts, 2 * parts));
    // Complete, Abort, HEAD, Create; for each part a GET and an UploadPart.
    assert_eq!(once - undisturbed, 4 + 2 * parts);
    println!(
        "{} MiB in {parts} parts: {undisturbed} requests to S3, {once} with one lost race; {} MiB are sent again",
        size / MIB,
        size / MIB,
    );
}

#[tokio::test(start_paused = true)]
async fn a_race_lost_twice_is_won_by_the_third_upload() {
    for (options, part) in ways() {
        let large = large_on(&options).await;
        let parts = large.yard.count(part);
        let occupy = async |yard: &Yard, nth: u64| yard.occupy("k", format!("{nth}").as_bytes(), None).await;
        large.change_during(2, occupy, Status::Completed).await;
        let record = large.is_delivered().await;
        assert_eq!((record.attempts, record.uploads, parts.count()), (1, 3, 3 * PARTS), "{part}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_race_lost_to_a_newer_version_supersedes_and_removes_the_upload() {
    for (options, part) in ways() {
        let large = large_on(&options).await;
        let newer = large.yard.transfer("k", 5, "newer");
        let parts = large.yard.count(part);
        let occupy = async |yard: &Yard, _| yard.occupy("k", b"newer", Some(&newer)).await;
        let item = large.change_during(1, occupy, Status::Superseded).await;
        assert_eq!(item.text(attribute::ERROR_CODE), "newer_published", "{part}");
        assert_eq!(large.yard.delivered("k").await.unwrap(), b"newer");
        assert_eq!(parts.count(), PARTS, "{part}");
        large.yard.assert_at_rest().await;
    }
}

#[tokio::test(start_paused = true)]
async fn equal_bytes_that_were_put_meanwhile_cost_a_new_upload() {
    let large = large().await;
    large.yard.occupy("k", b"stranger", None).await;
    let parts = large.yard.count("UploadPart");
    large
        .change_during(1, async |yard, _| yard.occupy("k", b"stranger", None).await, Status::Completed)
        .await;
    assert_eq!(large.is_delivered().await.attempts, 1);
    assert_eq!(parts.count(), 2 * PARTS);
}

#[tokio::test(start_paused = true)]
async fn what_was_to_be_replaced_may_go_away_meanwhile() {
    let large = large().await;
    large.yard.occupy("k", b"stranger", None).await;
    let parts = large.yard.count("UploadPart");
    large.change_during(1, async |yard, _| delete(yard).await, Status::Completed).await;
    assert_eq!(large.is_delivered().await.attempts, 1);
    assert_eq!(parts.count(), 2 * PARTS);
}

#[tokio::test(start_paused = true)]
async fn what_came_and_went_meanwhile_costs_a_new_upload() {
    let large = large().await;
    let come_and_go = async |yard: &Yard, _| {
        yard.occupy("k", b"stranger", None).await;
        delete(yard).await;
    };
    let parts = large.yard.count("UploadPart");
    large.change_during(1, come_and_go, Status::Completed).await;
    assert_eq!(large.is_delivered().await.attempts, 1);
    assert_eq!(parts.count(), 2 * PARTS);
}

#[tokio::test(start_paused = true)]
async fn after_a_conflict_a_new_upload_gets_every_part_within_the_attempt() {
    let large = large().await;
    large.yard.fault(COMPLETE, Effect::respond(409, "ConditionalRequestConflict", "at the same time"));
    let parts = large.yard.count("UploadPart");
    large.yard.work_until(Status::Completed).await;
    let record = large.is_delivered().await;
    assert_eq!((record.attempts, record.failed_attempts, record.uploads), (1, 0, 2));
    assert_eq!(parts.count(), 2 * PARTS);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_was_resumed_and_whose_target_had_changed_before_is_made_again_once() {
    let large = large().await;
    die_at(&large.yard, "S3", "UploadPart", 1).await;
    large.yard.occupy("k", b"stranger", None).await;
    let (creates, parts) = (large.yard.count(CREATE), large.yard.count("UploadPart"));
    large.yard.work_until(Status::Completed).await;
    let record = large.is_delivered().await;
    assert_eq!((record.attempts, record.failed_attempts, record.uploads), (2, 0, 2));
    // What was missing of the old upload, and the new one.
    assert_eq!((creates.count(), parts.count()), (1, 1 + PARTS));
}

#[tokio::test(start_paused = true)]
async fn the_next_worker_finishes_what_died_between_two_uploads() {
    for operation in ["AbortMultipartUpload", "HeadObject", CREATE] {
        let large = large().await;
        let mut worker = large.yard.worker("w1");
        let gate = next_complete(&large.yard);
        worker.beside(gate.reached()).await;
        large.yard.occupy("k", b"stranger", None).await;
        let last = large.yard.faults().gate_on(Fault::on("S3", operation).times(1));
        gate.open();
        worker.beside(last.reached()).await;
        drop(worker);
        last.open();
        large.yard.work_until(Status::Completed).await;
        let uploads = large.yard.uploads().await;
        // What was created and not noted is the reaper's.
        assert_eq!(uploads.len(), usize::from(operation == CREATE), "{operation}");
        assert!(large.yard.delivered("k").await.as_deref() == Some(&large.body[..]), "{operation}");
        assert_eq!(large.yard.record(&large.transfer).await.attempts, 2, "{operation}");
    }
}

/// A stranger, who writes the target.
async fn strangers(yard: &Yard, nth: u64) {
    yard.occupy("k", format!("stranger {nth}").as_bytes(), None).await;
}

#[tokio::test(start_paused = true)]
async fn a_stranger_who_writes_during_every_upload_has_the_message_given_back_and_no_attempt_spent() {
    for (options, part) in ways() {
        let large = large_on(&options).await;
        let parts = large.yard.count(part);
        let in_a_row = u64::from(UPLOADS_IN_A_ROW_MAX);
        let (mut watch, mut worker) = (large.yard.watch(), large.yard.worker("w1"));
        large.change_beside(&mut worker, in_a_row, strangers).await;
        let item = worker.beside(watch.until(Status::Queued)).await;
        assert_eq!(item.text(attribute::ERROR_CODE), "target_contended", "{part}");
        assert_eq!(item.number(attribute::FAILED_ATTEMPTS), 0, "{part}");
        assert_eq!(item.text(attribute::UPLOAD_ID), "", "{part}");
        worker.beside(watch.until(Status::Completed)).await;
        worker.stop().await;
        let record = large.is_delivered().await;
        assert_eq!(
            (record.attempts, record.uploads, parts.count()),
            (2, in_a_row + 1, (in_a_row + 1) * PARTS)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_who_never_stops_has_the_file_parked_after_bounded_requests() {
    let large = large().await;
    let (creates, aborts, parts) =
        (large.yard.count(CREATE), large.yard.count("AbortMultipartUpload"), large.yard.count("UploadPart"));
    // Thirty, and those of the attempt that finds them counted.
    let uploads = 33;
    large.change_during(uploads, strangers, Status::Failed).await;
    let record = large.yard.assert_parked(&large.transfer, "target_contended").await;
    assert_eq!((record.attempts, record.released_attempts, record.failed_attempts), (11, 10, 1));
    assert_eq!((creates.count(), aborts.count(), parts.count()), (uploads, uploads, uploads * PARTS));
    assert_eq!(large.yard.delivered("k").await.unwrap(), format!("stranger {uploads}").as_bytes());
}

#[tokio::test(start_paused = true)]
async fn older_versions_that_get_in_first_never_fail_the_newest() {
    let yard = Yard::new().await;
    let older: Vec<Transfer> = (0..40).map(|nth| yard.transfer("k", 9, &format!("older {nth}"))).collect();
    let body = bytes(9 * MIB, 2);
    let transfer = yard.land("k", &body).await;
    let large = Large { yard, body, transfer };
    let occupy = async |yard: &Yard, nth: u64| {
        let older = &older[usize::try_from(nth).unwrap() - 1];
        yard.occupy("k", format!("older {nth:03}").as_bytes(), Some(older)).await;
    };
    let item = large.change_during(40, occupy, Status::Completed).await;
    assert_eq!(item.number(attribute::FAILED_ATTEMPTS), 0);
    assert_eq!(large.yard.head("k").await.metadata().unwrap()["drayage"], marker(&large.transfer));
    assert_eq!(large.is_delivered().await.uploads, 41);
}

/// Two workers, each of which has a version of the key ready to be published.
async fn both_ready(yard: &Yard, versions: [&Transfer; 2]) -> (Watch, [Worker; 2], [Gate; 2]) {
    let watch = yard.watch();
    yard.send(versions[0]).await;
    let mut first = yard.worker("w1");
    let gate = next_complete(yard);
    first.beside(gate.reached()).await;
    yard.send(versions[1]).await;
    let mut second = yard.worker("w2");
    let next = next_complete(yard);
    first.beside(second.beside(next.reached())).await;
    (watch, [first, second], [gate, next])
}

/// Puts a version of the source beside those that are there, and gives its transfer.
async fn version(yard: &Yard, body: &[u8]) -> Transfer {
    let keep = aws_sdk_s3::types::VersioningConfiguration::builder().status("Enabled".into()).build();
    yard.s3.put_bucket_versioning().bucket("landing").versioning_configuration(keep).send().await.unwrap();
    let put = yard.s3.put_object().bucket("landing").key("k").body(body.to_vec().into());
    let put = put.send().await.unwrap();
    let mut newer = yard.transfer("k", body.len() as u64, put.e_tag().unwrap());
    newer.source.version_id = put.version_id;
    Transfer { id: TransferId::derive(&newer.source, &newer.target), ..newer }
}

#[tokio::test(start_paused = true)]
async fn of_two_versions_under_way_the_newest_is_visible_whichever_is_first() {
    for newer_first in [true, false] {
        let yard = Yard::new().await;
        let older = version(&yard, &bytes(9 * MIB, 3)).await;
        let body = bytes(10 * MIB, 4);
        let newer = version(&yard, &body).await;
        let (mut watch, [mut first, mut second], [of_older, of_newer]) =
            both_ready(&yard, [&older, &newer]).await;
        let (opens, later) = if newer_first { (of_newer, of_older) } else { (of_older, of_newer) };
        opens.open();
        first.beside(second.beside(watch.until(Status::Completed))).await;
        later.open();
        let ends = if newer_first { Status::Superseded } else { Status::Completed };
        first.beside(second.beside(watch.until(ends))).await;
        let (first, second) = (first.stop(), second.stop());
        tokio::join!(first, second);
        yard.assert_delivered(&newer, &body).await;
        let older = yard.record(&older).await;
        let expected = if newer_first { Status::Superseded } else { Status::Completed };
        assert_eq!((older.status, older.attempts), (expected, 1));
    }
}
