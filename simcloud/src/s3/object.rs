//! One version of one object: what S3 knows of it, and its bytes.

use std::time::{Duration, SystemTime};

use s3s::dto::{ETag, Timestamp};
use serde::{Deserialize, Serialize};

use super::blob::Blob;
use super::checksum::Checksum;
use super::template::Template;

/// A version that is, or was, visible. Immutable: a change of tags makes another one with the same bytes.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) details: Details,
    pub(super) blob: Blob,
    /// Its entry in the index on disk, if there is one.
    pub(super) entry: Option<u64>,
}

/// All that is known of a version beside its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Details {
    pub(super) template: Template,
    /// Without quotes.
    pub(super) etag: String,
    pub(super) size_bytes: u64,
    /// Whole seconds, as AWS keeps it.
    pub(super) last_modified_s: u64,
    /// Uppercase hex; grows with every version of a key.
    pub(super) sequencer: String,
    /// `None`: the null version, the only one of a key that is written without versioning.
    #[serde(default)]
    pub(super) version_id: Option<String>,
    /// Of a version that was uploaded in parts: the sequencer of the upload's start, from which S3 counts its age.
    #[serde(default)]
    pub(super) initiated: Option<String>,
    pub(super) checksum: Checksum,
    /// The parts it was uploaded in; empty for a single upload.
    pub(super) parts: Vec<PartSummary>,
}

/// What remains of a part after the upload is complete.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PartSummary {
    pub(super) number: i32,
    pub(super) size_bytes: u64,
    pub(super) checksum: Checksum,
}

impl Details {
    pub(super) fn etag(&self) -> ETag {
        ETag::Strong(self.etag.clone())
    }

    pub(super) fn last_modified(&self) -> Timestamp {
        timestamp(self.last_modified_s)
    }

    /// Its place among the versions of its key, as text.
    pub(super) fn rank(&self) -> &str {
        self.initiated.as_deref().unwrap_or(&self.sequencer)
    }

    /// Archived objects must be restored before they can be read.
    pub(super) fn is_archived(&self) -> bool {
        matches!(self.template.storage_class.as_deref(), Some("GLACIER" | "DEEP_ARCHIVE"))
    }
}

pub(super) fn timestamp(unix_s: u64) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(unix_s))
}

/// Lengths as the protocol layer wants them; no object is longer than this can say.
pub(super) fn signed(length: u64) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
