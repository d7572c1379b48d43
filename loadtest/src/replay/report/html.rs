//! The report as one page: no script, nothing from outside.

use std::fmt::Write as _;

use super::chart::{Line, Scale, chart, escape};
use super::text::{
    LATENCY_HEAD, PROCESS_HEAD, STEP_HEAD, TENANT_HEAD, VERDICT_HEAD, latency_rows, process_rows, step_rows,
    summary, tenant_rows, verdict_rows, warning,
};
use super::{Report, number};
use crate::replay::measures::Moment;
use crate::replay::series::Second;

const STYLE: &str = include_str!("page.css");
/// Points of a chart: more would be narrower than they can be seen.
const POINTS_MAX: usize = 280;

pub(super) fn page(report: &Report) -> String {
    let headline = escape(&report.headline());
    let (badge, words) = if report.met { ("met", "Every objective is met") } else { ("missed", "Not met") };
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width\"/>\n<title>Drayage replay</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>Drayage replay</h1>\n\
         <p>{headline}</p>\n<p class=\"badge {badge}\">{words}</p>\n</header>\n"
    );
    tiles(&mut page, report);
    if let Some(warning) = warning(report) {
        let _ = writeln!(page, "<p class=\"warning\">{}</p>", escape(warning));
    }
    let _ = writeln!(page, "<p>{}</p>", escape(&summary(report)));
    page.push_str("<section class=\"charts\">\n");
    for chart in charts(report) {
        let _ = writeln!(page, "<figure>{chart}</figure>");
    }
    page.push_str("</section>\n<section class=\"tables\">\n");
    table(&mut page, "Steps", &STEP_HEAD, &step_rows(report));
    table(&mut page, "Objectives", &VERDICT_HEAD, &verdict_rows(report));
    table(&mut page, "Latencies", &LATENCY_HEAD, &latency_rows(report));
    table(
        &mut page,
        "Tenants, end to end (the first one is the noisy one)",
        &TENANT_HEAD,
        &tenant_rows(report),
    );
    table(&mut page, "Processes", &PROCESS_HEAD, &process_rows(report));
    let findings = report.played.findings.0.iter().flat_map(|(kind, finding)| {
        let count = finding.count;
        let row = move |example: &String| vec![kind.name().to_owned(), count.to_string(), example.clone()];
        finding.examples.iter().map(row)
    });
    table(&mut page, "Findings", &["kind", "in all", "such as"], &findings.collect::<Vec<_>>());
    let _ = writeln!(
        page,
        "</section>\n<footer><p>{}. Everything else is in report.json; docs/loadtest.md says how to read it.</p></footer>\n\
         </body>\n</html>",
        escape(&report.machine.line())
    );
    page
}

fn tiles(page: &mut String, report: &Report) {
    let played = &report.played;
    let p = |read: fn(&crate::replay::measures::Summary) -> f64| {
        played.end_to_end.as_ref().map_or("-".to_owned(), |summary| number(read(summary)))
    };
    let counted = |kind| played.findings.count(kind).to_string();
    let mut tiles = vec![
        ("files completed", played.totals.completed.to_string()),
        ("completed a second", number(played.completed_per_s)),
        ("p50 end to end, ms", p(|summary| summary.p50_ms)),
        ("p99 end to end, ms", p(|summary| summary.p99_ms)),
        ("lost", counted(crate::replay::findings::Kind::Lost)),
        ("with wrong bytes", counted(crate::replay::findings::Kind::WrongBytes)),
    ];
    tiles.extend(report.cpu_us_per_file.map(|each| ("CPU us a file, services", number(each.round()))));
    tiles.extend(report.sustained_per_s.map(|rate| ("sustained files a second", number(rate.round()))));
    page.push_str("<section class=\"tiles\">\n");
    for (name, value) in tiles {
        let _ = writeln!(page, "<div><strong>{}</strong><span>{}</span></div>", escape(&value), escape(name));
    }
    page.push_str("</section>\n");
}

