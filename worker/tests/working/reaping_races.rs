//! The reaper beside workers: whatever it meets half way, every file arrives and every upload ends.

use common::ledger::{Reason, Status};
use drayage_worker::reap::{Done, Orphan};

use super::crashes::die_at;
use super::reaping::{DAY, HOUR, held, sweep};
use super::yard::{MIB, Yard, bytes};

#[tokio::test(start_paused = true)]
async fn workers_go_on_with_their_uploads_while_orphans_are_reaped_beside_them() {
    let yard = Yard::new().await;
    let bodies: Vec<Vec<u8>> = (0..3).map(|seed| bytes(20 * MIB, seed)).collect();
    let mut transfers = Vec::new();
    // A worker dies over each file: before its upload is there, before it is noted, and with one part sent.
    let deaths = [("S3", "CreateMultipartUpload", 0), ("DynamoDB", "UpdateItem", 1), ("S3", "UploadPart", 1)];
    for ((service, operation, skip), (number, body)) in deaths.into_iter().zip(bodies.iter().enumerate()) {
        transfers.push(yard.land(&format!("k{number}"), body).await);
        die_at(&yard, service, operation, skip).await;
    }
    tokio::time::sleep(DAY + HOUR).await;
    let before = yard.uploads().await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker_with("w2", 3, 1));
    let gate = yard.faults().gate("S3", "UploadPart");
    // All three are at work, on old uploads and on new ones.
    worker.beside(gate.reached_by(3)).await;
    let told = worker.beside(sweep(&yard.reaper())).await.whole();
    assert_eq!((told.counts.aborted, told.counts.left, told.counts.young), (1, 1, 2), "{told:?}");
    assert_eq!(before.len(), 2);
    gate.open();
    for _ in &transfers {
        worker.beside(watch.until(Status::Completed)).await;
    }
    worker.stop().await;
    for (transfer, body) in transfers.iter().zip(&bodies) {
        yard.assert_delivered(transfer, body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_its_owner_completes_under_the_reapers_eyes_is_a_file_that_arrived() {
    let yard = Yard::new().await;
    let body = bytes(20 * MIB, 1);
    let transfer = yard.land("k", &body).await;
    die_at(&yard, "S3", "UploadPart", 1).await;
    tokio::time::sleep(DAY + HOUR).await;
    // It is listed, and then nobody's: its transfer is over before the ledger is asked.
    let gate = yard.faults().gate("DynamoDB", "Query");
    let reaper = yard.reaper();
    let steps = async {
        gate.reached().await;
        yard.work_until(Status::Completed).await;
        gate.open();
    };
    let (told, ()) = futures::join!(sweep(&reaper), steps);
    assert_eq!(told.whole().done(), [&Done::Gone(Orphan::Unknown)]);
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn an_index_that_is_behind_does_not_save_an_upload_that_was_given_up() {
    let yard = Yard::new().await;
    let (transfer, _) = yard.noted("k").await;
    tokio::time::sleep(DAY + HOUR).await;
    // Between the index, which knows it, and the item, which has it no more.
    let gate = yard.faults().gate("DynamoDB", "GetItem");
    let reaper = yard.reaper();
    let steps = async {
        gate.reached().await;
        let reason = Reason::new("checksum_mismatch", "sentence");
        yard.ledger.release(&held(&transfer), &reason, true, false).await.unwrap();
        gate.open();
    };
    let (told, ()) = futures::join!(sweep(&reaper), steps);
    assert_eq!(told.whole().done(), [&Done::Aborted(Orphan::Replaced)]);
    assert_eq!(yard.uploads().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_goes_under_its_owner_costs_no_attempt_and_no_file() {
    let yard = Yard::new().await;
    let body = bytes(20 * MIB, 1);
    let transfer = yard.land("k", &body).await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate_on(simcloud::Fault::on("S3", "UploadPart").skip(1).always());
    worker.beside(gate.reached()).await;
    // Somebody aborts it: a person, a lifecycle rule, a reaper with the wrong table.
    let upload_id = yard.uploads().await.remove(0);
    let abort = yard.s3.abort_multipart_upload().bucket("delivered").key("k").upload_id(upload_id);
    abort.send().await.unwrap();
    gate.open();
    worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 0));
}
