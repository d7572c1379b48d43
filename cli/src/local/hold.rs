//! One `drayage local` at a time on a folder: two would each take the other's files for their own.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use common::service::StartError;

/// The file that is locked. It stays, empty of meaning, when nobody holds it: removing it would let two processes hold two files of one name.
const NAME: &str = "lock";
/// Of what the holder wrote, what is shown.
const HOLDER_BYTES_MAX: u64 = 200;

/// Holds the folder until it is dropped, or its process ends in whatever way.
#[derive(Debug)]
pub(super) struct Hold(File);

impl Hold {
    /// # Errors
    /// When another process holds it; it is named.
    pub(super) fn take(folder: &Path) -> Result<Self, StartError> {
        let path = folder.join(NAME);
        let failed = |error: std::io::Error| StartError::Local(format!("failed to lock {}: {error}", path.display()));
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::Error(error)) => Err(failed(error)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // It may be writing its name at this moment.
                let _ = file.by_ref().take(HOLDER_BYTES_MAX).read_to_string(&mut holder);
                let holder = holder.lines().next().filter(|line| !line.is_empty()).unwrap_or("another process");
                Err(StartError::Local(format!(
                    "{} is in use by {holder}: stop it, or give another --data",
                    folder.display()
                )))
            }
        }
    }

    /// Says who holds the folder, for whoever wants it too.
    pub(super) fn sign(&mut self, endpoint_url: &str) -> std::io::Result<()> {
        let text = format!("drayage local, process {}, on {endpoint_url}\n", std::process::id());
        self.0.set_len(0)?;
        self.0.rewind()?;
        self.0.write_all(text.as_bytes())
    }
}
