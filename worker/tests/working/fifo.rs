//! A FIFO lane: the files of one customer are worked on one after another, in the order in which they were sent.

use std::time::Duration;

use common::ledger::{Status, attribute};
use common::transfer::Transfer;
use simcloud::{Effect, Fault};

use super::crew::Worker;
use super::watch::Watch;
use super::yard::{MIB, VISIBILITY, Yard, bytes};

/// Puts a file of `customer` and sends its transfer.
async fn land(yard: &Yard, customer: &str, key: &str) -> Transfer {
    land_body(yard, customer, key, key.as_bytes()).await
}

async fn land_body(yard: &Yard, customer: &str, key: &str, body: &[u8]) -> Transfer {
    let transfer = Transfer { customer: customer.to_owned(), ..yard.put(key, body).await };
    yard.send(&transfer).await;
    transfer
}

/// The keys of the next `count` files that are completed.
async fn completed(worker: &mut Worker, watch: &mut Watch, count: usize) -> Vec<String> {
    let mut keys = Vec::new();
    while keys.len() < count {
        let item = worker.beside(watch.until(Status::Completed)).await;
        keys.push(item.text(attribute::KEY).to_owned());
    }
    keys
}

/// Of `keys`, those of one customer, which is what they begin with.
fn of(customer: char, keys: &[String]) -> Vec<&str> {
    keys.iter().map(String::as_str).filter(|key| key.starts_with(customer)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_customers_next_file_waits_for_the_one_before_and_other_customers_do_not() {
    let yard = Yard::fifo().await;
    land(&yard, "acme", "a1").await;
    let second = land(&yard, "acme", "a2").await;
    land(&yard, "beta", "b1").await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker_with("w1", 8, 1));
    // A request that waits for too long is sent again, and has to wait as well.
    let gate = yard.faults().gate_on(Fault::on("S3", "GetObject").key("a1").always());
    worker.beside(gate.reached()).await;
    assert_eq!(completed(&mut worker, &mut watch, 1).await, ["b1"]);
    // For longer than a visibility timeout: the heartbeats keep the group waiting.
    worker.beside(tokio::time::sleep(3 * VISIBILITY)).await;
    assert_eq!(yard.record(&second).await.attempts, 0);
    gate.open();
    assert_eq!(completed(&mut worker, &mut watch, 2).await, ["a1", "a2"]);
    worker.stop().await;
    yard.assert_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_dies_leaves_its_file_at_the_head_of_its_group() {
    for (operation, applied) in [("GetObject", false), ("PutObject", false), ("PutObject", true)] {
        let yard = Yard::fifo().await;
        for key in ["a1", "a2", "a3"] {
            land(&yard, "acme", key).await;
        }
        let mut worker = yard.worker_with("w1", 4, 1);
        let there = || Fault::on("S3", operation).key("a1").times(1);
        let gate = yard.faults().gate_on(there());
        if !applied {
            yard.faults().add(there());
        }
        worker.beside(gate.reached()).await;
        drop(worker);
        gate.open();
        let (mut watch, mut worker) = (yard.watch(), yard.worker_with("w2", 4, 1));
        assert_eq!(completed(&mut worker, &mut watch, 3).await, ["a1", "a2", "a3"], "{operation}");
        worker.stop().await;
        yard.assert_at_rest().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_released_and_tried_again_is_delivered_before_the_later_ones() {
    let yard = Yard::fifo().await;
    let first = land(&yard, "acme", "a1").await;
    land(&yard, "acme", "a2").await;
    yard.faults().add(Fault::on("S3", "GetObject").key("a1").times(40).effect(Effect::slow_down()));
    let (mut watch, mut worker) = (yard.watch(), yard.worker_with("w1", 4, 1));
    assert_eq!(completed(&mut worker, &mut watch, 2).await, ["a1", "a2"]);
    worker.stop().await;
    let record = yard.record(&first).await;
    assert!(record.released_attempts > 1 && record.failed_attempts == 0, "{record:?}");
    yard.assert_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_amid_a_file_hands_it_and_the_order_to_the_next_worker() {
    let yard = Yard::fifo().await;
    land_body(&yard, "acme", "a1", &bytes(36 * MIB, 1)).await;
    land(&yard, "acme", "a2").await;
    let mut worker = yard.worker_with("w1", 4, 1);
    let gate = yard.faults().gate_on(Fault::on("S3", "UploadPart").skip(1).times(1));
    worker.beside(gate.reached()).await;
    worker.shutdown.abort();
    gate.open();
    worker.ended().await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker_with("w2", 4, 1));
    assert_eq!(completed(&mut worker, &mut watch, 2).await, ["a1", "a2"]);
    worker.stop().await;
    yard.assert_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_gives_its_place_to_the_next() {
    let yard = Yard::fifo().await;
    let gone = land(&yard, "acme", "a1").await;
    yard.s3.delete_object().bucket("landing").key("a1").send().await.unwrap();
    yard.send_body("poison").await;
    land(&yard, "acme", "a2").await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker_with("w1", 4, 1));
    let started = tokio::time::Instant::now();
    assert_eq!(completed(&mut worker, &mut watch, 1).await, ["a2"]);
    assert!(started.elapsed() < VISIBILITY, "nothing waited for a timeout");
    worker.stop().await;
    assert_eq!(yard.record(&gone).await.status, Status::Failed);
    let codes: Vec<String> = yard.dead_letters().await.into_iter().map(|dead| dead.code).collect();
    assert_eq!(codes, ["source_missing", "malformed_transfer"]);
    yard.assert_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_parking_that_is_lost_parks_once_and_holds_the_group_up_for_one_timeout() {
    let yard = Yard::fifo().await;
    yard.send_body("poison").await;
    land(&yard, "acme", "a1").await;
    yard.faults().add(Fault::on("SQS", "SendMessage").key("dlq.fifo").times(10).effect(Effect::DropAfter));
    let (mut watch, mut worker) = (yard.watch(), yard.worker_with("w1", 4, 1));
    assert_eq!(completed(&mut worker, &mut watch, 1).await, ["a1"]);
    worker.stop().await;
    assert_eq!(yard.dead_letters().await.len(), 1);
    yard.assert_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn several_workers_of_which_one_dies_keep_the_order_of_every_customer() {
    let yard = Yard::fifo().await;
    for round in 1..=4 {
        for customer in ["a", "b", "c"] {
            land(&yard, customer, &format!("{customer}{round}")).await;
        }
    }
    yard.faults().add(Fault::on("S3", "*").key("b2").times(9).effect(Effect::slow_down()));
    let mut watch = yard.watch();
    let (mut first, mut second) = (yard.worker_with("w1", 2, 1), yard.worker_with("w2", 2, 1));
    let gate = yard.faults().gate_on(Fault::on("S3", "PutObject").key("c2").times(1));
    let before = async {
        let mut keys = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = gate.reached() => return keys,
                item = watch.until(Status::Completed) => keys.push(item.text(attribute::KEY).to_owned()),
            }
        }
    };
    let mut keys = second.beside(first.beside(before)).await;
    // Which of them has c2 is all the same: both die, and their requests may still take effect.
    drop((first, second));
    gate.open();
    let mut third = yard.worker_with("w3", 3, 1);
    while keys.len() < 12 {
        keys.extend(completed(&mut third, &mut watch, 1).await);
    }
    third.stop().await;
    for customer in ['a', 'b', 'c'] {
        let expected: Vec<String> = (1..=4).map(|round| format!("{customer}{round}")).collect();
        assert_eq!(of(customer, &keys), expected);
    }
    yard.world.cloud.faults().clear();
    tokio::time::sleep(Duration::from_secs(1)).await;
    yard.assert_at_rest().await;
}
