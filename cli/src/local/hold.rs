//! One `drayage local` at a time on a folder: two would each take the other's files for their own.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;

use common::output::{name, path};
use common::service::StartError;

/// The file that is locked. It stays when its holder ends: if it were removed, two processes could hold two files of one name.
const NAME: &str = "lock";
/// Of what the holder wrote, what is shown.
const HOLDER_BYTES_MAX: u64 = 200;

/// Holds the folder until it is dropped, or its process ends in whatever way.
#[derive(Debug)]
pub(super) struct Hold(#[expect(dead_code, reason = "open, it keeps the lock")] File);

impl Hold {
    /// Signs it with who holds it, for whoever wants it too.
    ///
    /// # Errors
    /// When another process holds it; it is named.
    pub(super) fn take(folder: &Path, endpoint_url: &str) -> Result<Self, StartError> {
        let file = folder.join(NAME);
        let failed =
            |error: std::io::Error| StartError::Local(format!("failed to lock {}: {error}", path(&file)));
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {
                let text = format!("drayage local, process {}, on {endpoint_url}\n", std::process::id());
                lock.set_len(0).and_then(|()| lock.write_all(text.as_bytes())).map_err(failed)?;
                Ok(Self(lock))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // It may be signing at this moment.
                let _ = lock.take(HOLDER_BYTES_MAX).read_to_string(&mut holder);
                let holder =
                    holder.lines().next().filter(|line| !line.is_empty()).unwrap_or("another process");
                Err(StartError::Local(format!(
                    "{} is in use by {}: stop it, or give another --data",
                    path(folder),
                    name(holder)
                )))
            }
        }
    }
}
