//! CopyObject, and finding the source of any copy.

use std::sync::Arc;

use s3s::dto::{CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource};
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::checksum::{Algorithm, Kind};
use super::claims::Sums;
use super::conditions::{ReadConditions, WriteConditions};
use super::errors::{invalid_argument, invalid_request, not_implemented, refuse};
use super::fields::{checksum_type, set_checksum, set_encryption};
use super::keys;
use super::lookup::Missing;
use super::object::{Version, timestamp};
use super::receive::{BODY_BYTES_MAX, Received};
use super::request::RequestContext;
use super::store::Store;
use super::template::{Template, refuse_unsupported, template_of};
use crate::events::ObjectEventKind;

/// The four conditions on the source of a copy.
macro_rules! source_conditions {
    ($input:expr) => {
        $crate::s3::conditions::ReadConditions {
            if_match: $input.copy_source_if_match.take(),
            if_none_match: $input.copy_source_if_none_match.take(),
            if_modified_since: $input.copy_source_if_modified_since.take(),
            if_unmodified_since: $input.copy_source_if_unmodified_since.take(),
        }
    };
}
pub(super) use source_conditions;

/// The version that a copy reads.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) version: Arc<Version>,
    /// As the answer shows it.
    pub(super) version_id: Option<String>,
}

impl Store {
    /// What a copy reads, once its conditions hold.
    pub(super) fn copy_source(
        &self,
        source: &CopySource,
        expected_owner: Option<&str>,
        conditions: &ReadConditions,
    ) -> S3Result<Source> {
        let CopySource::Bucket { bucket, key, version_id } = source else {
            return Err(not_implemented("access points and outposts as the source of a copy"));
        };
        let bucket = self.bucket(bucket, expected_owner)?;
        let version = match bucket.objects().find(key, version_id.as_deref()) {
            Ok(version) => Arc::clone(version),
            Err(Missing::IsDeleteMarker(_)) => {
                return Err(invalid_request(
                    "The source of a copy request may not specifically refer to a delete marker by version id.",
                ));
            }
            Err(missing) => return Err(missing.into()),
        };
        conditions.check_copy(&version.details, &timestamp(self.now_s()))?;
        if version.details.is_archived() {
            return Err(refuse(
                S3ErrorCode::InvalidObjectState,
                "The source object of the COPY operation is not in the active tier",
            ));
        }
        Ok(Source { version_id: bucket.shown_version_id(&version), version })
    }

    pub(super) async fn copy_object(
        &self,
        mut request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let mut context = RequestContext::of(&mut request.extensions);
        let mut input = request.input;
        refuse_unsupported!(input);
        if input.copy_source_sse_customer_algorithm.is_some() {
            return Err(not_implemented("encryption with customer-provided keys (SSE-C)"));
        }
        keys::check(&input.key)?;
        let conditions = source_conditions!(input);
        let owner = input.expected_source_bucket_owner.as_deref();
        let Source { version: source, version_id: source_version_id } =
            self.copy_source(&input.copy_source, owner, &conditions)?;
        if source.details.size_bytes > BODY_BYTES_MAX {
            return Err(invalid_request(
                "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
            ));
        }
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let replaces_metadata = replaces(input.metadata_directive.as_ref().map(|d| d.as_str()))?;
        let replaces_tags = replaces(input.tagging_directive.as_ref().map(|d| d.as_str()))?;
        // The protocol layer does not read the conditions on the target of a copy: they are still in the headers.
        let target_conditions = WriteConditions {
            if_match: header_condition(&request.headers, "if-match")?,
            if_none_match: header_condition(&request.headers, "if-none-match")?,
        };
        // Naming the storage class that it has already, or a condition on the target, is enough to copy an object onto itself.
        let names_storage_class = input.storage_class.is_some();
        let asked = template_of!(input, context);
        let changes = replaces_metadata || names_storage_class || !asked.encryption.is_default();
        let is_allowed = changes || asked.website_redirect_location.is_some() || target_conditions.are_some();
        if !is_allowed && is_itself(&input) {
            return Err(invalid_request(
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
                 metadata, storage class, website redirect location or encryption attributes.",
            ));
        }
        let template = merge(&source.details.template, asked, replaces_metadata, replaces_tags);
        let algorithm = input.checksum_algorithm.as_ref().map(|algorithm| algorithm.as_str());
        let algorithm = match algorithm {
            Some(name) => Some(
                Algorithm::from_name(name)
                    .ok_or_else(|| invalid_request("Checksum algorithm provided is unsupported."))?,
            ),
            None => None,
        };
        let sums = self.sums_of_copy(&source, algorithm).await?;
        let received = Received { blob: source.blob.clone(), sums };
        let event = (ObjectEventKind::CreatedByCopy, context.request_id.as_str());
        let version = self.publish(&bucket, &input.key, (template, received), &target_conditions, event)?;

        let details = &version.details;
        let mut result = CopyObjectResult {
            e_tag: Some(details.etag()),
            last_modified: Some(details.last_modified()),
            checksum_type: Some(checksum_type(details.checksum.kind)),
            ..Default::default()
        };
        set_checksum!(result, details.checksum);
        let mut output = CopyObjectOutput {
            copy_object_result: Some(result),
            copy_source_version_id: source_version_id,
            version_id: details.version_id.clone(),
            ..Default::default()
        };
        set_encryption!(output, details.template.encryption);
        Ok(S3Response::new(output))
    }

