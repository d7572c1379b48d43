//! Whether two paths name one folder, however they are spelt: a folder is its device and inode. Links, `..` and bind mounts lead to
//! the same one.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

/// What a file or folder is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// Of what a path leads to, through links.
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        std::fs::metadata(path).map(|about| Self { device: about.dev(), inode: about.ino() })
    }
}

/// Whether a folder is another one or lies somewhere in it. Neither needs to be there yet.
pub(super) fn is_within(inner: &Path, outer: &Path) -> bool {
    let (Ok(whole), Ok(around)) = (resolve(inner), resolve(outer)) else { return false };
    let is_outer = |folder: &Path| {
        folder == around || Identity::of(&around).is_ok_and(|outer| Identity::of(folder).ok() == Some(outer))
    };
    whole.ancestors().any(is_outer)
}

/// The path without links and `..`, also where its end is not there yet.
fn resolve(path: &Path) -> std::io::Result<PathBuf> {
    let mut at = if path.is_absolute() { PathBuf::from("/") } else { std::env::current_dir()? };
    for part in path.components() {
        match part {
            Component::Normal(name) => at.push(name),
            // What is there has no links any more, and what is to be made will have none.
            Component::ParentDir => drop(at.pop()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
        if let Ok(real) = at.canonicalize() {
            at = real;
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_folder_is_that_folder() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("in/below")).unwrap();
        std::os::unix::fs::symlink("in/below", at("link")).unwrap();
        for same in ["in", "in/.", "in/below/..", "link/..", "new/../in", "new/../link/../made/later"] {
            assert!(is_within(&at(same), &at("in")), "{same}");
        }
        assert!(is_within(&at("new/one"), &at("in/../new")), "neither is there yet");
        for other in ["", "in-not", "new/in", "in/../new"] {
            assert!(!is_within(&at(other), &at("in")), "{other}");
        }
    }
}
