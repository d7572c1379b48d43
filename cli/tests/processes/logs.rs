//! What the services log: a line for each change of state, which names the transfer and the trace.

use rustix::process::Signal;

use crate::support::collector::Collector;
use crate::support::fleet::Fleet;
use crate::support::ledger;
use crate::support::store::put;

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_state_is_a_line_that_names_transfer_and_trace() {
    let fleet = Fleet::new().await;
    let collector = Collector::start().await;
    let flags = ["--otlp-endpoint", &*collector.endpoint];
    let (dispatcher, worker) = (fleet.dispatcher(&flags).await, fleet.worker("worker-1", &flags).await);
    put(&fleet.world.s3(), "a", b"x").await;
    let done = ledger::over(&fleet.world.dynamodb(), 1).await;
    worker.says(r#""message":"completed""#).await;
    let line = |log: String, message: &str| -> serde_json::Value {
        let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
        let mut found: Vec<serde_json::Value> =
            lines.filter(|line: &serde_json::Value| line["message"] == message).collect();
        assert_eq!(found.len(), 1, "{message} in {log}");
        found.remove(0)
    };
    let lines = [
        (line(dispatcher.err(), "queued"), "process ingest"),
        (line(worker.err(), "processing"), "process fast"),
        (line(worker.err(), "completed"), "process fast"),
    ];
    for service in [dispatcher, worker] {
        service.signal(Signal::TERM);
        service.ended().await.succeeded();
    }
    collector.caught_up().await;
    let spans = collector.spans();
    for (line, span) in &lines {
        let span = spans.iter().find(|found| found.name == *span).unwrap();
        assert_eq!(line["span"]["trace_id"], span.trace_id, "{line}");
        assert_eq!(line["span"]["span_id"], span.span_id, "{line}");
        let transfer = line.get("transfer").unwrap_or(&line["span"]["transfer"]);
        assert_eq!(transfer, done[0].text("file_id"), "{line}");
    }
    assert_eq!((&lines[2].0["attempt"], &lines[2].0["span"]["lane"]), (&1.into(), &"fast".into()));
}

#[tokio::test]
async fn without_an_exporter_a_line_names_its_transfer_and_no_trace() {
    let fleet = Fleet::new().await;
    let services = [fleet.dispatcher(&[]).await, fleet.worker("worker-1", &[]).await];
    put(&fleet.world.s3(), "a", b"x").await;
    let done = ledger::over(&fleet.world.dynamodb(), 1).await;
    let worker = &services[1];
    worker.says(r#""message":"completed""#).await;
    let lines = worker.err();
    let line = lines.lines().find(|line| line.contains(r#""message":"completed""#)).unwrap();
    for part in
        [&*format!(r#""transfer":"{}""#, done[0].text("file_id")), r#""attempt":1"#, r#""lane":"fast""#]
    {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(!line.contains("trace_id"), "{line}");
    for service in services {
        service.signal(Signal::TERM);
        service.ended().await.succeeded();
    }
}
