//! Deleting what is done: in tens, and without holding up what is to be done.

use std::time::Duration;

use common::ledger::Status;
use simcloud::{Effect, Fault};

use super::yard::Yard;

#[tokio::test(start_paused = true)]
async fn files_that_end_together_are_deleted_in_tens() {
    let yard = Yard::new().await;
    for number in 0..20 {
        yard.land(&format!("k{number}"), b"body").await;
    }
    let deletions = Fault::on("SQS", "DeleteMessageBatch").always().effect(Effect::Delay(Duration::ZERO));
    yard.faults().add(deletions);
    let (mut watch, mut worker) = (yard.watch(), yard.worker_with("w1", 32, 1));
    for _ in 0..20 {
        worker.beside(watch.until(Status::Completed)).await;
    }
    worker.stop().await;
    yard.assert_at_rest().await;
    assert_eq!(yard.faults().hits()["SQS.DeleteMessageBatch:Delay"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_takes_its_time_keeps_no_permit() {
    let yard = Yard::new().await;
    let (first, second) = (yard.land("k1", b"body").await, yard.land("k2", b"body").await);
    let gate = yard.faults().gate_on(Fault::on("SQS", "DeleteMessageBatch").times(1));
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    worker.beside(watch.until(Status::Completed)).await;
    worker.beside(gate.reached()).await;
    worker.beside(watch.until(Status::Completed)).await;
    for transfer in [first, second] {
        assert_eq!(yard.record(&transfer).await.status, Status::Completed);
    }
    gate.open();
    worker.stop().await;
    yard.assert_at_rest().await;
}
