//! What must become of every version that is put in, and what has. Pure: it is told and asks nobody.
//!
//! A version is named by its key and its size, which only it has among those of its key; what the pipeline says of itself (checksums,
//! states) is compared, never believed. A file is forgotten when nothing can refer to it any more ([`crate::workload::Shape::window`]
//! events after its own) and every version has come to its end: memory follows what is open, not what has been.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use super::findings::{Findings, Kind};
use crate::workload::{Names, Version};

/// How a transfer ended, as the ledger says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) file_id: String,
    pub(super) key: String,
    pub(super) size_bytes: u64,
    pub(super) status: String,
    pub(super) target: (String, String),
    /// base64, as the ledger has it.
    pub(super) checksum: Option<String>,
    pub(super) error: Option<String>,
}

/// A version that has come to its end, for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) tenant: u16,
    pub(super) is_completed: bool,
    pub(super) due: Duration,
    /// When its put was answered; `None` when the end came first.
    pub(super) put_at: Option<Duration>,
}

/// A file that nothing refers to any more: what has to be at its target now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) key: String,
    pub(super) newest: Version,
    pub(super) checksum: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Put {
    UnderWay,
    Answered(Duration),
    /// It may be there all the same.
    Failed,
}

#[derive(Debug)]
struct State {
    size_bytes: u64,
    checksum: Box<str>,
    due: Duration,
    put: Put,
    /// The transfer and whether it is completed (or else superseded or failed).
    end: Option<(Box<str>, bool)>,
}

impl State {
    fn is_over(&self) -> bool {
        self.end.is_some() || self.put == Put::Failed
    }
}

#[derive(Debug)]
struct File {
    tenant: u16,
    versions: Vec<State>,
    /// Events that were announced and are not over.
    references: u32,
    /// No further event can refer to it.
    is_past: bool,
}

impl File {
    fn is_over(&self) -> bool {
        self.references == 0 && self.versions.iter().all(State::is_over)
    }
}

#[derive(Debug)]
pub(super) struct Oracle {
    names: Names,
    target_bucket: String,
    window: u64,
    files: HashMap<u64, File>,
    /// Files that something may still refer to, by age.
    referable: VecDeque<u64>,
    settled: VecDeque<Settled>,
    unfinished: u64,
    pub(super) findings: Findings,
}

impl Oracle {
    pub(super) fn new(names: Names, target_bucket: &str, window: u64) -> Self {
        Self {
            names,
            target_bucket: target_bucket.to_owned(),
            window,
            files: HashMap::new(),
            referable: VecDeque::new(),
            settled: VecDeque::new(),
            unfinished: 0,
            findings: Findings::default(),
        }
    }

    /// Versions that were or are being put in and have not come to their end.
    pub(super) fn unfinished(&self) -> u64 {
        self.unfinished
    }

    /// An event of a file is coming: the file is remembered until [`Oracle::release`]. Called in the order of the events.
    pub(super) fn announce(&mut self, number: u64, file: u64, tenant: u16) {
        self.advance(number);
        let file = self.files.entry(file).or_insert_with(|| {
            self.referable.push_back(file);
            File { tenant, versions: Vec::with_capacity(1), references: 0, is_past: false }
        });
        file.references += 1;
    }

    /// An event that was announced is over.
    pub(super) fn release(&mut self, file: u64) {
        if let Some(file) = self.files.get_mut(&file) {
            file.references -= 1;
        }
        self.settle(file);
    }

    /// A version is about to be put in. `due`: when it was meant to be.
    pub(super) fn putting(&mut self, version: Version, checksum: &str, due: Duration) {
        let Version { file, size_bytes, .. } = version;
        if let Some(file) = self.files.get_mut(&file) {
            let state = State { size_bytes, checksum: checksum.into(), due, put: Put::UnderWay, end: None };
            file.versions.push(state);
            self.unfinished += 1;
        }
    }

    /// Whether all earlier versions of the file have been put in: what follows waits for that.
    pub(super) fn may_put(&self, version: Version) -> bool {
        let file = self.files.get(&version.file);
        file.is_none_or(|file| {
            file.versions.len() >= usize::from(version.version)
                && file.versions.iter().all(|state| state.put != Put::UnderWay)
        })
    }

    /// Whether there is nothing left to wait for, nor to look at.
    pub(super) fn is_quiet(&self) -> bool {
        self.unfinished == 0 && self.settled.is_empty()
    }

    fn state(&mut self, version: Version) -> Option<&mut State> {
        let file = self.files.get_mut(&version.file)?;
        file.versions.iter_mut().find(|state| state.size_bytes == version.size_bytes)
    }

    pub(super) fn put(&mut self, version: Version, at: Duration, result: Result<(), String>) {
        let failed = result.is_err();
        let mut was_open = false;
        if let Some(state) = self.state(version) {
            was_open = state.end.is_none();
            state.put = if failed { Put::Failed } else { Put::Answered(at) };
        }
        if let Err(why) = result {
            self.findings.add(Kind::RequestsFailed, why);
            self.unfinished -= u64::from(was_open);
            self.settle(version.file);
        }
    }

