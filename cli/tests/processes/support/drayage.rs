//! One `drayage` process, with nothing of the developer's own environment in it.

use std::ffi::OsStr;
use std::fs::File;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;
use tokio::process::{Child, ChildStderr, Command};

use super::{pids, until, within};

/// What simcloud accepts in [`super::fleet::Fleet`], and `drayage local` from everybody.
pub(crate) const ACCESS_KEY: &str = "test";

/// It, as variables.
pub(crate) const ACCESS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", ACCESS_KEY)];

/// The binary.
pub(crate) const DRAYAGE: &str = env!("CARGO_BIN_EXE_drayage");

/// A running process. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Drayage {
    child: Child,
    /// Holds what it prints, and is its folder for temporary files.
    folder: TempDir,
}

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
    /// Names of what it left in its folder for temporary files.
    pub(crate) left: Vec<String>,
}

impl Drayage {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &ACCESS)
    }

    /// With these variables, and only these, beside what keeps the machine's own AWS settings out.
    pub(crate) fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, OsStr::new(value))).collect();
        Self::start_in(arguments, &variables)
    }

    /// As [`Self::start_with`]; values may be any bytes.
    pub(crate) fn start_in(arguments: &[&str], variables: &[(&str, &OsStr)]) -> Self {
        Self::start_as(&[DRAYAGE], arguments, |command| {
            command.envs(variables.iter().copied());
        })
    }

    /// Started by other programs, each of which becomes the next one: the process's id stays.
    pub(crate) fn start_by(programs: &[&str], arguments: &[&str]) -> Self {
        Self::start_as(&[programs, &[DRAYAGE]].concat(), arguments, |command| {
            command.envs(ACCESS);
        })
    }

    /// Started in any way.
    pub(crate) fn start_as(programs: &[&str], arguments: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let temporary = folder.path().join("temporary");
        std::fs::create_dir(&temporary).unwrap();
        let print = |name: &str| File::create(folder.path().join(name)).unwrap();
        let (program, more) = programs.split_first().unwrap();
        let mut command = Command::new(program);
        command
            .args(more)
            .args(arguments)
            .env_clear()
            .env("TMPDIR", &temporary)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .stdin(Stdio::null())
            .stdout(print("out"))
            .stderr(print("err"))
            // A group of its own, as a shell gives it one.
            .process_group(0)
            .kill_on_drop(true);
        change(&mut command);
        Self { child: command.spawn().unwrap(), folder }
    }

    /// The reading end of its standard error, where that is a pipe.
    pub(crate) fn take_err(&mut self) -> ChildStderr {
        self.child.stderr.take().expect("a pipe")
    }

    /// Closes the reading end of its standard output, where that is a pipe.
    pub(crate) fn close_out(&mut self) {
        drop(self.child.stdout.take());
    }

    pub(crate) fn pid(&self) -> Pid {
        let id = self.child.id().expect("a process that has not been waited for");
        Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// As Ctrl-C on a terminal does it.
    pub(crate) fn signal_group(&self, signal: Signal) {
        kill_process_group(self.pid(), signal).unwrap();
    }

    pub(crate) fn out(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("out")).unwrap()
    }

    pub(crate) fn err(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("err")).unwrap()
    }

    /// What a child of `drayage local` without `--data` has logged so far.
    pub(crate) fn log_of(&self, child: &str) -> Option<String> {
        let folder = std::fs::read_dir(self.folder.path().join("temporary")).unwrap().next()?.unwrap().path();
        std::fs::read_to_string(folder.join("logs").join(format!("{child}.log"))).ok()
    }

    /// Waits until it has printed `text` on standard error.
    pub(crate) async fn says(&self, text: &str) {
        until(text, async || {
            assert!(pids::is_alive(self.pid()), "ended before it said {text:?}: {}", self.err());
            self.err().contains(text).then_some(())
        })
        .await;
    }

    pub(crate) async fn ended(self) -> Ended {
        self.ended_in_place().await.0
    }

    /// With the folder that holds what it left.
    pub(crate) async fn ended_in_place(mut self) -> (Ended, TempDir) {
        let status = within("the end of the process", self.child.wait()).await.unwrap();
        let left = std::fs::read_dir(self.folder.path().join("temporary")).unwrap();
        let left = left.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        (Ended { status, out: self.out(), err: self.err(), left }, self.folder)
    }
}

impl Ended {
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.status.code(), Some(0), "{self:#?}");
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self
    }

    /// Ended with this status, and says why without a panic.
    #[track_caller]
    pub(crate) fn failed(self, status: i32) -> Self {
        assert_eq!(self.status.code(), Some(status), "{self:#?}");
        assert!(!self.err.contains("panicked"), "{self:#?}");
        assert_eq!(self.out, "", "what went wrong is said on standard error: {self:#?}");
        self
    }

    /// Said this on standard error.
    #[track_caller]
    pub(crate) fn said(self, text: &str) -> Self {
        assert!(self.err.contains(text), "expected {text:?} in {self:#?}");
        self
    }
}

/// Runs it to its end.
pub(crate) async fn run(arguments: &[&str]) -> Ended {
    Drayage::start(arguments).ended().await
}
