//! FIFO lanes: what order the files of a customer get, and what a crash does to it.

use std::time::Duration;

use futures::future::join;
use simcloud::{Effect, Fault};

use crate::bench::Bench;
use crate::bodies::{notification, record};
use crate::crashes::crash;

const RULES: &str = r#"
version = 1

[lanes]
default = "fast"

[[customer]]
id = "acme"
bucket = "landing"
prefix = "a"

[[customer]]
id = "beta"
bucket = "landing"
prefix = "b"

[[rule]]
name = "everything"
match.bucket = "landing"
target.bucket = "delivered"
"#;

/// A notification that tells of these keys, in this order.
fn told_of(keys: &[&str]) -> String {
    let records: Vec<_> = keys.iter().map(|key| record(key, 1)).collect();
    notification(&records)
}

/// A notification about one version of `key`.
fn version(key: &str, sequencer: &str) -> String {
    let mut record = record(key, 1);
    record["s3"]["object"]["sequencer"] = sequencer.into();
    record["s3"]["object"]["eTag"] = format!("{sequencer:0>32}").into();
    notification(&[record])
}

/// The keys in the lane in the order in which a worker gets them: each is deleted before the next is received.
async fn lane(bench: &Bench) -> Vec<String> {
    let queue = bench.world.queue("fast.fifo", Duration::from_secs(60)).await.unwrap();
    let mut keys = Vec::new();
    while let Some(message) = queue.receive(10, Duration::ZERO).await.unwrap().pop() {
        queue.delete(&[message.receipt]).await.remove(0).unwrap();
        keys.push(common::wire::decode(&message.body).unwrap().source.key);
    }
    keys
}

/// Dispatches what comes back, before SQS forgets what was sent.
async fn dispatch_again(bench: &Bench) {
    for _ in 0..4 {
        tokio::time::advance(crate::bench::VISIBILITY).await;
        bench.dispatch().await;
    }
}

