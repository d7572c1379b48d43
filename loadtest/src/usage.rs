//! CPU time and memory of the processes of `drayage local`.

use std::collections::BTreeMap;

use crate::procfs;

/// The embedded AWS runs in `drayage local` itself.
pub(crate) const EMBEDDED_AWS: &str = "embedded AWS";

#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) process: u32,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_kib: u64,
    pub(crate) rss_kib: u64,
}

impl Usage {
    /// `None` when there is no such process any more.
    pub(crate) fn of(process: u32) -> Option<Self> {
        let cpu_seconds = procfs::stat(process)?.cpu_seconds;
        let (peak_kib, rss_kib) = (procfs::peak_kib(process)?, procfs::rss_kib(process)?);
        Some(Self { process, cpu_seconds, peak_kib, rss_kib })
    }
}

/// Every process at one moment, by name.
#[derive(Debug)]
pub(crate) struct Snapshot(pub(crate) BTreeMap<String, Usage>);

impl Snapshot {
    pub(crate) fn of(local: u32) -> Self {
        let below = procfs::below(local).into_iter();
        let services = below.filter_map(|process| Some((name(&procfs::arguments(process))?, process)));
        let all = services.chain([(EMBEDDED_AWS.to_owned(), local)]);
        Self(all.filter_map(|(name, process)| Some((name, Usage::of(process)?))).collect())
    }
}

/// A service's name, from what it was started with: `dispatcher`, or its worker id.
fn name(arguments: &[String]) -> Option<String> {
    match arguments.get(1)?.as_str() {
        "dispatcher" => Some("dispatcher".to_owned()),
        "worker" => {
            let at = arguments.iter().position(|argument| argument == "--worker-id")?;
            arguments.get(at + 1).cloned()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_named_by_their_arguments() {
        let named = |text: &str| name(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(named("drayage dispatcher --region us-east-1"), Some("dispatcher".to_owned()));
        assert_eq!(named("drayage worker --region x --worker-id worker-2"), Some("worker-2".to_owned()));
        assert_eq!(named("sh -c true"), None);
        assert_eq!(named(""), None);
    }
}
