//! What AWS refuses at start: one line that names the resource, and status 1.

use std::net::TcpListener;

use crate::support::drayage::{Drayage, Ended};
use crate::support::fleet::Fleet;

/// One line, which begins with the command's name and says this.
#[track_caller]
fn assert_line(ended: Ended, expected: &[&str]) {
    let ended = ended.failed(1);
    assert_eq!(ended.err.lines().count(), 1, "{ended:#?}");
    assert!(ended.err.starts_with("drayage: failed to use "), "{ended:#?}");
    for text in expected {
        assert!(ended.err.contains(text), "expected {text:?} in {ended:#?}");
    }
}

async fn worker(fleet: &Fleet, more: &[&str]) -> Ended {
    Drayage::start(&fleet.arguments("worker", more)).ended().await
}

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")];
const MISSING: &str = "is it in this account and region, under this name?";
const DENIED: &str = "are credentials, region and permissions right?";

#[tokio::test]
async fn a_missing_table_is_named() {
    let fleet = Fleet::new().await;
    let ended = worker(&fleet, &["--table", "Nope"]).await;
    assert_line(ended, &["table Nope", "ResourceNotFoundException", MISSING]);
}

#[tokio::test]
async fn a_missing_lane_queue_is_named() {
    let fleet = Fleet::new().await;
    let ended = worker(&fleet, &["--lanes", "fast=fast,bulk=nope"]).await;
    assert_line(ended, &["queue nope", "GetQueueUrl", MISSING]);
}

#[tokio::test]
async fn a_missing_lane_queue_is_named_by_its_url() {
    let fleet = Fleet::new().await;
    let url = format!("{}/000000000000/nope", fleet.endpoint_url);
    let ended = worker(&fleet, &["--lanes", &format!("fast={url}")]).await;
    assert_line(ended, &[&format!("queue {url}"), "GetQueueAttributes", MISSING]);
}

#[tokio::test]
async fn a_missing_ingest_queue_is_named() {
    let fleet = Fleet::new().await;
    let rules = fleet.rules();
    let arguments = fleet.arguments("dispatcher", &["--rules", &rules, "--ingest-queue", "nope"]);
    assert_line(Drayage::start(&arguments).ended().await, &["queue nope", MISSING]);
}

#[tokio::test]
async fn a_queue_without_dead_letter_queue_is_refused() {
    let fleet = Fleet::new().await;
    let ended = worker(&fleet, &["--lanes", "fast=fast-dlq"]).await;
    assert_line(ended, &["queue fast-dlq", "it needs a redrive policy that names its dead-letter queue"]);
}

#[tokio::test]
async fn wrong_credentials_are_said_to_be_wrong() {
    let fleet = Fleet::new().await;
    let keys = [("AWS_ACCESS_KEY_ID", "somebody"), ("AWS_SECRET_ACCESS_KEY", "secret-of-somebody")];
    let ended = Drayage::start_with(&fleet.arguments("worker", &[]), &keys).ended().await;
    assert!(!ended.err.contains("secret-of-somebody"), "{ended:#?}");
    assert_line(ended, &["table FileTransferMetadata", "UnrecognizedClientException", DENIED]);
}

#[tokio::test]
async fn a_wrong_region_is_said_to_be_wrong() {
    let fleet = Fleet::new().await;
    let arguments = ["worker", "--endpoint-url", &fleet.endpoint_url, "--region", "eu-west-1"];
    let ended = Drayage::start_with(&arguments, &KEYS).ended().await;
    assert_line(ended, &["table FileTransferMetadata", DENIED]);
}

#[tokio::test]
async fn missing_credentials_are_said_to_be_missing() {
    let fleet = Fleet::new().await;
    let ended = Drayage::start_with(&fleet.arguments("worker", &[]), &[]).ended().await;
    assert_line(ended, &["table FileTransferMetadata", "credentials"]);
}

#[tokio::test]
async fn a_missing_region_is_said_to_be_missing() {
    let fleet = Fleet::new().await;
    let arguments = ["worker", "--endpoint-url", &fleet.endpoint_url];
    let ended = Drayage::start_with(&arguments, &KEYS).ended().await.failed(64);
    assert_eq!(ended.err.lines().count(), 1, "{ended:#?}");
    ended.said("there is no AWS region: give --region, or set AWS_REGION");
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_said_not_to() {
    // Taken, so that nobody else listens there; closed again, so that connections are refused.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let ended = Drayage::start(&["worker", "--region", "us-east-1", "--endpoint-url", &url]).ended().await;
    assert_line(ended, &["table FileTransferMetadata", "is the endpoint up and reachable"]);
}
