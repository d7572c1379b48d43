//! What a run has to reach, from a TOML file: one `name = number` a line. What the file does not name keeps its default.

use std::collections::BTreeMap;

use serde::Serialize;

/// Everything that can be asked for. `None`: only when the file asks for it.
const CATALOGUE: &[(&str, Option<f64>)] = &[
    ("lost_max", Some(0.0)),
    ("wrong_bytes_max", Some(0.0)),
    ("failed_max", Some(0.0)),
    ("untruthful_max", Some(0.0)),
    ("unexpected_max", Some(0.0)),
    ("poison_unparked_max", Some(0.0)),
    ("left_over_max", Some(0.0)),
    ("requests_failed_max", Some(0.0)),
    ("end_to_end_p50_ms_max", None),
    ("end_to_end_p99_ms_max", Some(2_000.0)),
    ("end_to_end_p999_ms_max", None),
    ("quiet_tenants_p99_ms_max", None),
    ("send_lag_p99_ms_max", Some(250.0)),
    ("completed_per_s_min", None),
    ("sustained_per_s_min", None),
    ("cpu_us_per_file_max", None),
    ("service_peak_rss_mib_max", None),
];

/// What is wanted, by name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Objectives(BTreeMap<&'static str, f64>);

/// How one objective was met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Judged {
    pub(super) objective: &'static str,
    pub(super) wanted: f64,
    /// `None`: not measured, so not met.
    pub(super) measured: Option<f64>,
    pub(super) met: bool,
}

impl Default for Objectives {
    fn default() -> Self {
        Self(CATALOGUE.iter().filter_map(|(name, default)| Some((*name, (*default)?))).collect())
    }
}

impl Objectives {
    /// # Errors
    /// Everything that is wrong with the text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let given: BTreeMap<String, f64> = toml::from_str(text).map_err(|error| error.to_string())?;
        let (mut objectives, mut mistakes) = (Self::default(), Vec::new());
        for (name, wanted) in given {
            match CATALOGUE.iter().find(|(known, _)| *known == name) {
                Some(_) if !(wanted.is_finite() && wanted >= 0.0) => {
                    mistakes.push(format!("{name} is {wanted}: expected a number from 0"));
                }
                Some((known, _)) => drop(objectives.0.insert(*known, wanted)),
                None => mistakes.push(format!("{name} is not known")),
            }
        }
        if mistakes.is_empty() {
            return Ok(objectives);
        }
        let known: Vec<&str> = CATALOGUE.iter().map(|(name, _)| *name).collect();
        Err(format!("{}; expected of these: {}", mistakes.join("; "), known.join(", ")))
    }

    /// What is wanted of one objective.
    pub(super) fn wanted(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// `measured` by the objectives' names without `_max` or `_min`.
    pub(super) fn judge(&self, measured: &BTreeMap<&str, f64>) -> Vec<Judged> {
        let judge = |(&objective, &wanted): (&&'static str, &f64)| {
            let name = objective.trim_end_matches("_max").trim_end_matches("_min");
            let measured = measured.get(name).copied();
            let is_least = objective.ends_with("_min");
            let met = measured.is_some_and(|it| if is_least { it >= wanted } else { it <= wanted });
            Judged { objective, wanted, measured, met }
        };
        // In the catalogue's order.
        let named = CATALOGUE.iter().filter_map(|(name, _)| self.0.get_key_value(name));
        named.map(judge).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_changes_what_it_names() {
        let objectives =
            Objectives::parse("end_to_end_p99_ms_max = 5000\ncompleted_per_s_min = 12.5\n").unwrap();
        assert_eq!(objectives.wanted("end_to_end_p99_ms_max"), Some(5_000.0));
        assert_eq!(objectives.wanted("completed_per_s_min"), Some(12.5));
        assert_eq!(objectives.wanted("lost_max"), Some(0.0));
        assert_eq!(Objectives::parse("").unwrap(), Objectives::default());
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let mistakes = Objectives::parse("lost_max = -1\nlost = 0\n").unwrap_err();
        assert!(mistakes.contains("lost is not known; lost_max is -1"), "{mistakes}");
        assert!(Objectives::parse("lost_max = \"none\"").is_err());
        assert!(Objectives::parse("lost_max = nan").is_err());
    }

    #[test]
    fn most_and_least_are_told_apart_and_what_is_not_measured_is_not_met() {
        let objectives = Objectives::parse("completed_per_s_min = 10").unwrap();
        let met = |measured: &[(&'static str, f64)]| -> Vec<&str> {
            let judged = objectives.judge(&measured.iter().copied().collect());
            judged.iter().filter(|judged| judged.met).map(|judged| judged.objective).collect()
        };
        assert_eq!(met(&[("completed_per_s", 10.0), ("lost", 0.0)]), ["lost_max", "completed_per_s_min"]);
        assert_eq!(met(&[("completed_per_s", 9.9), ("lost", 1.0)]), [""; 0]);
        assert_eq!(met(&[]), [""; 0]);
    }
}
