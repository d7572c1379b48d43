//! `drayage reap` as a user runs it. What it aborts and what not is tested on paused time, with the worker.

use rustix::process::Signal;
use serde_json::Value;

use crate::support::drayage::{Drayage, Ended};
use crate::support::fleet::Fleet;

async fn reap(fleet: &Fleet, more: &[&str]) -> Ended {
    Drayage::start(&fleet.arguments("reap", more)).ended().await
}

/// A cloud with one young upload in `delivered`.
async fn fleet() -> Fleet {
    let fleet = Fleet::new().await;
    let create = fleet.world.s3().create_multipart_upload().bucket("delivered").key("acme/secret.csv");
    create.send().await.unwrap();
    fleet
}

#[tokio::test]
async fn each_bucket_is_summed_up_and_no_key_is_shown() {
    let ended = reap(&fleet().await, &["--bucket", "delivered,landing", "--dry-run"]).await.succeeded();
    let rest = "0 of living transfers";
    let expected = [
        format!("delivered: 1 uploads: 0 to be aborted, {rest}, 1 not old enough, "),
        format!("landing: 0 uploads: 0 to be aborted, {rest}, 0 not old enough, "),
    ];
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(lines.len(), 2, "{ended:#?}");
    assert!(lines.iter().zip(&expected).all(|(line, start)| line.starts_with(start)), "{ended:#?}");
    assert!(!ended.out.contains("secret") && ended.err.is_empty(), "{ended:#?}");
}

#[tokio::test]
async fn a_bucket_that_cannot_be_swept_is_named_and_the_others_are_swept() {
    let ended = reap(&fleet().await, &["--bucket", "aaa,delivered", "--json"]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    let lines: Vec<Value> = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{ended:#?}");
    assert_eq!(lines[0]["summary"]["error"], "ListMultipartUploads: NoSuchBucket (HTTP 404)");
    assert_eq!((&lines[1]["bucket"], &lines[1]["summary"]["young"]), (&"delivered".into(), &1.into()));
    assert_eq!(lines[1]["summary"]["error"], Value::Null);
    ended
        .said("drayage: failed to use bucket aaa: ListMultipartUploads: NoSuchBucket")
        .said("drayage: 1 of 2 buckets could not be swept whole");
}

#[tokio::test]
async fn a_ledger_that_cannot_be_asked_is_named_before_anything_is_listed() {
    let fleet = fleet().await;
    let ended = reap(&fleet, &["--bucket", "delivered", "--table", "Nope"]).await.failed(1);
    ended.said("failed to use index by_upload of table Nope: DescribeTable: ResourceNotFoundException");
}

#[tokio::test]
async fn all_mistakes_are_said_at_once() {
    let wrong = ["reap", "--older-than", "30m", "--initiator", "", "--table", ""];
    let ended = Drayage::start(&wrong).ended().await.failed(64);
    assert_eq!(ended.err.lines().count(), 4, "{ended:#?}");
    ended
        .said("--bucket (or DRAYAGE_BUCKET) is missing")
        .said("--older-than is \"30m\": expected an age from 1h to 366d")
        .said("--initiator is \"\": expected a part of an ARN")
        .said("--table is \"\": expected a name");
}

#[tokio::test]
async fn a_signal_ends_it_between_two_requests() {
    let fleet = fleet().await;
    let gate = fleet.world.cloud.faults().gate("S3", "ListMultipartUploads");
    let process = Drayage::start(&fleet.arguments("reap", &["--bucket", "delivered"]));
    gate.reached().await;
    process.signal(Signal::TERM);
    process.ended().await.failed(1).said("interrupted: the next run goes on with what is left");
}
