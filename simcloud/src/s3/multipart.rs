//! Multipart uploads up to their end: create, upload parts, copy parts, abort.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CopyPartResult, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::bucket::{Bucket, lock};
use super::checksum::{Algorithm, Kind};
use super::claims::{Claims, Sums};
use super::copy::{Source, source_conditions};
use super::errors::{invalid_argument, invalid_request, no_such_upload, not_implemented, refuse};
use super::fields::{checksum_algorithm, checksum_type, set_checksum, set_encryption};
use super::keys;
use super::object::timestamp;
use super::range::{parse, resolve};
use super::receive::{BODY_BYTES_MAX, Received};
use super::request::RequestContext;
use super::store::Store;
use super::template::{refuse_unsupported, template_of};
use super::upload::{Part, Upload};
use crate::observe::Event;

const PART_NUMBER_MAX: i32 = 10_000;

impl Store {
    pub(super) async fn create_multipart_upload(
        &self,
        mut request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let context = RequestContext::of(&mut request.extensions);
        let mut input = request.input;
        refuse_unsupported!(input);
        keys::check(&input.key)?;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let declared = declared(
            input.checksum_algorithm.as_ref().map(|algorithm| algorithm.as_str()),
            input.checksum_type.as_ref().map(|kind| kind.as_str()),
        )?;
        let initiated = self.next_sequencer();
        let upload = Arc::new(Upload {
            id: self.new_upload_id(&initiated),
            key: input.key.clone(),
            initiated,
            initiated_s: self.now_s(),
            template: template_of!(input, context),
            declared,
            parts: Mutex::new(BTreeMap::new()),
            is_overtaken: AtomicBool::new(false),
        });
        lock(&bucket.uploads).insert(Arc::clone(&upload));
        self.observer.tell(|| Event::UploadCreated {
            bucket: &bucket.name,
            key: &upload.key,
            upload_id: &upload.id,
            metadata: &upload.template.metadata,
        });
        let mut output = CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(upload.id.clone()),
            checksum_algorithm: declared.map(|(algorithm, _)| checksum_algorithm(algorithm)),
            checksum_type: declared.map(|(_, kind)| checksum_type(kind)),
            ..Default::default()
        };
        set_encryption!(output, upload.template.encryption);
        Ok(S3Response::new(output))
    }

    pub(super) async fn upload_part(
        &self,
        mut request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let context = RequestContext::of(&mut request.extensions);
        let mut input = request.input;
        if input.sse_customer_algorithm.is_some() {
            return Err(not_implemented("encryption with customer-provided keys (SSE-C)"));
        }
        let number = part_number(input.part_number)?;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let upload = upload(&bucket, &input.key, &input.upload_id)?;
        let claims = Claims::of(&request.headers, input.content_md5.as_deref(), &context)?;
        check_algorithm(&upload, claims.algorithm())?;
        let algorithm = upload.algorithm();
        let (body, length) = (input.body.take(), input.content_length);
        let received = self.receive(body, length, &claims, algorithm).await?;
        let part = self.keep_part(&bucket, &upload, number, received)?;
        let mut output =
            UploadPartOutput { e_tag: Some(s3s::dto::ETag::Strong(part.etag.clone())), ..Default::default() };
        set_checksum!(output, part.claimed.as_ref().unwrap_or(&part.checksum));
        set_encryption!(output, upload.template.encryption);
        Ok(S3Response::new(output))
    }

    /// The part shares the bytes of its source.
    pub(super) async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let mut input = request.input;
        if input.sse_customer_algorithm.is_some() || input.copy_source_sse_customer_algorithm.is_some() {
            return Err(not_implemented("encryption with customer-provided keys (SSE-C)"));
        }
        let number = part_number(input.part_number)?;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let upload = upload(&bucket, &input.key, &input.upload_id)?;
        let conditions = source_conditions!(input);
        let owner = input.expected_source_bucket_owner.as_deref();
        let Source { version: source, version_id } =
            self.copy_source(&input.copy_source, owner, &conditions)?;
        let size = source.details.size_bytes;
        let range = match input.copy_source_range.as_deref() {
            None => 0..size,
            Some(text) => copy_range(text, size)?,
        };
        if range.end - range.start > BODY_BYTES_MAX {
            return Err(refuse(
                S3ErrorCode::EntityTooLarge,
                "Your proposed upload exceeds the maximum allowed size",
            ));
        }
        let blob = source.blob.slice(range);
        let algorithm = upload.algorithm();
        let sums: Sums = self.sum_up(&blob, algorithm, self.etags_are_md5()).await?;
        let part = self.keep_part(&bucket, &upload, number, Received { blob, sums })?;
        let mut result = CopyPartResult {
            e_tag: Some(s3s::dto::ETag::Strong(part.etag.clone())),
            last_modified: Some(timestamp(part.last_modified_s)),
            ..Default::default()
        };
        set_checksum!(result, part.checksum);
        let mut output = UploadPartCopyOutput {
            copy_part_result: Some(result),
            copy_source_version_id: version_id,
            ..Default::default()
        };
        set_encryption!(output, upload.template.encryption);
        Ok(S3Response::new(output))
    }

    pub(super) async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = request.input;
        if input.if_match_initiated_time.is_some() {
            return Err(not_implemented("x-amz-if-match-initiated-time"));
        }
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        lock(&bucket.uploads).remove(&input.key, &input.upload_id).ok_or_else(no_such_upload)?;
        self.observer.tell(|| Event::UploadAborted { upload_id: &input.upload_id });
        Ok(S3Response::with_status(AbortMultipartUploadOutput::default(), http::StatusCode::NO_CONTENT))
    }

    /// Adds the part, unless the upload has ended while its body came in.
    fn keep_part(
        &self,
        bucket: &Bucket,
        upload: &Arc<Upload>,
        number: i32,
        received: Received,
    ) -> S3Result<Arc<Part>> {
        let part = Arc::new(Part {
            number,
            etag: self.etag(&received.sums, &upload.template.encryption),
            size_bytes: received.blob.length_bytes(),
            last_modified_s: self.now_s(),
            checksum: received.sums.checksum,
            claimed: received.sums.claimed,
            blob: received.blob,
        });
        let uploads = lock(&bucket.uploads);
        if uploads.get(&upload.key, &upload.id).is_none() {
            return Err(no_such_upload());
        }
        lock(&upload.parts).insert(number, Arc::clone(&part));
        Ok(part)
    }
}