/// Of `keys`, those of one customer.
fn of(customer: char, keys: &[String]) -> Vec<&str> {
    keys.iter().map(String::as_str).filter(|key| key.starts_with(customer)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_customers_files_are_in_the_lane_in_the_order_of_the_batch() {
    let bench = Bench::fifo(RULES).await;
    let told: Vec<String> = ["a1", "b1", "a2", "a3", "b2"].map(|key| told_of(&[key])).to_vec();
    bench.tell(&told).await;
    bench.dispatch().await;
    let keys = lane(&bench).await;
    assert_eq!((of('a', &keys), of('b', &keys)), (vec!["a1", "a2", "a3"], vec!["b1", "b2"]));
}

#[tokio::test(start_paused = true)]
async fn versions_of_a_key_that_come_in_one_batch_go_in_the_order_of_their_sequencers() {
    let bench = Bench::fifo(RULES).await;
    bench
        .tell(&[version("a", "0A03"), told_of(&["a-other"]), version("a", "0A01"), version("a", "0A02")])
        .await;
    bench.dispatch().await;
    let queue = bench.world.queue("fast.fifo", Duration::from_secs(60)).await.unwrap();
    let mut found = Vec::new();
    while let Some(message) = queue.receive(10, Duration::ZERO).await.unwrap().pop() {
        queue.delete(&[message.receipt]).await.remove(0).unwrap();
        let source = common::wire::decode(&message.body).unwrap().source;
        found.push(format!("{} {}", source.key, source.sequencer.unwrap()));
    }
    assert_eq!(found, ["a 0A01", "a-other 0055AED6DCD90281E5", "a 0A02", "a 0A03"]);
}

#[tokio::test(start_paused = true)]
async fn a_send_that_fails_amid_a_message_keeps_the_order_of_its_records() {
    for lost in [false, true] {
        let bench = Bench::fifo(RULES).await;
        bench.tell(&[told_of(&["a1", "a2", "a3", "b1", "a4"])]).await;
        // The second request carries a2 alone; b1 goes with a1.
        let effect = if lost {
            Effect::respond_after(503, "ServiceUnavailable", "later")
        } else {
            Effect::FailEntries { places: 1 }
        };
        bench
            .world
            .cloud
            .faults()
            .add(Fault::on("SQS", "SendMessageBatch").key("a2").times(10).effect(effect));
        bench.dispatch().await;
        bench.world.cloud.faults().clear();
        assert_eq!(bench.count(|counters| &counters.released), 1, "lost: {lost}");
        dispatch_again(&bench).await;
        let keys = lane(&bench).await;
        assert_eq!(
            of('a', &keys),
            ["a1", "a2", "a3", "a4"],
            "lost: {lost}: sent again, and dropped where it was in"
        );
        assert_eq!(of('b', &keys), ["b1"], "lost: {lost}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_refuses_one_file_keeps_the_customers_later_ones_out_of_the_lane() {
    let bench = Bench::fifo(RULES).await;
    bench.tell(&["a1", "a2", "b1", "a3"].map(|key| told_of(&[key]))).await;
    let refused = Fault::on("DynamoDB", "PutItem").key("\"a2\"").always().effect(Effect::throttled());
    let refused = bench.world.cloud.faults().add(refused);
    bench.dispatch().await;
    assert_eq!(lane(&bench).await, ["a1", "b1"], "a3 waits with a2");
    bench.world.cloud.faults().remove(refused);
    bench.dispatch_all().await;
    let mut later = lane(&bench).await;
    later.sort();
    assert_eq!(later, ["a2", "a3"], "both come; S3's events have no order to come back in");
    assert_eq!(bench.left().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_send_and_delete_adds_nothing_to_the_lane() {
    for (operation, applied) in [("SendMessageBatch", true), ("DeleteMessageBatch", false)] {
        let bench = Bench::fifo(RULES).await;
        bench.tell(&[told_of(&["a1", "a2", "a3"])]).await;
        crash(&bench, "SQS", operation, applied).await;
        tokio::time::advance(crate::bench::VISIBILITY).await;
        bench.dispatch().await;
        assert_eq!(lane(&bench).await, ["a1", "a2", "a3"], "{operation}");
        assert_eq!(bench.left().await, 0, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_event_for_a_file_that_was_just_sent_is_sent_too() {
    let bench = Bench::fifo(RULES).await;
    bench.tell(&[told_of(&["a1"])]).await;
    bench.dispatch().await;
    // Lost: taken from the lane, and never worked on. Within five minutes somebody replays the event.
    assert_eq!(lane(&bench).await, ["a1"]);
    bench.tell(&[told_of(&["a1"])]).await;
    bench.dispatch().await;
    assert_eq!(lane(&bench).await, ["a1"]);
}

#[tokio::test(start_paused = true)]
async fn several_dispatchers_lose_nothing_and_send_nothing_twice() {
    let bench = Bench::fifo(RULES).await;
    let another = bench.another_fifo_drain(RULES).await;
    let keys: Vec<String> = (0..40).map(|n| format!("{}{n}", if n % 2 == 0 { 'a' } else { 'b' })).collect();
    let told: Vec<String> = keys.iter().map(|key| told_of(&[key])).collect();
    bench.tell(&told).await;
    bench.world.cloud.faults().add(Fault::on("SQS", "SendMessageBatch").times(3).effect(Effect::DropAfter));
    let batches = (bench.receive().await, bench.receive().await);
    join(Box::pin(bench.drain.dispatch(batches.0)), Box::pin(another.dispatch(batches.1))).await;
    dispatch_again(&bench).await;
    let mut found = lane(&bench).await;
    found.sort();
    let mut expected = keys;
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_event_holds_up_no_file() {
    let bench = Bench::fifo(RULES).await;
    bench.tell(&["garbage".to_owned(), told_of(&["a1"])]).await;
    bench.dispatch().await;
    assert_eq!(lane(&bench).await, ["a1"]);
    assert_eq!(bench.parked().await, [("garbage".to_owned(), "malformed_event".to_owned())]);
    assert_eq!(bench.left().await, 0);
}
