//! All buckets of a cloud, and what every operation needs of the world: time, order, identifiers, events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use s3s::dto::ETagCondition;
use s3s::{S3ErrorCode, S3Result};

use super::blob::{Blob, Segment};
use super::bucket::{Bucket, BucketRecord, Settings, VersionRecord};
use super::disk::{BlobFile, Disk};
use super::errors::{disk as disk_error, no_such_bucket, no_such_key, refuse};
use super::object::{Details, Version};
use super::receive::Received;
use super::template::Template;
use crate::clock::Clock;
use crate::cloud::Options;
use crate::entropy::Entropy;
use crate::events::{EventBus, ObjectEvent, ObjectEventKind};
use crate::s3::conditions::WriteConditions;

#[derive(Debug)]
pub(super) struct Store {
    pub(super) region: String,
    pub(super) account_id: String,
    pub(super) fast_etags: bool,
    pub(super) disk: Option<Arc<Disk>>,
    clock: Clock,
    entropy: Arc<Entropy>,
    events: Arc<EventBus>,
    buckets: RwLock<BTreeMap<String, Arc<Bucket>>>,
    /// The next sequencer, and the next upload's place in lists.
    sequence: AtomicU64,
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(disk) = &self.disk {
            disk.close();
        }
    }
}

impl Store {
    pub(super) fn open(
        options: &Options,
        clock: Clock,
        entropy: Arc<Entropy>,
        events: Arc<EventBus>,
    ) -> std::io::Result<Self> {
        let disk = options.data_dir.as_deref().map(Disk::open).transpose()?.map(Arc::new);
        let (buckets, last) = match &disk {
            Some(disk) => restore(disk)?,
            None => (BTreeMap::new(), 0),
        };
        let sequence = (clock.unix_ms() << 16).max(last + 1);
        Ok(Self {
            region: options.region.clone(),
            account_id: options.account_id.clone(),
            fast_etags: options.fast_etags,
            disk,
            clock,
            entropy,
            events,
            buckets: RwLock::new(buckets),
            sequence: AtomicU64::new(sequence),
        })
    }

    pub(super) fn now_s(&self) -> u64 {
        self.clock.unix_ms() / 1000
    }

    /// Grows with every call: eighteen uppercase hex digits.
    pub(super) fn next_sequencer(&self) -> String {
        format!("{:018X}", self.sequence.fetch_add(1, Ordering::Relaxed))
    }

    /// An upload id: the first part grows with time, the rest cannot be guessed.
    pub(super) fn new_upload_id(&self) -> String {
        format!("{}{}", self.next_sequencer(), self.entropy.hex(24))
    }

    /// The bucket, after a look at whom the caller expects to own it.
    pub(super) fn bucket(&self, name: &str, expected_owner: Option<&str>) -> S3Result<Arc<Bucket>> {
        let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get(name).cloned().ok_or_else(no_such_bucket)?;
        match expected_owner {
            Some(owner) if owner != self.account_id => {
                Err(refuse(S3ErrorCode::AccessDenied, "Access Denied"))
            }
            _ => Ok(bucket),
        }
    }

