//! `--once` and `--out`: the user's files are never written, and nothing is there half.

use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;

use crate::support::drayage::{Ended, run};
use crate::support::files::{self, Tree, bytes};

async fn once(input: &str, more: &[&str]) -> Ended {
    run(&[&["local", "--port", "0", "--once", input], more].concat()).await
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A folder with `in` in it, which is full.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    files::write(&folder.path().join("in"), &files::few());
    folder
}

/// What a folder holds, folders and all.
fn listing(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        names.push(entry.path().display().to_string());
        if entry.file_type().unwrap().is_dir() {
            names.extend(listing(&entry.path()));
        }
    }
    names.sort();
    names
}

#[tokio::test]
async fn folders_that_get_into_each_others_way_are_refused_before_any_work() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    symlink("in", at("link")).unwrap();
    symlink("in/reports", at("inner")).unwrap();
    let before = listing(folder.path());
    let cases = [
        (vec!["--out", "in"], "is the same folder as --once"),
        (vec!["--out", "link"], "is the same folder as --once"),
        (vec!["--out", "in/reports/.."], "is the same folder as --once"),
        (vec!["--out", "new/../in"], "is the same folder as --once"),
        (vec!["--out", "in/reports"], "is within --once"),
        (vec!["--out", "in/new/folder"], "is within --once"),
        (vec!["--out", "inner"], "is within --once"),
        (vec!["--out", ""], "is within --out"),
        (vec!["--data", "in"], "--data is "),
        (vec!["--data", "link/new"], "is within --once"),
        (vec!["--out", "new", "--data", "new"], "is the same folder as --out"),
        (vec!["--out", "new", "--data", "new/data"], "is within --out"),
        (vec!["--out", "data/drayage-local/out", "--data", "data"], "is within the folder of --data"),
    ];
    for (arguments, expected) in cases {
        let more: Vec<String> = arguments
            .iter()
            .map(|argument| if argument.starts_with("--") { (*argument).to_owned() } else { at(argument) })
            .collect();
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let ended = once(&at("in"), &more).await.failed(64).said(expected);
        assert_eq!(ended.err.lines().count(), 1, "{ended:#?}");
        // It names both.
        let input =
            if expected.contains("--data") || expected.contains("--out") { more[1] } else { &*at("in") };
        assert!(ended.err.contains(input.trim_end_matches('/')) && ended.err.contains(more[1]), "{ended:#?}");
        assert_eq!(listing(folder.path()), before, "{arguments:?}");
    }
    files::assert_same(&files::read(&folder.path().join("in")), &files::few());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_refused_before_any_work() {
    let folder = folder();
    let (input, file) = (folder.path().join("in"), folder.path().join("file"));
    std::fs::write(&file, "mine").unwrap();
    let below = file.join("out");
    for (out, expected) in [
        (&*file, "expected a folder, and it is none"),
        (&*below, "expected a folder that can be made"),
        (Path::new("/proc/out"), "expected a folder that can be made"),
        (Path::new("/proc"), "expected a folder that can be written to"),
    ] {
        once(text(&input), &["--out", text(out)]).await.failed(64).said(expected).said(text(out));
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
}

#[tokio::test]
async fn files_that_are_the_inputs_by_another_name_are_left_alone() {
    let folder = folder();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::create_dir_all(output.join("reports")).unwrap();
    // A file that is both, by a hard link.
    let (source, target) = (input.join("reports/0.csv"), output.join("reports/0.csv"));
    std::fs::hard_link(&source, &target).unwrap();
    let ended = once(text(&input), &["--out", text(&output)]).await.succeeded();
    files::assert_same(&files::read(&input), &files::few());
    files::assert_same(&files::read(&output), &files::few());
    let inode = |path: &Path| std::fs::metadata(path).unwrap().ino();
    assert_ne!(inode(&source), inode(&target), "they are two files now");
    ended.said(&format!("1 files that were in {} before were replaced", text(&output)));

    // A folder that is both, by a link.
    std::fs::remove_dir_all(output.join("reports")).unwrap();
    symlink("../in/reports", output.join("reports")).unwrap();
    let before = inode(&source);
    let ended = once(text(&input), &["--out", text(&output)]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert_eq!(
        ended.out.matches("is in the folder of --once, and is left as it is").count(),
        3,
        "{ended:#?}"
    );
    assert_eq!(inode(&source), before);
    files::assert_same(&files::read(&input), &files::few());
}

#[tokio::test]
async fn what_is_no_plain_file_is_not_replaced() {
    let folder = folder();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::create_dir_all(output.join("reports/0.csv")).unwrap();
    std::fs::write(folder.path().join("mine"), "mine").unwrap();
    symlink("../../mine", output.join("reports/1.csv")).unwrap();
    let ended = once(text(&input), &["--out", text(&output)]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert_eq!(ended.out.matches("is no plain file; it is left as it is").count(), 2, "{ended:#?}");
    assert_eq!(std::fs::read(folder.path().join("mine")).unwrap(), b"mine");
    assert!(output.join("reports/1.csv").is_symlink());
    assert!(std::fs::read(output.join("reports/2.csv")).unwrap() == files::few()["reports/2.csv"]);
}

/// A file whose bytes are not those that were put in: its length says 0, and reading it gives more.
#[tokio::test]
async fn bytes_that_differ_replace_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    files::write(&input, &Tree::from([("good".to_owned(), bytes(10, 1))]));
    symlink("/proc/version", input.join("odd")).unwrap();
    let earlier = Tree::from([("odd".to_owned(), b"of an earlier run".to_vec())]);
    files::write(&output, &earlier);
    let ended = once(text(&input), &["--out", text(&output)]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert!(ended.out.contains("the delivered bytes are not the file's"), "{ended:#?}");
    let mut expected = earlier;
    expected.insert("good".to_owned(), bytes(10, 1));
    files::assert_same(&files::read(&output), &expected);
}

#[tokio::test]
async fn what_is_delivered_is_as_readable_as_any_new_file() {
    let folder = folder();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    once(text(&input), &["--out", text(&output)]).await.succeeded();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().mode();
    assert_eq!(mode(&output.join("reports/0.csv")), mode(&input.join("reports/0.csv")));
}
