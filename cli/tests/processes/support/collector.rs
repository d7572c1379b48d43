//! An OTLP collector in the test, which takes whatever services send, at any rate.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fake_opentelemetry_collector::{ExportedMetric, ExportedSpan, FakeCollectorServer};
use serde_json::Value;
use tokio::task::JoinHandle;

/// How often it looks whether something has come. The fake has room for 64 spans and exports.
const LOOK_EVERY: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) endpoint: String,
    got: Arc<Mutex<Got>>,
    draining: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Got {
    spans: Vec<ExportedSpan>,
    exports: Vec<ExportedMetric>,
    /// How often it has looked.
    looks: u64,
}

/// One metric as it was exported last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Exported {
    pub(crate) name: String,
    pub(crate) unit: String,
    /// `Sum`, `Gauge` or `Histogram`.
    pub(crate) kind: String,
    pub(crate) monotonic: bool,
    pub(crate) points: Vec<Point>,
}

/// One series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    pub(crate) labels: BTreeMap<String, String>,
    /// The value, or a histogram's sum.
    pub(crate) value: f64,
    /// Of a histogram.
    pub(crate) count: f64,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let mut server = FakeCollectorServer::start().await.unwrap();
        let endpoint = server.endpoint();
        let got: Arc<Mutex<Got>> = Arc::default();
        let taken = Arc::clone(&got);
        #[expect(
            clippy::disallowed_methods,
            reason = "it takes what comes while the test waits for processes"
        )]
        let draining = tokio::spawn(async move {
            loop {
                let spans = server.exported_spans(1, LOOK_EVERY).await;
                let exports = server.exported_metrics(1, LOOK_EVERY).await;
                let mut got = taken.lock().unwrap();
                got.spans.extend(spans);
                got.exports.extend(exports);
                got.looks += 1;
            }
        });
        Self { endpoint, got, draining }
    }

    /// Every span so far.
    pub(crate) fn spans(&self) -> Vec<ExportedSpan> {
        self.got.lock().unwrap().spans.clone()
    }

    /// The metrics of the last export, by name.
    pub(crate) fn metrics(&self) -> BTreeMap<String, Exported> {
        let last = self.got.lock().unwrap().exports.last().cloned();
        let last = last.map_or(Value::Null, |last| serde_json::to_value(last).unwrap());
        let all = last["metrics"].as_array().cloned().unwrap_or_default();
        all.iter().map(exported).map(|metric| (metric.name.clone(), metric)).collect()
    }

    /// Everything that it was ever told, as text.
    pub(crate) fn text(&self) -> String {
        format!("{:?}", self.got.lock().unwrap())
    }

    /// Waits until everything is here that a service had sent when it ended: it waited for the answers.
    pub(crate) async fn caught_up(&self) {
        let looks = || self.got.lock().unwrap().looks;
        // The look that is under way may have been too early.
        let enough = looks() + 2;
        super::until("a look at what has come", async || (looks() >= enough).then_some(())).await;
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.draining.abort();
    }
}

fn exported(metric: &Value) -> Exported {
    let text = |name: &str| metric[name].as_str().unwrap().to_owned();
    let (kind, data) = metric["data"].as_object().unwrap().iter().next().unwrap();
    let points = data["data_points"].as_array().unwrap().iter().map(point).collect();
    let monotonic = data["is_monotonic"] == true;
    Exported { name: text("name"), unit: text("unit"), kind: kind.clone(), monotonic, points }
}

fn point(point: &Value) -> Point {
    let attributes = point["attributes"].as_object().unwrap().iter();
    let labels = attributes.map(|(name, value)| (name.clone(), plain(value.as_str().unwrap()))).collect();
    let number = |value: &Value| ["AsInt", "AsDouble"].iter().find_map(|kind| value[*kind].as_f64());
    let value = number(&point["value"]).or(point["sum"].as_f64()).unwrap_or_default();
    Point { labels, value, count: point["count"].as_f64().unwrap_or_default() }
}

/// What stands in the fake's `Some(AnyValue { value: Some(StringValue("fast")) })`.
pub(crate) fn plain(value: &str) -> String {
    let inner = value.split_once("value: Some(").and_then(|(_, rest)| rest.split_once("Value("));
    let inner = inner.and_then(|(_, rest)| rest.rsplit_once(")) })")).map_or(value, |(inner, _)| inner);
    inner.trim_matches('"').to_owned()
}

impl Exported {
    /// The sum over all series with these labels.
    #[track_caller]
    pub(crate) fn sum(&self, labels: &[(&str, &str)]) -> f64 {
        self.points_with(labels).map(|point| point.value).sum()
    }

    /// The number of values in a histogram's series with these labels.
    pub(crate) fn count(&self, labels: &[(&str, &str)]) -> f64 {
        self.points_with(labels).map(|point| point.count).sum()
    }

    fn points_with<'a>(&'a self, labels: &'a [(&str, &str)]) -> impl Iterator<Item = &'a Point> {
        let has = |point: &Point, (name, value): &(&str, &str)| {
            point.labels.get(*name).is_some_and(|found| found == value)
        };
        self.points.iter().filter(move |point| labels.iter().all(|label| has(point, label)))
    }
}
