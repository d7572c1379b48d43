//! `--data` in a folder that has other things in it.

use rustix::process::Signal;

use crate::support::drayage::run;
use crate::support::files::{self, Tree};
use crate::support::ledger;
use crate::support::local::Local;
use crate::support::store::{delivered, put};

/// Names that earlier versions used, and that anybody may use.
const THEIRS: [&str; 6] =
    ["rules.toml", "state.json", "state.json.next", "logs/worker-1.log", "logs/notes", "s3/objects/mine"];

#[tokio::test]
async fn what_is_the_users_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let theirs: Tree =
        THEIRS.iter().map(|name| ((*name).to_owned(), format!("my {name}").into_bytes())).collect();
    files::write(folder.path(), &theirs);
    for n in 1..=2 {
        let local = Local::start(&["--data", folder.path().to_str().unwrap()]).await;
        put(&local.s3, &format!("{n}"), b"x").await;
        ledger::over(&local.dynamodb, n).await;
        local.process.signal(Signal::TERM);
        local.process.ended().await.succeeded();
    }
    let mut left = files::read(folder.path());
    left.retain(|name, _| !name.starts_with("drayage-local/"));
    files::assert_same(&left, &theirs);
}

/// As earlier versions left it: everything in the folder itself.
#[tokio::test]
async fn the_folder_of_an_earlier_version_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = ["--data", folder.path().to_str().unwrap()];
    let local = Local::start(&data).await;
    put(&local.s3, "a", b"kept").await;
    ledger::over(&local.dynamodb, 1).await;
    local.process.signal(Signal::TERM);
    local.process.ended().await.succeeded();
    let at = |name: &str| folder.path().join(name);
    for entry in std::fs::read_dir(at("drayage-local")).unwrap().map(Result::unwrap) {
        std::fs::rename(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    std::fs::remove_file(at("drayage-local.json")).unwrap();
    std::fs::remove_dir(at("drayage-local")).unwrap();

    let local = Local::start(&data).await;
    assert_eq!(ledger::items(&local.dynamodb).await.len(), 1);
    assert_eq!(delivered(&local.s3, "a").await, b"kept");
    assert!(!at("s3").exists() && !at("state.json").exists());
}

#[tokio::test]
async fn a_folder_of_our_name_that_is_the_users_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = Tree::from([("drayage-local/rules.toml".to_owned(), b"mine".to_vec())]);
    files::write(folder.path(), &theirs);
    let ended = run(&["local", "--port", "0", "--data", folder.path().to_str().unwrap()]).await;
    ended.failed(64).said("it has a folder drayage-local that this command did not make");
    files::assert_same(&files::read(folder.path()), &theirs);
}

#[tokio::test]
async fn a_killed_command_goes_on_with_the_ledger_and_the_files_that_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let data = ["--data", folder.path().to_str().unwrap()];
    let local = Local::start(&data).await;
    for n in 0..3 {
        put(&local.s3, &format!("{n}"), b"kept").await;
    }
    ledger::over(&local.dynamodb, 3).await;
    local.process.signal(Signal::KILL);
    local.process.ended().await;

    let local = Local::start(&data).await;
    assert_eq!(ledger::items(&local.dynamodb).await.len(), 3);
    assert_eq!(delivered(&local.s3, "2").await, b"kept");
    put(&local.s3, "3", b"new").await;
    ledger::over(&local.dynamodb, 4).await;
}

#[tokio::test]
async fn a_second_command_on_the_folder_is_refused_and_names_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let data = ["--data", folder.path().to_str().unwrap()];
    let first = Local::start(&data).await;
    let second = run(&[&["local", "--port", "0"], &data[..]].concat()).await.failed(1);
    let pid = first.process.pid().as_raw_nonzero().to_string();
    second.said("drayage-local is in use by drayage local, process").said(&pid).said("give another --data");
    put(&first.s3, "a", b"x").await;
    ledger::over(&first.dynamodb, 1).await;
}
