//! One bucket: its settings, its objects, its uploads in progress.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use s3s::S3Result;
use serde::{Deserialize, Serialize};

use super::blob::{Blob, Segment};
use super::disk::Disk;
use super::errors::{disk as disk_error, no_such_bucket};
use super::lifecycle::Rule;
use super::object::{Details, Version};
use super::records::{BucketRecord, Recorded, SegmentRecord, VersionRecord};
use super::upload::Uploads;
use super::versions::{DeleteMarker, Revision, Versions, spell};

/// Its locks are held for moments, and never while anything is awaited. That of `uploads` is taken last.
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
    /// `None`: never switched on.
    #[serde(default)]
    pub(super) versioning: Option<Versioning>,
    #[serde(default)]
    pub(super) lifecycle: Vec<Rule>,
}

/// Once it has been switched on, it can only be suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Versioning {
    Enabled,
    /// What is written has the null version id, and replaces what has it already.
    Suspended,
}

impl Settings {
    pub(super) fn keeps_versions(&self) -> bool {
        self.versioning == Some(Versioning::Enabled)
    }
}

/// Versions by key; there is no key without one.
#[derive(Debug, Default)]
pub(super) struct Objects {
    by_key: BTreeMap<String, Versions>,
    /// The bucket is gone; a request that still holds it must not write to it.
    is_deleted: bool,
}

impl Objects {
    pub(super) fn by_key(&self) -> &BTreeMap<String, Versions> {
        &self.by_key
    }

    pub(super) fn versions(&self, key: &str) -> Option<&Versions> {
        self.by_key.get(key)
    }

    /// The visible object of `key`.
    pub(super) fn current(&self, key: &str) -> Option<&Arc<Version>> {
        self.versions(key)?.current()
    }

    /// For a bucket that is read from disk.
    pub(super) fn restore(&mut self, key: String, revision: Revision) {
        self.by_key.entry(key).or_default().insert(revision);
    }

    /// Gives what it replaces.
    fn insert(&mut self, key: &str, revision: Revision) -> Option<Revision> {
        match self.by_key.get_mut(key) {
            Some(versions) => versions.insert(revision),
            None => self.by_key.entry(key.to_owned()).or_default().insert(revision),
        }
    }

    fn remove(&mut self, key: &str, version_id: Option<&str>) -> Option<Revision> {
        let versions = self.by_key.get_mut(key)?;
        let removed = versions.remove(version_id);
        if versions.is_empty() {
            self.by_key.remove(key);
        }
        removed
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

    /// The version's id, as answers show it once versioning has been switched on.
    pub(super) fn shown_version_id(&self, version: &Version) -> Option<String> {
        self.settings().versioning.map(|_| spell(version.details.version_id.as_deref()).to_owned())
    }

    /// Changes the settings, on disk first.
    pub(super) fn configure(&self, change: impl FnOnce(&mut Settings)) -> S3Result<()> {
        let mut current = lock(&self.settings);
        let mut settings = current.clone();
        change(&mut settings);
        self.write_record(settings.clone()).map_err(disk_error)?;
        *current = settings;
        Ok(())
    }

    pub(super) fn write_record(&self, settings: Settings) -> std::io::Result<()> {
        let Some(disk) = &self.disk else { return Ok(()) };
        let record = BucketRecord { name: self.name.clone(), created_s: self.created_s, settings };
        disk.write_bucket(&self.name, &record)
    }

    pub(super) fn objects(&self) -> MutexGuard<'_, Objects> {
        lock(&self.objects)
    }

    /// Makes a version visible, all at once. `make` is called under the lock with the object that is visible now: it checks the
    /// conditions of the write and gives the version its place in the order of the key.
    pub(super) fn publish(
        &self,
        key: &str,
        make: impl FnOnce(Option<&Arc<Version>>) -> S3Result<(Details, Blob)>,
    ) -> S3Result<Arc<Version>> {
        let mut objects = self.open_objects()?;
        let (details, blob) = make(objects.current(key))?;
        let version = self.keep(&mut objects, key, details, blob)?;
        lock(&self.uploads).overtake(key);
        Ok(version)
    }

