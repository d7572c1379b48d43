//! Whatever names a metric (Grafana's dashboards, Prometheus' rules, the Terraform code) names one of the catalogue, with labels and
//! values that it has, and shows it in its unit. No server and no tool is asked; `deploy/observability/check.sh` runs the queries.
#![expect(clippy::unwrap_used, reason = "a check fails by panicking")]

mod names;
mod panels;
mod planted;
mod promql;
mod rules;
mod terraform;
mod types;
mod units;

use std::path::{Path, PathBuf};

use serde_json::Value;

use names::Names;

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

pub(crate) fn read(name: &str) -> String {
    std::fs::read_to_string(deploy().join(name)).unwrap()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    let own = files.into_iter().filter(|path| path.extension().is_some_and(|found| found == extension));
    own.chain(folders.iter().flat_map(|folder| files_below(folder, extension))).collect()
}

fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    // What Terraform keeps of its own.
    if folder.ends_with(".terraform") { Vec::new() } else { files(folder, extension) }
}

/// The catalogue and the recording rules.
fn names() -> Names {
    let mut names = Names::catalogue();
    assert_eq!(rules::check(&read("prometheus/rules/recording.yml"), &mut names).faults, [""; 0]);
    names
}

#[test]
fn dashboards_show_what_is_exported_in_its_unit() {
    let dashboards = files(&deploy().join("grafana"), "json");
    assert_eq!(dashboards.len(), 2);
    for path in dashboards {
        let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let checked = panels::check(&dashboard, &Names::catalogue());
        assert!(checked.looked_at > 25, "{}: {}", path.display(), checked.looked_at);
        assert_eq!(checked.faults, [""; 0], "{}", path.display());
    }
}

#[test]
fn rules_ask_for_what_is_exported() {
    let mut names = names();
    let checked = rules::check(&read("prometheus/rules/alerts.yml"), &mut names);
    assert!(checked.looked_at > 10, "{}", checked.looked_at);
    assert_eq!(checked.faults, [""; 0]);
    assert_eq!(files(&deploy().join("prometheus/rules"), "yml").len(), 2, "no file of rules is passed over");
}

#[test]
fn terraform_alarms_name_what_is_exported() {
    let code = files(&deploy().join("terraform"), "tf");
    assert!(code.len() > 20, "{code:?}");
    for path in code {
        let checked = terraform::check(&std::fs::read_to_string(&path).unwrap());
        assert_eq!(checked.faults, [""; 0], "{}", path.display());
    }
}

/// A metric that nobody shows is one that nobody needs.
#[test]
fn every_metric_of_the_catalogue_is_shown() {
    let shown = read("grafana/overview.json") + &read("grafana/internals.json");
    for entry in drayage_common::metrics::catalogue::ALL {
        assert!(shown.contains(&entry.prometheus()), "{} is on no dashboard", entry.name);
    }
}
