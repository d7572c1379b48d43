//! A binary that is built again, replaced or removed while it runs.

use std::path::Path;

use rustix::process::Signal;

use crate::support::drayage::{ACCESS, DRAYAGE, Drayage};
use crate::support::ledger;
use crate::support::local::{ARGUMENTS, Local};
use crate::support::pids::{child_with, kill};
use crate::support::store::put;

#[tokio::test]
async fn children_are_started_again_when_the_binary_is_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("drayage");
    link_or_copy(Path::new(DRAYAGE), &binary);
    let program = binary.to_str().unwrap();
    let process = Drayage::start_as(&[program], &[&ARGUMENTS[..], &["--workers", "1"]].concat(), |command| {
        command.envs(ACCESS);
    });
    let local = Local::of(process).await;
    local.at_work(&["dispatcher", "worker-1"]).await;
    // As a linker does it: the old file goes, and another one has its name.
    std::fs::remove_file(&binary).unwrap();
    std::fs::write(&binary, "not a program").unwrap();
    for argument in ["worker-1", "dispatcher"] {
        let child = child_with(local.process.pid(), argument, None).await;
        kill(child);
        child_with(local.process.pid(), argument, Some(child)).await;
    }
    put(&local.s3, "after", b"after").await;
    ledger::over(&local.dynamodb, 1).await;
    local.process.signal(Signal::TERM);
    local.process.ended().await.succeeded().said("worker-1 drained").said("dispatcher drained");
}

fn link_or_copy(from: &Path, to: &Path) {
    if std::fs::hard_link(from, to).is_err() {
        std::fs::copy(from, to).unwrap();
    }
}
