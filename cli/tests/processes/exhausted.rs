//! A full disk and too few file descriptors: said once while `drayage local` runs, and nothing that was taken is lost.

use rustix::process::Signal;
use tokio::net::TcpStream;

use crate::support::drayage::Drayage;
use crate::support::files::{self, MIB, Tree, bytes};
use crate::support::ledger;
use crate::support::local::Local;
use crate::support::store::{LANDING, delivered, put};
use crate::support::tools::{SmallDisk, tool};

const FULL: &str = "is full (No space left on device";

#[tokio::test]
async fn a_full_disk_is_said_and_what_was_taken_is_delivered_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::over(folder.path(), 24) else { return };
    let local = Local::start(&["--data", folder.path().to_str().unwrap()]).await;
    let ballast = folder.path().join("ballast");
    std::fs::write(&ballast, vec![1; 12 * MIB]).unwrap();
    // There is room for the file and none for its copy.
    let content = bytes(8 * MIB, 1);
    put(&local.s3, "taken", &content).await;
    local.process.says(FULL).await;
    // What cannot be stored is refused, and what is there stays.
    let too_much =
        local.s3.put_object().bucket(LANDING).key("taken").body(bytes(8 * MIB, 2).into()).send().await;
    let refused = too_much.unwrap_err().raw_response().map(|response| response.status().as_u16());
    assert_eq!(refused, Some(500));

    std::fs::remove_file(&ballast).unwrap();
    let done = ledger::over(&local.dynamodb, 1).await;
    assert_eq!((done.len(), done[0].text("status")), (1, "completed"));
    assert!(delivered(&local.s3, "taken").await == content);
    local.process.signal(Signal::TERM);
    let ended = local.process.ended().await.succeeded();
    assert_eq!(ended.err.matches(FULL).count(), 1, "said once: {ended:#?}");
    assert!(ended.err.contains(folder.path().to_str().unwrap()), "by its name: {ended:#?}");
}

#[tokio::test]
async fn a_full_disk_behind_out_is_said_and_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    let tree = Tree::from([("large".to_owned(), bytes(6 * MIB, 1)), ("small".to_owned(), bytes(10, 2))]);
    files::write(&input, &tree);
    std::fs::create_dir(&output).unwrap();
    let Some(_disk) = SmallDisk::over(&output, 4) else { return };
    std::fs::write(output.join("large"), "of an earlier run").unwrap();
    let (from, to) = (input.to_str().unwrap(), output.to_str().unwrap());
    let ended = Drayage::start(&["local", "--port", "0", "--once", from, "--out", to]).ended().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    let row = ended.out.lines().find(|line| line.starts_with("large")).unwrap();
    assert!(row.contains("No space left on device"), "{row}");
    let ended = ended.said(&format!("The disk of {to} {FULL}")).said("1 of 2 files were not delivered");
    let left = files::read(&output);
    assert_eq!(left["large"], b"of an earlier run", "{ended:#?}");
    assert!(left["small"] == tree["small"] && left.len() == 2, "{:?}", left.keys());
}

#[tokio::test]
async fn too_few_file_descriptors_are_said_and_what_comes_later_is_delivered() {
    let Some(prlimit) = tool("prlimit") else { return };
    let local = Local::start_by(&[&prlimit, "--nofile=80:80"], &["--workers", "1"]).await;
    let mut clients = Vec::new();
    for _ in 0..120 {
        clients.push(TcpStream::connect(local.address()).await.unwrap());
    }
    local.process.says("too few file descriptors (Too many open files").await;
    drop(clients);
    put(&local.s3, "after", b"after").await;
    ledger::over(&local.dynamodb, 1).await;
    assert_eq!(delivered(&local.s3, "after").await, b"after");
    local.process.signal(Signal::TERM);
    let ended = local.process.ended().await.succeeded();
    assert_eq!(ended.err.matches("too few file descriptors").count(), 1, "said once: {ended:#?}");
    assert!(ended.err.contains("the limit is 80"), "by its name: {ended:#?}");
}

#[tokio::test]
async fn a_shells_limit_of_file_descriptors_is_raised_to_what_it_allows() {
    let Some(prlimit) = tool("prlimit") else { return };
    let local = Local::start_by(&[&prlimit, "--nofile=80:400"], &["--workers", "1"]).await;
    let mut clients = Vec::new();
    for _ in 0..120 {
        clients.push(TcpStream::connect(local.address()).await.unwrap());
    }
    put(&local.s3, "a", b"a").await;
    ledger::over(&local.dynamodb, 1).await;
    local.process.signal(Signal::TERM);
    let ended = local.process.ended().await.succeeded();
    assert!(!ended.err.contains("file descriptors"), "{ended:#?}");
}
