//! `--help` and `--version`.

use common::settings::SHARED;

use crate::support::drayage::run;

const LOCAL: [&str; 8] = ["port", "workers", "rules", "once", "out", "data", "log", "json"];
const DISPATCHER: [&str; 3] = ["ingest-queue", "rules", "pollers"];
const WORKER: [&str; 5] =
    ["concurrency", "part-bytes", "parts-in-flight", "failed-attempts-max", "worker-id"];

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
    for role in ["local", "dispatcher", "worker"] {
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
