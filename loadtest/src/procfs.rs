//! What Linux tells of a process: CPU time, peak memory, parent, signals.

use rustix::process::Signal;

/// Clock ticks of a second in /proc: fixed for user space on every architecture that we run on.
const TICKS_PER_SECOND: f64 = 100.0;

/// From /proc/PID/stat. Still there when a process has ended and nobody has waited for it yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stat {
    pub(crate) parent: u32,
    /// User and system time of the process.
    pub(crate) cpu_seconds: f64,
    /// The same of those of its children that it has waited for.
    pub(crate) children_cpu_seconds: f64,
}

pub(crate) fn stat(process: u32) -> Option<Stat> {
    parse(&std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

fn parse(text: &str) -> Option<Stat> {
    // The name, in brackets, may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u32>().ok().map(f64::from);
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        cpu_seconds: (ticks(11)? + ticks(12)?) / TICKS_PER_SECOND,
        children_cpu_seconds: (ticks(13)? + ticks(14)?) / TICKS_PER_SECOND,
    })
}

/// The most memory that the program of a process held (VmHWM); it begins anew with every program that a process becomes.
pub(crate) fn peak_kib(process: u32) -> Option<u64> {
    status_kib(process, "VmHWM:")
}

/// The memory that a process holds now (VmRSS).
pub(crate) fn rss_kib(process: u32) -> Option<u64> {
    status_kib(process, "VmRSS:")
}

fn status_kib(process: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Whether a process has a handler for a signal (SigCgt). `true` when it cannot be known.
pub(crate) fn catches(process: u32, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask >> (signal.as_raw() - 1) & 1 == 1)
}

pub(crate) fn arguments(process: u32) -> Vec<String> {
    let text = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    text.split(|&byte| byte == 0).map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

/// Every process below `root`, itself left out.
pub(crate) fn below(root: u32) -> Vec<u32> {
    let names = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = names.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let all: Vec<(u32, u32)> =
        processes.filter_map(|process| Some((process, stat(process)?.parent))).collect();
    let mut found = vec![root];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        found.extend(
            all.iter()
                .filter(|(process, its)| *its == parent && *process != root)
                .map(|(process, _)| process),
        );
        at += 1;
    }
    found.remove(0);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_brackets_and_spaces() {
        let text = "7 (a) b) (c) S 3 7 7 0 -1 4194304 1 2 3 4 150 50 25 75 20 0 1 0 5 6 7";
        assert_eq!(parse(text), Some(Stat { parent: 3, cpu_seconds: 2.0, children_cpu_seconds: 1.0 }));
        assert_eq!(parse("7 (a"), None);
    }

    #[test]
    fn this_process_can_be_read() {
        assert!(stat(std::process::id()).is_some());
        assert!(peak_kib(std::process::id()).is_some_and(|kib| kib > 100));
        assert!(rss_kib(std::process::id()).is_some_and(|kib| kib > 100));
        assert!(!arguments(std::process::id()).is_empty());
    }
}
