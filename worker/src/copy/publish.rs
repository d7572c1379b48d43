//! What is at the target, and what that means for publishing there.

use aws_sdk_s3::operation::RequestId as _;
use aws_sdk_s3::types::ChecksumMode;
use common::fault::{Class, Fault, UNREADABLE};
use common::ledger::{Completion, Reason};
use common::transfer::{Strategy, Transfer, source_key_hash};

use super::checksum::{Crc64, Own};
use super::facts::full_object;
use super::marker::Marker;
use super::refusal::Refused;
use super::source::{quoted, unquoted};
use super::{CHECKSUM_MISMATCH, Copier};
use crate::outcome::End;

/// What is visible at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Occupant {
    pub(crate) etag: String,
    pub(crate) size_bytes: u64,
    pub(crate) checksum: Option<Crc64>,
    pub(crate) marker: Option<Marker>,
}

/// Under which condition to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// Nothing is there.
    Absent,
    /// What is there still has this ETag (unquoted).
    Unchanged(String),
}

/// What a visible object means for a transfer that wants its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// This transfer published it: a reply was lost, or an attempt died before it could write it down.
    Ours,
    /// A newer version of the same source.
    Newer,
    /// Older, or not comparable: to be replaced.
    Older,
}

/// Why nobody can say what is at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unseen {
    /// The request failed for a reason that passes.
    ForNow(Reason),
    /// The target may not be looked at.
    Refused(Reason),
}

impl Condition {
    /// The values of `If-None-Match` and `If-Match`.
    pub(super) fn headers(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::Absent => (Some("*".to_owned()), None),
            Self::Unchanged(etag) => (None, Some(quoted(etag))),
        }
    }
}

/// Pure. An object being there proves nothing: the marker, the size and (where both are known) the checksum do.
pub(crate) fn standing(occupant: &Occupant, transfer: &Transfer, checksum: Option<Crc64>) -> Standing {
    let Some(marker) = &occupant.marker else { return Standing::Older };
    if marker.transfer == transfer.id {
        let differs = occupant.checksum.zip(checksum).is_some_and(|(theirs, ours)| theirs != ours);
        // Our mark on other bytes: somebody else wrote it. It is replaced, not trusted.
        let ours = occupant.size_bytes == transfer.source.size_bytes && !differs;
        return if ours { Standing::Ours } else { Standing::Older };
    }
    let comparable = marker.source_key_hash == source_key_hash(&transfer.source);
    match (&marker.sequencer, &transfer.source.sequencer) {
        (Some(theirs), Some(ours)) if comparable && theirs > ours => Standing::Newer,
        _ => Standing::Older,
    }
}

impl Copier {
    /// Looks at the target. `checksum` is what our bytes must have, if it is known.
    ///
    /// # Errors
    /// [`End::Superseded`] when a newer version is there.
    pub(super) async fn survey(
        &self,
        transfer: &Transfer,
        checksum: Option<Crc64>,
    ) -> Result<Result<Completion, Condition>, End> {
        let Some(occupant) = self.head_target(transfer).await? else { return Ok(Err(Condition::Absent)) };
        match standing(&occupant, transfer, checksum) {
            Standing::Ours => Ok(Ok(occupant.completion(checksum))),
            Standing::Newer => Err(End::Superseded(Reason::new(
                "newer_published",
                "a newer version is at the target already",
            ))),
            Standing::Older => Ok(Err(Condition::Unchanged(occupant.etag))),
        }
    }

    /// Whether this transfer has been published, whatever has become of its source.
    ///
    /// # Errors
    /// Why the target could not be seen.
    pub(crate) async fn published(&self, transfer: &Transfer) -> Result<Option<Completion>, Unseen> {
        match self.survey(transfer, self.expected(transfer).await).await {
            Ok(Ok(completion)) => Ok(Some(completion)),
            Err(End::Passing(fault)) if fault.is_unreadable() => {
                Err(Unseen::Refused(Reason::new(UNREADABLE, fault.to_string())))
            }
            Err(End::Passing(fault)) => Err(Unseen::ForNow(Reason::new("passing", fault.to_string()))),
            Err(End::Failed(reason) | End::Permanent(reason)) => Err(Unseen::Refused(reason)),
            _ => Ok(None),
        }
    }

    /// What a copy must have that the store may have made without any check of ours. A source that has gone tells nothing.
    async fn expected(&self, transfer: &Transfer) -> Option<Crc64> {
        if transfer.options.strategy == Strategy::Stream {
            return None;
        }
        self.head_source(transfer).await.ok()?.own.and_then(Own::crc64)
    }

