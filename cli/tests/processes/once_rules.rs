//! `drayage local --once` with rules of one's own.

use std::path::Path;

use crate::support::drayage::{Drayage, run};
use crate::support::files::{self, Tree};

const FAN_OUT: &str = r#"version = 1

[lanes]
default = "fast"

[[rule]]
name = "main"
match.bucket = "landing"
match.suffix = ".csv"
target.bucket = "delivered"

[[rule]]
name = "archive"
match.bucket = "landing"
match.suffix = ".csv"
target.bucket = "archive"
target.key = "kept/{key}"
"#;

fn start(folder: &Path, tree: &Tree, more: &[&str]) -> Drayage {
    files::write(&folder.join("in"), tree);
    std::fs::write(folder.join("rules.toml"), FAN_OUT).unwrap();
    let path = |name: &str| folder.join(name).display().to_string();
    let (input, output, rules) = (path("in"), path("out"), path("rules.toml"));
    let once = ["local", "--port", "0", "--rules", &rules, "--once", &input, "--out", &output];
    Drayage::start(&[&once, more].concat())
}

#[tokio::test]
async fn every_target_gets_a_folder_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let tree = files::few();
    let ended = start(folder.path(), &tree, &[]).ended().await.succeeded();
    let to = |bucket: &str| {
        tree.iter().map(|(name, bytes)| (format!("{bucket}{name}"), bytes.clone())).collect::<Tree>()
    };
    let mut expected = to("archive/kept/");
    expected.extend(to("delivered/"));
    files::assert_same(&files::read(&folder.path().join("out")), &expected);
    assert_eq!(ended.out.lines().count(), 1 + 2 * tree.len(), "{ended:#?}");
}

#[tokio::test]
async fn a_file_that_no_rule_wants_is_told_with_the_reason_and_fails_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut tree = files::few();
    tree.insert("notes.txt".to_owned(), b"not for anybody".to_vec());
    let ended = start(folder.path(), &tree, &[]).ended().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    let row = ended.out.lines().find(|line| line.starts_with("notes.txt")).unwrap();
    assert!(row.contains("unrouted: main: "), "{row}");
    assert!(ended.err.contains("1 of 7 files were not delivered as they are"), "{ended:#?}");
}

#[tokio::test]
async fn json_tells_of_a_file_that_no_rule_wants_too() {
    let folder = tempfile::tempdir().unwrap();
    let tree =
        Tree::from([("a.csv".to_owned(), b"a".to_vec()), ("notes.txt".to_owned(), b"nobody's".to_vec())]);
    let ended = start(folder.path(), &tree, &["--json"]).ended().await;
    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    let lines = ended.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let mut told: Vec<String> = lines.map(|line| format!("{} {}", line["key"], line["status"])).collect();
    told.sort();
    let expected = [r#""a.csv" "completed""#, r#""a.csv" "completed""#, r#""notes.txt" "unrouted""#];
    assert_eq!(told, expected, "one line for each target");
    assert!(ended.err.contains("notes.txt: unrouted: main: "), "{ended:#?}");
}

#[tokio::test]
async fn rules_that_do_not_look_at_landing_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    files::write(&folder.path().join("in"), &files::few());
    let rules = folder.path().join("rules.toml");
    std::fs::write(&rules, common::routes::DEFAULT_RULES.replace("landing", "elsewhere")).unwrap();
    let (input, rules) = (folder.path().join("in"), rules.display().to_string());
    let ended = run(&["local", "--port", "0", "--rules", &rules, "--once", input.to_str().unwrap()]).await;
    let ended = ended.failed(64).said("no rule looks at the bucket `landing`");
    assert_eq!(ended.err.lines().count(), 1, "{ended:#?}");
}
