//! Faults of this machine that the embedded AWS meets: a full disk, too few file descriptors. Its clients only see failed requests, and
//! try again; the user, who can do something about it, is told once of each.
//!
//! The embedded AWS reports them as `tracing` events. Nothing else of this process is logged.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use common::output::path;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::display::Display;

/// Different faults that are told of; more of them say nothing new.
const TOLD_MAX: usize = 20;

/// What is to be told.
#[derive(Debug)]
pub(super) struct Troubles(mpsc::UnboundedReceiver<String>);

impl Troubles {
    /// From now on, of a command that keeps its objects in `folder`.
    pub(super) fn watch(folder: &Path) -> Self {
        let (sender, told) = mpsc::unbounded_channel();
        let watcher = Watcher { folder: path(folder), sender, told: Mutex::default() };
        // There is one command in a process. A second watcher would have nothing to hear, and that is all.
        let _ = tracing::subscriber::set_global_default(watcher);
        Self(told)
    }

    /// Tells of each as it comes, for ever.
    pub(super) async fn tell(&mut self, display: &Display) -> Infallible {
        while let Some(text) = self.0.recv().await {
            display.say(&text);
        }
        std::future::pending().await
    }

    /// Tells of what came last: the work may end before there was time for it.
    pub(super) fn tell_the_rest(&mut self, display: &Display) {
        while let Ok(text) = self.0.try_recv() {
            display.say(&text);
        }
    }
}

/// Takes all file descriptors that the system allows: a shell's limit is for a program that opens a few files.
pub(super) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Refused or not, the limit is told when it is met.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

struct Watcher {
    folder: String,
    sender: mpsc::UnboundedSender<String>,
    told: Mutex<HashSet<String>>,
}

/// What an event says of a fault.
#[derive(Default)]
struct Fault {
    os_error: Option<i64>,
    error: Option<String>,
    folder: Option<String>,
}

impl Visit for Fault {
    fn record_i64(&mut self, field: &Field, value: i64) {
        if field.name() == "os_error" {
            self.os_error = Some(value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "error" => self.error = Some(value.to_owned()),
            "folder" => self.folder = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl Watcher {
    fn text(&self, fault: &Fault) -> Option<String> {
        let error = fault.error.as_deref()?;
        let folder = fault.folder.as_deref().unwrap_or(&self.folder);
        let code = fault.os_error.and_then(|code| i32::try_from(code).ok()).map(Errno::from_raw_os_error);
        Some(match code {
            Some(Errno::NOSPC | Errno::DQUOT) => format!(
                "The disk of {folder} is full ({error}). What cannot be stored is refused and tried again; what is stored stays. \
                 Make room there."
            ),
            Some(Errno::MFILE | Errno::NFILE) => {
                let limit = getrlimit(Resource::Nofile).current;
                let limit = limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
                format!(
                    "There are too few file descriptors ({error}; the limit is {limit}). Requests wait or are tried again; \
                     what is stored stays. `ulimit -Hn` shows what the shell can allow."
                )
            }
            _ => format!("Failed to use {folder}: {error}."),
        })
    }
}

impl Subscriber for Watcher {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let name = metadata.target().split("::").next().unwrap_or_default();
        *metadata.level() <= Level::WARN && matches!(name, "simcloud" | "drayage")
    }

    fn event(&self, event: &Event<'_>) {
        let mut fault = Fault::default();
        event.record(&mut fault);
        let Some(text) = self.text(&fault) else { return };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < TOLD_MAX && told.insert(text.clone()) {
            // Nobody listens any more when the command ends.
            let _ = self.sender.send(text);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_told_once_by_its_name() {
        let (sender, mut told) = mpsc::unbounded_channel();
        let watcher = Watcher { folder: "/data".to_owned(), sender, told: Mutex::default() };
        tracing::subscriber::with_default(watcher, || {
            for _ in 0..3 {
                for code in [Errno::NOSPC, Errno::MFILE] {
                    let error = std::io::Error::from(code);
                    let os_error = i64::from(code.raw_os_error());
                    tracing::error!(target: "simcloud::s3", os_error, %error, "failed");
                }
                tracing::info!(target: "simcloud::s3", error = "unimportant", "failed");
                tracing::error!(target: "hyper", error = "not ours", "failed");
            }
        });
        let told: Vec<String> = std::iter::from_fn(|| told.try_recv().ok()).collect();
        assert_eq!(told.len(), 2, "{told:#?}");
        assert!(told[0].starts_with("The disk of /data is full (No space left on device"), "{told:#?}");
        assert!(told[1].contains("too few file descriptors (Too many open files"), "{told:#?}");
    }
}