/// The upload in progress.
pub(super) fn upload(bucket: &Bucket, key: &str, id: &str) -> S3Result<Arc<Upload>> {
    lock(&bucket.uploads).get(key, id).ok_or_else(no_such_upload)
}

fn part_number(number: i32) -> S3Result<i32> {
    match (1..=PART_NUMBER_MAX).contains(&number) {
        true => Ok(number),
        false => Err(invalid_argument("Part number must be an integer between 1 and 10000, inclusive")),
    }
}

/// What CreateMultipartUpload declares of checksums.
fn declared(algorithm: Option<&str>, kind: Option<&str>) -> S3Result<Option<(Algorithm, Kind)>> {
    let Some(name) = algorithm else {
        return match kind {
            None => Ok(None),
            Some(_) => Err(invalid_request(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            )),
        };
    };
    let algorithm = Algorithm::from_name(name).ok_or_else(|| {
        invalid_request(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: \
             [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
        )
    })?;
    let kind = match kind {
        None => algorithm.default_kind(),
        Some(name) => Kind::from_name(name)
            .ok_or_else(|| invalid_request("Value for x-amz-checksum-type header is invalid."))?,
    };
    match algorithm.allows(kind) {
        true => Ok(Some((algorithm, kind))),
        false => Err(invalid_request(format!(
            "The {} checksum type cannot be used with the {} checksum algorithm.",
            kind.name(),
            algorithm.name().to_lowercase()
        ))),
    }
}

/// A part's checksum must be of the algorithm that the upload was created with. An upload that declared none takes any, beside the
/// CRC64NVME that S3 computes of it anyway; one that declared composite checksums needs one with every part.
fn check_algorithm(upload: &Upload, sent: Option<Algorithm>) -> S3Result<()> {
    let is_right = match (upload.declared, sent) {
        (None, _) | (Some((_, Kind::FullObject)), None) => true,
        (Some((declared, _)), Some(sent)) => declared == sent,
        (Some((_, Kind::Composite)), None) => false,
    };
    let name =
        |algorithm: Option<Algorithm>| algorithm.map_or("null".to_owned(), |a| a.name().to_lowercase());
    match is_right {
        true => Ok(()),
        false => Err(invalid_request(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            name(upload.declared.map(|(algorithm, _)| algorithm)),
            name(sent)
        ))),
    }
}

/// Unlike a GET's, the range of a copy must be well-formed and lie within the source.
fn copy_range(text: &str, size: u64) -> S3Result<std::ops::Range<u64>> {
    let invalid = || {
        invalid_argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are \
                          the zero-based offsets of the first and last bytes to copy",
        )
    };
    let asked = parse(text).ok_or_else(invalid)?;
    let super::range::Asked::From { last: Some(last), .. } = asked else { return Err(invalid()) };
    match resolve(asked, size) {
        Some(range) if last < size => Ok(range),
        _ => Err(invalid_argument(format!("Range specified is not valid for source object of size: {size}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_types_have_algorithms() {
        assert_eq!(declared(None, None).unwrap(), None);
        assert_eq!(
            declared(Some("CRC64NVME"), None).unwrap(),
            Some((Algorithm::Crc64Nvme, Kind::FullObject))
        );
        assert_eq!(declared(Some("CRC32"), None).unwrap(), Some((Algorithm::Crc32, Kind::Composite)));
        assert!(declared(Some("CRC32"), Some("FULL_OBJECT")).is_ok());
        assert!(declared(Some("SHA256"), Some("FULL_OBJECT")).is_err());
        assert!(declared(Some("CRC64NVME"), Some("COMPOSITE")).is_err());
        assert!(declared(None, Some("FULL_OBJECT")).is_err());
        assert!(declared(Some("MD4"), None).is_err());
    }

    #[test]
    fn ranges_of_copies_lie_within_the_source() {
        assert_eq!(copy_range("bytes=2-9", 10).unwrap(), 2..10);
        for wrong in ["bytes=2-10", "bytes=2-", "bytes=-3", "2-3"] {
            assert!(copy_range(wrong, 10).is_err(), "{wrong}");
        }
    }
}
