//! `drayage metrics`: the catalogue of everything that is exported, for people, for programs, and for docs/metrics.md.

use clap::{Arg, ArgAction, ArgMatches, Command};
use common::metrics::catalogue::ALL;
use common::metrics::{Entry, Label, Values};
use common::output;
use serde_json::{Value, json};

pub(crate) fn command() -> Command {
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    Command::new("metrics")
        .about("Prints the catalogue of metrics that dispatcher and worker export by OTLP")
        .arg(switch("json", "Print it as one JSON array").conflicts_with("markdown"))
        .arg(switch("markdown", "Print it as docs/metrics.md has it"))
}

pub(crate) fn main(matches: &ArgMatches) {
    let printed = if matches.get_flag("json") {
        let all: Vec<Value> = ALL.iter().map(json_of).collect();
        format!("{:#}\n", Value::Array(all))
    } else if matches.get_flag("markdown") {
        markdown()
    } else {
        text()
    };
    output::out(printed.trim_end_matches('\n'));
}

fn text() -> String {
    let entries = ALL.iter().map(|entry| {
        let labels: String =
            entry.labels.iter().map(|label| format!("  {}: {}\n", label.name, values(label))).collect();
        format!(
            "{}  {} of {}, {}\n  Prometheus: {}\n  {}\n{labels}",
            entry.name,
            entry.kind.as_str(),
            entry.unit,
            entry.stability.as_str(),
            entry.prometheus(),
            entry.help,
        )
    });
    entries.collect::<Vec<_>>().join("\n")
}

fn values(label: &Label) -> String {
    match label.values {
        Values::Of(values) => values.join(", "),
        Values::Few(what) => what.to_owned(),
    }
}

fn json_of(entry: &Entry) -> Value {
    let labels = entry.labels.iter().map(|label| match label.values {
        Values::Of(values) => json!({ "name": label.name, "values": values }),
        Values::Few(what) => json!({ "name": label.name, "description": what }),
    });
    json!({
        "name": entry.name,
        "prometheus": entry.prometheus(),
        "kind": entry.kind.as_str(),
        "unit": entry.unit,
        "labels": labels.collect::<Vec<_>>(),
        "buckets": entry.bounds,
        "stability": entry.stability.as_str(),
        "description": entry.help,
    })
}

fn markdown() -> String {
    let mut page = "# Metrics\n\n\
        What dispatcher and worker export by OTLP. This page is printed by `drayage metrics --markdown`; a test compares the two.\n\
        How to read them, and how they are switched on: [observability.md](observability.md).\n\n\
        | metric | Prometheus | kind, unit | labels | |\n|---|---|---|---|---|\n"
        .to_owned();
    for entry in ALL {
        let labels: Vec<String> = entry.labels.iter().map(|label| format!("`{}`", label.name)).collect();
        page.push_str(&format!(
            "| `{}` | `{}` | {}, `{}` | {} | {}{} |\n",
            entry.name,
            entry.prometheus(),
            entry.kind.as_str(),
            entry.unit,
            labels.join(" "),
            entry.help,
            if entry.stability == common::metrics::Stability::Stable { "" } else { " (may change)" },
        ));
    }
    page.push_str("\n## Labels\n\n| metric | label | values |\n|---|---|---|\n");
    for entry in ALL {
        for label in entry.labels {
            page.push_str(&format!("| `{}` | `{}` | {} |\n", entry.name, label.name, values(label)));
        }
    }
    page.push_str("\n## Buckets\n\n");
    for entry in ALL.iter().filter(|entry| !entry.bounds.is_empty()) {
        let bounds: Vec<String> = entry.bounds.iter().map(f64::to_string).collect();
        page.push_str(&format!("- `{}`: {}\n", entry.name, bounds.join(", ")));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_the_catalogues() {
        let page = include_str!("../../docs/metrics.md");
        assert!(page == markdown(), "write it again: drayage metrics --markdown > docs/metrics.md");
    }

    #[test]
    fn every_metric_is_in_every_form() {
        let (text, markdown) = (text(), markdown());
        for entry in ALL {
            assert!(text.contains(&format!("{}  ", entry.name)), "{}", entry.name);
            assert!(markdown.contains(&format!("| `{}` | `{}` |", entry.name, entry.prometheus())));
            let json = json_of(entry);
            assert_eq!(json["labels"].as_array().map(Vec::len), Some(entry.labels.len()));
            assert_eq!(json["prometheus"], entry.prometheus());
        }
    }
}
