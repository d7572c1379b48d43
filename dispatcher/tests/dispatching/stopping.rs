//! Running and stopping: polls are never dropped, and what they bring is not lost.

use std::time::Duration;

use simcloud::{Effect, Fault};
use tokio::time::Instant;

use crate::bench::{Bench, WAIT};
use crate::bodies::event;

#[tokio::test(start_paused = true)]
async fn files_that_land_while_it_runs_are_dispatched_as_they_come() {
    let bench = Bench::new().await;
    let mut changes = bench.world.cloud.item_changes(topology::TABLE);
    let story = async {
        for key in ["a", "b", "c"] {
            bench.put(key, b"hello").await;
            let change = changes.recv().await.unwrap();
            assert_eq!(change.new.unwrap().text("key"), Some(key));
        }
        bench.shutdown.stop();
    };
    futures::join!(bench.drain.run(2), story);
    assert_eq!(bench.keys("fast").await, ["a", "b", "c"]);
    assert_eq!(bench.left().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_the_open_polls_end_and_opens_no_other() {
    let bench = Bench::new().await;
    let started = Instant::now();
    let polls = Fault::on("SQS", "ReceiveMessage").always().effect(Effect::Delay(Duration::ZERO));
    bench.world.cloud.faults().add(polls);
    let stop = async {
        tokio::time::sleep(WAIT / 4).await;
        bench.shutdown.stop();
    };
    futures::join!(bench.drain.run(3), stop);
    assert_eq!(started.elapsed(), WAIT);
    assert_eq!(bench.hits("SQS.ReceiveMessage:Delay"), 3);
}

#[tokio::test(start_paused = true)]
async fn what_an_open_poll_brings_after_a_stop_is_still_dispatched() {
    let bench = Bench::new().await;
    let gate = bench.world.cloud.faults().gate("SQS", "ReceiveMessage");
    let story = async {
        gate.reached().await;
        bench.shutdown.stop();
        bench.tell(&[event("a", 1)]).await;
        gate.open();
    };
    futures::join!(bench.drain.run(1), story);
    assert_eq!(bench.keys("fast").await, ["a"]);
    assert_eq!(bench.left().await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_an_open_poll_brings_after_an_abort_is_visible_at_once() {
    let bench = Bench::new().await;
    let gate = bench.world.cloud.faults().gate("SQS", "ReceiveMessage");
    let story = async {
        gate.reached().await;
        bench.shutdown.abort();
        bench.tell(&[event("a", 1), event("b", 1)]).await;
        gate.open();
    };
    futures::join!(bench.drain.run(1), story);
    assert!(bench.lane("fast").await.is_empty());
    assert_eq!(bench.count(|c| &c.released), 2);
    let back = bench.receive().await;
    assert_eq!(back.iter().map(|message| message.receive_count).collect::<Vec<_>>(), [2, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_the_batch_at_work() {
    let bench = Bench::new().await;
    bench.tell(&[event("a", 1)]).await;
    let gate = bench.world.cloud.faults().gate("SQS", "SendMessageBatch");
    let story = async {
        gate.reached().await;
        bench.shutdown.stop();
        gate.open();
    };
    futures::join!(bench.drain.run(1), story);
    assert_eq!(bench.keys("fast").await, ["a"]);
    assert_eq!(bench.left().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_refuses_is_asked_less_and_less_often_and_again_when_it_is_well() {
    let bench = Bench::new().await;
    bench.put("a", b"hello").await;
    let refused = Fault::on("SQS", "ReceiveMessage").times(12).effect(Effect::throttled());
    bench.world.cloud.faults().add(refused);
    let mut changes = bench.world.cloud.item_changes(topology::TABLE);
    let started = Instant::now();
    let story = async {
        changes.recv().await.unwrap();
        bench.shutdown.stop();
    };
    futures::join!(bench.drain.run(1), story);
    // 0.5 + 1 + 2 + 4 + 8 + 16 + 6 × 20 seconds, each between half and whole; then the last poll finds nothing more.
    let waited = started.elapsed();
    assert!((Duration::from_secs(75)..=Duration::from_secs(152) + WAIT).contains(&waited), "{waited:?}");
    assert_eq!(bench.hits("SQS.ReceiveMessage:Respond"), 12);
    assert_eq!(bench.keys("fast").await, ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_backoff_to_end() {
    let bench = Bench::new().await;
    bench.world.cloud.faults().add(Fault::on("SQS", "ReceiveMessage").always().effect(Effect::throttled()));
    let stop = async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        bench.shutdown.stop();
    };
    let started = Instant::now();
    futures::join!(bench.drain.run(1), stop);
    assert_eq!(started.elapsed(), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn two_dispatchers_on_one_queue_send_each_file_at_least_once_and_leave_nothing() {
    let bench = Bench::new().await;
    let rules = common::routes::DEFAULT_RULES;
    let other = crate::bench::drain(&bench.world, &bench.ingest, rules, &bench.shutdown).await;
    for number in 10..40 {
        bench.put(&number.to_string(), b"hello").await;
    }
    let mut changes = bench.world.cloud.item_changes(topology::TABLE);
    let story = async {
        for _ in 0..30 {
            changes.recv().await.unwrap();
        }
        bench.shutdown.stop();
    };
    futures::join!(bench.drain.run(2), other.run(2), story);
    let mut keys = bench.keys("fast").await;
    keys.dedup();
    assert_eq!(keys, (10..40).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(bench.left().await, 0);
}
