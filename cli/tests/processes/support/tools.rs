//! Programs of the system, where they are there.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// Says on standard error that a test shows nothing here, and why.
pub(crate) fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// A program's path; without one, says that the test is skipped.
pub(crate) fn tool(name: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        skipped(&format!("there is no program `{name}`"));
    }
    found.map(|path| path.to_str().unwrap().to_owned())
}

/// Runs a program to its end; without one, or where it fails, says that the test is skipped.
pub(crate) fn run_tool(name: &str, arguments: &[&str]) -> Option<()> {
    let ran = Command::new(tool(name)?).args(arguments).output().unwrap();
    if !ran.status.success() {
        skipped(&format!("{name} {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr)));
        return None;
    }
    Some(())
}

/// A file system of a few MiB, which is quickly full.
#[derive(Debug)]
pub(crate) struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    /// Over a folder. Only root may mount one; otherwise says that the test is skipped.
    pub(crate) fn over(folder: &'a Path, size_mib: usize) -> Option<Self> {
        let size = format!("size={size_mib}m");
        run_tool("mount", &["-t", "tmpfs", "-o", &size, "none", folder.to_str()?])?;
        Some(Self(folder))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // Also where a test has failed and a process still holds files in it.
        run_tool("umount", &["--lazy", self.0.to_str().unwrap_or_default()]);
    }
}
