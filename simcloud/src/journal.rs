//! What changes in tables and queues, written down as it changes, so that a cloud that is killed goes on where it was.
//!
//! ```text
//! state.json          everything at one moment, and the number of the first journal that it does not hold
//! journal-<n>.jsonl   one line for each change after that, in order
//! ```
//! A line is written before the request that made it is answered. It survives the process at once, and the machine once it has been synced
//! ([`Journal::sync`]), which is up to the caller.
//!
//! A checkpoint replaces state and journal by a newer state:
//! 1. A new journal is begun. *A crash here*: both journals are read, one after the other.
//! 2. The state is written beside the old one, synced and renamed. *A crash before the rename*: as above. *After it*: the older journal is
//!    left over, and not read.
//! 3. Older journals are removed.
//!
//! Changes between 1 and the reading of the state are in both. Reading a line twice is reading it once: it says what is there afterwards.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Error, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::Value;

const STATE: &str = "state.json";
const STATE_NEXT: &str = "state.json.next";
/// The state's field for the first journal that it does not hold.
const FIRST_JOURNAL: &str = "journal";

/// Where services find the journal, once there is one. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot(Arc<OnceLock<Journal>>);

/// The open journal of a folder.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    open: Mutex<Open>,
    /// Held for a whole checkpoint. Of two at once, the older state could be renamed last, after its journal was removed.
    checkpoint: Mutex<()>,
}

#[derive(Debug)]
struct Open {
    number: u64,
    file: Arc<File>,
    len_bytes: u64,
    /// Of the state that the last checkpoint wrote.
    state_len_bytes: u64,
    /// The queues, tables and rules themselves at the last checkpoint, without messages and items.
    settings: Value,
    /// Since a line could not be written. What came after it is in memory only, until a checkpoint succeeds.
    broken: Option<String>,
}

/// What a folder holds.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) state: Option<Value>,
    /// The lines since, in order.
    pub(crate) changes: Vec<Value>,
    next: u64,
}

impl Slot {
    /// Writes a line, made only where there is a journal.
    pub(crate) fn write(&self, line: impl FnOnce() -> Option<Value>) {
        if let Some(journal) = self.0.get()
            && let Some(line) = line()
        {
            journal.append(&line);
        }
    }

    pub(crate) fn journal(&self) -> Option<&Journal> {
        self.0.get()
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.get().is_some()
    }

    /// From here on, changes are written.
    pub(crate) fn set(&self, journal: Journal) -> std::io::Result<()> {
        self.0.set(journal).map_err(|_| Error::other("the cloud has a journal already"))
    }
}

/// Reads a folder's state and what changed since.
///
/// # Errors
/// When something cannot be read, or is none of ours. A line that broke off at the end of a journal is left out: the request that made it
/// was not answered, or the disk was full and [`Journal::sync`] said so.
pub(crate) fn read(folder: &Path) -> std::io::Result<Found> {
    let state = match fs::read(folder.join(STATE)) {
        Ok(bytes) => Some(parsed(&folder.join(STATE), &bytes)?),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(named(&folder.join(STATE), &error)),
    };
    let first = state.as_ref().and_then(|state| state.get(FIRST_JOURNAL)?.as_u64()).unwrap_or(0);
    let numbers: Vec<u64> = journals(folder)?.into_iter().filter(|number| *number >= first).collect();
    let mut changes = Vec::new();
    for number in &numbers {
        read_lines(&path(folder, *number), &mut changes)?;
    }
    let next = numbers.last().map_or(first, |last| last + 1);
    Ok(Found { state, changes, next })
}

fn read_lines(path: &Path, changes: &mut Vec<Value>) -> std::io::Result<()> {
    let mut reader = BufReader::new(File::open(path).map_err(|error| named(path, &error))?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let len = reader.read_until(b'\n', &mut line).map_err(|error| named(path, &error))?;
        if len == 0 {
            return Ok(());
        }
        match serde_json::from_slice(&line) {
            Ok(change) => changes.push(change),
            Err(_) if !line.ends_with(b"\n") => return Ok(()),
            Err(error) => return Err(named(path, &Error::new(ErrorKind::InvalidData, error))),
        }
    }
}

