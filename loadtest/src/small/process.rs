//! A contender's process: started, measured from outside, stopped. It ends with us: its standard input is a pipe from us, and
//! when the pipe closes it stops.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use crate::procfs;

/// Longer than a long poll of the worker's.
const STOP_PATIENCE: Duration = Duration::from_secs(15);
/// What is shown of a failing program's last line.
const SHOWN_CHARS_MAX: usize = 200;

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    id: u32,
    stderr: PathBuf,
    /// Held open for as long as we live.
    _leash: Option<ChildStdin>,
}

impl Process {
    pub(super) fn start(mut command: Command, folder: &Path) -> Result<Self, String> {
        let name = command.as_std().get_program().to_string_lossy().into_owned();
        let failed = |error: std::io::Error| format!("failed to start {name}: {error}");
        let stderr = folder.join("stderr");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(&stderr).map_err(failed)?)
            // Ctrl-C reaches a terminal's whole group; what we started is stopped by us.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        // Waiting for a child closes the standard input that it still holds.
        let leash = child.stdin.take();
        let id = child.id().ok_or_else(|| format!("failed to start {name}: it has no process id"))?;
        Ok(Self { child, id, stderr, _leash: leash })
    }

    /// User and system time so far.
    pub(super) fn cpu_seconds(&self) -> Result<f64, String> {
        let stat = procfs::stat(self.id).ok_or("its CPU time could not be read")?;
        Ok(stat.cpu_seconds)
    }

    pub(super) fn peak_kib(&self) -> Result<u64, String> {
        procfs::peak_kib(self.id).ok_or_else(|| "its memory could not be read".to_owned())
    }

    /// Resolves when the process has ended by itself, which none of them should: why.
    pub(super) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => self.last_words(status),
            Err(error) => format!("failed to wait: {error}"),
        }
    }

    /// SIGTERM, and SIGKILL when that takes too long.
    pub(super) async fn stop(&mut self) -> Result<ExitStatus, String> {
        if let Some(process) = i32::try_from(self.id).ok().and_then(Pid::from_raw) {
            kill_process(process, Signal::TERM).map_err(|error| format!("failed to stop it: {error}"))?;
        }
        match timeout(STOP_PATIENCE, self.child.wait()).await {
            Ok(status) => status.map_err(|error| format!("failed to wait: {error}")),
            Err(_) => {
                let _ = self.child.kill().await;
                Err(format!("it did not stop in {} s and was killed", STOP_PATIENCE.as_secs()))
            }
        }
    }

    pub(super) fn last_words(&self, status: ExitStatus) -> String {
        let text = std::fs::read(&self.stderr).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        let last: String = last.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS_MAX).collect();
        format!("it ended ({status}): {last}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, folder: &Path) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start(command, folder).unwrap()
    }

    #[tokio::test]
    async fn a_process_that_ends_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = shell("echo first >&2; echo last >&2; exit 3", folder.path());
        assert_eq!(process.ended().await, "it ended (exit status: 3): last");
    }

    #[tokio::test]
    async fn a_process_waits_on_its_leash_and_stops_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = shell("read nothing", folder.path());
        assert!(process.cpu_seconds().is_ok() && process.peak_kib().is_ok());
        assert!(!process.stop().await.unwrap().success());
    }
}
