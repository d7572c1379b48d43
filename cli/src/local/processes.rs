//! The dispatcher and the workers of `drayage local`: processes of this very binary, started again when they die.

use std::convert::Infallible;
use std::fs::File;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use common::backoff::{Delays, Policy};
use common::health::HEALTH_PORT;
use common::service::StartError;
use futures::future::{join_all, select_all};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::Instant;
use topology::{INGEST, LANES, TABLE};

use super::cloud::{ACCESS_KEY, LocalCloud, REGION};
use super::options::Options;
use crate::parent::STOP_WITH_PARENT;

/// Short enough that the files of a killed worker move on soon; longer than the wait plus what a receive may hang.
const VISIBILITY_TIMEOUT_S: &str = "13";
const WAIT_S: &str = "2";
/// A process that dies within this time of its start has not started.
const STARTS_WITHIN: Duration = Duration::from_secs(3);
/// As often as that in a row, and the command gives up.
const FAILED_STARTS_MAX: u32 = 4;
const RESTART: Policy = Policy { first: Duration::from_millis(200), most: Duration::from_secs(5) };

/// How a process ended.
#[derive(Debug)]
pub(super) struct Drained {
    pub(super) name: String,
    pub(super) how: String,
    /// The most memory it held (VmHWM), where the system tells.
    pub(super) peak_kib: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Processes(Vec<Process>);

#[derive(Debug)]
struct Process {
    name: String,
    arguments: Vec<String>,
    log: PathBuf,
    child: Child,
    /// Held open for as long as we live: its end stops the process.
    leash: Option<ChildStdin>,
    started: Instant,
    failed_starts: u32,
    delays: Delays,
}

impl Processes {
    pub(super) async fn start(options: &Options, cloud: &LocalCloud) -> Result<Self, StartError> {
        let rules = cloud.folder().join("rules.toml");
        std::fs::write(&rules, &options.rules)
            .map_err(|error| StartError::Local(format!("failed to write {}: {error}", rules.display())))?;
        let lanes = LANES.map(|lane| format!("{lane}={lane}")).join(",");
        let shared = |role: &str| {
            let flags = [
                ("region", REGION),
                ("endpoint-url", cloud.endpoint_url()),
                ("table", TABLE),
                ("lanes", &lanes),
                ("visibility-timeout-s", VISIBILITY_TIMEOUT_S),
                ("wait-s", WAIT_S),
                ("grace-period-s", "15"),
                ("log", &options.log),
            ];
            let flags = flags.into_iter().flat_map(|(name, value)| [format!("--{name}"), value.to_owned()]);
            [role.to_owned(), format!("--{STOP_WITH_PARENT}")].into_iter().chain(flags).collect::<Vec<_>>()
        };
        let also = |mut arguments: Vec<String>, more: &[&str]| {
            arguments.extend(more.iter().map(|&argument| argument.to_owned()));
            arguments
        };
        let logs = cloud.folder().join("logs");
        let rules = rules.display().to_string();
        let dispatcher = also(shared("dispatcher"), &["--ingest-queue", INGEST, "--rules", &rules]);
        let mut processes =
            vec![Process::start("dispatcher".to_owned(), dispatcher, logs.join("dispatcher.log"))?];
        for number in 1..=options.workers {
            let name = format!("worker-{number}");
            let arguments = also(shared("worker"), &["--worker-id", &name]);
            let log = logs.join(format!("{name}.log"));
            processes.push(Process::start(name, arguments, log)?);
        }
        Ok(Self(processes))
    }

    /// Starts again what dies, for ever.
    ///
    /// # Errors
    /// When a process does not start several times in a row.
    pub(super) async fn watch(&mut self) -> Result<Infallible, StartError> {
        loop {
            let ended = select_all(self.0.iter_mut().map(|process| Box::pin(process.child.wait())));
            let (status, index, _) = ended.await;
            if let Some(process) = self.0.get_mut(index) {
                process.restart(status).await?;
            }
        }
    }

    /// SIGTERM to all, and SIGKILL to those that are still there after `grace`.
    pub(super) async fn stop(&mut self, grace: Duration) -> Vec<Drained> {
        join_all(self.0.iter_mut().map(|process| process.stop(grace))).await
    }
}

impl Process {
    fn start(name: String, arguments: Vec<String>, log: PathBuf) -> Result<Self, StartError> {
        let mut child = spawn(&name, &arguments, &log)?;
        // Waiting for a child closes the standard input that it still holds.
        let leash = child.stdin.take();
        let delays = Delays::new(RESTART);
        let started = Instant::now();
        Ok(Self { name, arguments, log, child, leash, started, failed_starts: 0, delays })
    }

    async fn restart(&mut self, status: std::io::Result<ExitStatus>) -> Result<(), StartError> {
        let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        if self.started.elapsed() < STARTS_WITHIN {
            self.failed_starts += 1;
        } else {
            self.failed_starts = 0;
            self.delays.reset();
        }
        if self.failed_starts >= FAILED_STARTS_MAX {
            let (name, log) = (&self.name, self.log.display());
            let last = std::fs::read_to_string(&self.log).unwrap_or_default();
            let last = last.lines().last().unwrap_or_default();
            return Err(StartError::Local(format!(
                "{name} does not start ({how}); its log {log} ends with: {last}"
            )));
        }
        eprintln!("{} ended ({how}); starting it again", self.name);
        tokio::time::sleep(self.delays.next_delay()).await;
        self.child = spawn(&self.name, &self.arguments, &self.log)?;
        self.leash = self.child.stdin.take();
        self.started = Instant::now();
        Ok(())
    }

    async fn stop(&mut self, grace: Duration) -> Drained {
        let peak_kib = self.child.id().and_then(peak_kib);
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid
            && let Err(error) = kill_process(pid, Signal::TERM)
        {
            eprintln!("failed to stop {}: {error}", self.name);
        }
        let how = match tokio::time::timeout(grace, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => "drained".to_owned(),
            Ok(Ok(status)) => format!("ended with {status}"),
            Ok(Err(error)) => format!("was lost: {error}"),
            Err(_) => match self.child.kill().await {
                Ok(()) => "did not drain in time and was killed".to_owned(),
                Err(error) => format!("did not drain in time: {error}"),
            },
        };
        Drained { name: self.name.clone(), how, peak_kib }
    }
}

fn spawn(name: &str, arguments: &[String], log: &PathBuf) -> Result<Child, StartError> {
    let failed = |error: std::io::Error| StartError::Local(format!("failed to start {name}: {error}"));
    let program = std::env::current_exe().map_err(failed)?;
    let log = File::options().create(true).append(true).open(log).map_err(failed)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        // One port is for one process.
        .env_remove(HEALTH_PORT.variable())
        // The rules come as a file; a second source of them would be a mistake.
        .env_remove("DRAYAGE_RULES_TEXT")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log)
        // Ctrl-C reaches the whole group of the terminal; the processes are stopped by us, once.
        .process_group(0)
        .kill_on_drop(true);
    topology::isolate(command.as_std_mut(), ACCESS_KEY);
    command.spawn().map_err(failed)
}

fn peak_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
