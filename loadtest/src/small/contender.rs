//! Who moves the files: the worker, and loops of the same requests.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;
use topology::TABLE;

use super::peers::Peers;
use super::world::{ACCESS_KEY, LANE, REGION};

/// The role of this binary that is the bare loop.
pub(super) const BARE_ROLE: &str = "small-bare";
/// A long poll that is open at the end delays the end by as much.
const WAIT_S: &str = "2";
/// Often enough that a run of a few seconds has exports in it.
const METRICS_INTERVAL_S: &str = "2";
/// What a program may take to say its version.
const VERSION_PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Worker,
    /// The worker, its metrics exported.
    WorkerMetrics,
    /// The worker, its metrics and every trace exported.
    WorkerTelemetry,
    Bare,
    BareMimalloc,
    Node,
    Boto3,
}

/// One row.
#[derive(Debug, Clone)]
pub(super) struct Contender {
    pub(super) kind: Kind,
    /// Instead of the usual program.
    pub(super) program: Option<String>,
}

/// Whether a contender can be run here.
#[derive(Debug, Clone)]
pub(super) enum Found {
    Here { program: PathBuf, version: String },
    Missing(String),
}

impl Kind {
    pub(super) const ALL: [Self; 7] = [
        Self::Worker,
        Self::WorkerMetrics,
        Self::WorkerTelemetry,
        Self::Bare,
        Self::BareMimalloc,
        Self::Node,
        Self::Boto3,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::WorkerMetrics => "worker-metrics",
            Self::WorkerTelemetry => "worker-telemetry",
            Self::Bare => "bare",
            Self::BareMimalloc => "bare-mimalloc",
            Self::Node => "node",
            Self::Boto3 => "boto3",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Worker => "drayage worker",
            Self::WorkerMetrics => "… metrics on",
            Self::WorkerTelemetry => "… metrics and traces on",
            Self::Bare => "bare loop",
            Self::BareMimalloc => "bare loop, mimalloc",
            Self::Node => "Node, sqs-consumer",
            Self::Boto3 => "Python, boto3",
        }
    }

    pub(super) fn is_worker(self) -> bool {
        matches!(self, Self::Worker | Self::WorkerMetrics | Self::WorkerTelemetry)
    }

    pub(super) fn exports_metrics(self) -> bool {
        matches!(self, Self::WorkerMetrics | Self::WorkerTelemetry)
    }

    pub(super) fn exports_traces(self) -> bool {
        self == Self::WorkerTelemetry
    }

    pub(super) fn is_bare(self) -> bool {
        matches!(self, Self::Bare | Self::BareMimalloc)
    }
}

impl Contender {
    pub(super) async fn find(&self, peers: &Peers) -> Found {
        let given = self.program.clone().map(PathBuf::from);
        match self.kind {
            Kind::Worker | Kind::WorkerMetrics | Kind::WorkerTelemetry => {
                built(given, "drayage", env!("CARGO_PKG_VERSION"))
            }
            Kind::BareMimalloc => built(given, "bare-mimalloc", &sdk_version()),
            Kind::Bare => match std::env::current_exe() {
                Ok(program) => Found::Here { program, version: sdk_version() },
                Err(error) => Found::Missing(error.to_string()),
            },
            Kind::Node => {
                let program = given.unwrap_or_else(|| PathBuf::from("node"));
                said(program, &[peers.node_script().as_os_str(), "--version".as_ref()]).await
            }
            Kind::Boto3 => {
                let program = given.unwrap_or_else(|| peers.python());
                said(program, &[peers.python_script().as_os_str(), "--version".as_ref()]).await
            }
        }
    }

    /// The process that moves files until it is ended.
    pub(super) fn command(
        &self,
        program: &Path,
        endpoint_url: &str,
        in_flight: usize,
        job: &Path,
        peers: &Peers,
        collector_url: &str,
    ) -> Command {
        let mut command = Command::new(program);
        match self.kind {
            Kind::Worker | Kind::WorkerMetrics | Kind::WorkerTelemetry => {
                let lanes = format!("{LANE}={LANE}");
                let concurrency = format!("{LANE}={in_flight}");
                let flags = [
                    ("--region", REGION),
                    ("--endpoint-url", endpoint_url),
                    ("--table", TABLE),
                    ("--lanes", &lanes),
                    ("--concurrency", &concurrency),
                    ("--wait-s", WAIT_S),
                ];
                command.args(["worker", "--stop-with-parent"]);
                command.args(flags.into_iter().flat_map(|(name, value)| [name, value]));
            }
            Kind::Bare => drop(command.arg(BARE_ROLE)),
            Kind::BareMimalloc => {}
            Kind::Node => drop(command.arg(peers.node_script())),
            Kind::Boto3 => drop(command.arg(peers.python_script())),
        }
        if !self.kind.is_worker() {
            command.arg(job);
        }
        if self.kind.exports_metrics() {
            command.args(["--otlp-endpoint", collector_url, "--metrics-interval-s", METRICS_INTERVAL_S]);
            let traces = if self.kind.exports_traces() { "otlp" } else { "none" };
            command.env("OTEL_TRACES_EXPORTER", traces);
        }
        with_keys(&mut command);
        command
    }
}

fn sdk_version() -> String {
    format!("aws-sdk-s3 {}", aws_sdk_s3::meta::PKG_VERSION)
}

/// A binary that was built beside this one.
fn built(given: Option<PathBuf>, name: &str, version: &str) -> Found {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.join(name));
    let Some(program) = given.or_else(beside) else { return Found::Missing(format!("no {name} here")) };
    if program.is_file() {
        return Found::Here { program, version: version.to_owned() };
    }
    let debug = program.parent().is_some_and(|folder| folder.ends_with("debug"));
    let profile = if debug { "" } else { " --release" };
    Found::Missing(format!("not built: cargo build{profile} -p drayage -p loadtest"))
}

/// Found when it says its version.
async fn said(program: PathBuf, arguments: &[&std::ffi::OsStr]) -> Found {
    let mut command = Command::new(&program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    match timeout(VERSION_PATIENCE, command.output()).await {
        Ok(Ok(said)) if said.status.success() => {
            let said = String::from_utf8_lossy(&said.stdout).into_owned();
            Found::Here { program, version: said.lines().next().unwrap_or_default().trim().to_owned() }
        }
        _ => Found::Missing("not installed: --install installs it".to_owned()),
    }
}

/// Fake credentials, and nothing of the machine's own AWS configuration.
fn with_keys(command: &mut Command) {
    topology::replace_aws_variables(command.as_std_mut(), ACCESS_KEY);
    command.env_remove("OTEL_EXPORTER_OTLP_ENDPOINT").env_remove("OTEL_SDK_DISABLED");
}
