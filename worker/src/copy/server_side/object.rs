//! One CopyObject: the commit point.
//!
//! A crash before it leaves nothing; a crash after it, or while the store still copies, leaves an object with our marker, now or a
//! little later, which the next attempt's refused request makes it look at. S3 may take minutes and send white space meanwhile; a 200
//! may hold an error, or nothing. What a reply does not say for certain, the target does.

use aws_sdk_s3::operation::copy_object::CopyObjectOutput;
use aws_sdk_s3::types::{
    AnnotationDirective, ChecksumAlgorithm, CopyObjectResult, MetadataDirective, TaggingDirective,
};
use common::backoff::{self, Delays};
use common::fault::{Class, Fault};
use common::ledger::{Completion, Reason};
use common::transfer::Transfer;

use super::copy_source::copy_source;
use super::{BY_STORE, deadline};
use crate::copy::checksum::{Crc64, Own};
use crate::copy::facts::{Dress, Facts, dressed, full_object};
use crate::copy::publish::Condition;
use crate::copy::source::{quoted, unquoted};
use crate::copy::unheard::{Tries, Unheard};
use crate::copy::{CHECKSUM_MISMATCH, Copier};
use crate::outcome::End;

/// Publishing races with other transfers to the same key; each lost race means that somebody else got through.
const PUBLISHES_MAX: usize = 8;

/// Why there is no copy.
#[derive(Debug)]
pub(in crate::copy) enum Stop {
    /// The store will not do it: another way may be open. Nothing was published.
    Refused(Fault),
    End(End),
}

impl From<End> for Stop {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(fault) => fault.into(),
            Stop::End(end) => end,
        }
    }
}

impl Copier {
    pub(in crate::copy) async fn copy_object(
        &self,
        transfer: &Transfer,
        facts: &Facts,
    ) -> Result<Completion, Stop> {
        let mut unheard = Unheard::default();
        let result = self.copy_until_known(transfer, facts, &mut unheard).await;
        // No other way is open to what may be there already.
        result.map_err(|stop| if unheard.is_none() { stop } else { Stop::End(unheard.end(stop.into())) })
    }

    async fn copy_until_known(
        &self,
        transfer: &Transfer,
        facts: &Facts,
        unheard: &mut Unheard,
    ) -> Result<Completion, Stop> {
        let mut facts = facts.clone();
        let mut condition = Condition::Absent;
        let mut delays = Delays::new(backoff::REQUEST);
        let mut last = Fault::new(Class::Conflict, "CopyObject", "PreconditionFailed");
        for _ in 0..PUBLISHES_MAX {
            let dress = self.dress(transfer, &facts).await?;
            let checksum = facts.own.and_then(Own::crc64);
            let tries = Tries::default();
            let fault = match self.copy_object_once(transfer, &dress, &condition, &tries).await {
                Ok(reply) => match vouched(reply.copy_object_result(), checksum)? {
                    Some(completion) => return Ok(completion),
                    None => Fault::new(Class::Transient, "CopyObject", "reply"),
                },
                Err(fault) => fault,
            };
            unheard.note(&fault, &tries);
            let was = condition.clone();
            match fault.class {
                // The source is not what it was, or the target is not: the answer does not say which.
                Class::Precondition => match self.survey(transfer, checksum).await? {
                    Ok(completion) => return Ok(completion),
                    Err(next) => condition = next,
                },
                Class::Missing => condition = Condition::Absent,
                Class::Conflict => tokio::time::sleep(delays.next_delay()).await,
                Class::Denied | Class::Invalid => return Err(Stop::Refused(fault)),
                _ if fault.is_uncertain() => return Ok(self.resolve(transfer, checksum, fault).await?),
                _ => return Err(Stop::End(fault.into())),
            }
            // The look at the target did not explain it: the source may.
            facts = self.head_source(transfer).await?;
            if fault.class == Class::Missing && was == Condition::Absent {
                return Err(Stop::End(fault.into()));
            }
            last = fault;
        }
        Err(Stop::End(End::Passing(Fault { class: Class::Conflict, ..last })))
    }

    /// Everything that the target is to have is said, so that nothing is carried that a streamed copy would not have.
    async fn copy_object_once(
        &self,
        transfer: &Transfer,
        dress: &Dress,
        condition: &Condition,
        tries: &Tries,
    ) -> Result<CopyObjectOutput, Fault> {
        let (source, target) = (&transfer.source, &transfer.target);
        let (if_none_match, if_match) = condition.headers();
        let request = self
            .patient
            .copy_object()
            .bucket(&target.bucket)
            .key(&target.key)
            .copy_source(copy_source(source))
            .copy_source_if_match(quoted(&source.etag))
            .metadata_directive(MetadataDirective::Replace)
            .tagging_directive(TaggingDirective::Replace)
            .annotation_directive(AnnotationDirective::Exclude)
            .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
            .set_if_none_match(if_none_match)
            .set_if_match(if_match);
        let reply = Box::pin(dressed!(request, dress).interceptor(tries.clone()).send());
        let late = |_| Fault::new(Class::Transient, "CopyObject", "TooSlow");
        let reply = tokio::time::timeout(deadline(source.size_bytes), reply).await.map_err(late)?;
        reply.map_err(|error| Fault::of("CopyObject", &error))
    }
}

/// What the reply to a CopyObject vouches for: `None` when it says nothing certain.
fn vouched(result: Option<&CopyObjectResult>, own: Option<Crc64>) -> Result<Option<Completion>, End> {
    let Some(result) = result else { return Ok(None) };
    let etag = result.e_tag().filter(|etag| !etag.is_empty());
    let theirs = full_object(result.checksum_crc64_nvme(), result.checksum_type());
    let (Some(etag), Some(theirs)) = (etag, theirs) else { return Ok(None) };
    let verified_by = match own {
        Some(own) if own != theirs => {
            let message = "the store's copy does not have the source's checksum";
            return Err(End::Failed(Reason::new(CHECKSUM_MISMATCH, message)));
        }
        Some(_) => "crc64nvme",
        None => BY_STORE,
    };
    Ok(Some(Completion { checksum: Some(theirs.to_string()), target_etag: unquoted(etag), verified_by }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(etag: &str, checksum: Option<&str>) -> CopyObjectResult {
        CopyObjectResult::builder().e_tag(etag).set_checksum_crc64_nvme(checksum.map(Into::into)).build()
    }

    #[test]
    fn a_reply_vouches_with_an_etag_and_a_checksum() {
        let (ours, other) = (Crc64::of(b"ours"), Crc64::of(b"other"));
        let text = ours.to_string();
        let verified_by =
            |own| vouched(Some(&result("\"e\"", Some(&text))), own).map(|it| it.unwrap().verified_by);
        assert_eq!(verified_by(Some(ours)), Ok("crc64nvme"));
        assert_eq!(verified_by(None), Ok(BY_STORE));
        assert!(
            matches!(verified_by(Some(other)), Err(End::Failed(reason)) if reason.code == CHECKSUM_MISMATCH)
        );
        for empty in [result("", Some(&text)), result("\"e\"", None), result("\"e\"", Some("AAAA-2"))] {
            assert_eq!(vouched(Some(&empty), Some(ours)), Ok(None));
        }
        assert_eq!(vouched(None, Some(ours)), Ok(None));
    }
}
