//! Two measurements of one load, and how far they may be apart.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::day::model::{Latencies, Micros};

/// What one run came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::day) struct Measured {
    completed: u64,
    /// From the first event to the last completion.
    files_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// By service and operation.
    requests_per_file: BTreeMap<String, f64>,
}

impl Measured {
    pub(super) fn new<S: Into<String>>(
        took: Micros,
        completed: u64,
        latencies: &Latencies,
        requests: Vec<(S, u64)>,
    ) -> Self {
        let per_file = |(name, count): (S, u64)| (name.into(), count as f64 / completed.max(1) as f64);
        Self {
            completed,
            files_per_s: completed as f64 / (took.max(1) as f64 / 1e6),
            p50_ms: latencies.quantile_ms(0.5),
            p99_ms: latencies.quantile_ms(0.99),
            requests_per_file: requests.into_iter().map(per_file).collect(),
        }
    }
}

/// Production and model on the same load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::day) struct Comparison {
    pub(super) load: &'static str,
    pub(super) production: Measured,
    pub(super) model: Measured,
    /// The largest item that production wrote.
    pub(super) item_bytes_max: usize,
}

/// The model counts every write of the table as one unit.
const UNIT_BYTES: usize = 1_024;

/// How far a figure of the model may be off, in percent of production's.
const THROUGHPUT_PERCENT: f64 = 5.0;
const MEDIAN_PERCENT: f64 = 5.0;
const P99_PERCENT: f64 = 10.0;
const REQUESTS_PERCENT: f64 = 5.0;

struct Figure {
    name: String,
    production: f64,
    model: f64,
    percent_max: f64,
}

impl Figure {
    fn off_percent(&self) -> f64 {
        let off = (self.model - self.production).abs();
        if off == 0.0 { 0.0 } else { off / self.production * 100.0 }
    }
}

impl Comparison {
    fn figures(&self) -> Vec<Figure> {
        let Self { production, model, .. } = self;
        let figure = |name: &str, production: f64, model: f64, percent_max: f64| Figure {
            name: name.to_owned(),
            production,
            model,
            percent_max,
        };
        let mut figures = vec![
            figure("files completed", production.completed as f64, model.completed as f64, 0.0),
            figure("files/s", production.files_per_s, model.files_per_s, THROUGHPUT_PERCENT),
            figure("p50 ms", production.p50_ms, model.p50_ms, MEDIAN_PERCENT),
            figure("p99 ms", production.p99_ms, model.p99_ms, P99_PERCENT),
        ];
        let of =
            |measured: &Measured, name: &str| measured.requests_per_file.get(name).copied().unwrap_or(0.0);
        let names = production.requests_per_file.keys().chain(model.requests_per_file.keys());
        let names: std::collections::BTreeSet<&String> = names.collect();
        figures.extend(names.into_iter().map(|name| {
            let per_file = format!("{name} per file");
            figure(&per_file, of(production, name), of(model, name), REQUESTS_PERCENT)
        }));
        figures
    }

    pub(in crate::day) fn rows(&self) -> Vec<Vec<String>> {
        let row = |figure: &Figure| {
            vec![
                self.load.to_owned(),
                format!("{:.3}", figure.production),
                format!("{:.3}", figure.model),
                format!("{:.2}", figure.off_percent()),
                format!("{:.0}", figure.percent_max),
                figure.name.clone(),
            ]
        };
        let largest = vec![
            self.load.to_owned(),
            self.item_bytes_max.to_string(),
            String::new(),
            String::new(),
            UNIT_BYTES.to_string(),
            "bytes of the largest ledger item (at most: one write unit)".to_owned(),
        ];
        self.figures().iter().map(row).chain([largest]).collect()
    }

    /// What is further apart than it may be.
    pub(in crate::day) fn misses(&self) -> Vec<String> {
        let figures = self.figures().into_iter();
        // A NaN is a miss.
        let is_missed = |figure: &Figure| {
            let order = figure.off_percent().partial_cmp(&figure.percent_max);
            order.is_none_or(Ordering::is_gt)
        };
        let missed = figures.filter(is_missed);
        let units = (self.item_bytes_max > UNIT_BYTES).then(|| {
            format!(
                "{}: an item of {} bytes takes more than the one write unit of the model",
                self.load, self.item_bytes_max
            )
        });
        let missed = missed.map(|figure| {
                let Figure { name, production, model, percent_max } = figure;
                format!("{}: {name} is {production:.3} in production and {model:.3} in the model; at most {percent_max} % apart are expected", self.load)
            });
        missed.chain(units).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(files_per_s: f64, gets: f64) -> Measured {
        let requests_per_file = BTreeMap::from([("S3.GetObject".to_owned(), gets)]);
        Measured { completed: 10, files_per_s, p50_ms: 1.0, p99_ms: 2.0, requests_per_file }
    }

    #[test]
    fn what_is_too_far_apart_is_named() {
        let within = Comparison {
            load: "one",
            production: measured(100.0, 1.0),
            model: measured(104.0, 1.0),
            item_bytes_max: 1_024,
        };
        assert_eq!(within.misses(), Vec::<String>::new());
        let beyond = Comparison {
            load: "one",
            production: measured(100.0, 0.0),
            model: measured(106.0, 1.0),
            item_bytes_max: 1_025,
        };
        let misses = beyond.misses();
        assert_eq!(misses.len(), 3, "{misses:?}");
        assert!(misses[0].contains("files/s") && misses[1].contains("GetObject"), "{misses:?}");
    }
}
