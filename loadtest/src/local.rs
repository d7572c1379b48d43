//! `drayage local` as a process, with its bytes in a folder that goes away with it.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::error::Error;
use crate::program;

const START_PATIENCE: Duration = Duration::from_secs(30);
const START_LOOKS: Duration = Duration::from_millis(50);
/// Longer than `drayage local` gives its own processes, and than it takes to remove the files of a million objects.
const STOP_PATIENCE: Duration = Duration::from_mins(5);
/// What Linux keeps in memory.
const MEMORY: &str = "/dev/shm";

/// How it is to run.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) workers: usize,
    pub(crate) data_in_memory: bool,
    /// Whether it keeps what it has, as with a `--data` folder, instead of dropping it at the end.
    pub(crate) is_kept: bool,
    /// The text of its rules file; `None`: its own default rules.
    pub(crate) rules: Option<String>,
}

/// A running `drayage local`.
#[derive(Debug)]
pub(crate) struct Local {
    child: Child,
    endpoint_url: String,
    lines: Lines<BufReader<ChildStdout>>,
    folder: TempDir,
}

impl Local {
    pub(crate) async fn start(setup: &Setup) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::failed_to("start drayage local", error);
        let program = program::drayage()?;
        let mut builder = tempfile::Builder::new();
        builder.prefix("drayage-loadtest-");
        let folder = if setup.data_in_memory { builder.tempdir_in(MEMORY) } else { builder.tempdir() };
        let folder = folder.map_err(|error| Error::failed_to("make a temporary folder", error))?;
        let stderr = File::create(folder.path().join(STDERR)).map_err(failed)?;
        let mut command = Command::new(program);
        if let Some(rules) = &setup.rules {
            let path = folder.path().join(RULES);
            std::fs::write(&path, rules).map_err(failed)?;
            command.arg("local").arg("--rules").arg(path);
        } else {
            command.arg("local");
        }
        if setup.is_kept {
            command.arg("--data").arg(folder.path().join(DATA));
        }
        let mut child = command
            .args(["--json", "--port", "0", "--log", "warn", "--workers", &setup.workers.to_string()])
            // Its bytes, its logs.
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            // Ctrl-C reaches a terminal's whole group; it is stopped by us, once.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let stdout =
            child.stdout.take().ok_or_else(|| Error::failed_to("start drayage local", "it has no output"))?;
        let lines = BufReader::new(stdout).lines();
        let mut local = Self { child, endpoint_url: String::new(), lines, folder };
        local.endpoint_url = local.wait_for_endpoint().await?;
        Ok(local)
    }

    /// `drayage local` says where it listens on standard error.
    async fn wait_for_endpoint(&mut self) -> Result<String, Error> {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            if let Some(url) = endpoint(&self.stderr()) {
                return Ok(url);
            }
            let ended =
                self.child.try_wait().map_err(|error| Error::failed_to("start drayage local", error))?;
            if ended.is_some() || Instant::now() > deadline {
                return Err(Error::failed_to("start drayage local", self.last_words()));
            }
            sleep(START_LOOKS).await;
        }
    }

    pub(crate) fn endpoint_url(&self) -> &str {
        &self.endpoint_url
    }

    /// Its process id.
    pub(crate) fn process(&self) -> Result<u32, Error> {
        self.child
            .id()
            .ok_or_else(|| Error::Failed(format!("drayage local has ended\n{}", self.last_words())))
    }

    /// The next file that has come to its end.
    pub(crate) async fn next_line(&mut self) -> Result<String, Error> {
        match self.lines.next_line().await {
            Ok(Some(line)) => Ok(line),
            Ok(None) => Err(Error::Failed(format!("drayage local has ended\n{}", self.last_words()))),
            Err(error) => Err(Error::failed_to("read from drayage local", error)),
        }
    }

    fn stderr(&self) -> String {
        let text = std::fs::read(self.folder.path().join(STDERR)).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The last lines of its standard error.
    pub(crate) fn last_words(&self) -> String {
        let text = self.stderr();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }

    /// SIGTERM, and SIGKILL when that takes too long. Its output is read to the end, so that it never waits for us.
    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        let process = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(process) = process {
            kill_process(process, Signal::TERM)
                .map_err(|error| Error::failed_to("stop drayage local", error))?;
        }
        let drain = async {
            while let Ok(Some(_)) = self.lines.next_line().await {}
            self.child.wait().await
        };
        match timeout(STOP_PATIENCE, drain).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => {
                Err(Error::Failed(format!("drayage local ended with {status}\n{}", self.last_words())))
            }
            Ok(Err(error)) => Err(Error::failed_to("stop drayage local", error)),
            Err(_) => {
                let _ = self.child.kill().await;
                Err(Error::Failed(format!(
                    "drayage local did not stop in {} s and was killed",
                    STOP_PATIENCE.as_secs()
                )))
            }
        }
    }
}

const STDERR: &str = "stderr";
const RULES: &str = "rules.toml";
const DATA: &str = "data";
const LAST_LINES: usize = 5;

/// The first loopback address with a port in a text.
fn endpoint(text: &str) -> Option<String> {
    const HEAD: &str = "http://127.0.0.1:";
    let rest = &text[text.find(HEAD)? + HEAD.len()..];
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    let port: u16 = rest[..digits].parse().ok()?;
    Some(format!("{HEAD}{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_read_once_it_is_whole() {
        assert_eq!(
            endpoint("listens on http://127.0.0.1:4566; one"),
            Some("http://127.0.0.1:4566".to_owned())
        );
        assert_eq!(endpoint("listens on http://127.0.0.1:45"), None);
        assert_eq!(endpoint("failed to listen"), None);
    }
}
