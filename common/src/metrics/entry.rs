//! What one metric is. Pure.

/// What its value does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Grows.
    Counter,
    /// Grows and shrinks; the processes' values add up.
    UpDownCounter,
    /// Is what it is at the moment of the export.
    Gauge,
    /// A distribution.
    Histogram,
}

/// What may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stability {
    /// Name, unit, labels and meaning stay; dashboards and alarms may rely on them.
    Stable,
    /// May change with a release.
    Development,
}

/// Which values a label takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// These, and no others.
    Of(&'static [&'static str]),
    /// As many as the words say; never a file's.
    Few(&'static str),
}

/// One dimension of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    pub name: &'static str,
    pub values: Values,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// OpenTelemetry's name.
    pub name: &'static str,
    pub kind: Kind,
    /// UCUM: `s`, `By`, or a noun in braces for what is counted.
    pub unit: &'static str,
    pub labels: &'static [Label],
    /// Upper bounds of a histogram's buckets; empty for everything else.
    pub bounds: &'static [f64],
    pub stability: Stability,
    pub help: &'static str,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::UpDownCounter => "updowncounter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Stability {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Development => "development",
        }
    }
}

impl Entry {
    /// The name that Prometheus knows it by, as the collector's exporters and Prometheus itself derive it. A histogram has
    /// `_bucket`, `_sum` and `_count` behind it.
    pub fn prometheus(&self) -> String {
        let mut name = self.name.replace('.', "_");
        let unit = match self.unit {
            "s" => "_seconds",
            "By" => "_bytes",
            // What stands in braces is a note, not a unit.
            _ => "",
        };
        name.push_str(unit);
        if self.kind == Kind::Counter {
            name.push_str("_total");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue;

    #[test]
    fn prometheus_names_have_the_unit_and_say_what_is_a_total() {
        for (entry, name) in [
            (catalogue::FILES, "drayage_files_total"),
            (catalogue::DELIVERED, "drayage_delivered_bytes_total"),
            (catalogue::FILE_LATENCY, "drayage_file_latency_seconds"),
            (catalogue::OLDEST_MESSAGE_AGE, "drayage_queue_oldest_message_age_seconds"),
            (catalogue::IN_FLIGHT, "drayage_in_flight"),
        ] {
            assert_eq!(entry.prometheus(), name);
        }
    }
}
