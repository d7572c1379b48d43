//! `drayage local` as a user with the AWS CLI meets it.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::drayage::Ended;
use crate::support::files::{MIB, bytes};
use crate::support::ledger::{self, Item};
use crate::support::local::Local;
use crate::support::pids::{all_ended, child_with, children};
use crate::support::store::{delivered, delivered_keys, put, put_in_parts, unfinished_uploads};

const LARGE: &str = "large/parts.bin";
const REWRITTEN: &str = "rewritten.csv";

fn small(n: u8) -> (String, Vec<u8>) {
    (format!("customer/{n:03} +%.csv"), bytes(10 + usize::from(n), n))
}

/// Attributes that mission.md asks for, of their types.
fn assert_complete(item: &Item) {
    assert_eq!(item.text("file_id").len(), 40);
    assert_eq!((item.text("source_bucket"), item.text("destination_bucket")), ("landing", "delivered"));
    assert!(!item.text("key").is_empty() && !item.text("customer_id").is_empty());
    item.number("file_size");
    for stamp in ["upload_timestamp", "transfer_timestamp"] {
        let stamp = item.text(stamp);
        assert!(stamp.starts_with("20") && stamp.contains('T') && stamp.ends_with('Z'), "{stamp}");
    }
    assert!(item.text("processed_by").starts_with("worker-"));
    item.number("processing_time_ms");
    assert!(item.number("attempts") >= 1);
    assert!(item.number("expire_at") > 1_700_000_000);
    assert_eq!(item.has("error_message"), item.text("status") != "completed", "{item:#?}");
}

fn assert_one_json_line_each(ended: &Ended, items: &[Item]) {
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    for line in ended.out.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| object[name].as_str().unwrap().to_owned();
        assert_eq!(told.insert(text("file_id"), text("status")), None, "told twice: {line}");
    }
    let known = items.iter().map(|item| (item.text("file_id").to_owned(), item.text("status").to_owned()));
    assert_eq!(told, known.collect());
}

#[tokio::test]
async fn everything_that_lands_is_delivered_and_the_newest_version_wins() {
    let local = Local::start(&["--json"]).await;
    let large = bytes(12 * MIB + 7, 9);
    put_in_parts(&local.s3, LARGE, &large, 5 * MIB).await;
    for version in 1..=3_u8 {
        put(&local.s3, REWRITTEN, &bytes(100, version)).await;
    }
    let puts = stream::iter(0..200).map(|n| {
        let s3 = &local.s3;
        async move {
            let (key, content) = small(n);
            put(s3, &key, &content).await;
        }
    });
    puts.buffer_unordered(16).collect::<Vec<()>>().await;

    let items = ledger::over(&local.dynamodb, 204).await;
    assert_eq!(items.len(), 204);
    items.iter().for_each(assert_complete);
    assert_eq!(delivered_keys(&local.s3).await.len(), 202);
    for n in 0..200 {
        let (key, content) = small(n);
        assert_eq!(delivered(&local.s3, &key).await, content, "{key}");
    }
    assert!(delivered(&local.s3, LARGE).await == large);
    assert_eq!(delivered(&local.s3, REWRITTEN).await, bytes(100, 3));
    let mut versions: Vec<&Item> = items.iter().filter(|item| item.text("key") == REWRITTEN).collect();
    versions.sort_by_key(|item| item.text("sequencer"));
    assert_eq!(versions.last().unwrap().text("status"), "completed");
    assert!(items.iter().all(|item| item.text("status") != "failed"));
    assert_eq!(unfinished_uploads(&local.s3).await, [""; 0]);

    local.process.signal(Signal::INT);
    assert_one_json_line_each(&local.process.ended().await.succeeded(), &items);
}

#[tokio::test]
async fn a_second_run_on_the_same_data_knows_what_was_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let data = ["--data", folder.path().to_str().unwrap()];
    let first = Local::start(&data).await;
    put(&first.s3, "a b.csv", b"kept").await;
    let before = ledger::over(&first.dynamodb, 1).await;
    first.process.signal(Signal::INT);
    let ended = first.process.ended().await.succeeded();
    assert!(ended.out.starts_with("completed") && ended.out.contains("delivered/a b.csv"), "{ended:#?}");

    let second = Local::start(&data).await;
    assert_eq!(delivered(&second.s3, "a b.csv").await, b"kept");
    put(&second.s3, "c.csv", b"new").await;
    let after = ledger::over(&second.dynamodb, 2).await;
    assert!(after.iter().any(|item| item.text("file_id") == before[0].text("file_id")));
    assert_eq!(delivered_keys(&second.s3).await, ["a b.csv", "c.csv"]);
    second.process.signal(Signal::INT);
    let ended = second.process.ended().await.succeeded();
    assert_eq!(ended.out.lines().count(), 1, "only what came to its end in this run: {ended:#?}");
}

#[tokio::test]
async fn what_one_run_took_in_and_did_not_deliver_is_delivered_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let data = ["--data", folder.path().to_str().unwrap()];
    let first = Local::start(&data).await;
    put(&first.s3, "0", b"delivered").await;
    ledger::over(&first.dynamodb, 1).await;
    // The dispatcher stands still until no worker is left.
    let dispatcher = child_with(first.process.pid(), "dispatcher", None).await;
    kill_process(dispatcher, Signal::STOP).unwrap();
    let workers =
        children(first.process.pid()).into_iter().map(|(pid, _)| pid).filter(|pid| *pid != dispatcher);
    let workers: Vec<Pid> = workers.collect();
    let keys: Vec<String> = (1..=20).map(|n| format!("{n}")).collect();
    for key in &keys {
        put(&first.s3, key, key.as_bytes()).await;
    }
    first.process.signal(Signal::INT);
    all_ended(&workers).await;
    kill_process(dispatcher, Signal::CONT).unwrap();
    let ended = first.process.ended().await.succeeded();
    assert_eq!(ended.out.lines().count(), 1, "nothing else was delivered: {ended:#?}");

    let second = Local::start(&data).await;
    ledger::over(&second.dynamodb, 1 + keys.len()).await;
    for key in &keys {
        assert_eq!(delivered(&second.s3, key).await, key.as_bytes());
    }
    second.process.signal(Signal::INT);
    second.process.ended().await.succeeded();
}
