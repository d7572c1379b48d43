//! One bucket: its settings, its objects, its uploads in progress.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use s3s::S3Result;
use serde::{Deserialize, Serialize};

use super::blob::{Blob, Segment};
use super::disk::Disk;
use super::errors::{disk as disk_error, no_such_bucket};
use super::object::{Details, Version};
use super::upload::Uploads;

/// Its locks are held for moments, and never while anything is awaited.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) created_s: u64,
    settings: Mutex<Settings>,
    objects: Mutex<Objects>,
    pub(super) uploads: Mutex<Uploads>,
    disk: Option<Arc<Disk>>,
}

/// What a bucket is configured to do.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Settings {
    /// Whether its events go to EventBridge.
    pub(super) event_bridge: bool,
}

/// A bucket as it is kept on disk.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BucketRecord {
    pub(super) name: String,
    pub(super) created_s: u64,
    pub(super) settings: Settings,
}

/// A version as it is kept on disk.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct VersionRecord {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) details: Details,
    pub(super) segments: Vec<SegmentRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SegmentRecord {
    pub(super) file: u64,
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// Versions by key, the newest last. Without versioning there is one of each.
#[derive(Debug, Default)]
pub(super) struct Objects {
    by_key: BTreeMap<String, Vec<Arc<Version>>>,
    /// The bucket is gone; a request that still holds it must not write to it.
    is_deleted: bool,
}

impl Objects {
    pub(super) fn by_key(&self) -> &BTreeMap<String, Vec<Arc<Version>>> {
        &self.by_key
    }

    pub(super) fn current(&self, key: &str) -> Option<&Arc<Version>> {
        self.by_key.get(key)?.last()
    }

    /// For a bucket that is read from disk.
    pub(super) fn restore(&mut self, key: String, version: Version) {
        self.by_key.insert(key, vec![Arc::new(version)]);
    }
}

impl Bucket {
    pub(super) fn new(record: BucketRecord, disk: Option<Arc<Disk>>) -> Self {
        Self {
            name: record.name,
            created_s: record.created_s,
            settings: Mutex::new(record.settings),
            objects: Mutex::default(),
            uploads: Mutex::default(),
            disk,
        }
    }

    pub(super) fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    /// Keeps new settings, on disk first.
    pub(super) fn configure(&self, settings: Settings) -> S3Result<()> {
        let mut current = lock(&self.settings);
        self.write_record(&settings).map_err(disk_error)?;
        *current = settings;
        Ok(())
    }

    pub(super) fn write_record(&self, settings: &Settings) -> std::io::Result<()> {
        let Some(disk) = &self.disk else { return Ok(()) };
        let record =
            BucketRecord { name: self.name.clone(), created_s: self.created_s, settings: settings.clone() };
        disk.write_bucket(&self.name, &record)
    }

    pub(super) fn objects(&self) -> MutexGuard<'_, Objects> {
        lock(&self.objects)
    }

    /// The newest version of `key`.
    pub(super) fn current(&self, key: &str) -> Option<Arc<Version>> {
        self.objects().current(key).cloned()
    }

    /// Makes a version visible, all at once. `make` is called under the lock with what is there now: it checks the conditions of the
    /// write and gives the version its place in the order of the key.
    pub(super) fn publish(
        &self,
        key: &str,
        make: impl FnOnce(Option<&Arc<Version>>) -> S3Result<(Details, Blob)>,
    ) -> S3Result<Arc<Version>> {
        let mut objects = self.objects();
        if objects.is_deleted {
            return Err(no_such_bucket());
        }
        let current = objects.current(key);
        let replaced = current.and_then(|version| version.entry);
        let (details, blob) = make(current)?;
        let entry = self.write_entry(key, &details, &blob).map_err(disk_error)?;
        let version = Arc::new(Version { details, blob, entry });
        match objects.by_key.get_mut(key) {
            Some(versions) => *versions = vec![Arc::clone(&version)],
            None => {
                objects.by_key.insert(key.to_owned(), vec![Arc::clone(&version)]);
            }
        }
        self.remove_entry(replaced).map_err(disk_error)?;
        Ok(version)
    }

    /// Removes `key`, if `check` agrees with what is there; gives what was removed.
    pub(super) fn remove(
        &self,
        key: &str,
        check: impl FnOnce(Option<&Arc<Version>>) -> S3Result<()>,
    ) -> S3Result<Option<Arc<Version>>> {
        let mut objects = self.objects();
        check(objects.current(key))?;
        let removed = objects.by_key.remove(key).and_then(|mut versions| versions.pop());
        self.remove_entry(removed.as_ref().and_then(|version| version.entry)).map_err(disk_error)?;
        Ok(removed)
    }

    /// Closes the bucket for good, if it has no objects. Uploads in progress end with it.
    pub(super) fn delete_if_empty(&self) -> bool {
        let mut objects = self.objects();
        let is_empty = objects.by_key.is_empty();
        objects.is_deleted |= is_empty;
        is_empty
    }

    fn write_entry(&self, key: &str, details: &Details, blob: &Blob) -> std::io::Result<Option<u64>> {
        let Some(disk) = &self.disk else { return Ok(None) };
        let segments = blob.segments().iter().filter_map(|segment| match segment {
            Segment::File { file, offset, length } => {
                Some(SegmentRecord { file: file.id(), offset: *offset, length: *length })
            }
            Segment::Memory(_) => None,
        });
        let record = VersionRecord {
            bucket: self.name.clone(),
            key: key.to_owned(),
            details: details.clone(),
            segments: segments.collect(),
        };
        let id = disk.new_id();
        disk.write_entry(id, &record)?;
        Ok(Some(id))
    }

    fn remove_entry(&self, entry: Option<u64>) -> std::io::Result<()> {
        match (&self.disk, entry) {
            (Some(disk), Some(id)) => disk.remove_entry(id),
            _ => Ok(()),
        }
    }
}

/// A lock whose holder panicked guards nothing worse than a half-finished request.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
