//! One trace leads from the event through both queues to the last ledger write.

use std::time::Duration;

use fake_opentelemetry_collector::{ExportedSpan, FakeCollectorServer};
use rustix::process::Signal;

use crate::support::fleet::Fleet;
use crate::support::store::put;
use crate::support::{DEADLINE, ledger};

/// What one file makes: dispatch; transfer, claim, copy, settle.
const SPANS: usize = 5;

/// One file's way, and every span that the services have sent by the time that they have ended.
async fn spans_of_one_file(more: &[&str]) -> Vec<ExportedSpan> {
    let fleet = Fleet::new().await;
    let mut collector = FakeCollectorServer::start().await.unwrap();
    let endpoint = collector.endpoint();
    let flags = [&["--otlp-endpoint", &*endpoint], more].concat();
    let dispatcher = fleet.dispatcher(&flags).await;
    let worker = fleet.worker("worker-1", &flags).await;
    put(&fleet.world.s3(), "a", b"x").await;
    ledger::over(&fleet.world.dynamodb(), 1).await;
    for service in [dispatcher, worker] {
        service.signal(Signal::TERM);
        service.ended().await.succeeded();
    }
    // Whatever was sent has arrived by now: the services waited for the answer.
    collector
        .exported_spans(usize::from(more.is_empty()) * SPANS, DEADLINE.min(Duration::from_secs(20)))
        .await
}

fn named<'s>(spans: &'s [ExportedSpan], name: &str) -> &'s ExportedSpan {
    let found: Vec<&ExportedSpan> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "one span {name} in {spans:#?}");
    found[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_event_to_the_last_ledger_write() {
    let spans = spans_of_one_file(&[]).await;
    let (dispatch, transfer) = (named(&spans, "dispatch"), named(&spans, "transfer"));
    assert_eq!(dispatch.parent_span_id, "", "the trace begins here");
    assert_eq!(transfer.parent_span_id, dispatch.span_id);
    for step in ["claim", "copy", "settle"] {
        assert_eq!(named(&spans, step).parent_span_id, transfer.span_id, "{step}");
    }
    assert!(spans.iter().all(|span| span.trace_id == dispatch.trace_id), "{spans:#?}");
    assert_eq!(spans.len(), SPANS, "{spans:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_is_not_kept_is_not_sent() {
    assert_eq!(spans_of_one_file(&["--trace-percent", "0"]).await, []);
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