    async fn head_target(&self, transfer: &Transfer) -> Result<Option<Occupant>, End> {
        let target = &transfer.target;
        let request = self
            .client
            .head_object()
            .bucket(&target.bucket)
            .key(&target.key)
            .checksum_mode(ChecksumMode::Enabled);
        let reply = match request.send().await.map_err(|error| Fault::of("HeadObject", &error)) {
            Ok(reply) => reply,
            Err(fault) if fault.class == Class::Missing => return Ok(None),
            Err(fault) => {
                let refused =
                    Refused { bucket: &target.bucket, key: &target.key, version_id: None, if_match: None };
                let fault = self.reason_of(fault, refused).await;
                return if fault.class == Class::Missing { Ok(None) } else { Err(fault.into()) };
            }
        };
        let size_bytes = reply.content_length().and_then(|len| u64::try_from(len).ok());
        let etag = reply.e_tag().filter(|etag| !etag.is_empty());
        let (Some(size_bytes), Some(etag)) = (size_bytes, etag) else {
            return Err(Fault::unusable("HeadObject", reply.request_id().is_some()).into());
        };
        Ok(Some(Occupant {
            etag: unquoted(etag),
            size_bytes,
            checksum: full_object(reply.checksum_crc64_nvme(), reply.checksum_type()),
            marker: reply.metadata().and_then(Marker::of),
        }))
    }

    /// After a publish whose reply vouches for nothing: what is there decides.
    ///
    /// # Errors
    /// [`End::Passing`] with `fault` when what is there is not ours, or the look is refused: whether it took effect is still not known,
    /// and nothing has failed.
    pub(super) async fn resolve(
        &self,
        transfer: &Transfer,
        checksum: Option<Crc64>,
        fault: Fault,
    ) -> Result<Completion, End> {
        match self.survey(transfer, checksum).await {
            Ok(Ok(completion)) => Ok(completion),
            Ok(Err(_)) => Err(End::Passing(fault)),
            Err(End::Failed(_) | End::Permanent(_)) => Err(End::Passing(fault.in_doubt())),
            Err(end) => Err(end),
        }
    }
}

/// What the reply to a PUT or Complete that carried the checksum `sent` vouches for: `None` when it says nothing certain.
pub(super) fn vouched(
    etag: Option<&str>,
    checksum: Option<&str>,
    sent: Crc64,
) -> Result<Option<Completion>, End> {
    let Some(etag) = etag.filter(|etag| !etag.is_empty()) else { return Ok(None) };
    let verified_by = match checksum.and_then(Crc64::parse) {
        Some(theirs) if theirs != sent => {
            let message = "the store published a checksum that is not the one it was sent";
            return Err(End::Failed(Reason::new(CHECKSUM_MISMATCH, message)));
        }
        Some(_) => "crc64nvme",
        // Absent, or composite: the request carried the checksum, and the store accepted it.
        None => "crc64nvme-sent",
    };
    Ok(Some(Completion { checksum: Some(sent.to_string()), target_etag: unquoted(etag), verified_by }))
}

impl Occupant {
    fn completion(self, expected: Option<Crc64>) -> Completion {
        let verified_by = match (self.checksum, expected) {
            (Some(_), Some(_)) => "crc64nvme",
            _ => "size",
        };
        let checksum = self.checksum.or(expected).map(|checksum| checksum.to_string());
        Completion { checksum, target_etag: self.etag, verified_by }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::transfer::{CopyOptions, Sequencer, SourceVersion, Target, TransferId};
    use std::collections::HashMap;

    fn transfer(key: &str, sequencer: Option<&str>) -> Transfer {
        let source = SourceVersion {
            bucket: "landing".into(),
            key: key.into(),
            size_bytes: 9,
            etag: "e".into(),
            version_id: None,
            sequencer: sequencer.map(|text| Sequencer::parse(text).unwrap()),
        };
        let target = Target { bucket: "delivered".into(), key: "same".into() };
        Transfer {
            id: TransferId::derive(&source, &target),
            source,
            target,
            customer: "c".into(),
            rule: "r".into(),
            options: CopyOptions::default(),
            uploaded_at: String::new(),
        }
    }

    fn published_by(transfer: &Transfer) -> Occupant {
        Occupant {
            etag: "t".into(),
            size_bytes: transfer.source.size_bytes,
            checksum: Some(Crc64::of(b"123456789")),
            marker: Marker::for_copy(transfer, &HashMap::new()),
        }
    }

    #[test]
    fn our_mark_counts_only_on_our_bytes() {
        let ours = transfer("k", Some("02"));
        let right = Some(Crc64::of(b"123456789"));
        assert_eq!(standing(&published_by(&ours), &ours, right), Standing::Ours);
        assert_eq!(standing(&published_by(&ours), &ours, None), Standing::Ours);
        assert_eq!(standing(&published_by(&ours), &ours, Some(Crc64::of(b"x"))), Standing::Older);
        let other_size = Occupant { size_bytes: 8, ..published_by(&ours) };
        assert_eq!(standing(&other_size, &ours, right), Standing::Older);
    }

    #[test]
    fn only_a_later_sequencer_of_the_same_key_is_newer() {
        let ours = transfer("k", Some("02"));
        assert_eq!(standing(&published_by(&transfer("k", Some("03"))), &ours, None), Standing::Newer);
        assert_eq!(standing(&published_by(&transfer("k", Some("01"))), &ours, None), Standing::Older);
        assert_eq!(standing(&published_by(&transfer("other", Some("03"))), &ours, None), Standing::Older);
        assert_eq!(standing(&published_by(&transfer("k", None)), &ours, None), Standing::Older);
        let foreign = Occupant { marker: None, ..published_by(&ours) };
        assert_eq!(standing(&foreign, &ours, None), Standing::Older);
    }
}
