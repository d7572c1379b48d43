//! What AWS refuses at start: one line that names the resource, and status 1.

use std::net::TcpListener;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::drayage::{Drayage, Ended};
use crate::support::fleet::Fleet;

/// One line, which begins with the command's name and says this. Warnings of the SDK are JSON.
#[track_caller]
fn assert_line(ended: Ended, expected: &[&str]) -> Ended {
    let ended = assert_lines(ended, 1);
    for text in expected {
        assert!(ended.err.contains(text), "expected {text:?} in {ended:#?}");
    }
    ended
}

/// As many lines about resources that cannot be used.
#[track_caller]
fn assert_lines(ended: Ended, count: usize) -> Ended {
    let ended = ended.failed(1);
    let lines: Vec<&str> = ended.err.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(lines.len(), count, "{ended:#?}");
    assert!(lines[0].starts_with("drayage: failed to use "), "{ended:#?}");
    assert!(lines[1..].iter().all(|line| line.starts_with("failed to use ")), "{ended:#?}");
    ended
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
    let ended = assert_lines(ended, 3);
    assert_eq!(ended.err.matches(DENIED).count(), 3, "{ended:#?}");
    ended.said("table FileTransferMetadata: DescribeTable: UnrecognizedClientException").said("queue fast");
}

#[tokio::test]
async fn a_wrong_region_is_said_to_be_wrong() {
    let fleet = Fleet::new().await;
    let arguments = ["worker", "--endpoint-url", &fleet.endpoint_url, "--region", "eu-west-1"];
    let ended = Drayage::start_with(&arguments, &KEYS).ended().await;
    let ended = assert_lines(ended, 3);
    assert_eq!(ended.err.matches(DENIED).count(), 3, "{ended:#?}");
}

#[tokio::test]
async fn missing_credentials_are_said_to_be_missing() {
    let fleet = Fleet::new().await;
    let ended = Drayage::start_with(&fleet.arguments("worker", &[]), &[]).ended().await;
    assert_line(ended, &["table FileTransferMetadata, queue bulk, queue fast: ", "there are no credentials"]);
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
async fn everything_that_is_missing_is_named_at_once() {
    let fleet = Fleet::new().await;
    let ended = worker(&fleet, &["--table", "Nope", "--lanes", "fast=nope-1,bulk=nope-2"]).await;
    let ended = assert_lines(ended, 3);
    for (line, what) in ended.err.lines().zip(["table Nope", "queue nope-2", "queue nope-1"]) {
        assert!(line.contains(what) && line.contains(MISSING), "expected {what:?} in {line:?}");
    }
    let rules = fleet.rules();
    let more = ["--rules", &rules, "--ingest-queue", "nope-3", "--lanes", "fast=nope-1,bulk=bulk"];
    let ended = Drayage::start(&fleet.arguments("dispatcher", &more)).ended().await;
    assert_lines(ended, 2).said("queue nope-3").said("queue nope-1");
}

/// What a worker says of an endpoint that it cannot talk to, which is one line about all of its resources.
async fn unreachable(url: &str, variables: &[(&str, &str)]) -> Ended {
    let arguments = ["worker", "--region", "us-east-1", "--endpoint-url", url];
    let ended = Drayage::start_with(&arguments, &[&KEYS, variables].concat()).ended().await;
    assert_line(ended, &["table FileTransferMetadata, queue bulk, queue fast: "])
}

#[tokio::test]
async fn a_refused_connection_is_said_once_and_as_such() {
    // Taken, so that nothing else listens there; closed again, so that connections are refused.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    unreachable(&url, &[]).await.said("the connection was refused").said("Connection refused (os error 111)");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_said_not_to() {
    // A label of a name has 63 characters at most: no resolver is asked for a longer one.
    let url = format!("http://{}.invalid", "a".repeat(64));
    unreachable(&url, &[]).await.said("the endpoint's name was not found");
}

#[tokio::test]
async fn tls_at_a_port_without_it_is_said_to_be_that() {
    let fleet = Fleet::new().await;
    let url = fleet.endpoint_url.replace("http://", "https://");
    unreachable(&url, &[]).await.said("the endpoint does not speak TLS");
}

#[tokio::test]
async fn plain_http_at_a_port_with_tls_is_said_to_be_that() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let alerts = async {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let _ = client.read(&mut [0; 4096]).await;
            // What a TLS server says to a request that is not TLS: a fatal alert, `decode_error`.
            let _ = client.write_all(b"\x15\x03\x03\x00\x02\x02\x32").await;
        }
    };
    tokio::select! {
        () = alerts => {}
        ended = unreachable(&url, &[]) => drop(ended.said("the endpoint does not speak plain HTTP")),
    }
}

#[tokio::test]
async fn settings_that_rule_an_endpoint_out_are_named() {
    let fleet = Fleet::new().await;
    for variable in ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"] {
        let ended = unreachable(&fleet.endpoint_url, &[(variable, "true")]).await;
        ended.said("the AWS settings contradict each other").said(variable);
    }
}
