//! All buckets of a cloud, and what every operation needs of the world: time, order, identifiers, events.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use s3s::{S3ErrorCode, S3Result};

use super::blob_pattern::Pattern;
use super::bucket::{Bucket, Settings};
use super::claims::Sums;
use super::disk::Disk;
use super::errors::{disk as disk_error, no_such_bucket, refuse};
use super::object::{Details, Version};
use super::receive::Received;
use super::records::BucketRecord;
use super::restore::restore;
use super::template::{Encryption, Template};
use crate::clock::Clock;
use crate::cloud::Options;
use crate::entropy::Entropy;
use crate::events::{EventBus, ObjectEvent, ObjectEventKind};
use crate::observe::{Event, Observer};
use crate::s3::conditions::WriteConditions;

#[derive(Debug)]
pub(super) struct Store {
    pub(super) region: String,
    pub(super) account_id: String,
    pub(super) fast_etags: bool,
    /// Of one GetObject.
    pub(super) stream_bytes_per_second: Option<u64>,
    /// The bytes of virtual objects, once there is one.
    pub(super) pattern: OnceLock<Arc<Pattern>>,
    pub(super) disk: Option<Arc<Disk>>,
    clock: Clock,
    entropy: Arc<Entropy>,
    events: Arc<EventBus>,
    pub(super) observer: Observer,
    buckets: RwLock<BTreeMap<String, Arc<Bucket>>>,
    /// The next sequencer, and the next upload's place in lists.
    sequence: AtomicU64,
    /// When lifecycle rules are looked at next.
    pub(super) next_expiry_s: AtomicU64,
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
        let disk = options
            .data_dir
            .as_deref()
            .map(|folder| Disk::open(folder, options.scratch_memory_bytes))
            .transpose()?
            .map(Arc::new);
        let (buckets, last) = match &disk {
            Some(disk) => restore(disk)?,
            None => (BTreeMap::new(), 0),
        };
        let sequence = (clock.unix_ms() << 16).max(last + 1);
        Ok(Self {
            region: options.region.clone(),
            account_id: options.account_id.clone(),
            fast_etags: options.fast_etags,
            stream_bytes_per_second: options.stream_bytes_per_second,
            pattern: OnceLock::new(),
            disk,
            clock,
            entropy,
            events,
            observer: options.observer.clone(),
            buckets: RwLock::new(buckets),
            sequence: AtomicU64::new(sequence),
            next_expiry_s: AtomicU64::new(0),
        })
    }

    pub(super) fn now_s(&self) -> u64 {
        self.clock.unix_ms() / 1000
    }

    /// The ETag of an object that is put, or of a part. Under a KMS key it says nothing of the bytes, and the same bytes have another one
    /// each time.
    pub(super) fn etag(&self, sums: &Sums, encryption: &Encryption) -> String {
        if encryption.is_kms() { self.entropy.hex(16) } else { sums.etag() }
    }

    /// Grows with every call, as text: eighteen uppercase hex digits. Every third one has two more, because AWS promises no length
    /// and compares with the shorter one padded on the right; whoever compares numbers is to notice.
    pub(super) fn next_sequencer(&self) -> String {
        let number = self.sequence.fetch_add(1, Ordering::Relaxed);
        if number.is_multiple_of(3) { format!("{number:018X}4B") } else { format!("{number:018X}") }
    }

    /// An upload id: the first part, its sequencer, grows with time, the rest cannot be guessed.
    pub(super) fn new_upload_id(&self, initiated: &str) -> String {
        format!("{initiated}{}", self.entropy.hex(24))
    }

    /// For what the cloud does by itself.
    pub(super) fn new_request_id(&self) -> String {
        format!("{:016X}", self.entropy.u64())
    }

    /// The id of what is written to the bucket now; `None` for null.
    pub(super) fn new_version_id(&self, bucket: &Bucket) -> Option<String> {
        bucket.settings().keeps_versions().then(|| self.entropy.hex(16))
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
        bucket.write_record(settings).map_err(disk_error)?;
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
        let etag = self.etag(&sums, &template.encryption);
        let version = bucket.publish(key, |current| {
            conditions.check(current.map(|version| &version.details))?;
            let details = Details {
                template,
                etag,
                size_bytes: blob.length_bytes(),
                last_modified_s: self.now_s(),
                sequencer: self.next_sequencer(),
                version_id: self.new_version_id(bucket),
                initiated: None,
                checksum: sums.checksum,
                parts: Vec::new(),
            };
            Ok((details, blob))
        })?;
        self.tell(bucket, key, &version.details, kind, request_id);
        Ok(version)
    }

    /// Tells who listens of an object that is there now.
    pub(super) fn tell(
        &self,
        bucket: &Bucket,
        key: &str,
        details: &Details,
        kind: ObjectEventKind,
        request_id: &str,
    ) {
        self.observer.tell(|| Event::ObjectPublished {
            bucket: &bucket.name,
            key,
            size_bytes: details.size_bytes,
            etag: &details.etag,
            algorithm: details.checksum.algorithm.name(),
            checksum: &details.checksum.value,
            sequencer: &details.sequencer,
            metadata: &details.template.metadata,
        });
        self.send_event(bucket, || ObjectEvent {
            bucket: bucket.name.clone(),
            key: key.to_owned(),
            size_bytes: details.size_bytes,
            etag: details.etag.clone(),
            version_id: details.version_id.clone(),
            sequencer: details.sequencer.clone(),
            kind,
            request_id: request_id.to_owned(),
        });
    }

    /// To EventBridge, if the bucket's events go there.
    pub(super) fn send_event(&self, bucket: &Bucket, event: impl FnOnce() -> ObjectEvent) {
        if bucket.settings().event_bridge {
            self.events.object_event(&event());
        }
    }
}
