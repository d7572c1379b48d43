//! A stop while a role still starts. It is a stop, and not the end by a signal.

use rustix::process::Signal;
use tempfile::TempDir;
use tokio::fs::OpenOptions;

use crate::support::drayage::Drayage;
use crate::support::files;
use crate::support::fleet::Fleet;
use crate::support::pids::catches;
use crate::support::tools::run_tool;
use crate::support::{until, within};

/// A file of rules that nobody writes: whoever reads it waits.
struct Rules {
    folder: TempDir,
}

impl Rules {
    fn new() -> Option<Self> {
        let rules = Self { folder: tempfile::tempdir().unwrap() };
        run_tool("mkfifo", &[&rules.path()])?;
        Some(rules)
    }

    fn path(&self) -> String {
        self.folder.path().join("rules.toml").display().to_string()
    }

    /// Stopped in the middle of reading its settings.
    async fn stop_reader(&self, arguments: &[&str]) -> Drayage {
        let process = Drayage::start(arguments);
        // There is a writer as soon as there is a reader.
        let (mut options, path) = (OpenOptions::new(), self.path());
        let opening = options.write(true).open(path);
        let _writer = within("somebody to read the rules", opening).await.unwrap();
        process.signal(Signal::TERM);
        until("the end of the process", async || {
            (!crate::support::pids::is_alive(process.pid())).then_some(())
        })
        .await;
        process
    }
}

#[tokio::test]
async fn a_dispatcher_that_reads_its_settings_stops_with_exit_0() {
    let (Some(rules), fleet) = (Rules::new(), Fleet::new().await) else { return };
    let path = rules.path();
    let process = rules.stop_reader(&fleet.arguments("dispatcher", &["--rules", &path])).await;
    process.ended().await.succeeded();
}

#[tokio::test]
async fn local_that_reads_its_settings_stops_with_exit_0() {
    let Some(rules) = Rules::new() else { return };
    let process = rules.stop_reader(&["local", "--port", "0", "--rules", &rules.path()]).await;
    process.ended().await.succeeded();
}

#[tokio::test]
async fn once_that_reads_its_settings_says_that_it_is_not_done() {
    let Some(rules) = Rules::new() else { return };
    let input = tempfile::tempdir().unwrap();
    files::write(input.path(), &files::few());
    let input = input.path().to_str().unwrap();
    let process =
        rules.stop_reader(&["local", "--port", "0", "--once", input, "--rules", &rules.path()]).await;
    process.ended().await.failed(1).said("interrupted before every file had come to its end");
}

#[tokio::test]
async fn a_stop_at_the_first_moment_that_can_be_seen_ends_no_role_by_a_signal() {
    let fleet = Fleet::new().await;
    let rules = fleet.rules();
    let roles = [
        (fleet.arguments("dispatcher", &["--rules", &rules]), 0),
        (fleet.arguments("worker", &[]), 0),
        (vec!["local", "--port", "0"], 0),
        // Exit 0 would say that it has looked at every upload.
        (fleet.arguments("reap", &["--bucket", "delivered"]), 1),
    ];
    for (arguments, expected) in roles {
        let process = Drayage::start(&arguments);
        until("a process that catches SIGTERM", async || catches(process.pid(), Signal::TERM).then_some(()))
            .await;
        process.signal(Signal::TERM);
        let ended = process.ended().await;
        // A sweep of an empty bucket may have been quicker.
        let code = ended.status.code();
        assert!(code == Some(expected) || code == Some(0), "{arguments:?}: {ended:#?}");
    }
}