fn table(page: &mut String, title: &str, head: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(page, "<div><h2>{}</h2>\n<table><thead><tr>", escape(title));
    for cell in head {
        let _ = write!(page, "<th>{}</th>", escape(cell));
    }
    page.push_str("</tr></thead><tbody>\n");
    for row in rows {
        page.push_str("<tr>");
        for at in 0..head.len() {
            let cell = row.get(at).map(String::as_str).unwrap_or_default();
            let class = if cell == "NOT MET" { " class=\"missed\"" } else { "" };
            let _ = write!(page, "<td{class}>{}</td>", escape(cell));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
}

fn charts(report: &Report) -> Vec<String> {
    let series = &report.played.series;
    let (each, groups) = series.groups(POINTS_MAX);
    let step_s = each as f64;
    let line = |name: &str, read: &dyn Fn(&[Second]) -> Option<f64>| Line {
        name: name.to_owned(),
        points: groups.iter().map(|group| read(group)).collect(),
    };
    let rate = |name: &str, read: fn(&Second) -> u32| {
        line(name, &|group| {
            Some(group.iter().map(|second| f64::from(read(second))).sum::<f64>() / group.len() as f64)
        })
    };
    // The worst second of each group.
    let worst = |name: &str, of: fn(&Second) -> Option<Moment>, read: fn(&Moment) -> f64| {
        line(name, &|group| group.iter().filter_map(|second| Some(read(&of(second)?))).reduce(f64::max))
    };
    let names = series.process_names();
    let process = |name: &String, read: &dyn Fn(&crate::replay::series::Load) -> f64, is_mean: bool| {
        line(name, &|group| {
            let values: Vec<f64> =
                group.iter().filter_map(|second| Some(read(second.processes.get(name)?))).collect();
            if is_mean {
                (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
            } else {
                values.into_iter().reduce(f64::max)
            }
        })
    };
    let cpu: Vec<Line> = names.iter().map(|name| process(name, &|load| load.cpu_s, true)).collect();
    let memory: Vec<Line> = names.iter().map(|name| process(name, &|load| load.rss_mib, false)).collect();
    let backlog = |group: &[Second]| group.iter().map(|second| second.backlog as f64).reduce(f64::max);
    let end = |second: &Second| second.end_to_end;
    vec![
        chart(
            "Throughput, files a second",
            Scale::FromZero,
            step_s,
            &[
                rate("completed", |second| second.completed),
                rate("put", |second| second.put),
                rate("intended", |second| second.intended),
            ],
        ),
        chart(
            "Latency from the intended instant, ms",
            Scale::Log,
            step_s,
            &[
                worst("p50", end, |moment| moment.p50_ms),
                worst("p99", end, |moment| moment.p99_ms),
                worst("max", end, |moment| moment.max_ms),
            ],
        ),
        chart("Backlog, files on their way", Scale::FromZero, step_s, &[line("backlog", &backlog)]),
        chart(
            "p99 by tenant, ms",
            Scale::Log,
            step_s,
            &[
                worst("all but the noisy tenant", |second| second.quiet, |moment| moment.p99_ms),
                worst("noisy tenant", |second| second.noisy, |moment| moment.p99_ms),
            ],
        ),
        chart("CPU cores in use", Scale::Stacked, step_s, &cpu),
        chart("Memory, MiB", Scale::FromZero, step_s, &memory),
        chart(
            "Copies, overtaken files and poison, a second",
            Scale::FromZero,
            step_s,
            &[
                rate("copies of events", |second| second.copies),
                rate("superseded", |second| second.superseded),
                rate("poison", |second| second.poison),
                rate("parked", |second| second.parked),
            ],
        ),
        chart(
            "Failures a second",
            Scale::FromZero,
            step_s,
            &[
                rate("requests failed", |second| second.requests_failed),
                rate("transfers failed", |second| second.failed),
            ],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::output::Machine;
    use crate::replay::findings::{Findings, Kind};
    use crate::replay::objectives::Objectives;
    use crate::replay::play::{Played, Tenant};
    use crate::replay::record::{Record, Totals};
    use crate::replay::report::Setting;
    use crate::replay::series::Load;
    use crate::workload::Shape;

    fn report(findings: Findings) -> Report {
        let mut record = Record::new(1);
        for second in 0..600 {
            record.end_to_end.add(Duration::from_millis(1 + second));
            let at = record.close_second(Duration::from_secs(second), second);
            at.processes.insert("worker-1".to_owned(), Load { cpu_s: 0.5, rss_mib: 20.0 });
        }
        let summary = record.end_to_end.all.summary();
        let played = Played {
            totals: Totals::default(),
            put_s: 600.0,
            ended_s: 600.0,
            completed_per_s: 1.0,
            end_to_end: summary,
            quiet_tenants: None,
            from_put: None,
            put: None,
            send_lag: summary,
            tenants: vec![Tenant { name: "tenant-00".to_owned(), puts: 1, end_to_end: summary }],
            processes: vec![],
            backlog_when_sent: 0,
            findings,
            series: record.series,
        };
        let setting = Setting {
            seed: 1,
            compress: 60.0,
            endpoint_url: Some("http://127.0.0.1:4566/?a=1&b=<2>".to_owned()),
            workers: 2,
            puts_in_flight_max: 64,
            read_percent: 100,
            removes: true,
            bulk_over_bytes: 1,
            data_in_memory: false,
            workload: Shape::default(),
        };
        let machine = Machine { cores: 2, load_average: None };
        Report::judged(setting, &Objectives::default(), machine, vec![], played)
    }

    /// Every element that is opened is closed, in the right order; texts hold no bare `<` or `&`.
    fn assert_well_formed(page: &str) {
        let (mut open, mut rest) = (Vec::new(), page.strip_prefix("<!DOCTYPE html>").unwrap());
        while let Some((text, after)) = rest.split_once('<') {
            for (at, _) in text.match_indices('&') {
                let known = ["&amp;", "&lt;", "&gt;", "&quot;"];
                assert!(known.iter().any(|entity| text[at..].starts_with(entity)), "{text}");
            }
            let (tag, after) = after.split_once('>').unwrap();
            let name = tag.split_whitespace().next().unwrap();
            if let Some(name) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "{tag}");
            } else if !tag.ends_with('/') {
                open.push(name);
            }
            rest = after;
        }
        assert!(open.is_empty(), "{open:?}");
    }

    #[test]
    fn the_page_is_well_formed_and_needs_nothing_from_outside() {
        let mut findings = Findings::default();
        findings.add(Kind::Lost, "tenant-00/<script>alert(1)</script>&\"");
        let report = report(findings);
        let page = page(&report);
        assert_well_formed(&page);
        for foreign in ["<script", "src=", "href=", "@import", "url("] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert!(!page.contains("NaN") && !page.contains("inf\"") && page.contains("Not met"));
        assert_eq!(page.matches("<svg").count(), 8);
    }

    #[test]
    fn the_verdict_is_in_every_form() {
        let good = report(Findings::default());
        assert!(page(&good).contains("Every objective is met") == good.met);
        assert_eq!(good.met, good.verdict().is_ok());
        let mut findings = Findings::default();
        findings.add(Kind::WrongBytes, "a file");
        let bad = report(findings);
        assert!(bad.verdict().unwrap_err().to_string().contains("wrong_bytes_max"));
        assert!(bad.text().contains("Verdict: NOT MET") && bad.text().contains("a file"));
        let json = serde_json::to_value(&bad).unwrap();
        assert_eq!((&json["met"], &json["findings"]["wrong_bytes"]["count"]), (&false.into(), &1.into()));
        assert_eq!(json["series"].as_array().unwrap().len(), 600);
    }
}
