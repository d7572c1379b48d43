//! Complete: the commit point of a multipart copy.
//!
//! The request carries the size and the CRC64NVME of the whole, so the store refuses wrong bytes, and a condition, so a stale
//! worker cannot overwrite a newer version. A condition that does not hold (412, 404 NoSuchKey), and a key that changed since Create
//! although the condition holds (409), end the upload, not the copy: `multipart` looks at the target and uploads again. A reply that says nothing certain (lost, 200 with an error, empty 200, NoSuchUpload
//! on a second try) is decided by what is visible at the target: our marker, size and checksum, never mere existence.

use std::time::Duration;

use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadOutput;
use aws_sdk_s3::types::{ChecksumType, CompletedMultipartUpload, CompletedPart};
use common::fault::{Class, Fault};
use common::ledger::{Completion, Reason};
use common::transfer::Transfer;

use super::checksum::Crc64;
use super::part::Sent;
use super::publish::{Condition, vouched};
use super::source::quoted;
use super::unheard::{Tries, Unheard};
use super::{COMPLETE_REFUSED, Copier};
use crate::outcome::End;

/// Tries of one Complete. Each further one means that another attempt has sent a part again meanwhile.
const TRIES_MAX: usize = 8;
/// S3 may work for minutes on the Complete of an object of 10,000 parts.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a Complete comes to.
#[derive(Debug)]
pub(super) enum Completed {
    /// The object is visible.
    Published(Completion),
    /// The race for the key is lost: somebody wrote or deleted it. AWS refuses every further conditional Complete of this upload, even
    /// when the condition holds again.
    Overtaken(Fault),
}

impl Copier {
    pub(super) async fn complete(
        &self,
        transfer: &Transfer,
        upload_id: &str,
        mut sent: Vec<Sent>,
        whole: Crc64,
        condition: &Condition,
        unheard: &mut Unheard,
    ) -> Result<Completed, End> {
        for _ in 0..TRIES_MAX {
            let tries = Tries::default();
            let complete = self.complete_once(transfer, upload_id, &sent, whole, condition, &tries);
            let late = |_| Err(Fault::new(Class::Transient, "CompleteMultipartUpload", "timeout"));
            let fault = match tokio::time::timeout(PATIENCE, complete).await.unwrap_or_else(late) {
                Ok(reply) => match vouched(reply.e_tag(), reply.checksum_crc64_nvme(), whole)? {
                    Some(completion) => return Ok(Completed::Published(completion)),
                    None => Fault::new(Class::Transient, "CompleteMultipartUpload", "reply"),
                },
                Err(fault) => fault,
            };
            unheard.note(&fault, &tries);
            match fault.class {
                Class::Precondition | Class::Conflict => return Ok(Completed::Overtaken(fault)),
                // What was to be replaced is gone.
                Class::Missing if fault.code == "NoSuchKey" => return Ok(Completed::Overtaken(fault)),
                Class::Missing if fault.code == "NoSuchBucket" => return Err(fault.into()),
                Class::Invalid if fault.code == "InvalidPart" => {
                    match self.sent_again(transfer, upload_id, &sent).await? {
                        Some(listed) => sent = listed,
                        None => return Err(refused(&fault)),
                    }
                }
                Class::Invalid => return Err(refused(&fault)),
                // An upload that is gone was completed, or aborted under us.
                Class::Missing | Class::Transient => {
                    let completion = self.resolve(transfer, Some(whole), fault).await?;
                    return self.published_before(transfer, upload_id, completion).await;
                }
                _ => return Err(fault.into()),
            }
        }
        Err(End::Passing(Fault::new(Class::Transient, "CompleteMultipartUpload", "InvalidPart")))
    }

    /// The parts as they are there now, when another attempt has sent some once more: one that lost its lease while its request was on
    /// the way. Equal bytes count as ours, whoever sent them; under a KMS key they have another ETag each time.
    ///
    /// `None` when that does not explain why they were refused: the upload is of no use.
    async fn sent_again(
        &self,
        transfer: &Transfer,
        upload_id: &str,
        sent: &[Sent],
    ) -> Result<Option<Vec<Sent>>, End> {
        let Some(mut listed) = self.sent_before(transfer, upload_id).await? else {
            // Gone meanwhile: the next Complete says so, and is decided by what is at the target.
            return Ok(Some(sent.to_vec()));
        };
        let as_listed = |ours: &Sent| {
            let theirs = listed.remove(&ours.number)?;
            let is_equal = theirs.len_bytes == ours.len_bytes && theirs.sums.crc64 == ours.sums.crc64;
            is_equal.then(|| Sent { etag: theirs.etag, ..ours.clone() })
        };
        let listed: Option<Vec<Sent>> = sent.iter().map(as_listed).collect();
        Ok(listed.filter(|listed| listed != sent))
    }

    /// Another attempt may have published it from an upload of its own: then this one is of no use. If ours was it, it is gone.
    async fn published_before(
        &self,
        transfer: &Transfer,
        upload_id: &str,
        completion: Completion,
    ) -> Result<Completed, End> {
        self.abort_upload(transfer, upload_id).await;
        Ok(Completed::Published(completion))
    }

    async fn complete_once(
        &self,
        transfer: &Transfer,
        upload_id: &str,
        sent: &[Sent],
        whole: Crc64,
        condition: &Condition,
        tries: &Tries,
    ) -> Result<CompleteMultipartUploadOutput, Fault> {
        let (if_none_match, if_match) = condition.headers();
        let parts = sent.iter().map(|part| {
            CompletedPart::builder()
                .part_number(part.number)
                .e_tag(quoted(&part.etag))
                .checksum_crc64_nvme(part.sums.crc64.to_string())
                .build()
        });
        self.patient
            .complete_multipart_upload()
            .bucket(&transfer.target.bucket)
            .key(&transfer.target.key)
            .upload_id(upload_id)
            .checksum_type(ChecksumType::FullObject)
            .checksum_crc64_nvme(whole.to_string())
            .mpu_object_size(i64::try_from(transfer.source.size_bytes).unwrap_or(i64::MAX))
            .set_if_none_match(if_none_match)
            .set_if_match(if_match)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build())
            .customize()
            .interceptor(tries.clone())
            .send()
            .await
            .map_err(|error| Fault::of("CompleteMultipartUpload", &error))
    }
}

/// The parts are not what the store was told: the upload is thrown away.
fn refused(fault: &Fault) -> End {
    End::Failed(Reason::new(COMPLETE_REFUSED, fault.to_string()))
}
