//! One part: a ranged GET whose body streams into an UploadPart.
//!
//! A part can be sent any number of times: the last one counts. A crash leaves a part that was sent or was not; the next attempt
//! asks the store which.

use common::backoff::{self, Delays};
use common::fault::{Class, Fault};
use common::transfer::Transfer;

use super::checksum::{Crc64, Own, Sums};
use super::passage::through;
use super::plan::Part;
use super::source::unquoted;
use super::trailing::Trailing;
use super::{Copier, body_deadline};
use crate::outcome::End;

/// Tries of one part within an attempt. What fails longer is a brown-out: the message is given back, the upload is kept.
const TRIES_MAX: usize = 5;

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
        let mut delays = Delays::new(backoff::REQUEST);
        let mut tries = 1;
        loop {
            let deadline = body_deadline(part.len_bytes);
            // Closed never: a permit is what bounds the streams of a worker.
            let permit = self.streams.acquire().await.ok();
            let copied =
                tokio::time::timeout(deadline, self.copy_part_once(transfer, upload_id, part, own)).await;
            let late = |_| Err(Fault::new(Class::Transient, "UploadPart", "TooSlow").into());
            match copied.unwrap_or_else(late) {
                Err(End::Passing(fault)) if tries < TRIES_MAX => {
                    tracing::debug!(%fault, part = part.number, tries, "failed to copy a part; trying again");
                    tries += 1;
                    drop(permit);
                    tokio::time::sleep(delays.next_delay()).await;
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
    ) -> Result<Sent, End> {
        let (source, _) = self.get_source(transfer, Some(&part)).await?;
        let (body, meter) = through(source.body, part.len_bytes, own, false);
        let reply = self
            .patient
            .upload_part()
            .bucket(&transfer.target.bucket)
            .key(&transfer.target.key)
            .upload_id(upload_id)
            .part_number(part.number)
            .body(body)
            .customize()
            .interceptor(Trailing { len_bytes: part.len_bytes })
            .send()
            .await
            .map_err(|error| upload_end(Fault::of("UploadPart", &error)))?;
        let again = |code| End::from(Fault::new(Class::Transient, "UploadPart", code));
        let etag = reply.e_tag().filter(|etag| !etag.is_empty()).ok_or_else(|| again("reply"))?;
        let sums = meter.finished().ok_or_else(|| again("IncompleteBody"))?;
        if reply.checksum_crc64_nvme().and_then(Crc64::parse).is_some_and(|theirs| theirs != sums.crc64) {
            return Err(again("ChecksumMismatch"));
        }
        Ok(Sent { number: part.number, len_bytes: part.len_bytes, etag: unquoted(etag), sums })
    }
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
