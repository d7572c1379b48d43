//! The `drayage` binary that was built beside this one, and its services as processes.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::error::Error;

pub(crate) fn drayage() -> Result<PathBuf, Error> {
    let own = std::env::current_exe().map_err(|error| Error::failed_to("find the drayage binary", error))?;
    let folder = own.parent().unwrap_or(Path::new("."));
    let program = folder.join("drayage");
    if program.is_file() {
        return Ok(program);
    }
    let profile = if folder.file_name().is_some_and(|name| name == "debug") { "" } else { " --release" };
    let shown = program.display();
    Err(Error::Failed(format!("{shown} is not built yet; build it with: cargo build{profile} -p drayage")))
}

/// A service that ends with us, with fake credentials and nothing of the machine's own AWS configuration. Its standard input is a pipe:
/// with `--stop-with-parent`, whoever closes that stops it.
pub(crate) fn service(program: &Path, access_key: &str) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        // Ctrl-C reaches a terminal's whole group; what we started is stopped by us.
        .process_group(0)
        .kill_on_drop(true);
    topology::isolate(command.as_std_mut(), access_key);
    command
}
