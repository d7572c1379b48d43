//! The folders that a user names must not get into each other's way. This is checked before anything is read or written.
//!
//! `--out` within the input would change the user's files, or copy its own copies the next time; the same goes for the input within
//! `--out`. `--data` within either would mix our files with the user's. `--data` around them is harmless: all that it holds of ours is
//! in one folder below it.

use std::path::Path;

use super::data;
use super::deliver::temporary_in;
use super::identity::is_within;
use super::options::Options;

/// A folder, and what it is for.
type Named<'a> = (&'static str, &'a Path);

/// Everything that is wrong with the folders.
pub(super) fn mistakes(options: &Options) -> Vec<String> {
    let input = options.once.as_deref().map(|folder| ("--once", folder));
    let out = options.out.as_deref().map(|folder| ("--out", folder));
    let data = options.data.as_deref().map(|folder| ("--data", folder));
    let own = options.data.as_deref().map(data::place);
    let own = own.as_deref().map(|folder| ("the folder of --data", folder));
    let pairs = [(out, input), (data, input), (data, out), (input, own), (out, own)];
    let mut found: Vec<String> =
        pairs.into_iter().filter_map(|(inner, outer)| overlap(inner?, outer?)).collect();
    if found.is_empty() {
        // The same folder is within itself: said once.
        found.extend(input.zip(out).and_then(|(inner, outer)| overlap(inner, outer)));
    }
    found
}

fn overlap((inner_name, inner): Named<'_>, (outer_name, outer): Named<'_>) -> Option<String> {
    let how = if is_within(outer, inner) { "is the same folder as" } else { "is within" };
    is_within(inner, outer).then(|| {
        format!("{inner_name} is {inner:?} and {how} {outer_name}, {outer:?}: expected folders apart from each other")
    })
}

/// Makes the folder of `--out` if it is not there, and tries to write to it: better now than after all the work.
///
/// # Errors
/// The mistake, in words.
pub(super) fn make_out(out: &Path) -> Result<(), String> {
    let wrong = |why: String| format!("--out is {out:?}: {why}");
    if std::fs::metadata(out).is_ok_and(|about| !about.is_dir()) {
        return Err(wrong("expected a folder, and it is none".to_owned()));
    }
    let made = std::fs::create_dir_all(out);
    made.map_err(|error| wrong(format!("expected a folder that can be made ({error})")))?;
    let probe = temporary_in(out);
    probe.map(drop).map_err(|error| wrong(format!("expected a folder that can be written to ({error})")))
}
