//! `drayage local` and its children: stopped, killed, left alone.

use rustix::process::{Pid, Signal};

use crate::support::drayage::Ended;
use crate::support::ledger;
use crate::support::local::Local;
use crate::support::pids::{all_ended, child_with, children, is_alive, kill};
use crate::support::store::{delivered, put};
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
    local.process.signal(Signal::TERM);
    let ended = local.process.ended().await.succeeded();
    assert_eq!(ended.left, [""; 0], "the temporary folder is removed");
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
    let ended = local.process.ended().await.failed(1);
    ended.said("drayage: worker-1 does not start (signal: 9 (SIGKILL))").said("dispatcher drained");
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
