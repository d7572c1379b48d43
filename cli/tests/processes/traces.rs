//! One trace leads from the event through both queues to the last ledger write; what fails is kept.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::{
    MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};
use fake_opentelemetry_collector::ExportedSpan;
use rustix::process::Signal;
use simcloud::{Effect, Fault};

use crate::support::collector::{Collector, plain};
use crate::support::fleet::Fleet;
use crate::support::store::put;
use crate::support::{ledger, until};

/// Both services until `work` has ended and they have drained, and every span that they have sent.
async fn spans_of(fleet: &Fleet, more: &[&str], work: impl AsyncFnOnce()) -> Vec<ExportedSpan> {
    let collector = Collector::start().await;
    let flags = [&["--otlp-endpoint", &*collector.endpoint], more].concat();
    let dispatcher = fleet.dispatcher(&flags).await;
    let worker = fleet.worker("worker-1", &flags).await;
    work().await;
    for service in [dispatcher, worker] {
        service.signal(Signal::TERM);
        service.ended().await.succeeded();
    }
    collector.caught_up().await;
    collector.spans()
}

async fn spans_of_one_file(more: &[&str]) -> Vec<ExportedSpan> {
    let fleet = Fleet::new().await;
    spans_of(&fleet, more, async || {
        put(&fleet.world.s3(), "a", b"x").await;
        ledger::over(&fleet.world.dynamodb(), 1).await;
    })
    .await
}

fn all_named<'s>(spans: &'s [ExportedSpan], name: &str) -> Vec<&'s ExportedSpan> {
    spans.iter().filter(|span| span.name == name).collect()
}

#[track_caller]
fn named<'s>(spans: &'s [ExportedSpan], name: &str) -> &'s ExportedSpan {
    let found = all_named(spans, name);
    assert_eq!(found.len(), 1, "one span {name} in {spans:#?}");
    found[0]
}

fn attribute(span: &ExportedSpan, name: &str) -> String {
    span.attributes.get(name).map(|value| plain(value)).unwrap_or_default()
}

/// The ids of the spans that `span` has links of this kind to.
fn linked<'s>(span: &'s ExportedSpan, kind: &str) -> Vec<&'s str> {
    let of_kind = span
        .links
        .iter()
        .filter(|link| link.attributes.get("drayage.link").is_some_and(|value| plain(value) == kind));
    of_kind.map(|link| &*link.span_id).collect()
}

