//! What a workload looks like.

use serde::{Deserialize, Serialize};

/// The parameters, with a day of an ordinary fleet as defaults. Percentages are of all events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Shape {
    /// How many events there are: files put in, copies of events, and poison.
    pub(crate) events: u64,
    /// The time that they are spread over.
    pub(crate) span_s: f64,

    /// How far the rate swings around its mean over 24 hours: 0.4 is from 60 % by night to 140 % by day.
    pub(crate) diurnal_swing: f64,
    pub(crate) bursts_per_day: f64,
    pub(crate) burst_s: f64,
    /// The rate within a burst, as a multiple of the rate around it. What is above 1 is the noisy tenant's.
    pub(crate) burst_factor: f64,

    pub(crate) tenants: u16,
    /// The share of the first tenant, bursts not counted; the others have equal parts of the rest.
    pub(crate) noisy_percent: f64,

    pub(crate) overwrite_percent: f64,
    pub(crate) duplicate_percent: f64,
    pub(crate) late_percent: f64,
    pub(crate) poison_percent: f64,
    /// How many events back an event may refer to.
    pub(crate) window: u64,

    /// Sizes are log-uniform: `small` from 1 byte…
    pub(crate) small_bytes_max: u64,
    /// … `medium` from there …
    pub(crate) medium_bytes_max: u64,
    pub(crate) medium_percent: f64,
    /// … and `large` from `large_bytes_min`: over what makes a file bulk.
    pub(crate) large_bytes_min: u64,
    pub(crate) large_bytes_max: u64,
    pub(crate) large_percent: f64,
    pub(crate) small_bytes_min: u64,
    /// Files without a byte.
    pub(crate) empty_percent: f64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            events: 1_000_000,
            span_s: 86_400.0,
            diurnal_swing: 0.4,
            bursts_per_day: 12.0,
            burst_s: 180.0,
            burst_factor: 2.0,
            tenants: 8,
            noisy_percent: 50.0,
            overwrite_percent: 5.0,
            duplicate_percent: 2.0,
            late_percent: 1.0,
            poison_percent: 0.1,
            window: 2_000,
            small_bytes_min: 1 << 10,
            small_bytes_max: 16 << 10,
            medium_bytes_max: 4 << 20,
            medium_percent: 3.0,
            large_bytes_min: (16 << 20) + 1,
            large_bytes_max: 48 << 20,
            large_percent: 0.02,
            empty_percent: 0.1,
        }
    }
}

impl Shape {
    /// A constant rate, for as long as the events last: no tide, no bursts.
    pub(crate) fn flat(self) -> Self {
        Self { diurnal_swing: 0.0, bursts_per_day: 0.0, ..self }
    }

    /// Everything that is wrong with it.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut want = |holds: bool, expected: &str| {
            if !holds {
                mistakes.push(expected.to_owned());
            }
        };
        let percents = [
            self.noisy_percent,
            self.overwrite_percent,
            self.duplicate_percent,
            self.late_percent,
            self.poison_percent,
            self.medium_percent,
            self.large_percent,
            self.empty_percent,
        ];
        want(percents.iter().all(|each| (0.0..=100.0).contains(each)), "every percentage: expected 0 to 100");
        let kinds = self.overwrite_percent + self.duplicate_percent + self.late_percent + self.poison_percent;
        want(kinds <= 90.0, "overwrites, duplicates, late events and poison: expected at most 90 % together");
        let sizes = self.medium_percent + self.large_percent + self.empty_percent;
        want(sizes <= 100.0, "medium, large and empty files: expected at most 100 % together");
        want((1..=1_000_000_000).contains(&self.events), "events: expected 1 to 1,000,000,000");
        want((0.001..=1e9).contains(&self.span_s), "span_s: expected 0.001 to 1,000,000,000");
        want((0.0..=1.0).contains(&self.diurnal_swing), "diurnal_swing: expected 0 to 1");
        want((0.0..=1_000.0).contains(&self.bursts_per_day), "bursts_per_day: expected 0 to 1,000");
        want((0.0..=86_400.0).contains(&self.burst_s), "burst_s: expected 0 to 86,400");
        want((1.0..=100.0).contains(&self.burst_factor), "burst_factor: expected 1 to 100");
        want((1..=1_000).contains(&self.tenants), "tenants: expected 1 to 1,000");
        want((1..=100_000).contains(&self.window), "window: expected 1 to 100,000");
        let ordered = 1 <= self.small_bytes_min
            && self.small_bytes_min <= self.small_bytes_max
            && self.small_bytes_max <= self.medium_bytes_max
            && self.large_bytes_min <= self.large_bytes_max;
        want(
            ordered,
            "sizes: expected 1 <= small min <= small max <= medium max, and large min <= large max",
        );
        want(
            self.medium_bytes_max.max(self.large_bytes_max) <= SIZE_BYTES_MAX,
            "sizes: expected at most 256 MiB",
        );
        mistakes
    }
}

/// One file goes in with one request, from memory.
const SIZE_BYTES_MAX: u64 = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_sound() {
        assert_eq!(Shape::default().mistakes(), Vec::<String>::new());
    }

    #[test]
    fn every_mistake_is_told() {
        let shape = Shape { tenants: 0, events: 0, poison_percent: -1.0, ..Shape::default() };
        assert_eq!(shape.mistakes().len(), 3, "{:?}", shape.mistakes());
        let shape = Shape { overwrite_percent: f64::NAN, ..Shape::default() };
        assert!(!shape.mistakes().is_empty());
    }
}
