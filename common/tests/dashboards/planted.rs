//! The checker itself: each mistake that it is for is planted, and found.

use serde_json::Value;

use crate::names::Names;
use crate::{names, panels, promql, read, rules, terraform, types};

/// The overview with one text replaced by another.
#[track_caller]
fn overview(text: &str, planted: &str) -> Vec<String> {
    let file = read("grafana/overview.json");
    assert!(file.contains(text), "{text} is not in the dashboard any more");
    let dashboard: Value = serde_json::from_str(&file.replacen(text, planted, 1)).unwrap();
    panels::check(&dashboard, &Names::catalogue()).faults
}

#[track_caller]
fn assert_found(faults: &[String], what: &str) {
    assert!(faults.iter().any(|fault| fault.contains(what)), "{what} is not in {faults:#?}");
}

#[test]
fn mistakes_in_a_dashboard_are_found() {
    for (text, planted, fault) in [
        ("drayage_delivered_bytes_total{", "drayage_delivered_total{", "drayage_delivered_total is not in"),
        ("sum(drayage_in_flight{", "sum(drayage_in_flight_total{", "drayage_in_flight_total is not in"),
        ("drayage_file_latency_seconds_bucket", "drayage_file_latency_seconds", "is not in the catalogue"),
        ("drayage_file_latency_seconds_bucket", "drayage_file_latency_seconds_count", "no label le"),
        ("sum by (state)", "sum by (status)", "no label status"),
        (r#"action=\"parked\""#, r#"action=\"dropped\""#, r#"never has action "dropped""#),
        (r#"state=~\"completed|"#, r#"state=~\"complete|"#, r#"never has state "complete""#),
        (r#"action=\"parked\""#, r#"kind=\"parked\""#, "has no label kind"),
        (r#""unit": "bytes""#, r#""unit": "s""#, r#"Delivered: its unit is "s""#),
        (r#""unit": "s""#, r#""unit": "short""#, r#"Oldest message, now: its unit is "short""#),
        (r#""unit": "currencyUSD""#, r#""unit": "bytes""#, "Cost per file: its unit"),
        (r#""unit": "cps""#, r#""unit": "short""#, "Completed by lane: its unit"),
        ("{{lane}}", "{{customer}}", "its legend names customer"),
        (
            "label_values(drayage_files_total, lane)",
            "label_values(drayage_files_total, queue)",
            "no label queue",
        ),
    ] {
        assert_found(&overview(text, planted), fault);
    }
}

#[test]
fn mistakes_in_a_rule_are_found() {
    let alerts = read("prometheus/rules/alerts.yml");
    for (text, planted, fault) in [
        ("count10m{state", "count5m{state", "DrayageFailedFiles: lane_state:drayage_files:count5m is not in"),
        (
            "absent(drayage_in_flight_limit)",
            "absent(drayage_in_flight_max)",
            "drayage_in_flight_max is not in",
        ),
        ("$labels.reason", "$labels.cause", "its text names cause"),
        ("S1_right_bytes", "S1_wrong_bytes", r#"never has invariant "S1_wrong_bytes""#),
        ("and drayage_in_flight offset 15m", "and drayage_streams offset 15m", "no series has another"),
    ] {
        assert!(alerts.contains(text), "{text} is not in the rules any more");
        let faults = rules::check(&alerts.replacen(text, planted, 1), &mut crate::names()).faults;
        assert_found(&faults, fault);
    }
    let unread = "- alert: A\n  expr: >-\n    up == 0\n";
    assert_found(&rules::check(unread, &mut Names::catalogue()).faults, "is not read here");
}

#[test]
fn units_follow_the_arithmetic() {
    let names = names::Names::catalogue();
    let unit = |query: &str| types::of(&promql::parse(query).unwrap(), &names);
    for (query, shown) in [
        ("drayage_buffers_bytes / drayage_buffers_limit_bytes", "percentunit"),
        ("rate(drayage_delivered_bytes_total[5m])", "Bps"),
        ("sum(drayage_delivered_bytes_total) / sum(drayage_files_total)", "bytes"),
        ("sum(drayage_copy_duration_seconds_sum) / sum(drayage_copy_duration_seconds_count)", "s"),
        ("histogram_quantile(0.5, sum by (le) (rate(drayage_attempt_requests_bucket[5m])))", "short"),
        ("sum(drayage_request_cost_total) / sum(drayage_files_total)", "currencyUSD"),
        ("count(drayage_in_flight_limit)", "short"),
        ("drayage_buffers_bytes > 1024 * 1024", "bytes"),
    ] {
        let found = unit(query).unwrap().unit.unwrap();
        assert!(found.is_shown_by(shown), "{query}: {found}");
        let others = ["percentunit", "Bps", "bytes", "s", "short", "currencyUSD", "cps", "furlongs"];
        // A share may be shown as a plain number.
        let wrong = others.into_iter().filter(|other| *other != shown && *other != "short");
        assert_eq!(wrong.filter(|other| found.is_shown_by(other)).count(), 0, "{query}");
    }
    let mixed = unit("sum(drayage_buffers_bytes) + sum(drayage_streams)").unwrap_err();
    assert_eq!(mixed, "By^1 + count^1");
}

#[test]
fn mistakes_in_terraform_are_found() {
    let right = r#"
resource "aws_cloudwatch_metric_alarm" "age" {
  namespace   = "Drayage/${var.stack.name}"
  metric_name = "drayage.queue.oldest_message.age"
  dimensions  = { queue = "fast", OTelLib = "drayage" }
  unit        = "Seconds"
}
resource "aws_appautoscaling_policy" "backlog" {
  metric {
    metric_name = "drayage.in_flight"
    dimensions {
      name  = "queue"
      value = "fast"
    }
  }
}
locals {
  charts = [["Drayage/x", "drayage.files", "state", "failed", "lane", "fast"]]
}
locals {
  kept = [
    {
      dimensions = ["invariant"]
      names      = ["drayage.guards"]
    },
  ]
}
locals {
  chart = {
    metric    = "drayage.faults"
    dimension = "class"
  }
}
"#;
    let checked = terraform::check(right);
    assert_eq!((checked.looked_at, checked.faults), (5, Vec::new()));
    for (text, planted, fault) in [
        ("oldest_message.age", "oldest.age", "line 4: drayage.queue.oldest.age is not in the catalogue"),
        ("{ queue = ", "{ lane = ", "has no dimension lane"),
        ("\"Seconds\"", "\"Milliseconds\"", "is in Seconds, not in Milliseconds"),
        ("name  = \"queue\"", "name  = \"lane\"", "drayage.in_flight has no dimension lane"),
        ("\"state\"", "\"status\"", "drayage.files has no dimension status"),
        ("drayage.files", "drayage.file", "drayage.file is not in the catalogue"),
        ("[\"invariant\"]", "[\"queue\"]", "drayage.guards has no dimension queue"),
        ("\"class\"", "\"kind\"", "drayage.faults has no dimension kind"),
    ] {
        assert_found(&terraform::check(&right.replacen(text, planted, 1)).faults, fault);
    }
}
