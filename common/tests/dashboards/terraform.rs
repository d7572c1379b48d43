//! CloudWatch's side: alarms, scaling policies and the dashboard of the Terraform code, as far as they use what the program emits. The
//! collector keeps OpenTelemetry's names there (`drayage.files`), in a namespace `Drayage/…`, with the labels as dimensions.

use drayage_common::metrics::catalogue::ALL;
use drayage_common::metrics::{Entry, Kind};

use crate::panels::Checked;

/// Dimensions that the collector adds to those of the catalogue.
const OF_COLLECTOR: &[&str] = &["OTelLib"];

pub(crate) fn check(code: &str) -> Checked {
    let mut checked = Checked::default();
    for (number, line) in code.lines().enumerate() {
        for name in quoted(line).filter(|text| text.starts_with("drayage.")) {
            let block = around(code, number);
            checked.look(&format!("line {}", number + 1), metric_is_right(name, line, &block));
        }
    }
    checked
}

/// The texts between double quotes.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    let code = line.trim_start();
    let code = if code.starts_with('#') { "" } else { code };
    code.split('"').skip(1).step_by(2)
}

/// The lines of the innermost block around a line, which hold its dimensions and its unit.
fn around(code: &str, number: usize) -> String {
    let lines: Vec<&str> = code.lines().collect();
    let depth = |line: &str| line.len() - line.trim_start().len();
    let own = depth(lines[number]);
    let inside = |line: &&&str| line.trim().is_empty() || depth(line) >= own;
    let before = lines[..number].iter().rev().take_while(inside).count();
    let after = lines[number..].iter().take_while(inside).count();
    lines[number - before..number + after].join("\n")
}

fn metric_is_right(name: &str, line: &str, block: &str) -> Result<(), String> {
    let entry = ALL.iter().find(|entry| entry.name == name);
    let entry = entry.ok_or_else(|| format!("{name} is not in the catalogue"))?;
    let known = |dimension: &&str| {
        OF_COLLECTOR.contains(dimension) || entry.labels.iter().any(|label| label.name == *dimension)
    };
    let named = dimensions(block, line);
    if let Some(other) = named.iter().find(|dimension| !known(dimension)) {
        return Err(format!("{name} has no dimension {other}"));
    }
    match value_of(block, "unit") {
        Some(unit) if unit != cloudwatch(entry) => {
            Err(format!("{name} is in {}, not in {unit}", cloudwatch(entry)))
        }
        _ => Ok(()),
    }
}

/// `dimensions = { queue = … }`, `dimensions = ["queue"]`, `dimension = "queue"`, `dimensions { name = "queue" … }`, or a dashboard's
/// `["Drayage/…", "drayage.…", "queue", …]`.
fn dimensions<'a>(block: &'a str, line: &'a str) -> Vec<&'a str> {
    let mut named = Vec::new();
    for (at, _) in block.match_indices("dimensions") {
        let rest = block[at + "dimensions".len()..].trim_start();
        let assigned = rest.strip_prefix('=').map(str::trim_start);
        if let Some((list, _)) =
            assigned.and_then(|rest| rest.strip_prefix('[')).and_then(|rest| rest.split_once(']'))
        {
            named.extend(list.split('"').skip(1).step_by(2));
            continue;
        }
        let inner = assigned.unwrap_or(rest).strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let Some((inner, _)) = inner else { continue };
        if assigned.is_some() {
            let keys = inner.split([',', '\n']).filter_map(|pair| pair.split_once('='));
            named.extend(keys.map(|(key, _)| key.trim()));
        } else {
            named.extend(value_of(inner, "name"));
        }
    }
    named.extend(value_of(block, "dimension"));
    let row: Vec<&str> = quoted(line).collect();
    if let Some(at) = row.iter().position(|text| text.starts_with("drayage."))
        && at > 0
    {
        named.extend(row[at + 1..].iter().step_by(2));
    }
    named
}

fn value_of<'a>(block: &'a str, key: &str) -> Option<&'a str> {
    let line = block.lines().find(|line| line.split_once('=').is_some_and(|(name, _)| name.trim() == key))?;
    quoted(line).next()
}

fn cloudwatch(entry: &Entry) -> &'static str {
    match (entry.unit, entry.kind) {
        ("s", _) => "Seconds",
        ("By", _) => "Bytes",
        (_, Kind::Counter | Kind::UpDownCounter | Kind::Gauge | Kind::Histogram) => "Count",
    }
}
