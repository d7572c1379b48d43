//! What a contender is asked to copy. The floor, the copier and the boto3 script read it from a file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command};
use serde::{Deserialize, Serialize};

use super::workload::{PART_BYTES, Sources, Workload};
use crate::error::Error;

pub(super) const SOURCE_BUCKET: &str = "landing";
pub(super) const TARGET_BUCKET: &str = "delivered";
/// What requests are signed with; the server takes any.
pub(super) const ACCESS_KEY: &str = "loadtest";
pub(super) const REGION: &str = "us-east-1";

/// The objects of one workload, and the way to copy them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) endpoint_url: String,
    pub(super) address: SocketAddr,
    pub(super) workload: String,
    pub(super) source_bucket: String,
    pub(super) target_bucket: String,
    pub(super) object_bytes: u64,
    pub(super) at_once: usize,
    pub(super) part_bytes: u64,
    pub(super) parts_in_flight: usize,
    pub(super) timeout_s: u64,
    pub(super) objects: Vec<Object>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Object {
    pub(super) key: String,
    /// Without quotes.
    pub(super) etag: String,
}

impl Job {
    pub(super) fn new(
        address: SocketAddr,
        workload: &Workload,
        sources: &Sources,
        timeout: Duration,
    ) -> Self {
        let objects =
            sources.0.iter().map(|source| Object { key: source.key.clone(), etag: source.etag.clone() });
        Self {
            endpoint_url: format!("http://{address}"),
            address,
            workload: workload.name.to_owned(),
            source_bucket: SOURCE_BUCKET.to_owned(),
            target_bucket: TARGET_BUCKET.to_owned(),
            object_bytes: workload.object_bytes,
            at_once: workload.at_once,
            part_bytes: PART_BYTES,
            parts_in_flight: workload.parts_in_flight,
            timeout_s: timeout.as_secs(),
            objects: objects.collect(),
        }
    }

    /// One object in one request.
    pub(super) fn is_small(&self) -> bool {
        self.object_bytes <= self.part_bytes
    }
}

const JOB: &str = "job";

/// A role of this binary that does a job.
pub(super) fn command(role: &'static str) -> Command {
    Command::new(role).hide(true).about("Copies what a job file says").arg(Arg::new(JOB).required(true))
}

/// Reads the job and does it: on one thread, as a worker does.
pub(super) fn main(
    matches: &ArgMatches,
    run: impl AsyncFnOnce(Job) -> Result<(), String>,
) -> Result<(), Error> {
    let path = matches.get_one::<String>(JOB).map(PathBuf::from).unwrap_or_default();
    let failed =
        |why: &dyn std::fmt::Display| Error::failed_to(format!("read the job {}", path.display()), why);
    let text = std::fs::read_to_string(&path).map_err(|error| failed(&error))?;
    let job: Job = serde_json::from_str(&text).map_err(|error| failed(&error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::failed_to("start the runtime", error))?;
    let patience = Duration::from_secs(job.timeout_s);
    let ended = runtime.block_on(async { tokio::time::timeout(patience, run(job)).await });
    match ended {
        Ok(done) => done.map_err(Error::Failed),
        Err(_) => Err(Error::Failed(format!("not done in {} s", patience.as_secs()))),
    }
}
