//! Where `--data DIR` keeps what is ours: in one folder below DIR, with a name and a mark of ours. Nothing else in DIR is ever written.
//!
//! Earlier versions wrote straight into DIR. Their objects, ledger and queues are moved into our folder once:
//! 1. `drayage-local.moving/` is made, with our mark in it;
//! 2. what they kept is moved there, one rename for each;
//! 3. it is renamed to `drayage-local/`. This commits.
//!
//! After a crash between these steps, the next start goes on with the folder of step 1. What those versions wrote beside (`rules.toml`,
//! `logs/`) may as well be the user's, is not needed, and stays where it is.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use common::output::path;
use common::service::StartError;

const OURS: &str = "drayage-local";
const MOVING: &str = "drayage-local.moving";
/// A folder of our name without this file is somebody else's.
const MARK: &str = "drayage-local.json";
const MARK_TEXT: &str = "{\"made_by\":\"drayage local\",\"version\":1}\n";

/// What earlier versions kept in DIR itself. The objects come last: while they are there, the move is not over.
const STATE: &str = "state.json";
const OBJECTS: &str = "s3";

/// Our folder below the one that `--data` names.
pub(super) fn place(data: &Path) -> PathBuf {
    data.join(OURS)
}

/// Our folder, made or taken over.
///
/// # Errors
/// When it cannot be made, or is not ours.
pub(super) fn open(data: &Path) -> Result<PathBuf, StartError> {
    let failed = |error: std::io::Error| {
        StartError::Local(format!("failed to use the folder {}: {error}", path(data)))
    };
    let (ours, moving) = (place(data), data.join(MOVING));
    fs::create_dir_all(data).map_err(failed)?;
    if !exists(&ours).map_err(failed)? {
        if exists(&moving).map_err(failed)? || is_of_earlier_version(data) {
            move_into(data, &moving).and_then(|()| fs::rename(&moving, &ours)).map_err(failed)?;
        } else {
            fs::create_dir(&ours).map_err(failed)?;
        }
    }
    let is_new = fs::read_dir(&ours).map_err(failed)?.next().is_none();
    if is_new {
        fs::write(ours.join(MARK), MARK_TEXT).map_err(failed)?;
    } else if !exists(&ours.join(MARK)).map_err(failed)? {
        return Err(StartError::Usage(format!(
            "--data is {data:?}: it has a folder {OURS} that this command did not make; expected another folder"
        )));
    }
    Ok(ours)
}

fn exists(at: &Path) -> std::io::Result<bool> {
    match fs::symlink_metadata(at) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Only what nobody else would have made: a folder of objects with exactly the three folders in it that the embedded S3 makes.
fn is_of_earlier_version(data: &Path) -> bool {
    let Ok(entries) = fs::read_dir(data.join(OBJECTS)) else { return false };
    let mut names: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    names.sort();
    names == ["buckets", "index", "objects"]
}

/// Whether the file holds queues, rules and tables, and so is not the user's.
fn is_state(file: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    let state: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    ["queues", "rules", "tables"].iter().all(|part| state.get(part).is_some())
}

fn move_into(data: &Path, moving: &Path) -> std::io::Result<()> {
    fs::create_dir_all(moving)?;
    fs::write(moving.join(MARK), MARK_TEXT)?;
    if is_state(&data.join(STATE)) {
        fs::rename(data.join(STATE), moving.join(STATE))?;
    }
    if exists(&data.join(OBJECTS))? {
        fs::rename(data.join(OBJECTS), moving.join(OBJECTS))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    const SNAPSHOT: &str = r#"{"queues":[],"rules":[],"tables":[]}"#;

    fn earlier() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["s3/objects/01", "s3/index/02.json", "s3/buckets/landing.json", "rules.toml"] {
            write(folder.path(), name, name);
        }
        write(folder.path(), "state.json", SNAPSHOT);
        folder
    }

    fn assert_moved(data: &Path) {
        let ours = open(data).unwrap();
        assert_eq!(fs::read_to_string(ours.join("s3/objects/01")).unwrap(), "s3/objects/01");
        assert_eq!(fs::read_to_string(ours.join("state.json")).unwrap(), SNAPSHOT);
        assert_eq!(fs::read_to_string(data.join("rules.toml")).unwrap(), "rules.toml", "may be the user's");
        let mut left: Vec<_> = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["drayage-local", "rules.toml"]);
        assert_eq!(open(data).unwrap(), ours, "the second time there is nothing to move");
    }

    #[test]
    fn what_an_earlier_version_kept_is_moved_once() {
        assert_moved(earlier().path());
    }

    #[test]
    fn a_move_that_was_interrupted_goes_on() {
        for done in 0..3 {
            let folder = earlier();
            let (data, moving) = (folder.path(), folder.path().join(MOVING));
            fs::create_dir(&moving).unwrap();
            for name in ["state.json", "s3"].into_iter().take(done) {
                fs::rename(data.join(name), moving.join(name)).unwrap();
            }
            assert_moved(data);
        }
    }

    #[test]
    fn what_is_not_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["rules.toml", "state.json", "s3/notes", "logs/worker-1.log"] {
            write(folder.path(), name, "mine");
        }
        open(folder.path()).unwrap();
        for name in ["rules.toml", "state.json", "s3/notes", "logs/worker-1.log"] {
            assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "mine", "{name}");
        }
    }

    #[test]
    fn a_folder_of_our_name_that_is_not_ours_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "drayage-local/rules.toml", "mine");
        let refused = open(folder.path());
        assert!(
            matches!(&refused, Err(StartError::Usage(why)) if why.contains("did not make")),
            "{refused:?}"
        );
        assert_eq!(fs::read_dir(folder.path().join("drayage-local")).unwrap().count(), 1);
    }
}
