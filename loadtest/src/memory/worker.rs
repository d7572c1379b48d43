//! `drayage worker` as a process of its own.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, ChildStdin};
use tokio::time::timeout;

use crate::error::Error;
use crate::procfs;
use crate::program;

const STOP_PATIENCE: Duration = Duration::from_secs(30);
const ACCESS_KEY: &str = "local";

/// A running worker, and its leash: standard input, which has to be held apart, because waiting for a child closes what it holds.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    _leash: Option<ChildStdin>,
}

/// What a worker took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    pub(super) peak_kib: u64,
    pub(super) cpu_seconds: f64,
}

impl Worker {
    pub(super) fn start(endpoint_url: &str, part_bytes: u64, parts_in_flight: usize) -> Result<Self, Error> {
        let (part_bytes, parts_in_flight) = (part_bytes.to_string(), parts_in_flight.to_string());
        let child = program::service(&program::drayage()?, ACCESS_KEY)
            .args(["worker", "--stop-with-parent", "--region", "us-east-1", "--log", "warn"])
            .args(["--endpoint-url", endpoint_url, "--wait-s", "2", "--grace-period-s", "15"])
            .args(["--part-bytes", &part_bytes, "--parts-in-flight", &parts_in_flight])
            .spawn();
        let mut child = child.map_err(|error| Error::failed_to("start drayage worker", error))?;
        let leash = child.stdin.take();
        Ok(Self { child, _leash: leash })
    }

    pub(super) fn usage(&self) -> Result<Usage, Error> {
        let read = |process| {
            let cpu_seconds = procfs::stat(process)?.cpu_seconds;
            Some(Usage { peak_kib: procfs::peak_kib(process)?, cpu_seconds })
        };
        self.child.id().and_then(read).ok_or_else(|| Error::Failed("the worker has ended".to_owned()))
    }

    /// # Errors
    /// When it ends; it does not by itself.
    pub(super) async fn ended(&mut self) -> Error {
        let status =
            self.child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
        Error::Failed(format!("the worker ended with {status}"))
    }

    pub(super) async fn stop(mut self) -> Result<(), Error> {
        if let Some(process) = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
            kill_process(process, Signal::TERM)
                .map_err(|error| Error::failed_to("stop the worker", error))?;
        }
        match timeout(STOP_PATIENCE, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(Error::Failed(format!("the worker ended with {status}"))),
            Ok(Err(error)) => Err(Error::failed_to("stop the worker", error)),
            Err(_) => Err(Error::Failed("the worker did not stop in time".to_owned())),
        }
    }
}
