//! An instrument with its labels.
//!
//! OpenTelemetry finds the place of a count by the names and values of all its labels, as attributes that are made, hashed and compared
//! each time. A handle bound to them does without, so each set of values that is met gets one, and a count is a look-up by texts
//! that are there already.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{PoisonError, RwLock};

use hashbrown::HashTable;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{
    BoundCounter, BoundHistogram, BoundUpDownCounter, Counter, Histogram, UpDownCounter,
};

use super::entry::{Entry, Label};

/// Handles of one instrument. OpenTelemetry keeps no more places than this apart either.
const HANDLES_MAX: usize = 2_000;

/// Counts by an entry's labels: values come in the order of the catalogue, one for each label.
pub(super) struct Labelled<I: Bind> {
    instrument: I,
    labels: &'static [Label],
    handles: RwLock<HashTable<Bound<I::Handle>>>,
    hasher: RandomState,
}

/// A handle, and the values that it stands for.
struct Bound<H> {
    values: Box<[String]>,
    handle: H,
}

/// An instrument that makes handles.
pub(super) trait Bind {
    type Handle;

    fn bind(&self, attributes: &[KeyValue]) -> Self::Handle;
}

impl Bind for Counter<u64> {
    type Handle = BoundCounter<u64>;

    fn bind(&self, attributes: &[KeyValue]) -> Self::Handle {
        self.bind(attributes)
    }
}

impl Bind for Counter<f64> {
    type Handle = BoundCounter<f64>;

    fn bind(&self, attributes: &[KeyValue]) -> Self::Handle {
        self.bind(attributes)
    }
}

impl Bind for UpDownCounter<i64> {
    type Handle = BoundUpDownCounter<i64>;

    fn bind(&self, attributes: &[KeyValue]) -> Self::Handle {
        self.bind(attributes)
    }
}

impl Bind for Histogram<f64> {
    type Handle = BoundHistogram<f64>;

    fn bind(&self, attributes: &[KeyValue]) -> Self::Handle {
        self.bind(attributes)
    }
}

impl Bind for Histogram<u64> {
    type Handle = BoundHistogram<u64>;

    fn bind(&self, attributes: &[KeyValue]) -> Self::Handle {
        self.bind(attributes)
    }
}

impl<I: Bind> Labelled<I> {
    pub(super) fn new(instrument: I, entry: &Entry) -> Self {
        Self { instrument, labels: entry.labels, handles: RwLock::default(), hasher: RandomState::new() }
    }

    fn write(&self, values: &[&str], write: impl FnOnce(&I::Handle)) {
        debug_assert_eq!(values.len(), self.labels.len(), "one value for each label: {:?}", self.labels);
        let hash = self.hasher.hash_one(values);
        let is_this =
            |bound: &Bound<I::Handle>| bound.values.iter().map(String::as_str).eq(values.iter().copied());
        {
            let handles = self.handles.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(bound) = handles.find(hash, is_this) {
                return write(&bound.handle);
            }
        }
        let attributes = self.labels.iter().zip(values);
        let attributes: Vec<KeyValue> =
            attributes.map(|(label, value)| KeyValue::new(label.name, (*value).to_owned())).collect();
        let handle = self.instrument.bind(&attributes);
        write(&handle);
        let mut handles = self.handles.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster; its handle is of the same place.
        if handles.len() < HANDLES_MAX && handles.find(hash, is_this).is_none() {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            let hash_of = |bound: &Bound<I::Handle>| self.hasher.hash_one(&*bound.values);
            handles.insert_unique(hash, Bound { values, handle }, hash_of);
        }
    }
}

impl Labelled<Counter<u64>> {
    pub(super) fn add(&self, count: u64, values: &[&str]) {
        self.write(values, |handle| handle.add(count));
    }
}

impl Labelled<Counter<f64>> {
    pub(super) fn add(&self, amount: f64, values: &[&str]) {
        self.write(values, |handle| handle.add(amount));
    }
}

impl Labelled<UpDownCounter<i64>> {
    pub(super) fn add(&self, change: i64, values: &[&str]) {
        self.write(values, |handle| handle.add(change));
    }
}

impl Labelled<Histogram<f64>> {
    pub(super) fn record(&self, value: f64, values: &[&str]) {
        self.write(values, |handle| handle.record(value));
    }
}

impl Labelled<Histogram<u64>> {
    pub(super) fn record(&self, value: u64, values: &[&str]) {
        self.write(values, |handle| handle.record(value));
    }
}

impl<I: Bind> fmt::Debug for Labelled<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Labelled").field("labels", &self.labels).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use opentelemetry::metrics::MeterProvider as _;
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
    use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
    use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};

    use super::super::catalogue as c;
    use super::*;

    /// Counts of messages by queue and action, as they were exported last.
    #[derive(Debug, Clone, Default)]
    struct Exported(Arc<Mutex<BTreeMap<(String, String), u64>>>);

    impl PushMetricExporter for Exported {
        async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
            let mut counts = self.0.lock().unwrap();
            for metric in metrics.scope_metrics().flat_map(|scope| scope.metrics()) {
                let AggregatedMetrics::U64(MetricData::Sum(sum)) = metric.data() else {
                    panic!("{metric:?}")
                };
                for point in sum.data_points() {
                    let labels: BTreeMap<&str, String> = point
                        .attributes()
                        .map(|label| (label.key.as_str(), label.value.to_string()))
                        .collect();
                    assert_eq!(labels.keys().copied().collect::<Vec<_>>(), ["action", "queue"]);
                    counts.insert((labels["queue"].clone(), labels["action"].clone()), point.value());
                }
            }
            Ok(())
        }

        fn force_flush(&self) -> OTelSdkResult {
            Ok(())
        }

        fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
            Ok(())
        }

        fn temporality(&self) -> Temporality {
            Temporality::Cumulative
        }
    }

    #[test]
    fn every_set_of_values_has_a_count_of_its_own_under_the_catalogues_names() {
        let exported = Exported::default();
        let reader = PeriodicReader::builder(exported.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        let counter = provider.meter("test").u64_counter(c::MESSAGES.name).build();
        let messages = Labelled::new(counter, &c::MESSAGES);
        let numbers: Vec<String> = (0..50).map(|number| format!("queue-{number}")).collect();
        for round in 1..=3 {
            for queue in &numbers {
                messages.add(round, &[queue, "sent"]);
                messages.add(10 * round, &[queue, "deleted"]);
            }
        }
        // Values side by side are not one text.
        messages.add(1, &["ab", "c"]);
        messages.add(2, &["a", "bc"]);
        provider.force_flush().unwrap();
        let counts = exported.0.lock().unwrap();
        let count = |queue: &str, action: &str| counts[&(queue.to_owned(), action.to_owned())];
        assert_eq!(counts.len(), 102);
        for queue in &numbers {
            assert_eq!((count(queue, "sent"), count(queue, "deleted")), (6, 60));
        }
        assert_eq!((count("ab", "c"), count("a", "bc")), (1, 2));
    }
}
