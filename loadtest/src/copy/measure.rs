//! Runs a contender's processes and measures them from outside, all in the same way: time from the first start to the last end,
//! CPU time from /proc when a process has ended and nobody has waited for it yet, memory by looking at its high-water mark.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::procfs;

/// How often is looked whether a process has ended.
const LOOK: Duration = Duration::from_millis(5);
/// Looks between two looks at the memory, and between two searches for processes below ours.
const MEMORY_LOOKS: u32 = 4;
const TREE_LOOKS: u32 = 20;
/// What is shown of a failing tool's last line.
const SHOWN_CHARS_MAX: usize = 160;

/// Pipelines of processes, so many of them side by side.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) pipelines: Vec<Vec<Command>>,
    pub(super) at_once: usize,
}

impl Plan {
    pub(super) fn one(command: Command) -> Self {
        Self { pipelines: vec![vec![command]], at_once: 1 }
    }
}

/// What a plan took.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Usage {
    pub(super) seconds: f64,
    pub(super) cpu_seconds: f64,
    /// The largest sum, over the processes that ran at one moment, of their high-water marks.
    pub(super) peak_kib: u64,
}

/// A process of ours; dropping it ends it and all of its group.
#[derive(Debug)]
struct Process {
    child: Child,
    group: Pid,
    stderr: PathBuf,
    ended: bool,
    /// Processes that it started, as of the last search.
    below: Vec<u32>,
}

/// # Errors
/// The last line of what went wrong.
pub(super) async fn run(plan: Plan, folder: &Path, patience: Duration) -> Result<Usage, String> {
    let started = Instant::now();
    let (mut waiting, mut running) = (plan.pipelines.into_iter(), Vec::<Vec<Process>>::new());
    let mut usage = Usage { seconds: 0.0, cpu_seconds: 0.0, peak_kib: 0 };
    for look in 0_u32.. {
        while running.len() < plan.at_once
            && let Some(pipeline) = waiting.next()
        {
            running.push(start(pipeline, folder)?);
        }
        for process in running.iter_mut().flat_map(|pipeline| pipeline.iter_mut().rev()) {
            usage.cpu_seconds += process.look()?.unwrap_or(0.0);
        }
        running.retain(|pipeline| pipeline.iter().any(|process| !process.ended));
        if running.is_empty() && waiting.len() == 0 {
            break;
        }
        if started.elapsed() > patience {
            return Err(format!("not done in {} s", patience.as_secs()));
        }
        if look % MEMORY_LOOKS == 0 {
            let processes = running.iter_mut().flatten().filter(|process| !process.ended);
            let now: u64 = processes.map(|process| process.peak_kib(look % TREE_LOOKS == 0)).sum();
            usage.peak_kib = usage.peak_kib.max(now);
        }
        sleep(LOOK).await;
    }
    usage.seconds = started.elapsed().as_secs_f64();
    Ok(usage)
}

/// Starts the processes of a pipeline, each reading what the one before writes.
fn start(pipeline: Vec<Command>, folder: &Path) -> Result<Vec<Process>, String> {
    let mut processes: Vec<Process> = Vec::new();
    let last = pipeline.len().saturating_sub(1);
    for (at, mut command) in pipeline.into_iter().enumerate() {
        let name = command.get_program().to_string_lossy().into_owned();
        let failed = |error: std::io::Error| format!("failed to start {name}: {error}");
        let input = processes.last_mut().and_then(|before| before.child.stdout.take());
        let stderr = folder.join(format!("stderr-{at}-{:08x}", fastrand::u32(..)));
        let child = command
            .stdin(input.map_or_else(Stdio::null, Stdio::from))
            .stdout(if at < last { Stdio::piped() } else { Stdio::null() })
            .stderr(File::create(&stderr).map_err(failed)?)
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let group = group.ok_or_else(|| format!("failed to start {name}: it has no process id"))?;
        processes.push(Process { child, group, stderr, ended: false, below: Vec::new() });
    }
    Ok(processes)
}

impl Process {
    /// The CPU seconds of the process and of what it started and waited for, once it has ended.
    fn look(&mut self) -> Result<Option<f64>, String> {
        if self.ended {
            return Ok(None);
        }
        let asked = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        let ended =
            waitid(WaitId::Pid(self.group), asked).map_err(|error| format!("failed to wait: {error}"))?;
        if ended.is_none() {
            return Ok(None);
        }
        let cpu = procfs::stat(self.child.id()).map(|stat| stat.cpu_seconds + stat.children_cpu_seconds);
        let status = self.child.wait().map_err(|error| format!("failed to wait: {error}"))?;
        self.ended = true;
        if !status.success() {
            let words = std::fs::read(&self.stderr).unwrap_or_default();
            return Err(last_line(&String::from_utf8_lossy(&words)).unwrap_or_else(|| status.to_string()));
        }
        cpu.map(Some).ok_or_else(|| "its CPU time could not be read".to_owned())
    }

    fn peak_kib(&mut self, search: bool) -> u64 {
        if search {
            self.below = procfs::below(self.child.id());
        }
        let own = procfs::peak_kib(self.child.id());
        own.into_iter().chain(self.below.iter().filter_map(|&process| procfs::peak_kib(process))).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.ended {
            let _ = kill_process_group(self.group, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// The last line, with the one before it where it goes on from there.
fn last_line(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.last()?;
    let goes_on = last.starts_with(char::is_whitespace) && lines.len() > 1;
    let from = lines.len() - if goes_on { 2 } else { 1 };
    let words: Vec<&str> = lines[from..].iter().map(|line| line.trim()).collect();
    Some(words.join(" ").chars().filter(|c| !c.is_control()).take(SHOWN_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    async fn measured(pipelines: Vec<Vec<Command>>, patience_ms: u64) -> Result<Usage, String> {
        let folder = tempfile::tempdir().unwrap();
        run(Plan { pipelines, at_once: 2 }, folder.path(), Duration::from_millis(patience_ms)).await
    }

    #[tokio::test]
    async fn a_pipeline_runs_and_is_measured() {
        let busy = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo done";
        let pipelines = (0..3).map(|_| vec![shell(busy), shell("read word; [ \"$word\" = done ]")]).collect();
        let usage = measured(pipelines, 30_000).await.unwrap();
        assert!(usage.cpu_seconds > 0.0 && usage.seconds > 0.0 && usage.peak_kib > 100, "{usage:?}");
    }

    #[tokio::test]
    async fn a_failure_ends_the_plan_with_its_last_words() {
        let pipelines = vec![vec![shell("echo first >&2; echo last >&2; exit 3")], vec![shell("sleep 60")]];
        assert_eq!(measured(pipelines, 30_000).await.unwrap_err(), "last");
        let absent = vec![vec![Command::new("no-such-program")]];
        assert!(measured(absent, 30_000).await.unwrap_err().starts_with("failed to start no-such-program"));
    }

    #[test]
    fn a_last_line_that_goes_on_brings_the_one_before() {
        assert_eq!(last_line("a\nrefused\n\tstatus 400\n\n"), Some("refused status 400".to_owned()));
        assert_eq!(last_line("  only"), Some("only".to_owned()));
        assert_eq!(last_line("\n"), None);
    }

    #[tokio::test]
    async fn what_takes_too_long_is_ended() {
        let error = measured(vec![vec![shell("sleep 60")]], 50).await.unwrap_err();
        assert_eq!(error, "not done in 0 s");
    }
}
