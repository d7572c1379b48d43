//! CompleteMultipartUpload: parts become an object, if all that was said of them holds.
//!
//! 1. [`plan`] compares the client's list with the parts that are there. Nothing has changed yet.
//! 2. The claims about the whole are verified: length, checksum, checksum type.
//! 3. Under the lock of the bucket: is the upload still there, do the conditions hold, and has the key stayed as it was since the
//!    upload's start? Then the object is visible and the upload gone (the commit point). Its bytes are those of the parts; nothing is
//!    copied.
//!
//! Complete is idempotent: repeated after it succeeded, it gives the same answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use md5::{Digest as _, Md5};
use s3s::dto::{CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, ETag};
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::blob::Blob;
use super::bucket::{Bucket, lock};
use super::checksum::{Algorithm, Checksum, Kind, is_well_formed, of_parts};
use super::claims::hex;
use super::conditions::WriteConditions;
use super::errors::{conditional_request_conflict, invalid_request, malformed_xml, no_such_upload, refuse};
use super::fields::{checksum_type, given_checksum, set_checksum, set_encryption};
use super::object::{Details, PartSummary};
use super::request::RequestContext;
use super::store::Store;
use super::upload::{Completion, Part, Upload};
use crate::events::ObjectEventKind;
use crate::observe::Event;

/// Smallest part that is not the last one, in bytes: 5 MiB.
const PART_BYTES_MIN: u64 = 5 * 1024 * 1024;

/// The object that an upload will be.
#[derive(Debug)]
struct Plan {
    parts: Vec<Arc<Part>>,
    etag: String,
    checksum: Checksum,
    size_bytes: u64,
}

impl Store {
    pub(super) async fn complete_multipart_upload(
        &self,
        mut request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let context = RequestContext::of(&mut request.extensions);
        let mut input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let (upload, completion) = {
            let uploads = lock(&bucket.uploads);
            (uploads.get(&input.key, &input.upload_id), uploads.completion(&input.key, &input.upload_id))
        };
        if let Some(completion) = completion {
            return Ok(answer(input, &completion));
        }
        let upload = upload.ok_or_else(no_such_upload)?;
        let listed =
            input.multipart_upload.as_mut().and_then(|upload| upload.parts.take()).unwrap_or_default();
        let plan = plan(&upload, &listed)?;
        verify(&upload, &plan, &input)?;

        let conditions =
            WriteConditions { if_match: input.if_match.take(), if_none_match: input.if_none_match.take() };
        let version = bucket.publish(&upload.key, |current| {
            let mut uploads = lock(&bucket.uploads);
            uploads.get(&upload.key, &upload.id).ok_or_else(no_such_upload)?;
            conditions.check(current.map(|version| &version.details))?;
            if !conditions.is_none() && upload.is_overtaken.load(Ordering::Relaxed) {
                return Err(conditional_request_conflict());
            }
            let details = self.details(&bucket, &upload, &plan);
            uploads.complete(&upload.id, Completion::of(&upload.key, &details));
            Ok((details, Blob::concat(plan.parts.iter().map(|part| &part.blob))))
        })?;
        self.observer.tell(|| Event::UploadCompleted { upload_id: &upload.id });
        let kind = ObjectEventKind::CreatedByMultipart;
        self.tell(&bucket, &upload.key, &version.details, kind, &context.request_id);
        Ok(answer(input, &Completion::of(&upload.key, &version.details)))
    }

    fn details(&self, bucket: &Bucket, upload: &Upload, plan: &Plan) -> Details {
        let summary = |part: &Arc<Part>| PartSummary {
            number: part.number,
            size_bytes: part.size_bytes,
            checksum: part.checksum.clone(),
        };
        let version_id = self.new_version_id(bucket);
        Details {
            // As AWS has it, of several uploads of a key the one that started last is the current version, whichever ends last.
            initiated: version_id.is_some().then(|| upload.initiated.clone()),
            version_id,
            template: upload.template.clone(),
            etag: plan.etag.clone(),
            size_bytes: plan.size_bytes,
            // As AWS has it, the date of an uploaded object is that of the upload's start.
            last_modified_s: upload.initiated_s,
            sequencer: self.next_sequencer(),
            checksum: plan.checksum.clone(),
            parts: plan.parts.iter().map(summary).collect(),
        }
    }
}

fn answer(
    input: CompleteMultipartUploadInput,
    completion: &Completion,
) -> S3Response<CompleteMultipartUploadOutput> {
    let mut output = CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", input.bucket, input.key)),
        bucket: Some(input.bucket),
        key: Some(input.key),
        e_tag: Some(ETag::Strong(completion.etag.clone())),
        version_id: completion.version_id.clone(),
        checksum_type: Some(checksum_type(completion.checksum.kind)),
        ..Default::default()
    };
    set_checksum!(output, completion.checksum);
    set_encryption!(output, completion.template.encryption);
    S3Response::new(output)
}

