//! `drayage local` and its children: stopped, killed, left alone.

use rustix::process::{Pid, Signal, kill_process};

use crate::support::drayage::Ended;
use crate::support::fleet::Fleet;
use crate::support::ledger;
use crate::support::local::Local;
use crate::support::pids::{all_ended, child_with, children, is_alive, kill};
use crate::support::store::{delivered, put};
use crate::support::tools::{skipped, tool};
use crate::support::until;

const CHILDREN: [&str; 3] = ["dispatcher", "worker-1", "worker-2"];

fn ids_of_children(local: &Local) -> Vec<Pid> {
    let ids: Vec<Pid> = children(local.process.pid()).into_iter().map(|(pid, _)| pid).collect();
    assert_eq!(ids.len(), 3, "a dispatcher and two workers");
    ids
}

#[track_caller]
fn assert_drained(ended: Ended) {
    let ended = ended.succeeded().said("Draining.");
    for name in CHILDREN {
        assert!(ended.err.contains(&format!("{name} drained")), "{ended:#?}");
    }
    assert_eq!(ended.left, [""; 0], "the temporary folder is removed");
}

#[tokio::test]
async fn ctrl_c_on_a_terminal_drains_every_child() {
    let local = Local::start(&[]).await;
    local.at_work(&CHILDREN).await;
    let children = ids_of_children(&local);
    local.process.signal_group(Signal::INT);
    assert_drained(local.process.ended().await);
    all_ended(&children).await;
}

#[tokio::test]
async fn sigterm_drains_every_child() {
    let local = Local::start(&[]).await;
    local.at_work(&CHILDREN).await;
    let children = ids_of_children(&local);
    local.process.signal(Signal::TERM);
    assert_drained(local.process.ended().await);
    all_ended(&children).await;
}

#[tokio::test]
async fn a_stop_as_soon_as_the_banner_is_there_drains_too() {
    let local = Local::start(&[]).await;
    // The children may still be in the middle of being loaded.
    local.process.signal(Signal::TERM);
    assert_drained(local.process.ended().await);
}

/// Whether this test's own process ignores SIGHUP, and hence what it starts.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim();
    let is_ignored = u64::from_str_radix(ignored, 16).unwrap() & 1 == 1;
    if is_ignored {
        skipped("SIGHUP is ignored here, as under nohup");
    }
    is_ignored
}

#[tokio::test]
async fn the_end_of_the_terminal_drains_every_child() {
    if hangup_is_ignored() {
        return;
    }
    let local = Local::start(&[]).await;
    local.at_work(&CHILDREN).await;
    local.process.signal(Signal::HUP);
    assert_drained(local.process.ended().await);
}

#[tokio::test]
async fn the_end_of_the_terminal_stops_a_service() {
    if hangup_is_ignored() {
        return;
    }
    let fleet = Fleet::new().await;
    for service in [fleet.dispatcher(&[]).await, fleet.worker("worker-1", &[]).await] {
        service.signal(Signal::HUP);
        service.ended().await.succeeded().said("\"message\":\"stopped\"");
    }
}

#[tokio::test]
async fn under_nohup_the_end_of_the_terminal_stops_nothing() {
    let Some(env) = tool("env") else { return };
    let local = Local::start_by(&[&env, "--ignore-signal=HUP"], &[]).await;
    local.process.signal(Signal::HUP);
    put(&local.s3, "after", b"after").await;
    ledger::over(&local.dynamodb, 1).await;
    local.process.signal(Signal::TERM);
    assert_drained(local.process.ended().await);
}

#[tokio::test]
async fn a_second_ctrl_c_ends_it_now_and_says_what_it_killed() {
    let local = Local::start(&[]).await;
    local.at_work(&CHILDREN).await;
    let children = ids_of_children(&local);
    let stuck = child_with(local.process.pid(), "worker-1", None).await;
    kill_process(stuck, Signal::STOP).unwrap();
    local.process.signal_group(Signal::INT);
    local.process.says("Draining.").await;
    local.process.signal_group(Signal::INT);
    let ended = local.process.ended().await.succeeded();
    let killed = format!("it was killed (process {})", stuck.as_raw_nonzero());
    ended.said("worker-1 had not drained at the second signal").said(&killed);
    all_ended(&children).await;
}

#[tokio::test]
async fn killing_the_command_ends_its_children() {
    let local = Local::start(&[]).await;
    local.at_work(&CHILDREN).await;
    let children = ids_of_children(&local);
    kill(local.process.pid());
    local.process.ended().await;
    all_ended(&children).await;
}

#[tokio::test]
async fn a_child_that_never_stays_up_ends_the_command() {
    let local = Local::start(&["--workers", "1"]).await;
    local.at_work(&["dispatcher"]).await;
    let parent = local.process.pid();
    until("the end of the command", async || {
        for (child, arguments) in children(parent) {
            if arguments.iter().any(|argument| argument == "worker-1") {
                kill(child);
            }
        }
        (!is_alive(parent)).then_some(())
    })
    .await;
    let log = "its log ";
    let ended = local.process.ended_in_place().await;
    let (ended, _folder) = ended;
    let ended = ended
        .failed(1)
        .said("drayage: worker-1 does not start (signal: 9 (SIGKILL))")
        .said("dispatcher drained");
    let named = ended.err.split_once(log).and_then(|(_, rest)| rest.split_once(" ends with: ")).unwrap().0;
    let kept = std::fs::read_to_string(named).unwrap();
    assert!(ended.err.contains(kept.lines().last().unwrap_or_default()), "{kept} is not the log: {ended:#?}");
}

#[tokio::test]
async fn a_child_that_is_killed_is_started_again() {
    let local = Local::start(&["--workers", "1"]).await;
    put(&local.s3, "before", b"before").await;
    ledger::over(&local.dynamodb, 1).await;
    for (name, argument) in [("worker-1", "worker-1"), ("dispatcher", "dispatcher")] {
        let child = child_with(local.process.pid(), argument, None).await;
        kill(child);
        local.process.says(&format!("{name} ended (signal: 9 (SIGKILL)); starting it again")).await;
        child_with(local.process.pid(), argument, Some(child)).await;
    }
    put(&local.s3, "after", b"after").await;
    ledger::over(&local.dynamodb, 2).await;
    assert_eq!(delivered(&local.s3, "after").await, b"after");
    local.process.signal(Signal::INT);
    local.process.ended().await.succeeded();
}