    /// The transfer of a version that has come to its end: its event can be copied.
    pub(super) fn transfer(&self, version: Version) -> Option<&str> {
        let file = self.files.get(&version.file)?;
        let state = file.versions.iter().find(|state| state.size_bytes == version.size_bytes)?;
        state.end.as_ref().map(|(file_id, _)| &**file_id)
    }

    /// Whether a version will never come to an end, so that its event cannot be copied.
    pub(super) fn is_hopeless(&self, version: Version) -> bool {
        let file = self.files.get(&version.file);
        let state =
            file.and_then(|file| file.versions.iter().find(|state| state.size_bytes == version.size_bytes));
        state.is_some_and(|state| state.put == Put::Failed && state.end.is_none())
    }

    /// The ledger says that a transfer has come to its end.
    pub(super) fn ended(&mut self, told: &Told) -> Option<Ended> {
        let Some((tenant, number)) = self.names.file(&told.key) else {
            self.findings.add(Kind::Unexpected, format!("a transfer of {}, which nobody put in", told.key));
            return None;
        };
        let file = self.files.get_mut(&number);
        let state = file.and_then(|file| {
            let newest = file.versions.len().checked_sub(1)?;
            let at = file.versions.iter().position(|state| state.size_bytes == told.size_bytes)?;
            file.versions.get_mut(at).filter(|_| file.tenant == tenant).map(|state| (at == newest, state))
        });
        let Some((is_newest, state)) = state else {
            let what = format!("a transfer of {} with {} bytes, {}", told.key, told.size_bytes, told.status);
            self.findings.add(Kind::Unexpected, what);
            return None;
        };
        if let Some((known, _)) = &state.end {
            if **known != *told.file_id {
                self.findings
                    .add(Kind::Unexpected, format!("a second transfer of one version of {}", told.key));
            }
            return None;
        }
        let is_completed = told.status == "completed";
        let was_given_up = state.put == Put::Failed;
        state.end = Some((told.file_id.as_str().into(), is_completed));
        let mut find = |kind, what: &str| self.findings.add(kind, format!("{}: {what}", told.key));
        match told.status.as_str() {
            "completed" => {
                if told.checksum.as_deref() != Some(&*state.checksum) {
                    find(Kind::Untruthful, "completed with another checksum than was put in");
                }
                if told.target != (self.target_bucket.clone(), told.key.clone()) {
                    find(Kind::Untruthful, &format!("completed at {}/{}", told.target.0, told.target.1));
                }
            }
            // A newer put that is under way may be visible already.
            "superseded" if !is_newest => {}
            "superseded" => find(Kind::Untruthful, "superseded, and nothing newer was put in"),
            status => {
                find(Kind::Failed, &format!("{status}: {}", told.error.as_deref().unwrap_or("no reason")));
            }
        }
        let put_at = match state.put {
            Put::Answered(at) => Some(at),
            Put::UnderWay | Put::Failed => None,
        };
        let ended = Ended { tenant, is_completed, due: state.due, put_at };
        self.unfinished -= u64::from(!was_given_up);
        self.settle(number);
        Some(ended)
    }

    /// Events up to `number` have been issued.
    pub(super) fn advance(&mut self, number: u64) {
        while let Some(front) = self.referable.front().copied().filter(|front| front + self.window < number) {
            self.referable.pop_front();
            if let Some(file) = self.files.get_mut(&front) {
                file.is_past = true;
            }
            self.settle(front);
        }
    }

    fn settle(&mut self, number: u64) {
        let Some(file) = self.files.get(&number).filter(|file| file.is_past && file.is_over()) else {
            return;
        };
        let key = self.names.key(file.tenant, number);
        // What failed to be put may be there or not: nobody can say what has to be at the target then.
        if file.versions.iter().all(|state| state.put != Put::Failed)
            && let Some((version, state)) = (0_u8..).zip(&file.versions).last()
        {
            if state.end.as_ref().is_some_and(|(_, is_completed)| *is_completed) {
                let newest = Version { file: number, version, size_bytes: state.size_bytes };
                self.settled.push_back(Settled { key, newest, checksum: state.checksum.to_string() });
            } else {
                self.findings.add(Kind::Lost, format!("{key}: its newest version is not completed"));
            }
        }
        self.files.remove(&number);
    }

    /// A file whose target is to be looked at.
    pub(super) fn next_settled(&mut self) -> Option<Settled> {
        self.settled.pop_front()
    }

    /// What is open when the patience is over is lost.
    pub(super) fn give_up(&mut self) {
        let open: BTreeSet<u64> = self.files.keys().copied().collect();
        for number in open {
            let Some(file) = self.files.get(&number) else { continue };
            for state in file.versions.iter().filter(|state| !state.is_over()) {
                let key = self.names.key(file.tenant, number);
                self.findings.add(Kind::Lost, format!("{key}: {} bytes, no end in time", state.size_bytes));
            }
        }
        self.unfinished = 0;
    }

    /// Files that are held in memory.
    #[cfg(test)]
    fn held(&self) -> usize {
        self.files.len()
    }
}

#[cfg(test)]
mod tests;