    /// Replaces what is known of a version, and keeps its bytes and its place.
    pub(super) fn revise(
        &self,
        key: &str,
        version_id: Option<&str>,
        change: impl FnOnce(&mut Details),
    ) -> S3Result<Arc<Version>> {
        let mut objects = self.open_objects()?;
        let version = objects.find(key, version_id)?;
        let (mut details, blob) = (version.details.clone(), version.blob.clone());
        change(&mut details);
        self.keep(&mut objects, key, details, blob)
    }

    /// Hides `key` behind a delete marker, if `check` agrees with what is visible now.
    pub(super) fn mark_deleted(
        &self,
        key: &str,
        check: impl FnOnce(Option<&Arc<Version>>) -> S3Result<()>,
        make: impl FnOnce() -> DeleteMarker,
    ) -> S3Result<Arc<DeleteMarker>> {
        let mut objects = self.open_objects()?;
        check(objects.current(key))?;
        let mut marker = make();
        let what = Recorded::DeleteMarker { delete_marker: marker.clone() };
        marker.entry = self.write_entry(key, what).map_err(disk_error)?;
        let marker = Arc::new(marker);
        self.put_in_place(&mut objects, key, Revision::DeleteMarker(Arc::clone(&marker)))?;
        lock(&self.uploads).overtake(key);
        Ok(marker)
    }

    /// Removes a version for good, if `check` agrees with its object; gives what was removed, and whether it was the latest.
    pub(super) fn remove(
        &self,
        key: &str,
        version_id: Option<&str>,
        check: impl FnOnce(Option<&Arc<Version>>) -> S3Result<()>,
    ) -> S3Result<Option<(Revision, bool)>> {
        let mut objects = self.objects();
        let versions = objects.versions(key);
        let is_latest =
            versions.and_then(Versions::latest).is_some_and(|latest| latest.version_id() == version_id);
        check(versions.and_then(|versions| versions.get(version_id)).and_then(Revision::object))?;
        let Some(removed) = objects.remove(key, version_id) else { return Ok(None) };
        self.remove_entry(removed.entry()).map_err(disk_error)?;
        if is_latest {
            lock(&self.uploads).overtake(key);
        }
        Ok(Some((removed, is_latest)))
    }

    fn open_objects(&self) -> S3Result<MutexGuard<'_, Objects>> {
        let objects = self.objects();
        if objects.is_deleted { Err(no_such_bucket()) } else { Ok(objects) }
    }

    fn keep(&self, objects: &mut Objects, key: &str, details: Details, blob: Blob) -> S3Result<Arc<Version>> {
        let entry = self.write_object_entry(key, &details, &blob).map_err(disk_error)?;
        let version = Arc::new(Version { details, blob, entry });
        self.put_in_place(objects, key, Revision::Object(Arc::clone(&version)))?;
        Ok(version)
    }

    /// A crash before the end leaves the entry of what is replaced, too; the next start removes it.
    fn put_in_place(&self, objects: &mut Objects, key: &str, revision: Revision) -> S3Result<()> {
        let replaced = objects.insert(key, revision);
        self.remove_entry(replaced.and_then(|revision| revision.entry())).map_err(disk_error)
    }

    /// Closes the bucket for good, if it has no versions of anything. Uploads in progress end with it.
    pub(super) fn delete_if_empty(&self) -> bool {
        let mut objects = self.objects();
        let is_empty = objects.by_key.is_empty();
        objects.is_deleted |= is_empty;
        is_empty
    }

    fn write_object_entry(&self, key: &str, details: &Details, blob: &Blob) -> std::io::Result<Option<u64>> {
        if !self.disk.as_ref().is_some_and(|disk| disk.is_kept()) {
            return Ok(None);
        }
        let segments = blob.segments().iter().filter_map(|segment| match segment {
            Segment::File { file, offset, length } => {
                Some(SegmentRecord { file: file.id(), offset: *offset, length: *length })
            }
            // A folder that is kept has none of these.
            Segment::Memory(_) | Segment::Virtual(_) => None,
        });
        let segments = segments.collect();
        self.write_entry(key, Recorded::Object { details: Box::new(details.clone()), segments })
    }

    fn write_entry(&self, key: &str, what: Recorded) -> std::io::Result<Option<u64>> {
        let Some(disk) = self.disk.as_ref().filter(|disk| disk.is_kept()) else { return Ok(None) };
        let id = disk.new_id();
        disk.write_entry(id, &VersionRecord { bucket: self.name.clone(), key: key.to_owned(), what })?;
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
