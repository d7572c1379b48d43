//! What becomes of a command whose output cannot be written: it goes on, and keeps what it has.

use std::fs::File;
use std::process::Stdio;

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::ChildStderr;

use crate::support::drayage::{ACCESS, DRAYAGE, Drayage};
use crate::support::files;
use crate::support::fleet::Fleet;
use crate::support::ledger;
use crate::support::local::{ARGUMENTS, BANNER_END, Local};
use crate::support::pids::{child_with, kill};
use crate::support::store::{delivered, put};
use crate::support::tools::tool;
use crate::support::within;

/// A process whose standard error has a reader, who may leave.
fn start_piped(arguments: &[&str]) -> (Drayage, BufReader<ChildStderr>) {
    let mut process = Drayage::start_as(&[DRAYAGE], arguments, |command| {
        command.envs(ACCESS).stderr(Stdio::piped());
    });
    let reader = BufReader::new(process.take_err());
    (process, reader)
}

/// Reads until a line has this in it, as `head` would, and then leaves.
async fn head(mut reader: BufReader<ChildStderr>, last: &str) -> String {
    let mut read = String::new();
    let reading = async {
        while !read.contains(last) {
            assert!(reader.read_line(&mut read).await.unwrap() > 0, "ended before {last:?}: {read}");
        }
    };
    within(last, reading).await;
    read
}

async fn local_with_data(data: &str) -> Local {
    Local::start(&["--data", data]).await
}

#[tokio::test]
async fn local_outlives_the_reader_of_its_standard_error_and_keeps_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let (process, reader) = start_piped(&[&ARGUMENTS[..], &["--data", data]].concat());
    let banner = head(reader, BANNER_END).await;
    let local = Local::with_banner(process, &banner).await;
    // It says that it starts it again, and nobody hears.
    let child = child_with(local.process.pid(), "worker-1", None).await;
    kill(child);
    child_with(local.process.pid(), "worker-1", Some(child)).await;
    put(&local.s3, "a", b"kept").await;
    ledger::over(&local.dynamodb, 1).await;
    local.process.signal(Signal::TERM);
    assert_eq!(local.process.ended().await.status.code(), Some(0));

    let second = local_with_data(data).await;
    assert_eq!(ledger::items(&second.dynamodb).await.len(), 1, "the ledger was kept");
    assert_eq!(delivered(&second.s3, "a").await, b"kept");
}

#[tokio::test]
async fn a_worker_outlives_the_reader_of_its_log() {
    let fleet = Fleet::new().await;
    let _dispatcher = fleet.dispatcher(&[]).await;
    let (worker, reader) = start_piped(&fleet.arguments("worker", &["--wait-s", "1"]));
    head(reader, "\"message\":\"working\"").await;
    put(&fleet.world.s3(), "a", b"x").await;
    let done = ledger::over(&fleet.world.dynamodb(), 1).await;
    assert_eq!(done[0].text("status"), "completed");
    worker.signal(Signal::TERM);
    assert_eq!(worker.ended().await.status.code(), Some(0));
}

#[tokio::test]
async fn closed_outputs_cost_nothing() {
    let Some(sh) = tool("sh") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    files::write(&input, &files::few());
    let (from, to) = (input.to_str().unwrap(), output.to_str().unwrap());
    let closed = [&*sh, "-c", r#"exec "$0" "$@" >&- 2>&-"#];
    let process = Drayage::start_by(&closed, &["local", "--port", "0", "--once", from, "--out", to]);
    process.ended().await.succeeded();
    files::assert_same(&files::read(&output), &files::few());
}

#[tokio::test]
async fn results_that_a_full_disk_does_not_take_are_said_to_be_lost_and_the_state_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (input, data) = (folder.path().join("in"), folder.path().join("data"));
    files::write(&input, &files::few());
    let (from, data) = (input.to_str().unwrap(), data.to_str().unwrap());
    for json in [&["--json"][..], &[]] {
        let once = ["local", "--port", "0", "--once", from, "--data", data];
        let process = Drayage::start_as(&[DRAYAGE], &[&once[..], json].concat(), |command| {
            command.envs(ACCESS).stdout(File::create("/dev/full").unwrap());
        });
        let ended = process.ended().await.failed(1);
        let said = "failed to print results: No space left on device";
        assert_eq!(ended.err.matches(said).count(), 1, "said once: {ended:#?}");
    }
    let local = local_with_data(data).await;
    let items = ledger::items(&local.dynamodb).await;
    assert_eq!(items.len(), 2 * files::few().len());
    assert!(items.iter().all(ledger::Item::is_over));
}

#[tokio::test]
async fn what_only_prints_says_that_it_could_not() {
    let process = Drayage::start_as(&[DRAYAGE], &["metrics"], |command| {
        command.stdout(File::create("/dev/full").unwrap());
    });
    process.ended().await.failed(1).said("failed to print results: No space left on device");
}

#[tokio::test]
async fn a_reader_that_has_read_enough_is_no_failure() {
    let mut process = Drayage::start_as(&[DRAYAGE], &["metrics"], |command| {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
    });
    process.close_out();
    let mut said = String::new();
    within("the end of its standard error", process.take_err().read_to_string(&mut said)).await.unwrap();
    assert_eq!((process.ended().await.status.code(), &*said), (Some(0), ""));
}
