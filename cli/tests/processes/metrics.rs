//! What is exported: the numbers are those of the files, everything is in the catalogue, and everything in the catalogue is exported.

use std::collections::{BTreeMap, BTreeSet};

use common::metrics::catalogue::ALL;
use common::metrics::{Entry, Kind, Values};
use rustix::process::Signal;

use crate::support::collector::{Collector, Exported};
use crate::support::drayage::Drayage;
use crate::support::fleet::Fleet;
use crate::support::store::put;
use crate::support::{ledger, until};

const RULES: &str = r#"version = 1

[lanes]
default = "fast"

[[customer]]
id = "acme"
bucket = "landing"
prefix = "acme/"

[[customer]]
id = "globex"
bucket = "landing"
prefix = "globex/"

[[customer]]
id = "initech"
bucket = "landing"
prefix = "initech/"

[[rule]]
name = "everything"
match.bucket = "landing"
target.bucket = "delivered"
"#;

/// A task whose agent is not there.
const ECS: (&str, &str) = ("ECS_AGENT_URI", "http://127.0.0.1:1/api");

type Metrics = BTreeMap<String, Exported>;

/// A fleet whose services export to a collector each.
struct Watched {
    fleet: Fleet,
    dispatcher: Collector,
    worker: Collector,
}

impl Watched {
    async fn new() -> Self {
        let fleet = Fleet::new().await;
        std::fs::write(fleet.rules(), RULES).unwrap();
        Self { fleet, dispatcher: Collector::start().await, worker: Collector::start().await }
    }

    /// Runs both services until `work` has ended and they have drained, and gives what dispatcher and worker exported last.
    async fn run(&self, of_worker: &[&str], work: impl AsyncFnOnce()) -> (Metrics, Metrics) {
        let flags = |collector| ["--metrics-interval-s", "1", "--otlp-endpoint", collector];
        let dispatcher = self.fleet.dispatcher(&flags(&*self.dispatcher.endpoint)).await;
        let of_worker = [&flags(&*self.worker.endpoint), of_worker].concat();
        let worker = self.fleet.worker_in(&[ECS], "worker-1", &of_worker).await;
        work().await;
        for service in [dispatcher, worker] {
            service.signal(Signal::TERM);
            service.ended().await.succeeded();
        }
        self.dispatcher.caught_up().await;
        self.worker.caught_up().await;
        (self.dispatcher.metrics(), self.worker.metrics())
    }

    async fn put(&self, key: &str, content: &[u8]) {
        put(&self.fleet.world.s3(), key, content).await;
    }

    async fn over(&self, transfers: usize) {
        ledger::over(&self.fleet.world.dynamodb(), transfers).await;
    }
}

/// A metric's name, the labels that its points have, and what these add up to.
type Sum<'a> = (&'a str, &'a [(&'a str, &'a str)], f64);

