//! Other processes, as /proc shows them.

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use super::until;

/// Whether a process is there and has not ended. One whose end nobody has asked for yet counts as ended.
pub(crate) fn is_alive(pid: Pid) -> bool {
    !matches!(state_and_parent(pid), None | Some(("Z" | "X", _)))
}

/// The state's letter and the parent's id.
fn state_and_parent(pid: Pid) -> Option<(&'static str, i32)> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = match fields.next()? {
        "Z" => "Z",
        "X" => "X",
        _ => "alive",
    };
    Some((state, fields.next()?.parse().ok()?))
}

/// The living children of a process, with their arguments.
pub(crate) fn children(parent: Pid) -> Vec<(Pid, Vec<String>)> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    let children = pids.filter(|pid| {
        state_and_parent(*pid)
            .is_some_and(|(state, of)| state == "alive" && of == parent.as_raw_nonzero().get())
    });
    children.map(|pid| (pid, arguments(pid))).collect()
}

fn arguments(pid: Pid) -> Vec<String> {
    let line = std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
    line.split(|b| *b == 0).map(|argument| String::from_utf8_lossy(argument).into_owned()).collect()
}

/// The child that was started with this argument, once there is one, other than `not`.
pub(crate) async fn child_with(parent: Pid, argument: &str, not: Option<Pid>) -> Pid {
    until(&format!("a child with the argument {argument}"), async || {
        let mut found = children(parent).into_iter();
        let child = found.find(|(pid, all)| Some(*pid) != not && all.iter().any(|one| one == argument));
        child.map(|(pid, _)| pid)
    })
    .await
}

/// One that has ended meanwhile is as good as killed.
pub(crate) fn kill(pid: Pid) {
    match kill_process(pid, Signal::KILL) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(error) => panic!("failed to kill {pid:?}: {error}"),
    }
}

pub(crate) async fn all_ended(pids: &[Pid]) {
    until("the end of every child", async || (!pids.iter().any(|pid| is_alive(*pid))).then_some(())).await;
}

/// Whether it has a handler for the signal.
pub(crate) fn catches(pid: Pid, signal: Signal) -> bool {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    caught.is_some_and(|mask| mask >> (signal.as_raw() - 1) & 1 == 1)
}
