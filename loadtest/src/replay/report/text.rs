//! The report for a terminal.

use std::fmt::Write as _;

use super::{Report, number};
use crate::replay::measures::Summary;
use crate::table::table;

fn cell(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), number)
}

/// Count, percentiles and maximum.
pub(super) fn latency_cells(summary: Option<&Summary>) -> Vec<String> {
    let of = |read: fn(&Summary) -> f64| cell(summary.map(read));
    vec![
        summary.map_or("0".to_owned(), |summary| summary.count.to_string()),
        of(|summary| summary.p50_ms),
        of(|summary| summary.p90_ms),
        of(|summary| summary.p99_ms),
        of(|summary| summary.p999_ms),
        of(|summary| summary.max_ms),
    ]
}

pub(super) const LATENCY_HEAD: [&str; 7] = ["ms", "count", "p50", "p90", "p99", "p99.9", "max"];

/// What each latency is, and the summary.
pub(super) fn latency_rows(report: &Report) -> Vec<Vec<String>> {
    let played = &report.played;
    let rows = [
        ("end to end (from the intended instant)", &played.end_to_end),
        ("end to end, all but the noisy tenant", &played.quiet_tenants),
        ("from the put's answer to the end", &played.from_put),
        ("put", &played.put),
        ("late in sending", &played.send_lag),
    ];
    let row = |(name, summary): (&str, &Option<Summary>)| {
        std::iter::once(name.to_owned()).chain(latency_cells(summary.as_ref())).collect()
    };
    rows.into_iter().map(row).collect()
}

pub(super) const TENANT_HEAD: [&str; 7] = ["tenant", "puts", "p50", "p90", "p99", "p99.9", "max ms"];

pub(super) fn tenant_rows(report: &Report) -> Vec<Vec<String>> {
    let row = |tenant: &crate::replay::play::Tenant| {
        let mut cells = latency_cells(tenant.end_to_end.as_ref());
        cells[0] = tenant.puts.to_string();
        cells.insert(0, tenant.name.clone());
        cells
    };
    report.played.tenants.iter().map(row).collect()
}

pub(super) const PROCESS_HEAD: [&str; 7] =
    ["process", "files", "CPU s", "CPU us/file", "RSS MiB", "peak MiB", ""];

pub(super) fn process_rows(report: &Report) -> Vec<Vec<String>> {
    let note = |used: &crate::replay::processes::Used| match used {
        used if used.cpu_s.is_none() => "was started again: not measured",
        used if used.is_service() => "",
        _ => "not part of Drayage",
    };
    let row = |used: &crate::replay::processes::Used| {
        vec![
            used.name.clone(),
            used.files.to_string(),
            cell(used.cpu_s),
            cell(used.cpu_us_per_file.map(f64::round)),
            number(used.rss_mib),
            number(used.peak_rss_mib),
            note(used).to_owned(),
        ]
    };
    let mut rows: Vec<Vec<String>> = report.played.processes.iter().map(row).collect();
    if let Some(each) = report.cpu_us_per_file {
        let all = ["dispatcher + workers", "", "", &number(each.round())];
        rows.push(all.map(str::to_owned).to_vec());
    }
    rows
}

pub(super) const STEP_HEAD: [&str; 6] =
    ["files/s", "completed/s", "p99 ms", "late p99 ms", "backlog at the end", "verdict; CPU cores in use"];

pub(super) fn step_rows(report: &Report) -> Vec<Vec<String>> {
    let row = |step: &crate::replay::step_up::Step| {
        vec![
            number(step.puts_per_s.round()),
            number(step.completed_per_s.round()),
            cell(step.end_to_end_p99_ms),
            cell(step.send_lag_p99_ms),
            step.backlog_when_sent.to_string(),
            format!("{}; {}", step.gave_way.as_deref().unwrap_or("held"), step.busiest()),
        ]
    };
    report.steps.iter().map(row).collect()
}

pub(super) const VERDICT_HEAD: [&str; 4] = ["objective", "wanted", "measured", ""];

pub(super) fn verdict_rows(report: &Report) -> Vec<Vec<String>> {
    let row = |judged: &crate::replay::objectives::Judged| {
        vec![
            judged.objective.to_owned(),
            number(judged.wanted),
            judged.measured.map_or("not measured".to_owned(), number),
            if judged.met { "met" } else { "NOT MET" }.to_owned(),
        ]
    };
    report.verdict.iter().map(row).collect()
}

/// What was put in and what became of it.
pub(super) fn summary(report: &Report) -> String {
    let totals = &report.played.totals;
    format!(
        "{} files of {:.1} MiB in all: {} completed, {} superseded, {} failed; {} checked, {} of them byte by byte. \
         {} copies of events were sent, and {} messages of poison, of which {} were parked.",
        totals.puts,
        totals.put_bytes as f64 / f64::from(1 << 20),
        totals.completed,
        totals.superseded,
        totals.failed,
        totals.checked,
        totals.read,
        totals.copies,
        totals.poison,
        totals.parked
    )
}

/// What a reader of the figures must know.
pub(super) fn warning(report: &Report) -> Option<&'static str> {
    report.is_late().then_some(
        "The load test itself was late in sending: its lateness is part of the latencies, and the rate was not what was asked for.",
    )
}

pub(super) fn text(report: &Report) -> String {
    let mut text = format!("{}\n{}\n{}\n", report.headline(), summary(report), report.machine.line());
    if let Some(warning) = warning(report) {
        let _ = writeln!(text, "{warning}");
    }
    let mut section = |head: &[&str], rows: &[Vec<String>]| {
        if !rows.is_empty() {
            let _ = writeln!(text, "\n{}", table(head, rows));
        }
    };
    section(&STEP_HEAD, &step_rows(report));
    section(&LATENCY_HEAD, &latency_rows(report));
    section(&TENANT_HEAD, &tenant_rows(report));
    section(&PROCESS_HEAD, &process_rows(report));
    section(&VERDICT_HEAD, &verdict_rows(report));
    for (kind, finding) in &report.played.findings.0 {
        let _ = writeln!(text, "\n{} ({}):", kind.name(), finding.count);
        for example in &finding.examples {
            let _ = writeln!(text, "  {example}");
        }
    }
    if let Some(sustained) = report.sustained_per_s {
        let _ = writeln!(text, "\nSustained: {sustained:.0} files/s");
    }
    let _ = write!(text, "\nVerdict: {}", if report.met { "every objective is met" } else { "NOT MET" });
    text
}