#[track_caller]
fn assert_sums(metrics: &Metrics, expected: &[Sum<'_>]) {
    for (name, labels, value) in expected {
        let metric = metrics.get(*name).unwrap_or_else(|| panic!("{name} is not exported"));
        assert_eq!(metric.sum(labels), *value, "{name} {labels:?}: {metric:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_are_those_of_the_files() {
    let watched = Watched::new().await;
    let customers = ["acme", "globex", "initech", "nobody"];
    let files: Vec<(String, Vec<u8>)> = customers
        .into_iter()
        .zip(1_usize..)
        .flat_map(|(customer, n)| {
            (0..n).map(move |file| (format!("{customer}/{file}"), vec![7; n * 1_000 + file]))
        })
        .collect();
    let (count, bytes) = (files.len(), files.iter().map(|(_, content)| content.len()).sum::<usize>());
    let (n, bytes) = (u32::try_from(count).unwrap().into(), u32::try_from(bytes).unwrap().into());
    let (dispatcher, worker) = watched
        .run(&["--metric-customers", "2"], async || {
            for (key, content) in &files {
                watched.put(key, content).await;
            }
            watched.over(count).await;
        })
        .await;
    assert_sums(
        &dispatcher,
        &[
            ("drayage.events", &[("outcome", "created")], n),
            ("drayage.events", &[], n),
            ("drayage.files", &[("state", "queued"), ("lane", "fast")], n),
            ("drayage.messages", &[("queue", "ingest"), ("action", "received")], n),
            ("drayage.messages", &[("queue", "ingest"), ("action", "deleted")], n),
            ("drayage.messages", &[("queue", "fast"), ("action", "sent")], n),
            ("drayage.ledger.writes", &[("step", "queue"), ("outcome", "done")], n),
            ("drayage.in_flight", &[], 0.0),
            ("drayage.in_flight.limit", &[("queue", "ingest")], 40.0),
            ("drayage.queue.oldest_message.age", &[], 0.0),
        ],
    );
    assert_sums(
        &worker,
        &[
            ("drayage.files", &[("state", "processing")], n),
            ("drayage.files", &[("state", "completed"), ("lane", "fast")], n),
            ("drayage.delivered", &[], bytes),
            ("drayage.attempts", &[("outcome", "completed"), ("reason", "none")], n),
            ("drayage.attempts", &[], n),
            // Two of S3, two of the ledger.
            ("drayage.attempt.requests", &[], 4.0 * n),
            ("drayage.aws.requests", &[("operation", "GetObject"), ("outcome", "ok")], n),
            ("drayage.aws.requests", &[("operation", "PutObject"), ("outcome", "ok")], n),
            ("drayage.aws.requests", &[("service", "DynamoDB"), ("operation", "UpdateItem")], 2.0 * n),
            ("drayage.ledger.writes", &[("step", "claim"), ("outcome", "done")], n),
            ("drayage.ledger.writes", &[("step", "complete"), ("outcome", "done")], n),
            ("drayage.ledger.writes", &[], 2.0 * n),
            ("drayage.messages", &[("queue", "fast"), ("action", "received")], n),
            ("drayage.messages", &[("queue", "fast"), ("action", "deleted")], n),
            ("drayage.messages", &[("action", "parked")], 0.0),
            ("drayage.leases.lost", &[], 0.0),
            ("drayage.guards", &[], 0.0),
            ("drayage.in_flight", &[], 0.0),
            ("drayage.in_flight.limit", &[("queue", "fast")], 32.0),
            ("drayage.streams", &[], 0.0),
            ("drayage.streams.limit", &[], 32.0),
            ("drayage.buffers", &[], 0.0),
            ("drayage.buffers.limit", &[], 33_554_432.0),
            ("drayage.queue.oldest_message.age", &[], 0.0),
        ],
    );
    for name in ["drayage.file.latency", "drayage.copy.duration", "drayage.attempt.requests"] {
        assert_eq!(worker[name].count(&[("lane", "fast")]), n, "{name}");
    }
    assert_eq!(worker["drayage.queue.wait"].count(&[("queue", "fast")]), n);
    // What DynamoDB reports of its own: at least the item and an index entry for each write.
    let units = worker["drayage.ledger.capacity"].sum(&[]);
    assert!(units >= 4.0 * n, "{units}");
    let s3 = worker["drayage.request.cost"].sum(&[("service", "S3")]);
    let expected = n * (0.005 + 0.000_4) / 1_000.0;
    assert!((s3 - expected).abs() < 1e-9, "{s3} {expected}");

    // Which two customers come first is the queue's to say.
    let found: BTreeSet<&str> =
        worker["drayage.files"].points.iter().map(|point| &*point.labels["customer"]).collect();
    assert!(found.len() == 3 && found.contains("other"), "{found:?}");
    let named: f64 = found.iter().map(|name| worker["drayage.files"].sum(&[("customer", name)])).sum();
    assert_eq!(named, 2.0 * n, "each file once for each of two states");
}

/// What the catalogue says of an exported metric, compared with what was exported.
#[track_caller]
fn assert_as_catalogued(entry: &Entry, exported: &Exported) {
    let (kind, monotonic) = match entry.kind {
        Kind::Counter => ("Sum", true),
        Kind::UpDownCounter => ("Sum", false),
        Kind::Gauge => ("Gauge", false),
        Kind::Histogram => ("Histogram", false),
    };
    assert_eq!(
        (&*exported.kind, exported.monotonic, &*exported.unit),
        (kind, monotonic, entry.unit),
        "{}",
        entry.name
    );
    let labels: BTreeSet<&str> = entry.labels.iter().map(|label| label.name).collect();
    for point in &exported.points {
        assert_eq!(
            point.labels.keys().map(String::as_str).collect::<BTreeSet<_>>(),
            labels,
            "{}",
            entry.name
        );
        for label in entry.labels {
            if let Values::Of(values) = label.values {
                let value = &point.labels[label.name];
                assert!(values.contains(&&**value), "{} {}: {value}", entry.name, label.name);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_what_is_exported() {
    let watched = Watched::new().await;
    let world = &watched.fleet.world;
    // Short leases, so that there are heartbeats while a copy waits.
    let (dispatcher, worker) = watched
        .run(&["--visibility-timeout-s", "12", "--task-protection-after-s", "0"], async || {
            watched.put("acme/a", b"one").await;
            watched.over(1).await;
            // Replacing an object: the conditional PUT is refused first.
            watched.put("acme/a", b"another").await;
            watched.over(2).await;
            // Poison, which both services park.
            for queue in ["ingest", "fast"] {
                let queue = world.queue(queue, std::time::Duration::from_secs(60)).await.unwrap();
                let poison = common::queue::Outgoing {
                    body: "poison".to_owned(),
                    attributes: BTreeMap::new(),
                    group: None,
                    send_id: None,
                };
                queue.send(&[poison]).await.remove(0).unwrap();
            }
            let gate = world.cloud.faults().gate("S3", "GetObject");
            watched.put("acme/slow", b"slow").await;
            gate.reached().await;
            until("a heartbeat, an age, a stream that waits and a refused protection", async || {
                let metrics = watched.worker.metrics();
                let of = |name: &str| metrics.get(name);
                let beat = of("drayage.lease.margin")?.count(&[("queue", "fast")]) >= 1.0;
                let aged = of("drayage.queue.oldest_message.age")?.sum(&[("queue", "fast")]) >= 1.0;
                let held = of("drayage.streams")?.sum(&[]) == 1.0
                    && of("drayage.buffers")?.sum(&[]) > 0.0
                    && of("drayage.in_flight")?.sum(&[("queue", "fast")]) == 1.0;
                let unprotected = of("drayage.task_protection")?.sum(&[("outcome", "refused")]) >= 1.0;
                (beat && aged && held && unprotected).then_some(())
            })
            .await;
            gate.open();
            watched.over(3).await;
        })
        .await;
    let known: BTreeMap<&str, &Entry> = ALL.iter().map(|entry| (entry.name, entry)).collect();
    for exported in dispatcher.values().chain(worker.values()) {
        let entry = known.get(&*exported.name);
        assert_as_catalogued(entry.unwrap_or_else(|| panic!("{} is not in it", exported.name)), exported);
    }
    let exported: BTreeSet<&str> = dispatcher.keys().chain(worker.keys()).map(String::as_str).collect();
    assert_eq!(exported, known.into_keys().collect());

    assert_sums(&dispatcher, &[("drayage.messages.parked", &[("reason", "malformed_event")], 1.0)]);
    assert_sums(
        &worker,
        &[
            ("drayage.messages.parked", &[("queue", "fast"), ("reason", "malformed_transfer")], 1.0),
            ("drayage.attempts", &[("outcome", "parked"), ("reason", "malformed_transfer")], 1.0),
            ("drayage.faults", &[("operation", "PutObject"), ("class", "precondition")], 1.0),
            ("drayage.aws.requests", &[("operation", "PutObject"), ("outcome", "refused")], 1.0),
            ("drayage.heartbeats", &[("outcome", "failed")], 0.0),
            ("drayage.task_protection", &[("outcome", "done")], 0.0),
            ("drayage.task_protection", &[("outcome", "unknown")], 0.0),
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_traces_can_be_had_one_without_the_other() {
    let fleet = Fleet::new().await;
    for (variable, metrics) in [("OTEL_TRACES_EXPORTER", true), ("OTEL_METRICS_EXPORTER", false)] {
        let collector = Collector::start().await;
        let variables = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.endpoint),
            (variable, "none"),
        ];
        let rules = fleet.rules();
        let dispatcher = fleet.arguments("dispatcher", &["--rules", &rules, "--wait-s", "1"]);
        let dispatcher = Drayage::start_with(&dispatcher, &variables);
        dispatcher.says("\"message\":\"dispatching\"").await;
        put(&fleet.world.s3(), variable, b"x").await;
        dispatcher.says("\"message\":\"queued\"").await;
        dispatcher.signal(Signal::TERM);
        dispatcher.ended().await.succeeded();
        collector.caught_up().await;
        assert_eq!(
            (!collector.metrics().is_empty(), collector.spans().is_empty()),
            (metrics, metrics),
            "{variable}"
        );
    }
}
