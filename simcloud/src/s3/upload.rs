//! Multipart uploads in progress.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::blob::Blob;
use super::checksum::{Algorithm, Checksum, Kind};
use super::object::Details;
use super::template::Template;

/// How many completed uploads are remembered, so that a repeated Complete gets the same answer.
const COMPLETED_MAX: usize = 10_000;

/// One upload.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) initiated_s: u64,
    /// The sequencer of its start.
    pub(super) initiated: String,
    pub(super) template: Template,
    /// What the client declared at the start; `None` leaves it to S3, which then computes CRC64NVME of the full object.
    pub(super) declared: Option<(Algorithm, Kind)>,
    /// By part number, 1 to 10,000.
    pub(super) parts: Mutex<BTreeMap<i32, Arc<Part>>>,
    /// The key was written or deleted after the start: no condition can be met any more.
    pub(super) is_overtaken: AtomicBool,
}

/// One uploaded part; uploading the number again replaces it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) number: i32,
    /// Without quotes.
    pub(super) etag: String,
    pub(super) size_bytes: u64,
    pub(super) last_modified_s: u64,
    pub(super) checksum: Checksum,
    /// What its client sent, where the upload declared no algorithm and that was another one than S3's own.
    pub(super) claimed: Option<Checksum>,
    pub(super) blob: Blob,
}

impl Upload {
    pub(super) fn algorithm(&self) -> Algorithm {
        self.declared.map_or(Algorithm::Crc64Nvme, |(algorithm, _)| algorithm)
    }

    pub(super) fn kind(&self) -> Kind {
        self.declared.map_or(Kind::FullObject, |(_, kind)| kind)
    }
}

/// What a completed upload came to.
#[derive(Debug, Clone)]
pub(super) struct Completion {
    pub(super) key: String,
    pub(super) etag: String,
    pub(super) checksum: Checksum,
    pub(super) template: Template,
    /// `None` where no versions are kept.
    pub(super) version_id: Option<String>,
}

impl Completion {
    pub(super) fn of(key: &str, details: &Details) -> Self {
        Self {
            key: key.to_owned(),
            etag: details.etag.clone(),
            checksum: details.checksum.clone(),
            template: details.template.clone(),
            version_id: details.version_id.clone(),
        }
    }
}

/// The uploads of a bucket.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    /// By key, then by upload id, which grows with time: the order of lists.
    by_key: BTreeMap<String, BTreeMap<String, Arc<Upload>>>,
    /// By upload id.
    completed: BTreeMap<String, Completion>,
}

impl Uploads {
    pub(super) fn by_key(&self) -> &BTreeMap<String, BTreeMap<String, Arc<Upload>>> {
        &self.by_key
    }

    pub(super) fn insert(&mut self, upload: Arc<Upload>) {
        self.by_key.entry(upload.key.clone()).or_default().insert(upload.id.clone(), upload);
    }

    /// The key was written or deleted: its uploads that are under way cannot be completed under a condition any more.
    pub(super) fn overtake(&self, key: &str) {
        for upload in self.by_key.get(key).into_iter().flat_map(BTreeMap::values) {
            upload.is_overtaken.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn get(&self, key: &str, id: &str) -> Option<Arc<Upload>> {
        self.by_key.get(key)?.get(id).cloned()
    }

    pub(super) fn remove(&mut self, key: &str, id: &str) -> Option<Arc<Upload>> {
        let uploads = self.by_key.get_mut(key)?;
        let removed = uploads.remove(id);
        if uploads.is_empty() {
            self.by_key.remove(key);
        }
        removed
    }

    /// Ends an upload as an object; false when somebody else has ended it.
    pub(super) fn complete(&mut self, id: &str, completion: Completion) {
        self.remove(&completion.key, id);
        if self.completed.len() == COMPLETED_MAX {
            self.completed.pop_first();
        }
        self.completed.insert(id.to_owned(), completion);
    }

    pub(super) fn completion(&self, key: &str, id: &str) -> Option<Completion> {
        self.completed.get(id).filter(|completion| completion.key == key).cloned()
    }
}
