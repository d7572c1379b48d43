//! Buckets and versions as they are kept on disk.

use serde::{Deserialize, Serialize};

use super::bucket::Settings;
use super::object::Details;
use super::versions::DeleteMarker;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BucketRecord {
    pub(super) name: String,
    pub(super) created_s: u64,
    pub(super) settings: Settings,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct VersionRecord {
    pub(super) bucket: String,
    pub(super) key: String,
    #[serde(flatten)]
    pub(super) what: Recorded,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Recorded {
    Object { details: Box<Details>, segments: Vec<SegmentRecord> },
    DeleteMarker { delete_marker: DeleteMarker },
}

/// Which bytes of which file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SegmentRecord {
    pub(super) file: u64,
    pub(super) offset: u64,
    pub(super) length: u64,
}

impl VersionRecord {
    pub(super) fn sequencer(&self) -> &str {
        match &self.what {
            Recorded::Object { details, .. } => &details.sequencer,
            Recorded::DeleteMarker { delete_marker } => &delete_marker.sequencer,
        }
    }

    /// `None`: null.
    pub(super) fn version_id(&self) -> Option<&str> {
        match &self.what {
            Recorded::Object { details, .. } => details.version_id.as_deref(),
            Recorded::DeleteMarker { delete_marker } => delete_marker.version_id.as_deref(),
        }
    }

    /// A delete marker has none.
    pub(super) fn segments(&self) -> &[SegmentRecord] {
        match &self.what {
            Recorded::Object { segments, .. } => segments,
            Recorded::DeleteMarker { .. } => &[],
        }
    }
}
