//! What only prints: `--help`, `--version` and `metrics`.

use common::metrics::catalogue::ALL;
use common::settings::{REACH, SHARED};

use crate::support::drayage::run;

const LOCAL: [&str; 8] = ["port", "workers", "rules", "once", "out", "data", "log", "json"];
const DISPATCHER: [&str; 3] = ["ingest-queue", "rules", "pollers"];
const WORKER: [&str; 10] = [
    "concurrency",
    "part-bytes",
    "parts-in-flight",
    "streams-max",
    "buffer-bytes",
    "failed-attempts-max",
    "worker-id",
    "task-protection",
    "task-protection-after-s",
    "task-protection-minutes",
];
const REAP: [&str; 6] = ["bucket", "prefix", "older-than", "initiator", "dry-run", "json"];

async fn flags_are_listed(role: &str, flags: &[&str]) {
    let help = run(&[role, "--help"]).await.succeeded();
    let listed: Vec<&str> = help.out.split_whitespace().filter_map(|word| word.strip_prefix("--")).collect();
    for flag in flags {
        assert!(listed.contains(flag), "--{flag} is missing in {}", help.out);
    }
    assert!(!help.out.contains("stop-with-parent"), "an inner flag is shown: {}", help.out);
    assert_eq!(help.err, "");
}

fn with_shared<'a>(own: &[&'a str]) -> Vec<&'a str> {
    own.iter().copied().chain(SHARED.iter().map(|setting| setting.name)).collect()
}

#[tokio::test]
async fn the_help_of_local_lists_every_flag() {
    flags_are_listed("local", &LOCAL).await;
}

#[tokio::test]
async fn the_help_of_the_dispatcher_lists_every_flag() {
    flags_are_listed("dispatcher", &with_shared(&DISPATCHER)).await;
}

#[tokio::test]
async fn the_help_of_the_worker_lists_every_flag() {
    flags_are_listed("worker", &with_shared(&WORKER)).await;
}

#[tokio::test]
async fn the_help_of_the_reaper_lists_every_flag() {
    let shared = REACH.iter().map(|setting| setting.name);
    flags_are_listed("reap", &REAP.into_iter().chain(shared).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn the_help_of_a_service_names_each_variable_and_default() {
    let help = run(&["worker", "--help"]).await.succeeded();
    let unwrapped = help.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for setting in SHARED {
        assert!(
            unwrapped.contains(&format!("[env {}", setting.variable())),
            "{}: {}",
            setting.name,
            help.out
        );
        if let Some(default) = setting.default {
            assert!(unwrapped.contains(&format!("default {default}]")), "{}: {}", setting.name, help.out);
        }
    }
}

#[tokio::test]
async fn the_help_names_every_subcommand() {
    let help = run(&["--help"]).await.succeeded();
    for role in ["local", "dispatcher", "worker", "health", "reap", "metrics"] {
        assert!(help.out.lines().any(|line| line.trim_start().starts_with(role)), "{role}: {}", help.out);
    }
}

#[tokio::test]
async fn the_version_is_the_packages() {
    let version = run(&["--version"]).await.succeeded();
    assert_eq!(version.out.trim(), format!("drayage {}", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn no_subcommand_is_a_usage_error_that_shows_the_help() {
    run(&[]).await.failed(64).said("Usage: drayage");
}

#[tokio::test]
async fn the_catalogue_is_printed_in_three_forms() {
    let text = run(&["metrics"]).await.succeeded().out;
    let json: serde_json::Value =
        serde_json::from_str(&run(&["metrics", "--json"]).await.succeeded().out).unwrap();
    let page = run(&["metrics", "--markdown"]).await.succeeded().out;
    assert_eq!(json.as_array().map(Vec::len), Some(ALL.len()));
    for (entry, json) in ALL.iter().zip(json.as_array().unwrap()) {
        assert_eq!((&json["name"], &json["unit"]), (&entry.name.into(), &entry.unit.into()));
        assert!(text.contains(entry.name) && page.contains(&entry.prometheus()), "{}", entry.name);
    }
}
