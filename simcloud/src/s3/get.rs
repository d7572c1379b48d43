//! GetObject and HeadObject.

use std::ops::Range;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use s3s::dto::{GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, StreamingBlob};
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::blob_reader::Reader;
use super::checksum::{Checksum, Kind};
use super::conditions::ReadConditions;
use super::errors::{custom, invalid_request, not_implemented, refuse};
use super::fields::{checksum_type, set_checksum, set_encryption};
use super::object::{Details, Version, signed, timestamp};
use super::range::{Asked, content_range, resolve};
use super::request::RequestContext;
use super::store::Store;

/// Which bytes of an object an answer is about.
#[derive(Debug)]
struct Selection {
    bytes: Range<u64>,
    /// 206 with `Content-Range`, as opposed to the whole object.
    is_partial: bool,
    /// Position in the object's list of parts, when one was asked for by number.
    part: Option<usize>,
}

impl Selection {
    /// The checksum of exactly these bytes, if S3 keeps one: a composite one has those of its parts.
    fn checksum<'a>(&self, details: &'a Details) -> Option<&'a Checksum> {
        match self.part {
            Some(index) if details.checksum.kind == Kind::Composite => {
                Some(&details.parts.get(index)?.checksum)
            }
            _ => (self.bytes == (0..details.size_bytes)).then_some(&details.checksum),
        }
    }
}

fn select(details: &Details, range: Option<Asked>, part_number: Option<i32>) -> S3Result<Selection> {
    let size = details.size_bytes;
    match (range, part_number) {
        (Some(_), Some(_)) => {
            Err(invalid_request("Cannot specify both Range header and partNumber query parameter"))
        }
        (Some(asked), None) => match resolve(asked, size) {
            Some(bytes) => Ok(Selection { bytes, is_partial: true, part: None }),
            None => Err(unsatisfiable(size)),
        },
        (None, Some(number)) => select_part(details, number),
        (None, None) => Ok(Selection { bytes: 0..size, is_partial: false, part: None }),
    }
}

fn select_part(details: &Details, number: i32) -> S3Result<Selection> {
    // An object that was uploaded in one piece is its own first part.
    if details.parts.is_empty() && number == 1 {
        let size = details.size_bytes;
        return Ok(Selection { bytes: 0..size, is_partial: size > 0, part: None });
    }
    let mut start = 0;
    // The parts of an object are numbered from 1, whatever their numbers were in the upload.
    for (index, part) in details.parts.iter().enumerate() {
        if index + 1 == usize::try_from(number).unwrap_or_default() {
            let bytes = start..start + part.size_bytes;
            return Ok(Selection { bytes, is_partial: true, part: Some(index) });
        }
        start += part.size_bytes;
    }
    Err(custom(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "InvalidPartNumber",
        "The requested partnumber is not satisfiable",
    ))
}

fn unsatisfiable(size: u64) -> s3s::S3Error {
    let mut error = refuse(S3ErrorCode::InvalidRange, "The requested range is not satisfiable");
    let mut headers = HeaderMap::new();
    if let Ok(value) = http::HeaderValue::try_from(format!("bytes */{size}")) {
        headers.insert(http::header::CONTENT_RANGE, value);
    }
    headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/xml"));
    error.set_headers(headers);
    error
}

fn asked(range: s3s::dto::Range) -> Asked {
    match range {
        s3s::dto::Range::Int { first, last } => Asked::From { first, last },
        s3s::dto::Range::Suffix { length } => Asked::Last { length },
    }
}

/// Fills the members that GetObjectOutput and HeadObjectOutput share.
macro_rules! describe {
    ($output:ty, $details:expr, $selection:expr, $checksums:expr) => {{
        let (details, selection): (&Details, &Selection) = ($details, $selection);
        let template = &details.template;
        let is_listed = selection.part.is_some();
        let mut output = <$output>::default();
        output.accept_ranges = Some("bytes".to_owned());
        output.content_length = Some(signed(selection.bytes.end - selection.bytes.start));
        output.content_range =
            selection.is_partial.then(|| content_range(&selection.bytes, details.size_bytes));
        output.e_tag = Some(details.etag());
        output.last_modified = Some(details.last_modified());
        output.website_redirect_location = template.website_redirect_location.clone();
        output.storage_class = template.storage_class();
        output.parts_count = is_listed.then(|| i32::try_from(details.parts.len()).unwrap_or(i32::MAX));
        set_encryption!(output, template.encryption);
        if let Some(checksum) = $checksums.then(|| selection.checksum(details)).flatten() {
            set_checksum!(output, checksum);
            output.checksum_type = Some(checksum_type(details.checksum.kind));
        }
        output
    }};
}

/// The object, selected and checked, as both operations need it.
macro_rules! find {
    ($store:expr, $input:expr) => {{
        let input = &mut $input;
        if input.sse_customer_algorithm.is_some() {
            return Err(not_implemented("encryption with customer-provided keys (SSE-C)"));
        }
        let bucket = $store.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let version = $store.object(&bucket, &input.key, input.version_id.as_deref())?;
        let conditions = ReadConditions {
            if_match: input.if_match.take(),
            if_none_match: input.if_none_match.take(),
            if_modified_since: input.if_modified_since.take(),
            if_unmodified_since: input.if_unmodified_since.take(),
        };
        conditions.check_read(&version.details, &timestamp($store.now_s()))?;
        let selection = select(&version.details, input.range.map(asked), input.part_number)?;
        let version_id = bucket.shown_version_id(&version);
        (version, version_id, selection)
    }};
}

impl Store {
    pub(super) async fn get_object(
        &self,
        mut request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let context = RequestContext::of(&mut request.extensions);
        let (version, version_id, selection) = find!(self, request.input);
        let Version { details, blob, .. } = &*version;
        if details.is_archived() {
            return Err(refuse(
                S3ErrorCode::InvalidObjectState,
                "The operation is not valid for the object's storage class",
            ));
        }
        let checksums = request.input.checksum_mode.is_some();
        let mut output = describe!(GetObjectOutput, details, &selection, checksums);
        output.version_id = version_id;
        output.tag_count = Some(details.template.tags.len())
            .filter(|count| *count > 0)
            .map(|count| i32::try_from(count).unwrap_or(i32::MAX));
        let body = Reader::new(blob.slice(selection.bytes.clone())).paced(self.stream_bytes_per_second);
        output.body = Some(StreamingBlob::from(s3s::Body::http_body(body)));
        let headers = headers(&version, context.overrides);
        Ok(S3Response::with_headers(output, headers))
    }

    pub(super) async fn head_object(
        &self,
        mut request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let context = RequestContext::of(&mut request.extensions);
        let (version, version_id, selection) = find!(self, request.input);
        let checksums = request.input.checksum_mode.is_some();
        let mut output = describe!(HeadObjectOutput, &version.details, &selection, checksums);
        output.version_id = version_id;
        let mut headers = headers(&version, context.overrides);
        // The protocol layer has no member for it in the output of HeadObject.
        let tags = version.details.template.tags.len();
        if tags > 0 {
            headers.insert("x-amz-tagging-count", http::HeaderValue::from(tags));
        }
        let mut response = S3Response::with_headers(output, headers);
        response.status = selection.is_partial.then_some(StatusCode::PARTIAL_CONTENT);
        Ok(response)
    }
}

fn headers(version: &Arc<Version>, overridden: HeaderMap) -> HeaderMap {
    let mut headers = version.details.template.response_headers();
    headers.extend(overridden);
    headers
}
