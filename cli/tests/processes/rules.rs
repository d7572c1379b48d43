//! Wrong rules files: every mistake with its line and column, before anything is started.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::drayage::{Ended, run};

const WITH_MISTAKES: &str = r#"version = 1

[lanes]
default = "slow"

[[rule]]
name = "one"
match.bucket = "landing"
match.sufix = ".csv"
target.bucket = 7

[[rule]]
name = "one"
match.bucket = "landing"
target.bucket = "delivered"
target.storage_class = "FROZEN"
"#;

const LOOP: &str = r#"version = 1

[lanes]
default = "fast"

[[rule]]
name = "forth"
match.bucket = "landing"
target.bucket = "middle"

[[rule]]
name = "back"
match.bucket = "middle"
target.bucket = "landing"
"#;

fn file(rules: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.toml");
    std::fs::write(&path, rules).unwrap();
    (folder, path)
}

/// What both commands that read rules say of these.
async fn refused(rules: &str) -> [Ended; 2] {
    let (_folder, path) = file(rules);
    let path = path.to_str().unwrap();
    let local = run(&["local", "--port", "0", "--rules", path]).await.failed(64).said(path);
    let dispatcher = run(&["dispatcher", "--rules", path]).await.failed(64).said(path);
    [local, dispatcher]
}

#[tokio::test]
async fn every_mistake_is_named_with_line_and_column() {
    for ended in refused(WITH_MISTAKES).await {
        for (place, what) in [
            ("line 4, column 11", "there is no lane `slow`"),
            ("line 9, column 7", "unknown field `sufix`"),
            ("line 10, column 17", "expected a string"),
            ("line 16, column 24", "unknown storage class `FROZEN`"),
        ] {
            let line = ended.err.lines().find(|line| line.contains(what));
            assert!(
                line.is_some_and(|line| line.starts_with(place)),
                "expected {place}: {what} in {ended:#?}"
            );
        }
    }
}

#[tokio::test]
async fn broken_toml_is_named_with_its_place() {
    for ended in refused("version = 1\n[lanes\n").await {
        ended.said("line 2, column ");
    }
}

#[tokio::test]
async fn an_empty_file_is_no_rules_file() {
    for ended in refused("").await {
        ended.said("`version = 1` is missing").said("no [[rule]]");
    }
}

#[tokio::test]
async fn a_target_that_feeds_the_rules_is_refused() {
    for ended in refused(LOOP).await {
        ended.said("line 6, column 1: a target feeds the rules again: forth → back → forth");
    }
}
