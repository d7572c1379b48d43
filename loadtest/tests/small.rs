//! `loadtest small` as a process: the bare loops move every file, and what is not there is said.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::process::{Command, Output};

use serde_json::Value;

fn small(arguments: &[&str], out: &std::path::Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    command.args(["small", "--files", "60", "--warm-up", "20", "--out"]).arg(out).args(arguments);
    command.output().unwrap()
}

fn report(out: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(out.join("small.json")).unwrap()).unwrap()
}

#[test]
fn both_bare_loops_move_every_file_with_the_same_requests() {
    let out = tempfile::tempdir().unwrap();
    let mimalloc = format!("bare-mimalloc={}", env!("CARGO_BIN_EXE_bare-mimalloc"));
    let ended = small(
        &["--contenders", "bare,bare-mimalloc,node", "--programs", &format!("{mimalloc},node=/nonexistent")],
        out.path(),
    );
    assert!(ended.status.success(), "{ended:?}");
    let report = report(out.path());
    let rows = report["rows"].as_array().unwrap();
    let statuses: Vec<_> = rows.iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["measured", "measured", "missing"], "{report:#}");
    for row in &rows[..2] {
        let requests = &row["figures"]["requests_per_file_by_operation"];
        assert_eq!(requests["DynamoDB.UpdateItem"], 2.0, "{requests:#}");
        assert_eq!(requests["S3.GetObject"], 1.0, "{requests:#}");
        assert_eq!(requests["S3.PutObject"], 1.0, "{requests:#}");
        for operation in ["SQS.ReceiveMessage", "SQS.DeleteMessageBatch"] {
            assert!((0.05..0.3).contains(&requests[operation].as_f64().unwrap()), "{requests:#}");
        }
    }
    assert!(out.path().join("small.svg").is_file());
}

#[test]
fn without_a_worker_the_comparison_fails_and_says_why() {
    let out = tempfile::tempdir().unwrap();
    let ended = small(&["--contenders", "worker", "--programs", "worker=/nonexistent"], out.path());
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains("drayage worker missing: not built: cargo build"), "{said}");
}
