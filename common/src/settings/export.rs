//! The settings of traces and metrics. Where ours are not given, OpenTelemetry's own variables are looked at; those that are not named
//! here (headers, timeouts, resource attributes) its SDK reads by itself.

use std::time::Duration;

use super::parse::{bounded, endpoint_url, seconds};
use super::reader::{Reader, Setting};

pub(super) const ENDPOINT: Setting = Setting {
    name: "otlp-endpoint",
    value: "URL",
    default: None,
    help: "send traces and metrics there (OTLP over gRPC), or OTEL_EXPORTER_OTLP_ENDPOINT; without it none are made",
};
pub(super) const TRACE_PERCENT: Setting = Setting {
    name: "trace-percent",
    value: "PERCENT",
    default: Some("100"),
    help: "how many of the traces that begin here are kept; what fails is kept whatever this says",
};
pub(super) const TRACE_REQUESTS: Setting = Setting {
    name: "trace-requests",
    value: "YES|NO",
    default: Some("no"),
    help: "whether traces have a span for each AWS request",
};
pub(super) const METRICS_INTERVAL: Setting = Setting {
    name: "metrics-interval-s",
    value: "SECONDS",
    default: Some("60"),
    help: "how often metrics are sent, or OTEL_METRIC_EXPORT_INTERVAL (milliseconds)",
};
pub(super) const METRIC_CUSTOMERS: Setting = Setting {
    name: "metric-customers",
    value: "COUNT",
    default: Some("20"),
    help: "how many customers have series of their own in one process; further ones are `other`",
};

const OTEL_DISABLED: &str = "OTEL_SDK_DISABLED";
const OTEL_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const OTEL_INTERVAL: &str = "OTEL_METRIC_EXPORT_INTERVAL";
const OTEL_TRACES: &str = "OTEL_TRACES_EXPORTER";
const OTEL_METRICS: &str = "OTEL_METRICS_EXPORTER";

/// What is exported, and where to.
#[derive(Debug, Clone)]
pub struct Export {
    /// `None`: nothing is.
    pub endpoint: Option<String>,
    pub traces: bool,
    pub trace_percent: u8,
    pub trace_requests: bool,
    pub metrics: bool,
    pub metrics_interval: Duration,
    pub metric_customers: usize,
}

impl Export {
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let disabled = reader.variable(OTEL_DISABLED, |text| Ok(text.eq_ignore_ascii_case("true")));
        let endpoint = if reader.is_given(&ENDPOINT) {
            reader.optional(&ENDPOINT, endpoint_url)
        } else {
            reader.variable(OTEL_ENDPOINT, endpoint_url)
        };
        let trace_percent = reader.required(&TRACE_PERCENT, |text| bounded(text, 0..=100));
        let trace_requests = reader.required(&TRACE_REQUESTS, yes_or_no);
        let standard_interval = if reader.is_given(&METRICS_INTERVAL) {
            None
        } else {
            let millis = |text: &str| bounded(text, 1_000..=3_600_000).map(Duration::from_millis);
            reader.variable(OTEL_INTERVAL, |text| millis(text).map_err(|expected| expected + " milliseconds"))
        };
        let interval = reader.required(&METRICS_INTERVAL, |text| seconds(text, 1..=3_600));
        let metric_customers = reader.required(&METRIC_CUSTOMERS, |text| bounded(text, 0..=1_000));
        // A name that is not known here is a mistake, and said with all others.
        let mut exported = |name: &str| reader.variable(name, otlp_or_none).unwrap_or(true);
        let (traces, metrics) = (exported(OTEL_TRACES), exported(OTEL_METRICS));
        Some(Self {
            endpoint: endpoint.filter(|_| disabled != Some(true)),
            traces,
            trace_percent: trace_percent?,
            trace_requests: trace_requests?,
            metrics,
            metrics_interval: standard_interval.or(interval)?,
            metric_customers: metric_customers?,
        })
    }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("expected yes or no".to_owned()),
    }
}

fn otlp_or_none(text: &str) -> Result<bool, String> {
    match text {
        "otlp" => Ok(true),
        "none" => Ok(false),
        _ => Err("expected otlp or none".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::Command;

    use super::*;
    use crate::settings::{SHARED, with_flags};

    fn read(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Export, String> {
        let command = with_flags(Command::new("drayage"), &[SHARED]);
        let matches = command.get_matches_from([&["drayage"], arguments].concat());
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let mut reader = Reader::new(&matches, &[SHARED], &variable);
        let export = Export::read(&mut reader);
        reader.finish(export).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn nothing_is_exported_unless_there_is_an_endpoint() {
        let export = read(&[], &[]).unwrap();
        assert_eq!(export.endpoint, None);
        assert!(export.traces && export.metrics && !export.trace_requests);
        assert_eq!((export.metrics_interval, export.metric_customers), (Duration::from_secs(60), 20));
    }

    #[test]
    fn opentelemetrys_own_variables_stand_behind_ours() {
        let standard = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317/"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "5000"),
            ("OTEL_TRACES_EXPORTER", "none"),
        ];
        let export = read(&[], &standard).unwrap();
        assert_eq!(export.endpoint.as_deref(), Some("http://127.0.0.1:4317"));
        assert_eq!(export.metrics_interval, Duration::from_secs(5));
        assert!(!export.traces && export.metrics);
        let ours = ["--otlp-endpoint", "http://127.0.0.1:9", "--metrics-interval-s", "7"];
        let export = read(&ours, &standard).unwrap();
        assert_eq!(export.endpoint.as_deref(), Some("http://127.0.0.1:9"));
        assert_eq!(export.metrics_interval, Duration::from_secs(7));
        let disabled = [standard[0], ("OTEL_SDK_DISABLED", "true")];
        assert_eq!(read(&[], &disabled).unwrap().endpoint, None);
    }

    #[test]
    fn every_mistake_is_said() {
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "soon"),
            ("OTEL_METRICS_EXPORTER", "prometheus"),
            ("DRAYAGE_TRACE_REQUESTS", "maybe"),
        ];
        let mistakes = read(&[], &variables).unwrap_err();
        for (name, value) in variables {
            assert!(mistakes.contains(&format!("{name} is {value:?}: expected ")), "{name} in {mistakes}");
        }
    }
}
