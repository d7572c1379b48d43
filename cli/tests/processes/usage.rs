//! What the user can get wrong, before anything is asked of AWS: a clear line, and status 64 where the command line is wrong.

use crate::support::drayage::{Drayage, Ended, run};
use crate::support::files;

/// Every line of it says what is wrong with this command line, and nothing else.
#[track_caller]
fn assert_mistakes(ended: Ended, expected: &[&str]) {
    let ended = ended.failed(64);
    let said: Vec<&str> = ended.err.lines().collect();
    assert_eq!(said.len(), expected.len(), "{ended:#?}");
    assert!(ended.err.starts_with("drayage: "), "{ended:#?}");
    for mistake in expected {
        assert!(ended.err.contains(mistake), "expected {mistake:?} in {ended:#?}");
    }
}

#[tokio::test]
async fn an_unknown_flag_is_named() {
    for role in ["local", "dispatcher", "worker", "health", "reap"] {
        run(&[role, "--nope"]).await.failed(64).said("unexpected argument '--nope'");
    }
}

#[tokio::test]
async fn an_unknown_subcommand_is_named() {
    run(&["lokal"]).await.failed(64).said("unrecognized subcommand 'lokal'");
}

#[tokio::test]
async fn mistakes_of_local_come_out_together() {
    let ended = run(&[
        "local",
        "--port",
        "99999",
        "--workers",
        "0",
        "--rules",
        "/nowhere/rules.toml",
        "--out",
        "o",
        "--log",
        "a=b=c",
    ])
    .await;
    assert_mistakes(
        ended,
        &[
            "--port is \"99999\": expected a whole number from 0 to 65535",
            "--workers is \"0\": expected a whole number from 1 to 64",
            "--rules is \"/nowhere/rules.toml\": expected a readable file",
            "--log is \"a=b=c\": expected a filter such as info or debug",
            "--out needs --once",
        ],
    );
}

#[tokio::test]
async fn numbers_that_are_none_are_refused() {
    for (flag, value) in [("--port", "-1"), ("--port", "http"), ("--workers", "65"), ("--workers", "")] {
        let given = format!("{flag}={value}");
        assert_mistakes(
            run(&["local", &given]).await,
            &[&format!("{flag} is {value:?}: expected a whole number")],
        );
    }
}

#[tokio::test]
async fn mistakes_of_the_worker_come_out_together() {
    let wrong = [
        ("--lanes", "Fast=fast", "is no lane name"),
        ("--table", "", "--table is \"\": expected a name"),
        ("--endpoint-url", "localhost:4566", "expected a URL that begins with http:// or https://"),
        ("--visibility-timeout-s", "1", "expected a whole number from 2 to 3600 seconds"),
        ("--wait-s", "21", "expected a whole number from 0 to 20 seconds"),
        ("--grace-period-s", "119", "expected a whole number from 1 to 118 seconds"),
        ("--retention-days", "0", "expected a whole number from 1 to 3650"),
        ("--trace-percent", "101", "expected a whole number from 0 to 100"),
        ("--otlp-endpoint", "collector", "expected a URL that begins with http:// or https://"),
        ("--log", "a=b=c", "expected a filter such as info or debug"),
        ("--concurrency", "fast=0", "expected a whole number from 1 to 1000"),
        ("--part-bytes", "4MiB", "expected 5242880 to 5368709120 bytes, such as 8388608 or 8MiB"),
        ("--parts-in-flight", "0", "expected a whole number from 1 to 64"),
        ("--failed-attempts-max", "0", "expected a whole number from 1 to 100"),
        ("--worker-id", "a b", "expected 1 to 128 printable characters"),
    ];
    let flags: Vec<&str> = wrong.iter().flat_map(|(flag, value, _)| [*flag, *value]).collect();
    let ended = run(&[&["worker"], &*flags].concat()).await;
    assert_mistakes(ended, &wrong.map(|(_, _, expected)| expected));
}

#[tokio::test]
async fn settings_that_do_not_go_together_are_refused() {
    let ended = run(&["worker", "--wait-s", "20", "--visibility-timeout-s", "30"]).await;
    assert_mistakes(ended, &["--visibility-timeout-s is 30 with --wait-s 20: expected at least 31"]);
    let ended = run(&["worker", "--concurrency", "slow=1"]).await;
    assert_mistakes(ended, &["--concurrency names lane \"slow\", which --lanes does not"]);
}

#[tokio::test]
async fn variables_are_named_when_they_are_wrong() {
    let variables = [("DRAYAGE_WAIT_S", "soon"), ("DRAYAGE_POLLERS", "0")];
    let ended = Drayage::start_with(&["dispatcher"], &variables).ended().await;
    assert_mistakes(
        ended,
        &[
            "DRAYAGE_WAIT_S is \"soon\": expected a whole number from 0 to 20 seconds",
            "DRAYAGE_POLLERS is \"0\": expected a whole number from 1 to 64",
            "--rules (or DRAYAGE_RULES) is missing",
        ],
    );
}

#[tokio::test]
async fn a_variable_that_is_not_utf_8_is_no_absent_one() {
    let wrong = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"30\xff");
    for (role, variable) in [
        ("worker", "DRAYAGE_WAIT_S"),
        ("worker", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ("worker", "ECS_AGENT_URI"),
        ("reap", "DRAYAGE_PREFIX"),
        ("health", "DRAYAGE_HEALTH_PORT"),
    ] {
        let ended = Drayage::start_in(&[role], &[(variable, wrong)]).ended().await.failed(64);
        let said = format!("{variable} is \"30\u{fffd}\", which is not UTF-8: expected text");
        assert_eq!(ended.err.matches(variable).count(), 1, "{ended:#?}");
        ended.said(&said);
    }
}

#[tokio::test]
async fn a_port_in_use_is_named_with_a_way_out() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let ended = run(&["local", "--port", &port]).await.failed(1);
    assert_eq!(ended.err.lines().count(), 1, "{ended:#?}");
    ended.said(&format!("127.0.0.1:{port}")).said("--port takes another one");
}

#[tokio::test]
async fn a_folder_that_cannot_be_put_in_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir(path("empty")).unwrap();
    files::write(&folder.path().join("full"), &files::few());
    let not_utf8 = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff");
    std::fs::create_dir(path("odd")).unwrap();
    std::fs::write(folder.path().join("odd").join(not_utf8), "x").unwrap();
    let cases = [
        ("nowhere", "failed to read the folder"),
        ("full/reports/0.csv", "failed to read the folder"),
        ("empty", "there is no file under this folder"),
        ("odd", "the name is not UTF-8"),
    ];
    for (name, expected) in cases {
        let ended = run(&["local", "--port", "0", "--once", &path(name)]).await.failed(1);
        assert_eq!(ended.err.lines().count(), 1, "{ended:#?}");
        ended.said(expected).said(&path(name));
    }
}

#[tokio::test]
async fn a_data_folder_that_is_none_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display().to_string();
    let ended = run(&["local", "--port", "0", "--data", &path]).await.failed(1);
    assert_eq!(ended.err.lines().count(), 1, "{ended:#?}");
    ended.said(&path);
}
