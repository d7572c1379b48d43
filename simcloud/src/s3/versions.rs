//! The versions of one key: objects and delete markers. Pure.

use std::sync::Arc;

use s3s::dto::Timestamp;
use serde::{Deserialize, Serialize};

use super::object::{Version, timestamp};

/// How requests and answers spell the id of the null version.
pub(super) const NULL: &str = "null";
/// Length of a version id that is not null.
const ID_CHARS: usize = 32;

/// A deletion that is a version of its own: it has no bytes, and hides what is older.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DeleteMarker {
    pub(super) version_id: Option<String>,
    pub(super) last_modified_s: u64,
    pub(super) sequencer: String,
    /// Its entry in the index on disk, if there is one.
    #[serde(skip)]
    pub(super) entry: Option<u64>,
}

/// One version, of either kind.
#[derive(Debug, Clone)]
pub(super) enum Revision {
    Object(Arc<Version>),
    DeleteMarker(Arc<DeleteMarker>),
}

impl Revision {
    pub(super) fn object(&self) -> Option<&Arc<Version>> {
        match self {
            Self::Object(version) => Some(version),
            Self::DeleteMarker(_) => None,
        }
    }

    pub(super) fn is_delete_marker(&self) -> bool {
        self.object().is_none()
    }

    /// `None`: null.
    pub(super) fn version_id(&self) -> Option<&str> {
        match self {
            Self::Object(version) => version.details.version_id.as_deref(),
            Self::DeleteMarker(marker) => marker.version_id.as_deref(),
        }
    }

    pub(super) fn last_modified(&self) -> Timestamp {
        timestamp(self.last_modified_s())
    }

    pub(super) fn last_modified_s(&self) -> u64 {
        match self {
            Self::Object(version) => version.details.last_modified_s,
            Self::DeleteMarker(marker) => marker.last_modified_s,
        }
    }

    pub(super) fn sequencer(&self) -> &str {
        match self {
            Self::Object(version) => &version.details.sequencer,
            Self::DeleteMarker(marker) => &marker.sequencer,
        }
    }

    pub(super) fn entry(&self) -> Option<u64> {
        match self {
            Self::Object(version) => version.entry,
            Self::DeleteMarker(marker) => marker.entry,
        }
    }

    fn rank(&self) -> &str {
        match self {
            Self::Object(version) => version.details.rank(),
            Self::DeleteMarker(marker) => &marker.sequencer,
        }
    }
}

/// The oldest first, no two with the same id. Without versioning there is one, the null version.
#[derive(Debug, Default)]
pub(super) struct Versions(Vec<Revision>);

impl Versions {
    pub(super) fn latest(&self) -> Option<&Revision> {
        self.0.last()
    }

    /// The object that a request without a version id is about: the latest version, unless that is a delete marker.
    pub(super) fn current(&self) -> Option<&Arc<Version>> {
        self.latest()?.object()
    }

    pub(super) fn get(&self, version_id: Option<&str>) -> Option<&Revision> {
        self.0.iter().find(|revision| revision.version_id() == version_id)
    }

    /// Adds a version in its place; gives the one of the same id that it replaces.
    pub(super) fn insert(&mut self, revision: Revision) -> Option<Revision> {
        let replaced = self.remove(revision.version_id());
        let place = self.0.partition_point(|other| other.rank() <= revision.rank());
        self.0.insert(place, revision);
        replaced
    }

    pub(super) fn remove(&mut self, version_id: Option<&str>) -> Option<Revision> {
        let place = self.0.iter().position(|revision| revision.version_id() == version_id)?;
        Some(self.0.remove(place))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// As lists show them.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Revision> {
        self.0.iter().rev()
    }
}

pub(super) fn spell(version_id: Option<&str>) -> &str {
    version_id.unwrap_or(NULL)
}

/// The id in a request, `None` for null; an error when no version can have it.
pub(super) fn read(text: &str) -> Result<Option<&str>, NotAnId> {
    let is_id = |text: &str| {
        text.len() == ID_CHARS
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_')
    };
    match text {
        NULL => Ok(None),
        text if is_id(text) => Ok(Some(text)),
        _ => Err(NotAnId),
    }
}

/// A text that is no version id.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAnId;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marker(id: Option<u8>, place: u64) -> Revision {
        Revision::DeleteMarker(Arc::new(DeleteMarker {
            version_id: id.map(|id| format!("{id}")),
            last_modified_s: 0,
            sequencer: format!("{place:018X}"),
            entry: Some(place),
        }))
    }

    fn places(versions: &Versions) -> Vec<u64> {
        versions.newest_first().filter_map(Revision::entry).collect()
    }

    proptest! {
        #[test]
        fn ids_are_unique_and_the_newest_comes_first(
            written in prop::collection::vec((prop::option::of(0..4_u8), 0..1_000_u64), 0..12),
        ) {
            let mut versions = Versions::default();
            for (index, (id, place)) in written.iter().enumerate() {
                let before = versions.get(id.map(|id| id.to_string()).as_deref()).and_then(Revision::entry);
                let replaced = versions.insert(marker(*id, *place));
                prop_assert_eq!(replaced.and_then(|revision| revision.entry()), before, "write {}", index);
            }
            let places = places(&versions);
            prop_assert!(places.is_sorted_by(|a, b| a >= b));
            let ids: std::collections::BTreeSet<_> = versions.newest_first().map(Revision::version_id).collect();
            prop_assert_eq!(ids.len(), places.len());
        }
    }

    #[test]
    fn of_equal_rank_the_later_write_is_newer() {
        let mut versions = Versions::default();
        versions.insert(marker(Some(1), 5));
        versions.insert(marker(Some(2), 5));
        assert_eq!(versions.latest().and_then(Revision::version_id), Some("2"));
        assert!(versions.current().is_none());
    }

    #[test]
    fn ids_in_requests() {
        let id = "0123456789abcdefABCDEF._01234567";
        assert_eq!(read(id), Ok(Some(id)));
        assert_eq!(read("null"), Ok(None));
        for wrong in ["", "v1", "0123456789abcdefABCDEF._0123456/", "0123456789abcdefABCDEF._012345678"] {
            assert_eq!(read(wrong), Err(NotAnId), "{wrong}");
        }
    }
}