fn has_failed(span: &ExportedSpan) -> bool {
    span.status.as_ref().is_some_and(|status| status.code == "STATUS_CODE_ERROR")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_event_to_the_last_ledger_write() {
    let spans = spans_of_one_file(&[]).await;
    let dispatch = named(&spans, "process ingest");
    assert_eq!(dispatch.parent_span_id, "", "the trace begins here");
    let (send, transfer) = (named(&spans, "send fast"), named(&spans, "process fast"));
    assert_eq!((&send.parent_span_id, &transfer.parent_span_id), (&dispatch.span_id, &send.span_id));
    for step in ["claim", "copy", "settle"] {
        assert_eq!(named(&spans, step).parent_span_id, transfer.span_id, "{step}");
    }
    assert!(spans.iter().all(|span| span.trace_id == dispatch.trace_id), "{spans:#?}");
    assert_eq!(spans.len(), 6, "{spans:#?}");
    assert!(spans.iter().all(|span| span.links.is_empty()), "one event, one transfer, one attempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_follow_the_conventions_for_messages_and_aws() {
    let spans = spans_of_one_file(&[]).await;
    for (name, kind, operation, queue) in [
        ("process ingest", "SPAN_KIND_CONSUMER", "process", "ingest"),
        ("send fast", "SPAN_KIND_PRODUCER", "send", "fast"),
        ("process fast", "SPAN_KIND_CONSUMER", "process", "fast"),
    ] {
        let span = named(&spans, name);
        assert_eq!(span.kind, kind, "{name}");
        for (key, value) in [
            ("messaging.system", "aws_sqs"),
            ("messaging.operation.type", operation),
            ("messaging.operation.name", operation),
            ("messaging.destination.name", queue),
        ] {
            assert_eq!(attribute(span, key), value, "{name}");
        }
        assert!(attribute(span, "aws.sqs.queue.url").ends_with(queue), "{name}");
    }
    let claim = named(&spans, "claim");
    assert_eq!(claim.kind, "SPAN_KIND_CLIENT");
    for (key, value) in
        [("rpc.system", "aws-api"), ("rpc.service", "DynamoDB"), ("db.system.name", "aws.dynamodb")]
    {
        assert_eq!(attribute(claim, key), value);
    }
    // X-Ray takes trace ids that begin with the second in which the trace began.
    let dispatch = named(&spans, "process ingest");
    let begun = u64::from_str_radix(&dispatch.trace_id[..8], 16).unwrap();
    // The id is made just after the span began, which may be the next second.
    assert!(begun.abs_diff(dispatch.start_time_unix_nano / 1_000_000_000) <= 1, "{begun}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_a_span_where_that_is_asked_for() {
    let spans = spans_of_one_file(&["--trace-requests", "yes"]).await;
    let copy = named(&spans, "copy");
    for name in ["S3.GetObject", "S3.PutObject"] {
        let request = named(&spans, name);
        assert_eq!((&request.parent_span_id, &*attribute(request, "rpc.service")), (&copy.span_id, "S3"));
        assert!(request.events.is_empty(), "what the SDK logs may hold keys: {request:#?}");
    }
}

/// A copy for the archive beside the main one.
const FAN_OUT: &str = r#"version = 1

[lanes]
default = "fast"

[[rule]]
name = "main"
match.bucket = "landing"
target.bucket = "delivered"

[[rule]]
name = "archive"
match.bucket = "landing"
target = { bucket = "delivered", key = "archive/{key}" }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn where_an_event_becomes_several_transfers_each_has_a_link_to_it() {
    let fleet = Fleet::new().await;
    std::fs::write(fleet.rules(), FAN_OUT).unwrap();
    let spans = spans_of(&fleet, &[], async || {
        put(&fleet.world.s3(), "a", b"x").await;
        ledger::over(&fleet.world.dynamodb(), 2).await;
    })
    .await;
    let event = named(&spans, "process ingest");
    let (sends, transfers) = (all_named(&spans, "send fast"), all_named(&spans, "process fast"));
    assert_eq!((sends.len(), transfers.len()), (2, 2), "{spans:#?}");
    for transfer in transfers {
        assert_eq!(linked(transfer, "event"), [&*event.span_id]);
        assert_eq!(transfer.trace_id, event.trace_id);
        assert!(sends.iter().any(|send| send.span_id == transfer.parent_span_id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_attempt_has_a_link_to_the_one_before() {
    let fleet = Fleet::new().await;
    fleet.world.cloud.faults().add(Fault::on("S3", "GetObject").effect(Effect::respond(
        403,
        "AccessDenied",
        "not yet",
    )));
    let spans = spans_of(&fleet, &[], async || {
        put(&fleet.world.s3(), "a", b"x").await;
        ledger::over(&fleet.world.dynamodb(), 1).await;
    })
    .await;
    let mut attempts = all_named(&spans, "process fast");
    attempts.sort_by_key(|span| span.start_time_unix_nano);
    let [first, second] = attempts[..] else { panic!("two attempts in {spans:#?}") };
    let settles = all_named(&spans, "settle");
    let settle = settles.iter().find(|settle| settle.parent_span_id == first.span_id).unwrap();
    assert_eq!(
        (linked(first, "earlier_attempt").len(), linked(second, "earlier_attempt")),
        (0, vec![&*settle.span_id])
    );
    assert!(has_failed(first) && !has_failed(second));
    assert_eq!(attribute(first, "error.type"), "access_denied");
    assert_eq!(first.parent_span_id, second.parent_span_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_is_not_kept_is_not_sent() {
    assert_eq!(spans_of_one_file(&["--trace-percent", "0"]).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_kept_whatever_the_sample_says() {
    let fleet = Fleet::new().await;
    // The second file's source is archived, and nobody restores it.
    let archived = Effect::respond(403, "InvalidObjectState", "archived");
    fleet.world.cloud.faults().add(Fault::on("S3", "GetObject").key("landing/bad").always().effect(archived));
    let spans = spans_of(&fleet, &["--trace-percent", "0"], async || {
        for key in ["good", "bad"] {
            put(&fleet.world.s3(), key, b"x").await;
        }
        ledger::over(&fleet.world.dynamodb(), 2).await;
    })
    .await;
    let failed = named(&spans, "process fast");
    assert!(has_failed(failed), "{failed:#?}");
    assert_eq!(attribute(failed, "error.type"), "source_archived");
    for step in ["claim", "copy", "settle"] {
        assert_eq!(named(&spans, step).parent_span_id, failed.span_id, "{step}");
    }
    assert!(spans.iter().all(|span| attribute(span, "drayage.kept") == "failure"), "{spans:#?}");
    assert_eq!(spans.len(), 4, "nothing of the other file, nothing of the dispatcher: {spans:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_carry_the_context_in_both_forms_and_are_followed_by_either() {
    const ROOT: &str = "6a18a3b0bd862e3fe1be46a994272793";
    let fleet = Fleet::new().await;
    let sqs = fleet.world.sqs();
    let url =
        async |queue: &str| sqs.get_queue_url().queue_name(queue).send().await.unwrap().queue_url.unwrap();
    let collector = Collector::start().await;
    let dispatcher = fleet.dispatcher(&["--otlp-endpoint", &*collector.endpoint]).await;
    // What EventBridge would send, with the context of whoever caused the event.
    put(&fleet.world.s3(), "elsewhere", b"x").await;
    let event = serde_json::json!({
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": "2026-05-28T20:26:40Z",
        "detail": {
            "bucket": { "name": "landing" },
            "object": { "key": "caused", "size": 1, "etag": "9dd4e461268c8034f5c8564e155c67a6", "sequencer": "01" },
        },
    });
    let header = format!("Root=1-{}-{};Parent=53995c3f42cd8ad8;Sampled=1", &ROOT[..8], &ROOT[8..]);
    let header =
        MessageSystemAttributeValue::builder().data_type("String").string_value(header).build().unwrap();
    sqs.send_message()
        .queue_url(url("ingest").await)
        .message_body(event.to_string())
        .message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, header)
        .send()
        .await
        .unwrap();
    // No worker runs: the lane keeps what it was sent.
    let lane = url("fast").await;
    let sent = until("the caused transfer in its lane", async || {
        let received = sqs
            .receive_message()
            .queue_url(&lane)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::AwsTraceHeader)
            .send()
            .await
            .unwrap();
        received
            .messages
            .unwrap_or_default()
            .into_iter()
            .find(|message| message.body().unwrap().contains("caused"))
    })
    .await;
    dispatcher.signal(Signal::TERM);
    dispatcher.ended().await.succeeded();
    collector.caught_up().await;

    let spans = collector.spans();
    let of_trace: Vec<&ExportedSpan> = spans.iter().filter(|span| span.trace_id == ROOT).collect();
    let names: BTreeMap<&str, &ExportedSpan> = of_trace.iter().map(|span| (&*span.name, *span)).collect();
    assert_eq!(names["process ingest"].parent_span_id, "53995c3f42cd8ad8");
    let send = names["send fast"];
    let traceparent = sent.message_attributes().unwrap()["traceparent"].string_value().unwrap();
    assert_eq!(traceparent, format!("00-{ROOT}-{}-01", send.span_id));
    let header = &sent.attributes().unwrap()[&MessageSystemAttributeName::AwsTraceHeader];
    let expected = format!("Root=1-{}-{};Parent={};Sampled=1", &ROOT[..8], &ROOT[8..], send.span_id);
    assert_eq!(*header, expected);
}

#[tokio::test]
async fn a_collector_that_does_not_answer_costs_no_file() {
    let fleet = Fleet::new().await;
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let flags = ["--otlp-endpoint", &*endpoint];
    let dispatcher = fleet.dispatcher(&flags).await;
    let worker = fleet.worker("worker-1", &flags).await;
    put(&fleet.world.s3(), "a", b"x").await;
    let done = ledger::over(&fleet.world.dynamodb(), 1).await;
    assert_eq!(done[0].text("status"), "completed");
    for service in [dispatcher, worker] {
        service.signal(Signal::TERM);
        service.ended().await.succeeded();
    }
}
