//! The dispatcher and the workers of `drayage local`: processes of this very binary, started again when they die.

use std::convert::Infallible;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use common::backoff::{Delays, Policy};
use common::health::HEALTH_PORT;
use common::output;
use common::say;
use common::service::StartError;
use common::shutdown::StopSignals;
use futures::future::{join_all, select_all};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use topology::{INGEST, LANES, TABLE};

use super::cloud::{ACCESS_KEY, LocalCloud, REGION};
use super::options::Options;
use super::program::Program;
use crate::parent::STOP_WITH_PARENT;

/// Short enough that the files of a killed worker move on soon; longer than the wait plus what a receive may hang.
const VISIBILITY_TIMEOUT_S: &str = "13";
const WAIT_S: &str = "2";
/// A process that dies within this time of its start has not started.
const STARTS_WITHIN: Duration = Duration::from_secs(3);
/// As often as that in a row, and the command gives up.
const FAILED_STARTS_MAX: u32 = 4;
/// Of a log's last line, what is shown.
const LAST_LINE_BYTES_MAX: u64 = 1_000;
const RESTART: Policy = Policy { first: Duration::from_millis(200), most: Duration::from_secs(5) };

/// How a process ended.
#[derive(Debug)]
pub(super) struct Drained {
    pub(super) name: String,
    pub(super) how: String,
    pub(super) was_killed: bool,
    /// The most memory it held (VmHWM), where the system tells.
    pub(super) peak_kib: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Processes(Vec<Process>);

#[derive(Debug)]
struct Process {
    name: String,
    arguments: Vec<String>,
    program: Program,
    log: PathBuf,
    /// Whether its log stays when the command ends.
    log_is_kept: bool,
    child: Child,
    /// Held open for as long as the process is to live: its end stops it.
    leash: Option<ChildStdin>,
    started: Instant,
    failed_starts: u32,
    delays: Delays,
}

impl Processes {
    pub(super) fn start(options: &Options, cloud: &LocalCloud) -> Result<Self, StartError> {
        let rules = cloud.folder().join("rules.toml");
        std::fs::write(&rules, &options.rules).map_err(|error| {
            StartError::Local(format!("failed to write {}: {error}", output::path(&rules)))
        })?;
        let program = Program::own()
            .map_err(|error| StartError::Local(format!("failed to find this program: {error}")))?;
        let start = |name: String, arguments: Vec<String>, log: PathBuf| {
            Process::start(name, arguments, program.clone(), log, options.data.is_some())
        };
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
        let rules = rules.to_str().ok_or_else(|| {
            StartError::Usage(format!("--data is {rules:?}: expected a path that is UTF-8"))
        })?;
        let dispatcher = also(shared("dispatcher"), &["--ingest-queue", INGEST, "--rules", rules]);
        let mut processes = vec![start("dispatcher".to_owned(), dispatcher, logs.join("dispatcher.log"))?];
        for number in 1..=options.workers {
            let name = format!("worker-{number}");
            let arguments = also(shared("worker"), &["--worker-id", &name]);
            let log = logs.join(format!("{name}.log"));
            processes.push(start(name, arguments, log)?);
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

    /// Stops all, and kills those that are still there after `grace` or at the next signal. Their standard input ends: unlike SIGTERM,
    /// that also stops in order what is still being loaded.
    pub(super) async fn stop(&mut self, grace: Duration, signals: &mut StopSignals) -> Vec<Drained> {
        let now = CancellationToken::new();
        let mut stopping =
            std::pin::pin!(join_all(self.0.iter_mut().map(|process| process.stop(grace, &now))));
        tokio::select! {
            biased;
            drained = &mut stopping => return drained,
            () = signals.next() => now.cancel(),
        }
        stopping.await
    }
}

impl Process {
    fn start(
        name: String,
        arguments: Vec<String>,
        program: Program,
        log: PathBuf,
        log_is_kept: bool,
    ) -> Result<Self, StartError> {
        let spawned = spawn(&program, &arguments, &log);
        let mut child =
            spawned.map_err(|error| StartError::Local(format!("failed to start {name}: {error}")))?;
        // Waiting for a child closes the standard input that it still holds.
        let leash = child.stdin.take();
        let (delays, started) = (Delays::new(RESTART), Instant::now());
        Ok(Self {
            name,
            arguments,
            program,
            log,
            log_is_kept,
            child,
            leash,
            started,
            failed_starts: 0,
            delays,
        })
    }

    async fn restart(&mut self, status: std::io::Result<ExitStatus>) -> Result<(), StartError> {
        let mut how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        if self.started.elapsed() >= STARTS_WITHIN {
            self.failed_starts = 0;
            self.delays.reset();
        } else {
            self.failed_starts += 1;
        }
        loop {
            if self.failed_starts >= FAILED_STARTS_MAX {
                return Err(StartError::Local(self.gives_up(&how)));
            }
            say!("{} ended ({how}); starting it again", self.name);
            tokio::time::sleep(self.delays.next_delay()).await;
            self.started = Instant::now();
            match spawn(&self.program, &self.arguments, &self.log) {
                Ok(mut child) => {
                    self.leash = child.stdin.take();
                    self.child = child;
                    return Ok(());
                }
                // Such as too few file descriptors, which may pass.
                Err(error) => how = format!("failed to start: {error}"),
            }
            self.failed_starts += 1;
        }
    }

    /// Why it is not started again. The log that this names is still there after the end of the command.
    fn gives_up(&self, how: &str) -> String {
        let name = &self.name;
        let log = if self.log_is_kept { Ok(self.log.clone()) } else { keep_copy(name, &self.log) };
        let last = last_line(&self.log).unwrap_or_default();
        match log {
            Ok(log) => {
                format!("{name} does not start ({how}); its log {} ends with: {last}", output::path(&log))
            }
            Err(error) => {
                format!(
                    "{name} does not start ({how}); its log could not be kept ({error}) and ends with: {last}"
                )
            }
        }
    }

    async fn stop(&mut self, grace: Duration, now: &CancellationToken) -> Drained {
        let process = self.child.id();
        let peak_kib = process.and_then(peak_kib);
        self.leash = None;
        let ended = tokio::select! {
            biased;
            ended = self.child.wait() => Ok(ended),
            () = tokio::time::sleep(grace) => Err(format!("did not drain in {} s", grace.as_secs())),
            () = now.cancelled() => Err("had not drained at the second signal".to_owned()),
        };
        let was_killed = ended.is_err();
        let how = match ended {
            Ok(Ok(status)) if status.success() => "drained".to_owned(),
            Ok(Ok(status)) => format!("ended with {status}"),
            Ok(Err(error)) => format!("was lost: {error}"),
            Err(why) => {
                let process = process.map(|process| format!(" (process {process})")).unwrap_or_default();
                match self.child.kill().await {
                    Ok(()) => format!("{why}; it was killed{process}"),
                    Err(error) => format!("{why}, and could not be killed{process}: {error}"),
                }
            }
        };
        Drained { name: self.name.clone(), how, was_killed, peak_kib }
    }
}

/// A copy that outlives the temporary folder.
fn keep_copy(name: &str, log: &Path) -> std::io::Result<PathBuf> {
    let copy = tempfile::Builder::new().prefix(&format!("drayage-{name}-")).suffix(".log").tempfile()?;
    std::fs::copy(log, copy.path())?;
    let (_, path) = copy.keep()?;
    Ok(path)
}

/// The last line of a log, or as much of it as is worth showing.
fn last_line(log: &Path) -> std::io::Result<String> {
    let mut file = File::open(log)?;
    let len = file.metadata()?.len();
    file.seek(SeekFrom::Start(len.saturating_sub(LAST_LINE_BYTES_MAX)))?;
    let mut end = Vec::new();
    file.take(LAST_LINE_BYTES_MAX).read_to_end(&mut end)?;
    let end = String::from_utf8_lossy(&end);
    Ok(output::name(end.lines().last().unwrap_or_default()).into_owned())
}

fn spawn(program: &Program, arguments: &[String], log: &Path) -> std::io::Result<Child> {
    let log = File::options().create(true).append(true).open(log)?;
    let mut command = Command::new(&program.path);
    command
        .arg0(&program.shown)
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
    command.spawn()
}

fn peak_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
