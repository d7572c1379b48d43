//! `loadtest replay` as a process: wrong options are told all at once, with the exit status for them.

use std::process::Command;

#[test]
fn every_wrong_option_and_objective_is_told_and_nothing_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let (objectives, workload) = (folder.path().join("objectives.toml"), folder.path().join("workload.toml"));
    std::fs::write(&objectives, "lost = 0\n").unwrap();
    std::fs::write(&workload, "tenants = 0\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    command.args(["replay", "--over", "soon", "--objects", "burn"]);
    command.arg("--objectives").arg(&objectives).arg("--workload").arg(&workload);
    let ended = command.output().unwrap();
    assert_eq!(ended.status.code(), Some(64));
    let said = String::from_utf8(ended.stderr).unwrap();
    for part in ["--over", "--objects", "lost is not known", "tenants: expected 1 to 1,000"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(ended.stdout.is_empty());
}
