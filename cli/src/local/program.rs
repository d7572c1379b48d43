//! The program that children run: this very one, also when its file has been built again, replaced or removed meanwhile.

use std::path::PathBuf;

/// On Linux the kernel keeps the program of a running process, and this names it in whoever asks. A child asks between its fork and
/// its exec, when it still runs our program.
const SELF: &str = "/proc/self/exe";

/// What to start.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    /// What process lists show.
    pub(super) shown: PathBuf,
}

impl Program {
    /// Call it at the start, while the file is still there: without a `/proc`, its path is all there is.
    pub(super) fn own() -> std::io::Result<Self> {
        let shown = std::env::current_exe()?;
        let kept = PathBuf::from(SELF);
        let path = if std::fs::File::open(&kept).is_ok() { kept } else { shown.clone() };
        Ok(Self { path, shown })
    }
}
