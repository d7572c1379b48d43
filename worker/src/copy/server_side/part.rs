//! One part that the store copies into an upload: UploadPartCopy.
//!
//! As with a part that is streamed, the last one of a number counts, and a crash leaves a part that the next attempt finds listed.

use aws_sdk_s3::types::CopyPartResult;
use common::fault::{Class, Fault};
use common::transfer::Transfer;

use super::copy_source::copy_source;
use super::{deadline, streams_instead};
use crate::copy::Copier;
use crate::copy::checksum::{Crc64, Sums};
use crate::copy::part::{Sent, upload_end};
use crate::copy::plan::Part;
use crate::copy::source::{quoted, source_end, unquoted};
use crate::outcome::End;

impl Copier {
    /// `None` when the store will not do it and the route leaves it open to stream the part instead.
    pub(in crate::copy) async fn copy_part_there(
        &self,
        transfer: &Transfer,
        upload_id: &str,
        part: &Part,
    ) -> Result<Option<Sent>, End> {
        match self.upload_part_copy(transfer, upload_id, part).await {
            Ok(sent) => Ok(Some(sent)),
            Err(fault) if streams_instead(transfer.options.strategy, &fault) => {
                tracing::debug!(%fault, part = part.number, "the store does not copy the part; streaming it");
                Ok(None)
            }
            // The only condition in the request is on the source.
            Err(fault) if fault.class == Class::Precondition => Err(source_end(fault)),
            Err(fault) if matches!(fault.code.as_str(), "NoSuchKey" | "NoSuchVersion") => {
                Err(source_end(fault))
            }
            Err(fault) => Err(upload_end(fault)),
        }
    }

    async fn upload_part_copy(
        &self,
        transfer: &Transfer,
        upload_id: &str,
        part: &Part,
    ) -> Result<Sent, Fault> {
        let (source, target) = (&transfer.source, &transfer.target);
        // S3 takes no range of a small source, and an only part needs none.
        let range = part.range().filter(|_| part.len_bytes < source.size_bytes);
        let reply = self
            .patient
            .upload_part_copy()
            .bucket(&target.bucket)
            .key(&target.key)
            .upload_id(upload_id)
            .part_number(part.number)
            .copy_source(copy_source(source))
            .copy_source_if_match(quoted(&source.etag))
            .set_copy_source_range(range)
            .send();
        let fault = |class, code| Fault::new(class, "UploadPartCopy", code);
        let reply = tokio::time::timeout(deadline(part.len_bytes), reply);
        let reply = reply.await.map_err(|_| fault(Class::Transient, "TooSlow"))?;
        let reply = reply.map_err(|error| Fault::of("UploadPartCopy", &error))?;
        let result = reply.copy_part_result();
        let etag = result.and_then(CopyPartResult::e_tag).filter(|etag| !etag.is_empty());
        let etag = etag.ok_or_else(|| fault(Class::Transient, "reply"))?;
        let checksum = result.and_then(CopyPartResult::checksum_crc64_nvme).and_then(Crc64::parse);
        // The upload was created with CRC64NVME: a store that copies without computing it gives nothing to check the whole by.
        let crc64 = checksum.ok_or_else(|| fault(Class::Invalid, "NoChecksum"))?;
        let sums = Sums { crc64, short: None };
        Ok(Sent { number: part.number, len_bytes: part.len_bytes, etag: unquoted(etag), sums })
    }
}
