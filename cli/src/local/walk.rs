//! The files under a folder, and what there is beside files.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{DirEntry, FileType};
use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use common::output;
use common::service::StartError;
use common::transfer::KEY_BYTES_MAX;

use super::identity::Identity;

/// Bad names that are said one by one.
const BAD_NAMES_SHOWN_MAX: usize = 100;

/// A file to put in.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub(super) path: PathBuf,
    /// The path below the directory, with `/` between its parts.
    pub(super) key: String,
    pub(super) size_bytes: u64,
    modified: Option<SystemTime>,
}

impl Local {
    /// Whether somebody has written to it since it was found.
    pub(super) fn has_changed(&self) -> bool {
        let now = std::fs::metadata(&self.path);
        now.is_ok_and(|now| (now.len(), now.modified().ok()) != (self.size_bytes, self.modified))
    }
}

/// What is not put in, and why.
#[derive(Debug, Clone)]
pub(super) struct Other {
    /// Its path below the folder, as it can be shown.
    pub(super) name: String,
    pub(super) why: Why,
}

#[derive(Debug, Clone)]
pub(super) enum Why {
    /// It is no file.
    Skipped(&'static str),
    /// It may be a file, or hold some.
    Unreadable(String),
}

/// All that is under a folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In the order of their keys.
    pub(super) files: Vec<Local>,
    pub(super) others: Vec<Other>,
    /// The folder itself and those below it.
    pub(super) folders: HashSet<Identity>,
    bad_names: Vec<String>,
}

/// Every file under `folder`. Links to files are followed, links to folders are not.
///
/// # Errors
/// When the folder itself cannot be read, has no file, or has files that no key can be named after: all of these at once.
pub(super) fn walk(folder: &Path) -> Result<Found, StartError> {
    let mut found = Found::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        if let Err(error) = found.look_into(folder, &at, &mut folders) {
            if at == folder {
                let shown = output::path(folder);
                return Err(StartError::Local(format!("failed to read the folder {shown}: {error}")));
            }
            found.unreadable(folder, &at, &error);
        }
    }
    found.files.sort_by(|a, b| a.key.cmp(&b.key));
    found.others.sort_by(|a, b| a.name.cmp(&b.name));
    found.bad_names.sort();
    found.check(folder)
}

impl Found {
    fn look_into(&mut self, root: &Path, at: &Path, folders: &mut Vec<PathBuf>) -> std::io::Result<()> {
        self.folders.insert(Identity::of(at)?);
        for entry in std::fs::read_dir(at)? {
            let entry = entry?;
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) => self.take(root, &entry, kind),
                Err(error) => self.unreadable(root, &entry.path(), &error),
            }
        }
        Ok(())
    }

    fn take(&mut self, root: &Path, entry: &DirEntry, kind: FileType) {
        let path = entry.path();
        let about = match std::fs::metadata(&path) {
            Ok(about) => about,
            Err(error) if kind.is_symlink() && error.kind() == ErrorKind::NotFound => {
                return self.skip(root, &path, "a link that leads nowhere");
            }
            Err(error) => return self.unreadable(root, &path, &error),
        };
        if !about.is_file() {
            return self.skip(root, &path, what(about.file_type(), kind.is_symlink()));
        }
        match key_of(root, &path) {
            Ok(key) => {
                let (size_bytes, modified) = (about.len(), about.modified().ok());
                self.files.push(Local { path, key, size_bytes, modified });
            }
            Err(why) => self.bad_names.push(format!("{}: {why}", output::path(&path))),
        }
    }

    fn skip(&mut self, root: &Path, path: &Path, what: &'static str) {
        self.others.push(Other { name: name_of(root, path), why: Why::Skipped(what) });
    }

    fn unreadable(&mut self, root: &Path, path: &Path, error: &std::io::Error) {
        self.others.push(Other { name: name_of(root, path), why: Why::Unreadable(error.to_string()) });
    }

    fn check(mut self, folder: &Path) -> Result<Self, StartError> {
        if let Some(more) = self.bad_names.len().checked_sub(BAD_NAMES_SHOWN_MAX).filter(|more| *more > 0) {
            self.bad_names.truncate(BAD_NAMES_SHOWN_MAX);
            self.bad_names.push(format!("and {more} more names like these"));
        }
        if !self.bad_names.is_empty() {
            return Err(StartError::Local(self.bad_names.join("\n")));
        }
        if self.files.is_empty() {
            let others = self.others.iter().map(|other| match &other.why {
                Why::Skipped(what) => format!("\n{}: skipped, {what}", other.name),
                Why::Unreadable(error) => format!("\n{}: {error}", other.name),
            });
            let others: String = others.take(BAD_NAMES_SHOWN_MAX).collect();
            let shown = output::path(folder);
            return Err(StartError::Local(format!("{shown}: there is no file under this folder{others}")));
        }
        Ok(self)
    }
}

/// What something is that is no file.
fn what(kind: FileType, by_link: bool) -> &'static str {
    match by_link {
        true if kind.is_dir() => "a link to a folder",
        true => "a link to what is no file",
        false if kind.is_fifo() => "a FIFO",
        false if kind.is_socket() => "a socket",
        false if kind.is_block_device() || kind.is_char_device() => "a device",
        false => "no file",
    }
}

fn name_of(root: &Path, path: &Path) -> String {
    output::path(path.strip_prefix(root).unwrap_or(path))
}

fn key_of(root: &Path, path: &Path) -> Result<String, String> {
    let below = path.strip_prefix(root).map_err(|error| error.to_string())?;
    let parts = below.components().map(|part| OsStr::to_str(part.as_os_str()));
    let key = parts.collect::<Option<Vec<&str>>>().map(|parts| parts.join("/"));
    match key {
        None => Err("the name is not UTF-8, and an S3 key must be".to_owned()),
        Some(key) if key.len() > KEY_BYTES_MAX => {
            Err(format!("the key would have {} bytes: expected at most {KEY_BYTES_MAX}", key.len()))
        }
        Some(key) => Ok(key),
    }
}
