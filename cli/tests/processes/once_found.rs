//! What `--once` finds beside plain files, and how names are shown.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::support::drayage::{Ended, run};
use crate::support::files::{self, Tree, bytes};
use crate::support::tools::{run_tool, skipped};

async fn once(input: &Path, more: &[&str]) -> Ended {
    run(&[&["local", "--port", "0", "--once", input.to_str().unwrap()], more].concat()).await
}

#[track_caller]
fn assert_row(ended: &Ended, name: &str, state: &str) {
    let row = ended.out.lines().find(|line| line.split_whitespace().next() == Some(name));
    assert!(row.is_some_and(|row| row.contains(state)), "expected {name} {state:?} in {ended:#?}");
}

const SKIPPED: [(&str, &str); 5] = [
    ("fifo", "a FIFO"),
    ("socket", "a socket"),
    ("device", "a link to what is no file"),
    ("folder", "a link to a folder"),
    ("nowhere", "a link that leads nowhere"),
];

/// Something of every kind, and one file.
fn of_every_kind() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    files::write(folder.path(), &Tree::from([("below/good".to_owned(), bytes(10, 1))]));
    let at = |name: &str| folder.path().join(name);
    run_tool("mkfifo", &[at("fifo").to_str().unwrap()])?;
    UnixListener::bind(at("socket")).unwrap();
    symlink("/dev/null", at("device")).unwrap();
    symlink("below", at("folder")).unwrap();
    symlink("not/there", at("nowhere")).unwrap();
    Some(folder)
}

#[tokio::test]
async fn what_is_no_file_is_named_and_is_no_failure() {
    let Some(input) = of_every_kind() else { return };
    let ended = once(input.path(), &[]).await.succeeded();
    for (name, what) in SKIPPED {
        assert_row(&ended, name, &format!("skipped: {what}"));
    }
    assert_row(&ended, "below/good", "completed");
    let ended = once(input.path(), &["--json"]).await.succeeded();
    let lines: Vec<serde_json::Value> =
        ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (name, what) in SKIPPED {
        let line = lines.iter().find(|line| line["key"] == name).unwrap();
        assert_eq!((&line["status"], &line["error_message"]), (&"skipped".into(), &what.into()));
    }
    assert_eq!((lines.len(), &*ended.err), (SKIPPED.len() + 1, ""));
}

#[tokio::test]
async fn what_cannot_be_read_is_a_row_and_the_rest_is_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    files::write(&input, &files::few());
    symlink("loop", input.join("loop")).unwrap();
    // A file whose length is a page and whose content is a line: as one that is cut while it is read.
    let changing = Path::new("/sys/kernel/mm/transparent_hugepage/enabled");
    let has_changing = std::fs::metadata(changing).is_ok_and(|about| about.len() > 1_000);
    if has_changing {
        symlink(changing, input.join("changing")).unwrap();
    } else {
        skipped("there is no file whose content is shorter than its length");
    }
    let ended = once(&input, &["--out", output.to_str().unwrap()]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert_row(&ended, "loop", "unreadable: Too many levels of symbolic links");
    if has_changing {
        assert_row(&ended, "changing", "unreadable: it changed while it was read");
    }
    let bad = 1 + usize::from(has_changing);
    files::assert_same(&files::read(&output), &files::few());
    ended.said(&format!("{bad} of {} files were not delivered as they are", bad + files::few().len()));
}

#[tokio::test]
async fn a_file_that_nobody_may_read_is_a_row() {
    let folder = tempfile::tempdir().unwrap();
    files::write(folder.path(), &files::few());
    // Of this one even root is refused the content.
    let denied = Path::new("/sys/bus/cpu/uevent");
    if !denied.exists() || std::fs::read(denied).is_ok() {
        return skipped("there is no file that nobody may read");
    }
    symlink(denied, folder.path().join("denied")).unwrap();
    let ended = once(folder.path(), &["--json"]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    let lines = ended.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let line = lines.into_iter().find(|line| line["key"] == "denied").unwrap();
    assert_eq!(line["status"], "unreadable");
    let why = line["error_message"].as_str().unwrap();
    assert!(why.contains("os error"), "{why}");
    ended.said("denied: unreadable: ").said("1 of 4 files were not delivered as they are");
}

#[tokio::test]
async fn bad_names_are_said_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    files::write(folder.path(), &files::few());
    for name in [&b"one\xff"[..], b"two\xfe\x1b"] {
        std::fs::write(folder.path().join(OsStr::from_bytes(name)), "x").unwrap();
    }
    let long = format!("{0}/{0}/{0}/{0}/{0}", "d".repeat(240));
    files::write(folder.path(), &Tree::from([(long, vec![1])]));
    let ended = once(folder.path(), &[]).await.failed(1);
    assert_eq!(ended.err.lines().count(), 3, "{ended:#?}");
    ended
        .said("one\\xff: the name is not UTF-8")
        .said("two\\xfe\\u{1b}: the name is not UTF-8")
        .said("the key would have 1204 bytes");
}

#[tokio::test]
async fn what_a_reader_would_not_see_in_a_name_is_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "invoice\u{202e}fdp.exe",
        "zero\u{200b}width",
        "sel\u{fe0f}",
        "line\u{2028}",
        "esc\u{1b}[2J",
        "del\u{7f}",
    ];
    let tree: Tree = names.iter().map(|name| ((*name).to_owned(), vec![1])).collect();
    files::write(folder.path(), &tree);
    let hidden = ['\u{202e}', '\u{200b}', '\u{fe0f}', '\u{2028}', '\u{1b}', '\u{7f}'];
    let ended = once(folder.path(), &[]).await.succeeded();
    assert!(!ended.out.contains(hidden), "{ended:#?}");
    assert_row(&ended, "invoice\\u{202e}fdp.exe", "completed");
    let ended = once(folder.path(), &["--json"]).await.succeeded();
    assert!(!ended.out.contains(hidden), "{ended:#?}");
    let mut keys: Vec<String> = ended
        .out
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["key"].as_str().unwrap().to_owned()
        })
        .collect();
    keys.sort();
    assert_eq!(keys, tree.keys().cloned().collect::<Vec<_>>(), "JSON's escapes mean the same names");
    // A folder's name is shown by what goes wrong with it.
    let odd = folder.path().join("not\u{202e}there");
    let ended = once(&odd, &[]).await.failed(1).said("not\\u{202e}there");
    assert!(!ended.err.contains('\u{202e}'), "{ended:#?}");
}
