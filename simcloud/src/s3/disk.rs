//! The folder of a cloud that keeps its objects on disk.
//!
//! ```text
//! objects/<id>        bytes, never named by a key
//! index/<id>.json     one version: bucket, key, what is known of it, and which bytes of which files it is made of
//! buckets/<name>.json one bucket and its settings
//! ```
//! A version is published by renaming its index entry into place; what it replaced is removed after that. A crash in between leaves
//! two entries for one version id of a key, of which the later sequencer counts, or bytes without an entry, which the next start
//! removes. Nothing is synced: it survives a crash of the process, not of the machine. Uploads in progress do not survive either.
//!
//! Of a folder that is scratch space no later cloud knows anything: there is no index, and small objects stay in memory.

use std::fs;
use std::io::{Error, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Objects up to this length need no file in a folder of which nothing is kept.
const SMALL_BYTES: usize = 256 * 1024;

/// The open folder.
#[derive(Debug)]
pub(super) struct Disk {
    objects: PathBuf,
    index: PathBuf,
    buckets: PathBuf,
    next_id: AtomicU64,
    /// The cloud is going away: files stay.
    closing: Arc<AtomicBool>,
    /// Memory for small objects; only of a folder that no later cloud goes on with.
    scratch: Option<Arc<Scratch>>,
}

#[derive(Debug)]
struct Scratch {
    free_bytes: AtomicU64,
}

/// Bytes that were taken off [`Scratch`], until nobody has them any more.
struct Held {
    bytes: Bytes,
    scratch: Arc<Scratch>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.scratch.free_bytes.fetch_add(self.bytes.len() as u64, Ordering::Relaxed);
    }
}

/// One file of bytes; removed when nothing refers to it any more, unless the cloud is closing.
#[derive(Debug)]
pub(super) struct BlobFile {
    id: u64,
    path: PathBuf,
    closing: Arc<AtomicBool>,
}

impl BlobFile {
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for BlobFile {
    fn drop(&mut self) {
        if !self.closing.load(Ordering::Acquire) {
            // It may never have been written.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.close();
    }
}

impl Disk {
    /// `scratch_memory_bytes`: see [`crate::Options`].
    pub(super) fn open(folder: &Path, scratch_memory_bytes: Option<u64>) -> std::io::Result<Self> {
        let [objects, index, buckets] = ["objects", "index", "buckets"].map(|name| folder.join(name));
        for path in [&objects, &index, &buckets] {
            fs::create_dir_all(path)?;
        }
        let taken = ids(&objects)?.into_iter().chain(ids(&index)?).max().unwrap_or(0);
        Ok(Self {
            objects,
            index,
            buckets,
            next_id: AtomicU64::new(taken + 1),
            closing: Arc::new(AtomicBool::new(false)),
            scratch: scratch_memory_bytes
                .map(|bytes| Arc::new(Scratch { free_bytes: AtomicU64::new(bytes) })),
        })
    }

    /// Whether a later cloud may go on with the folder, and so needs to know what is in it.
    pub(super) fn is_kept(&self) -> bool {
        self.scratch.is_none()
    }

    /// Takes a small object's bytes into memory, if that is allowed and there is room.
    pub(super) fn hold(&self, bytes: &Bytes) -> Option<Bytes> {
        let scratch = self.scratch.as_ref().filter(|_| bytes.len() <= SMALL_BYTES)?;
        let take = |free: u64| free.checked_sub(bytes.len() as u64);
        scratch.free_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        Some(Bytes::from_owner(Held { bytes: bytes.clone(), scratch: Arc::clone(scratch) }))
    }

    /// From here on, dropping an object does not remove its bytes.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// A name for new bytes; the file is not made yet.
    pub(super) fn new_file(&self) -> BlobFile {
        self.file(self.new_id())
    }

    pub(super) fn file(&self, id: u64) -> BlobFile {
        BlobFile { id, path: self.objects.join(format!("{id:016x}")), closing: Arc::clone(&self.closing) }
    }

    pub(super) fn new_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Removes the bytes that no entry refers to.
    pub(super) fn remove_orphans(&self, is_used: impl Fn(u64) -> bool) -> std::io::Result<()> {
        for id in ids(&self.objects)? {
            if !is_used(id) {
                fs::remove_file(self.objects.join(format!("{id:016x}")))?;
            }
        }
        Ok(())
    }

    pub(super) fn write_entry<T: Serialize>(&self, id: u64, entry: &T) -> std::io::Result<()> {
        write_json(&self.index.join(format!("{id:016x}.json")), entry)
    }

    pub(super) fn remove_entry(&self, id: u64) -> std::io::Result<()> {
        fs::remove_file(self.index.join(format!("{id:016x}.json")))
    }

    /// All entries, with their ids.
    pub(super) fn entries<T: DeserializeOwned>(&self) -> std::io::Result<Vec<(u64, T)>> {
        ids(&self.index)?
            .into_iter()
            .map(|id| Ok((id, read_json(&self.index.join(format!("{id:016x}.json")))?)))
            .collect()
    }

    /// `name` is a valid bucket name, hence a safe file name.
    pub(super) fn write_bucket<T: Serialize>(&self, name: &str, bucket: &T) -> std::io::Result<()> {
        write_json(&self.buckets.join(format!("{name}.json")), bucket)
    }

    pub(super) fn remove_bucket(&self, name: &str) -> std::io::Result<()> {
        fs::remove_file(self.buckets.join(format!("{name}.json")))
    }

    pub(super) fn buckets<T: DeserializeOwned>(&self) -> std::io::Result<Vec<T>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.buckets)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                paths.push(path);
            }
        }
        paths.sort();
        paths.iter().map(|path| read_json(path)).collect()
    }
}

/// The ids of the files in `folder`; what is half written has another name.
fn ids(folder: &Path) -> std::io::Result<Vec<u64>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let id = name.to_str().map(|name| name.strip_suffix(".json").unwrap_or(name));
        ids.extend(id.and_then(|id| u64::from_str_radix(id, 16).ok()));
    }
    ids.sort_unstable();
    Ok(ids)
}

/// Whole or not at all: written beside, then renamed.
fn write_json<T: Serialize>(path: &Path, value: &T) -> std::io::Result<()> {
    let beside = path.with_extension("tmp");
    let text = serde_json::to_vec(value)?;
    let written = fs::File::create(&beside)
        .and_then(|mut file| file.write_all(&text))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // On a full disk, half a file would take room for nothing.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn read_json<T: DeserializeOwned>(path: &Path) -> std::io::Result<T> {
    serde_json::from_slice(&fs::read(path)?)
        .map_err(|error| Error::other(format!("failed to read {}: {error}", path.display())))
}
