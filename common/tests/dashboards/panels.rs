//! Grafana's dashboards: each query, the unit that its panel shows, the labels that its legend names.

use serde_json::Value;

use crate::names::Names;
use crate::{promql, types};

/// What was looked at, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) looked_at: usize,
    pub(crate) faults: Vec<String>,
}

impl Checked {
    pub(crate) fn look(&mut self, place: &str, result: Result<(), String>) {
        self.looked_at += 1;
        if let Err(fault) = result {
            self.faults.push(format!("{place}: {fault}"));
        }
    }
}

pub(crate) fn check(dashboard: &Value, names: &Names) -> Checked {
    let mut checked = Checked::default();
    for variable in list(&dashboard["templating"]["list"]).filter(|variable| variable["type"] == "query") {
        let place = format!("variable {}", text(&variable["name"]));
        checked.look(&place, variable_is_known(text(&variable["query"]["query"]), names));
    }
    let outer = list(&dashboard["panels"]);
    for panel in outer.flat_map(|panel| std::iter::once(panel).chain(list(&panel["panels"]))) {
        let targets = list(&panel["targets"]);
        for target in targets.filter(|target| target["datasource"]["type"] == "prometheus") {
            checked.look(text(&panel["title"]), panel_is_right(panel, target, names));
        }
    }
    checked
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// `label_values(metric, label)`
fn variable_is_known(query: &str, names: &Names) -> Result<(), String> {
    let inner = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
    let (metric, label) = inner
        .and_then(|inner| inner.split_once(", "))
        .ok_or_else(|| format!("{query:?} is not understood"))?;
    let found = types::of(&promql::parse(metric)?, names)?;
    if found.labels.contains(label) { Ok(()) } else { Err(format!("{metric} has no label {label}")) }
}

fn panel_is_right(panel: &Value, target: &Value, names: &Names) -> Result<(), String> {
    let found = types::of(&promql::parse(text(&target["expr"]))?, names)?;
    let config = &panel["fieldConfig"];
    if list(&config["overrides"]).next().is_some() {
        return Err("an override may have a unit of its own, which nobody looks at here".to_owned());
    }
    let shown = text(&config["defaults"]["unit"]);
    match found.unit {
        Some(unit) if unit.is_shown_by(shown) => {}
        unit => {
            let unit = unit.map_or_else(|| "a number".to_owned(), |unit| unit.to_string());
            return Err(format!("its unit is {shown:?}, and {unit} is what it shows"));
        }
    }
    let legend = text(&target["legendFormat"]);
    let named = legend.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    match named.map(|(label, _)| label.trim()).find(|label| !found.labels.contains(*label)) {
        Some(label) => Err(format!("its legend names {label}, which is not among {:?}", found.labels)),
        None => Ok(()),
    }
}