    /// A copy is one piece, whatever its source was: its ETag is the MD5 of its bytes, its checksum that of the full object.
    async fn sums_of_copy(&self, source: &Version, algorithm: Option<Algorithm>) -> S3Result<Sums> {
        let details = &source.details;
        let algorithm = algorithm.unwrap_or(details.checksum.algorithm);
        let md5 = if details.parts.is_empty() { parse_hex(&details.etag) } else { None };
        let is_reusable =
            details.checksum.algorithm == algorithm && details.checksum.kind == Kind::FullObject;
        match md5 {
            Some(md5) if is_reusable => {
                Ok(Sums { md5: Some(md5), checksum: details.checksum.clone(), claimed: None })
            }
            md5 => {
                let sums = self.sum_up(&source.blob, algorithm, md5.is_none()).await?;
                Ok(Sums { md5: md5.or(sums.md5), ..sums })
            }
        }
    }
}

/// Whether a directive is REPLACE; COPY is the default.
fn replaces(directive: Option<&str>) -> S3Result<bool> {
    match directive {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(_) => Err(invalid_argument("Unknown metadata or tagging directive.")),
    }
}

/// An older version that is copied onto its own key comes back, which is a change.
fn is_itself(input: &CopyObjectInput) -> bool {
    matches!(
        &input.copy_source,
        CopySource::Bucket { bucket, key, version_id: None } if **bucket == *input.bucket && **key == *input.key
    )
}

/// Storage class, encryption and redirect are never copied; the rest is, unless it is replaced.
fn merge(source: &Template, asked: Template, replaces_metadata: bool, replaces_tags: bool) -> Template {
    let tags = if replaces_tags { asked.tags.clone() } else { source.tags.clone() };
    if replaces_metadata {
        return Template { tags, ..asked };
    }
    Template {
        tags,
        storage_class: asked.storage_class,
        encryption: asked.encryption,
        website_redirect_location: asked.website_redirect_location,
        ..source.clone()
    }
}

fn header_condition(headers: &http::HeaderMap, name: &str) -> S3Result<Option<s3s::dto::ETagCondition>> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    match s3s::dto::ETagCondition::parse_http_header(value.as_bytes()) {
        Ok(condition) => Ok(Some(condition)),
        Err(_) => Err(invalid_argument(format!("invalid header: {name}"))),
    }
}

fn parse_hex(etag: &str) -> Option<[u8; 16]> {
    u128::from_str_radix(etag, 16).ok().filter(|_| etag.len() == 32).map(u128::to_be_bytes)
}