    pub(super) fn buckets(&self) -> Vec<Arc<Bucket>> {
        self.buckets.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// A new bucket; false when it is there already.
    pub(super) fn create_bucket(&self, name: &str) -> S3Result<bool> {
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        if buckets.contains_key(name) {
            return Ok(false);
        }
        let settings = Settings::default();
        let record =
            BucketRecord { name: name.to_owned(), created_s: self.now_s(), settings: settings.clone() };
        let bucket = Bucket::new(record, self.disk.clone());
        bucket.write_record(&settings).map_err(disk_error)?;
        buckets.insert(name.to_owned(), Arc::new(bucket));
        Ok(true)
    }

    pub(super) fn delete_bucket(&self, name: &str) -> S3Result<()> {
        let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get(name).ok_or_else(no_such_bucket)?;
        if !bucket.delete_if_empty() {
            return Err(refuse(S3ErrorCode::BucketNotEmpty, "The bucket you tried to delete is not empty"));
        }
        if let Some(disk) = &self.disk {
            disk.remove_bucket(name).map_err(disk_error)?;
        }
        buckets.remove(name);
        Ok(())
    }

    /// Makes an object of bytes that came in one piece visible, and tells who listens.
    pub(super) fn publish(
        &self,
        bucket: &Bucket,
        key: &str,
        (template, received): (Template, Received),
        conditions: &WriteConditions,
        (kind, request_id): (ObjectEventKind, &str),
    ) -> S3Result<Arc<Version>> {
        let Received { blob, sums } = received;
        let version = bucket.publish(key, |current| {
            conditions.check(current.map(|version| &version.details))?;
            let details = Details {
                template,
                etag: sums.etag(),
                size_bytes: blob.length_bytes(),
                last_modified_s: self.now_s(),
                sequencer: self.next_sequencer(),
                checksum: sums.checksum,
                parts: Vec::new(),
            };
            Ok((details, blob))
        })?;
        self.tell(bucket, key, &version.details, kind, request_id);
        Ok(version)
    }

    /// Removes an object, and tells who listens if there was one.
    pub(super) fn remove(
        &self,
        bucket: &Bucket,
        key: &str,
        if_match: Option<ETagCondition>,
        request_id: &str,
    ) -> S3Result<()> {
        let conditions = WriteConditions { if_match, if_none_match: None };
        let removed =
            bucket.remove(key, |current| conditions.check(current.map(|version| &version.details)))?;
        if let Some(version) = removed {
            let details = Details { sequencer: self.next_sequencer(), ..version.details.clone() };
            self.tell(bucket, key, &details, ObjectEventKind::Deleted, request_id);
        }
        Ok(())
    }

    pub(super) fn tell(
        &self,
        bucket: &Bucket,
        key: &str,
        details: &Details,
        kind: ObjectEventKind,
        request_id: &str,
    ) {
        if !bucket.settings().event_bridge {
            return;
        }
        self.events.object_event(&ObjectEvent {
            bucket: bucket.name.clone(),
            key: key.to_owned(),
            size_bytes: details.size_bytes,
            etag: details.etag.clone(),
            version_id: None,
            sequencer: details.sequencer.clone(),
            kind,
            request_id: request_id.to_owned(),
        });
    }

    /// The visible object.
    pub(super) fn object(
        &self,
        bucket: &Bucket,
        key: &str,
        version_id: Option<&str>,
    ) -> S3Result<Arc<Version>> {
        check_version_id(version_id)?;
        bucket.current(key).ok_or_else(no_such_key)
    }
}

/// Without versioning there is only the version `null`.
pub(super) fn check_version_id(version_id: Option<&str>) -> S3Result<()> {
    match version_id {
        None | Some("null") => Ok(()),
        Some(_) => Err(refuse(S3ErrorCode::NoSuchVersion, "The specified version does not exist.")),
    }
}

/// The buckets of a folder, and the highest sequencer in it.
fn restore(disk: &Arc<Disk>) -> std::io::Result<(BTreeMap<String, Arc<Bucket>>, u64)> {
    let mut buckets = BTreeMap::new();
    for record in disk.buckets::<BucketRecord>()? {
        buckets.insert(record.name.clone(), Arc::new(Bucket::new(record, Some(Arc::clone(disk)))));
    }
    let mut entries = disk.entries::<VersionRecord>()?;
    // The later of two versions of a key comes last and replaces the other.
    entries.sort_by(|(_, a), (_, b)| a.details.sequencer.cmp(&b.details.sequencer));
    let mut newest = BTreeMap::new();
    for (id, record) in entries {
        let address = (record.bucket.clone(), record.key.clone());
        let lost = if buckets.contains_key(&record.bucket) {
            newest.insert(address, (id, record)).map(|(id, _)| id)
        } else {
            Some(id)
        };
        if let Some(id) = lost {
            disk.remove_entry(id)?;
        }
    }
    let used: BTreeSet<u64> =
        newest.values().flat_map(|(_, record)| record.segments.iter().map(|segment| segment.file)).collect();
    disk.remove_orphans(|id| used.contains(&id))?;
    let files: BTreeMap<u64, Arc<BlobFile>> =
        used.into_iter().map(|id| (id, Arc::new(disk.file(id)))).collect();
    let mut last = 0;
    for ((bucket, key), (id, record)) in newest {
        last = last.max(u64::from_str_radix(&record.details.sequencer, 16).unwrap_or_default());
        let segments = record.segments.iter().filter_map(|segment| {
            let file = Arc::clone(files.get(&segment.file)?);
            Some(Segment::File { file, offset: segment.offset, length: segment.length })
        });
        let version =
            Version { details: record.details, blob: Blob::new(segments.collect()), entry: Some(id) };
        if let Some(bucket) = buckets.get(&bucket) {
            bucket.objects().restore(key, version);
        }
    }
    Ok((buckets, last))
}
