//! What a metric's name stands for: an entry of the catalogue, or a recording rule.

use std::collections::{BTreeMap, BTreeSet};

use drayage_common::metrics::catalogue::ALL;
use drayage_common::metrics::{Kind, Values};

use crate::promql::{Expr, Matcher};
use crate::types::{self, Type};
use crate::units::Unit;

/// One series' name in Prometheus.
#[derive(Debug, Clone)]
pub(crate) struct Metric {
    pub(crate) result: Type,
    /// Of a histogram's buckets: the unit of what they count.
    pub(crate) observed: Option<Unit>,
    /// The labels that take these values and no others.
    values: BTreeMap<String, &'static [&'static str]>,
}

/// Every name that queries may use.
#[derive(Debug, Clone)]
pub(crate) struct Names(BTreeMap<String, Metric>);

impl Names {
    /// The catalogue as the collector shows it: each process has a `job` and an `instance`.
    pub(crate) fn catalogue() -> Self {
        let mut names = BTreeMap::new();
        let of_process = ["job", "instance"].map(str::to_owned);
        for entry in ALL {
            let labels: BTreeSet<String> =
                entry.labels.iter().map(|label| label.name.to_owned()).chain(of_process.clone()).collect();
            let bounded = entry.labels.iter().filter_map(|label| match label.values {
                Values::Of(values) => Some((label.name.to_owned(), values)),
                Values::Few(_) => None,
            });
            let unit = Unit::of(entry.unit);
            let values: BTreeMap<_, _> = bounded.collect();
            let mut add = |suffix: &str, unit: Unit, observed: Option<Unit>| {
                let mut labels = labels.clone();
                labels.extend(observed.map(|_| "le".to_owned()));
                let result = Type { labels, unit: Some(unit) };
                let metric = Metric { result, observed, values: values.clone() };
                names.insert(format!("{}{suffix}", entry.prometheus()), metric);
            };
            if entry.kind == Kind::Histogram {
                add("_bucket", Unit::COUNT, Some(unit));
                add("_sum", unit, None);
                add("_count", Unit::COUNT, None);
            } else {
                add("", unit, None);
            }
        }
        // Prometheus' own.
        let up = Type { labels: of_process.into(), unit: Some(Unit::COUNT) };
        names.insert("up".to_owned(), Metric { result: up, observed: None, values: BTreeMap::new() });
        Self(names)
    }

    /// A recording rule: from now on, its name stands for what its expression gives.
    pub(crate) fn record(&mut self, name: &str, expr: &Expr) -> Result<(), String> {
        let result = types::of(expr, self)?;
        self.0.insert(name.to_owned(), Metric { result, observed: None, values: BTreeMap::new() });
        Ok(())
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Metric, String> {
        self.0.get(name).ok_or_else(|| format!("{name} is not in the catalogue"))
    }
}

impl Metric {
    /// Whether the metric can have what a matcher asks for.
    pub(crate) fn accepts(&self, name: &str, matcher: &Matcher) -> Result<(), String> {
        let Matcher { label, value, operator } = matcher;
        if !self.result.labels.contains(label) {
            return Err(format!("{name} has no label {label}"));
        }
        let Some(known) = self.values.get(label) else { return Ok(()) };
        let alternatives: Vec<&str> =
            if operator.ends_with('~') { value.split('|').collect() } else { vec![value] };
        match alternatives.into_iter().find(|one| !one.starts_with('$') && !known.contains(one)) {
            Some(one) => Err(format!("{name} never has {label} {one:?}")),
            None => Ok(()),
        }
    }
}
