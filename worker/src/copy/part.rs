//! One part: a ranged GET whose body streams into an UploadPart, or an UploadPartCopy where the store does it.
//!
//! A part can be sent any number of times: the last one counts. A crash leaves a part that was sent or was not; the next attempt
//! asks the store which.

use aws_sdk_s3::operation::RequestId as _;
use common::backoff;
use common::fault::{Class, Fault};
use common::transfer::Transfer;

use super::Copier;
use super::checksum::{Crc64, Own, Sums};
use super::floor::floored;
use super::passage::through;
use super::plan::Part;
use super::server_side::Hands;
use super::source::unquoted;
use super::trailing::Trailing;
use crate::outcome::End;
use crate::pace::{self, Permit, Side, Wanted};

/// Tries of one part within an attempt. What fails longer is a brown-out: the message is given back, the upload is kept.
const TRIES_MAX: u32 = 5;

/// A part that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) number: i32,
    pub(super) len_bytes: u64,
    /// Unquoted.
    pub(super) etag: String,
    pub(super) sums: Sums,
}

impl Copier {
    /// Copies one part, trying again what may pass.
    pub(super) async fn copy_part(
        &self,
        transfer: &Transfer,
        upload_id: &str,
        part: Part,
        own: Option<Own>,
    ) -> Result<Sent, End> {
        let once = async |permit: &Permit| self.copy_part_once(transfer, upload_id, part, own, permit).await;
        self.persistently(transfer, Some(&transfer.target.bucket), part, once).await
    }

    /// Does `once` with a permit of its own for each try, trying again what may pass.
    pub(super) async fn persistently<T>(
        &self,
        transfer: &Transfer,
        target: Option<&str>,
        part: Part,
        once: impl AsyncFn(&Permit) -> Result<T, End>,
    ) -> Result<T, End> {
        let source = &transfer.source.bucket;
        let wanted = Wanted { class: pace::Class::Part, source, target, bytes: pace::STREAM_BYTES };
        let mut tries = 1;
        loop {
            let permit = self.pace.permit(wanted).await;
            let ended = once(&permit).await;
            drop(permit);
            match ended {
                Err(End::Passing(fault)) if tries < TRIES_MAX => {
                    tracing::debug!(%fault, part = part.number, tries, "failed to copy a part; trying again");
                    tokio::time::sleep(backoff::delay_for(policy(&fault), tries - 1)).await;
                    tries += 1;
                }
                ended => return ended,
            }
        }
    }

    async fn copy_part_once(
        &self,
        transfer: &Transfer,
        upload_id: &str,
        part: Part,
        own: Option<Own>,
        permit: &Permit,
    ) -> Result<Sent, End> {
        if self.hands == Hands::TheStores {
            let copied = self.copy_part_there(transfer, upload_id, &part).await;
            permit.heard_end(Side::Target, &copied);
            if let Some(sent) = copied? {
                return Ok(sent);
            }
        }
        let opened = self.get_source(transfer, Some(&part)).await;
        permit.heard_end(Side::Source, &opened);
        let (body, meter) = through(opened?.0.body, part.len_bytes, own, false);
        let sending = self
            .sending
            .upload_part()
            .bucket(&transfer.target.bucket)
            .key(&transfer.target.key)
            .upload_id(upload_id)
            .part_number(part.number)
            .body(body)
            .customize()
            .interceptor(Trailing { len_bytes: part.len_bytes })
            .send();
        let replied = floored("UploadPart", &meter, part.len_bytes, sending).await?;
        let replied = replied.map_err(|error| Fault::of("UploadPart", &error));
        permit.heard(Side::Target, replied.as_ref().err());
        let reply = replied.map_err(upload_end)?;
        let again = |code| End::from(Fault::new(Class::Transient, "UploadPart", code));
        let unusable = || Fault::unusable("UploadPart", reply.request_id().is_some());
        let etag = reply.e_tag().filter(|etag| !etag.is_empty()).ok_or_else(unusable)?;
        let sums = meter.finished().ok_or_else(|| again("IncompleteBody"))?;
        if reply.checksum_crc64_nvme().and_then(Crc64::parse).is_some_and(|theirs| theirs != sums.crc64) {
            return Err(again("ChecksumMismatch"));
        }
        Ok(Sent { number: part.number, len_bytes: part.len_bytes, etag: unquoted(etag), sums })
    }
}

/// How long to wait before the next try.
pub(super) fn policy(fault: &Fault) -> backoff::Policy {
    if fault.class == Class::Throttled { backoff::THROTTLED } else { backoff::REQUEST }
}

/// What a fault of an upload means: one that is gone makes room for a new one, a digest that did not fit is sent again.
pub(super) fn upload_end(fault: Fault) -> End {
    match fault.class {
        Class::Missing | Class::Corrupt if fault.code != "NoSuchBucket" => {
            End::Passing(Fault { class: Class::Transient, ..fault })
        }
        _ => fault.into(),
    }
}
