//! Parking: the dead-letter queue gets the raw message and the reason.

use std::collections::BTreeMap;

use common::ledger::Reason;
use common::queue::{Outgoing, REASON_CODE, REASON_MESSAGE, TRACEPARENT, TRACESTATE};
use simcloud::Fault;

use crate::queue_bench::{Bench, raw_attributes, raw_messages};

const BODY: &str = "not JSON, {\"and\": \t untouched\n\u{1f69a}";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn send(bench: &Bench, attributes: &[(&str, &str)], group: Option<&str>) {
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let group = group.map(str::to_owned);
    let message = Outgoing { body: BODY.to_owned(), attributes: attributes.collect(), group, send_id: None };
    bench.queue.send(&[message]).await.remove(0).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_parked_message_keeps_body_trace_and_group_and_says_why() {
    let bench = Bench::new().await;
    send(&bench, &[(TRACEPARENT, PARENT), (TRACESTATE, "a=b"), ("colour", "red")], Some("acme")).await;
    let message = bench.receive_one().await;
    bench.queue.park(&message, &Reason::new("malformed_event", "the body is not JSON")).await.unwrap();

    let parked = raw_messages(&bench.world, "fast-dlq").await;
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].body(), Some(BODY));
    let expected = BTreeMap::from([
        (REASON_CODE, "malformed_event"),
        (REASON_MESSAGE, "the body is not JSON"),
        (TRACEPARENT, PARENT),
        (TRACESTATE, "a=b"),
    ]);
    assert_eq!(raw_attributes(&parked[0]), expected);
    let system = parked[0].attributes().unwrap();
    assert_eq!(system[&aws_sdk_sqs::types::MessageSystemAttributeName::MessageGroupId], "acme");
    assert_eq!(bench.counts().await, [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_reason_that_sqs_would_refuse_is_made_plain() {
    let bench = Bench::new().await;
    send(&bench, &[], None).await;
    let message = bench.receive_one().await;
    let reason = Reason::new("", format!("a\u{1}b\u{ffff}\n{}", "x".repeat(5_000)));
    bench.queue.park(&message, &reason).await.unwrap();
    let parked = raw_messages(&bench.world, "fast-dlq").await;
    let attributes = raw_attributes(&parked[0]);
    assert_eq!(attributes[REASON_CODE], "unknown");
    assert_eq!(attributes[REASON_MESSAGE], format!("ab{}", "x".repeat(998)));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_parked_is_not_deleted() {
    let bench = Bench::new().await;
    send(&bench, &[], None).await;
    let message = bench.receive_one().await;
    let fault = bench.world.cloud.faults().add(Fault::on("SQS", "SendMessage").key("fast-dlq").always());
    let reason = Reason::new("code", "sentence");
    assert!(bench.queue.park(&message, &reason).await.unwrap_err().is_uncertain());
    assert_eq!(bench.counts().await, [0, 1]);
    bench.world.cloud.faults().remove(fault);
    assert!(raw_messages(&bench.world, "fast-dlq").await.is_empty());
    bench.queue.park(&message, &reason).await.unwrap();
    assert_eq!(bench.counts().await, [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_message_parked_and_not_deleted_is_in_both_queues() {
    let bench = Bench::new().await;
    send(&bench, &[], None).await;
    let message = bench.receive_one().await;
    bench.world.cloud.faults().add(Fault::on("SQS", "DeleteMessageBatch").always());
    assert!(bench.queue.park(&message, &Reason::new("code", "sentence")).await.is_err());
    assert_eq!(bench.counts().await, [0, 1]);
    assert_eq!(raw_messages(&bench.world, "fast-dlq").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_as_large_as_sqs_takes_can_be_parked() {
    let bench = Bench::new().await;
    let body = "x".repeat(1_048_576);
    bench.send(&[&body]).await;
    let message = bench.receive_one().await;
    bench.queue.park(&message, &Reason::new("malformed_event", "the body is not JSON")).await.unwrap();
    let parked = raw_messages(&bench.world, "fast-dlq").await;
    assert_eq!(parked[0].body().map(str::len), Some(body.len()));
    assert_eq!(bench.counts().await, [0, 0]);
}
