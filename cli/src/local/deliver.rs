//! `--out`: the delivered bytes as files, compared with the file they come from.
//!
//! 1. They are written to a temporary file in the folder where they belong.
//! 2. They are compared with the source, byte by byte, on the way.
//! 3. Only what is right is renamed into place, over what an earlier run may have left there. This commits.
//!
//! A crash before step 3 leaves `.drayage-….part` in the folder, and what was there before. A name that leads into the input, or to
//! something that is no plain file, is refused: the input's files must never be written.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use common::output;
use tempfile::NamedTempFile;

use super::identity::Identity;

/// Where delivered files go.
#[derive(Debug)]
pub(super) struct Out<'a> {
    folder: &'a Path,
    /// The folders of the input.
    input: &'a HashSet<Identity>,
    replaced: AtomicUsize,
}

impl<'a> Out<'a> {
    pub(super) fn new(folder: &'a Path, input: &'a HashSet<Identity>) -> Self {
        Self { folder, input, replaced: AtomicUsize::new(0) }
    }

    /// How many files were there before and are replaced.
    pub(super) fn replaced(&self) -> usize {
        self.replaced.load(Ordering::Relaxed)
    }

    /// A temporary file for what a key delivers. With `bucket`, it goes into a folder of that name.
    ///
    /// # Errors
    /// Why nothing is written under this name.
    pub(super) fn begin(&self, bucket: Option<&str>, key: &str) -> Result<Delivery<'_>, String> {
        let folder = bucket.map_or_else(|| self.folder.to_owned(), |bucket| self.folder.join(bucket));
        let place = below(&folder, key)?;
        let failed = |error: std::io::Error| format!("failed to write {}: {error}", output::path(&place));
        let parent = place.parent().unwrap_or(self.folder);
        std::fs::create_dir_all(parent).map_err(failed)?;
        // A link below --out may lead anywhere.
        if self.input.contains(&Identity::of(parent).map_err(failed)?) {
            return Err(format!("{} is in the folder of --once, and is left as it is", output::path(&place)));
        }
        match std::fs::symlink_metadata(&place) {
            Ok(about) if !about.is_file() => {
                return Err(format!(
                    "{} is there and is no plain file; it is left as it is",
                    output::path(&place)
                ));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let file = temporary_in(parent).map_err(failed)?;
        Ok(Delivery { file, place, replaced: &self.replaced })
    }
}

/// A file on its way. Dropped, it leaves nothing.
#[derive(Debug)]
pub(super) struct Delivery<'a> {
    file: NamedTempFile,
    place: PathBuf,
    replaced: &'a AtomicUsize,
}

impl Delivery<'_> {
    /// The same file, to write to.
    pub(super) fn open(&self) -> Result<tokio::fs::File, String> {
        let file = self.file.as_file().try_clone();
        file.map(tokio::fs::File::from_std).map_err(|error| self.failed(&error))
    }

    pub(super) fn failed(&self, error: &std::io::Error) -> String {
        let folder = output::path(self.place.parent().unwrap_or(&self.place));
        tracing::error!(os_error = error.raw_os_error().map(i64::from), folder, %error, "failed to write");
        format!("failed to write {}: {error}", output::path(&self.place))
    }

    /// Puts it in place, whole.
    pub(super) fn keep(self) -> Result<(), String> {
        let Self { file, place, replaced } = self;
        let was_there = std::fs::symlink_metadata(&place).is_ok();
        let kept = file.persist(&place);
        kept.map_err(|error| format!("failed to write {}: {}", output::path(&place), error.error))?;
        replaced.fetch_add(usize::from(was_there), Ordering::Relaxed);
        Ok(())
    }
}

/// A file with a name of ours, as readable as any new file.
pub(super) fn temporary_in(folder: &Path) -> std::io::Result<NamedTempFile> {
    let as_any_file = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    tempfile::Builder::new().prefix(".drayage-").suffix(".part").permissions(as_any_file).tempfile_in(folder)
}

/// Where a key goes below a folder. A key that would leave the folder, or that no file can be named after, is refused.
fn below(folder: &Path, key: &str) -> Result<PathBuf, String> {
    let plain = Path::new(key).components().all(|part| matches!(part, Component::Normal(_)));
    // `components` drops what a file system would: `a//b`, `a/./b`, a trailing slash.
    let verbatim =
        Path::new(key).components().map(|part| part.as_os_str().len() + 1).sum::<usize>() == key.len() + 1;
    if plain && verbatim && !key.contains('\0') {
        Ok(folder.join(key))
    } else {
        Err("its key is no file name".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_that_are_file_names_are_written() {
        for good in ["a", "a/b c+%2F", "é\n"] {
            assert_eq!(below(Path::new("/out"), good), Ok(Path::new("/out").join(good)), "{good}");
        }
        for bad in ["../a", "/a", "a/../../b", "a//b", "a/./b", "a/", "a\0b", ""] {
            assert!(below(Path::new("/out"), bad).is_err(), "{bad}");
        }
    }
}