impl Journal {
    /// Begins a journal behind what was found.
    pub(crate) fn open(folder: &Path, found: &Found) -> std::io::Result<Self> {
        let open = Open::begin(folder, found.next)?;
        Ok(Self { folder: folder.to_owned(), open: Mutex::new(open), checkpoint: Mutex::default() })
    }

    fn append(&self, line: &Value) {
        let mut text = line.to_string();
        text.push('\n');
        let mut open = self.lock();
        if open.broken.is_some() {
            return;
        }
        match (&*open.file).write_all(text.as_bytes()) {
            Ok(()) => open.len_bytes += text.len() as u64,
            Err(error) => {
                let folder = self.folder.display().to_string();
                let os_error = error.raw_os_error().map(i64::from);
                tracing::error!(os_error, %error, folder, "failed to write the journal");
                open.broken = Some(error.to_string());
            }
        }
    }

    /// Brings what was written so far to the disk. Returns why lines cannot be written, if they cannot.
    pub(crate) fn sync(&self) -> Result<(), String> {
        let (file, broken) = {
            let open = self.lock();
            (Arc::clone(&open.file), open.broken.clone())
        };
        match broken {
            Some(error) => Err(error),
            None => file.sync_data().map_err(|error| error.to_string()),
        }
    }

    /// Whether a checkpoint is worth its cost: lines are missing in the journal, or it is longer than `len_bytes_max` and than twice the
    /// state.
    pub(crate) fn is_due(&self, len_bytes_max: u64) -> bool {
        let open = self.lock();
        open.broken.is_some() || open.len_bytes > len_bytes_max.max(open.state_len_bytes.saturating_mul(2))
    }

    /// Whether the queues, tables and rules themselves are those of the last checkpoint.
    pub(crate) fn has_settings(&self, settings: &Value) -> bool {
        self.lock().settings == *settings
    }

    /// See the module. `settings` and `snapshot` are called once the new journal has begun.
    pub(crate) fn checkpoint(
        &self,
        settings: impl FnOnce() -> Value,
        snapshot: impl FnOnce() -> Value,
    ) -> std::io::Result<()> {
        let _one_at_a_time = self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner);
        let number = {
            let mut open = self.lock();
            let next = Open::begin(&self.folder, open.number + 1)?;
            *open = next;
            open.number
        };
        // Before the snapshot: a change between the two is written again rather than not at all.
        let settings = settings();
        let mut state = snapshot();
        if let Value::Object(state) = &mut state {
            state.insert(FIRST_JOURNAL.to_owned(), number.into());
        }
        let next = self.folder.join(STATE_NEXT);
        let state = state.to_string();
        let written = write_synced(&next, &state);
        let written = written.and_then(|()| fs::rename(&next, self.folder.join(STATE)));
        if let Err(error) = written {
            // The older journal may lack lines, and this one builds on it.
            self.lock().broken.get_or_insert(error.to_string());
            return Err(error);
        }
        {
            let mut open = self.lock();
            open.state_len_bytes = state.len() as u64;
            open.settings = settings;
        }
        for older in journals(&self.folder)?.into_iter().filter(|older| *older < number) {
            fs::remove_file(path(&self.folder, older))?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Every change is one statement: a panic in between leaves nothing half done.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn begin(folder: &Path, number: u64) -> std::io::Result<Self> {
        let path = path(folder, number);
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(|error| named(&path, &error))?;
        let (settings, broken) = Default::default();
        Ok(Self { number, file: Arc::new(file), len_bytes: 0, state_len_bytes: 0, settings, broken })
    }
}

fn write_synced(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("journal-{number}.jsonl"))
}

/// The numbers of the journals that are there, in order.
fn journals(folder: &Path) -> std::io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| named(folder, &error))? {
        let name = entry.map_err(|error| named(folder, &error))?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("journal-")?.strip_suffix(".jsonl"));
        numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn parsed(path: &Path, bytes: &[u8]) -> std::io::Result<Value> {
    serde_json::from_slice(bytes).map_err(|error| named(path, &Error::new(ErrorKind::InvalidData, error)))
}

fn named(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("{}: {error}", path.display()))
}