/// The listed parts, in order, each there and as the client says.
fn plan(upload: &Upload, listed: &[CompletedPart]) -> S3Result<Plan> {
    if listed.is_empty() {
        return Err(malformed_xml());
    }
    let numbers: Vec<i32> = listed.iter().map(|part| part.part_number.unwrap_or_default()).collect();
    if numbers.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(refuse(
            S3ErrorCode::InvalidPartOrder,
            "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        ));
    }
    let uploaded = lock(&upload.parts);
    let mut parts = Vec::with_capacity(listed.len());
    for (claimed, number) in listed.iter().zip(numbers) {
        let part = uploaded.get(&number).filter(|part| is_as_claimed(part, claimed));
        parts.push(Arc::clone(part.ok_or_else(invalid_part)?));
        if upload.declared.is_some_and(|(_, kind)| kind == Kind::Composite)
            && given_checksum!(claimed).is_none()
        {
            let name = upload.algorithm().name().to_lowercase();
            return Err(invalid_request(format!(
                "The upload was created using a {name} checksum. The complete request must include the checksum for each part. \
                 It was missing for part {number} in the request."
            )));
        }
    }
    drop(uploaded);
    if parts.iter().rev().skip(1).any(|part| part.size_bytes < PART_BYTES_MIN) {
        return Err(refuse(
            S3ErrorCode::EntityTooSmall,
            "Your proposed upload is smaller than the minimum allowed size",
        ));
    }
    let sums: Vec<(&Checksum, u64)> = parts.iter().map(|part| (&part.checksum, part.size_bytes)).collect();
    let checksum = of_parts(upload.algorithm(), upload.kind(), &sums).ok_or_else(invalid_part)?;
    let size_bytes = parts.iter().map(|part| part.size_bytes).sum();
    Ok(Plan { etag: etag(parts.iter().map(|part| &*part.etag)), checksum, size_bytes, parts })
}

fn is_as_claimed(part: &Part, claimed: &CompletedPart) -> bool {
    let etag = claimed.e_tag.as_ref().is_some_and(|etag| etag.value() == part.etag);
    let checksum = given_checksum!(claimed).is_none_or(|(algorithm, value): (Algorithm, String)| {
        let known = [Some(&part.checksum), part.claimed.as_ref()];
        known.into_iter().flatten().any(|known| algorithm == known.algorithm && value == known.value)
    });
    etag && checksum
}

fn invalid_part() -> s3s::S3Error {
    refuse(
        S3ErrorCode::InvalidPart,
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag \
         may not match the part's entity tag.",
    )
}

/// The MD5 of the parts' ETags, and their number.
pub(super) fn etag<'a>(parts: impl ExactSizeIterator<Item = &'a str>) -> String {
    let (mut md5, count) = (Md5::new(), parts.len());
    for part in parts {
        md5.update(u128::from_str_radix(part, 16).unwrap_or_default().to_be_bytes());
    }
    format!("{}-{count}", hex(&md5.finalize()))
}

/// The client's claims about the whole object.
fn verify(upload: &Upload, plan: &Plan, input: &CompleteMultipartUploadInput) -> S3Result<()> {
    if let Some(claimed) = input.mpu_object_size
        && u64::try_from(claimed) != Ok(plan.size_bytes)
    {
        return Err(invalid_request(format!(
            "The provided 'x-amz-mp-object-size' header value {claimed} does not match what was computed: {}",
            plan.size_bytes
        )));
    }
    if let Some(claimed) = &input.checksum_type
        && claimed.as_str() != upload.kind().name()
    {
        return Err(invalid_request(format!(
            "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
            upload.kind().name()
        )));
    }
    let Some((algorithm, claimed)) = given_checksum!(input) else { return Ok(()) };
    if algorithm != upload.algorithm() {
        return Err(invalid_request(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            upload.algorithm().name().to_lowercase(),
            algorithm.name().to_lowercase()
        )));
    }
    let (digest, computed) = (claimed.split('-').next().unwrap_or_default(), &plan.checksum.value);
    if !is_well_formed(algorithm, digest) {
        return Err(invalid_request(format!("Value for {} header is invalid.", algorithm.header())));
    }
    // A composite checksum may be given without its number of parts.
    let is_right = claimed == *computed || computed.split('-').next() == Some(&*claimed);
    match is_right {
        true => Ok(()),
        false => Err(refuse(
            S3ErrorCode::BadDigest,
            format!(
                "The {} you specified did not match the calculated checksum.",
                algorithm.name().to_lowercase()
            ),
        )),
    }
}
