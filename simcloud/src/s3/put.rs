//! PutObject, and PostObject: the same from a browser's form.

use http::{HeaderMap, HeaderValue, Method};
use s3s::dto::{PutObjectInput, PutObjectOutput};
use s3s::{S3Request, S3Response, S3Result};

use super::checksum::Algorithm;
use super::claims::Claims;
use super::conditions::WriteConditions;
use super::errors::not_implemented;
use super::fields::{checksum_type, given_checksum, set_checksum, set_encryption};
use super::keys;
use super::object::Details;
use super::request::RequestContext;
use super::store::Store;
use super::template::{refuse_unsupported, template_of};
use crate::events::ObjectEventKind;

impl Store {
    pub(super) async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let mut context = RequestContext::of(&mut request.extensions);
        let mut input = request.input;
        let is_form = request.method == Method::POST;
        if is_form {
            check_form(&input)?;
        }
        refuse_unsupported!(input);
        if input.write_offset_bytes.is_some() {
            return Err(not_implemented("x-amz-write-offset-bytes"));
        }
        keys::check(&input.key)?;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let claims = Claims::of(&request.headers, input.content_md5.as_deref(), &context)?;
        let template = template_of!(input, context);
        let algorithm = claims.algorithm().unwrap_or(Algorithm::Crc64Nvme);
        let received = self.receive(input.body.take(), input.content_length, &claims, algorithm).await?;
        let conditions =
            WriteConditions { if_match: input.if_match.take(), if_none_match: input.if_none_match.take() };
        let kind = if is_form { ObjectEventKind::CreatedByPost } else { ObjectEventKind::CreatedByPut };
        let event = (kind, context.request_id.as_str());
        let version = self.publish(&bucket, &input.key, (template, received), &conditions, event)?;

        let details = &version.details;
        let mut output = PutObjectOutput {
            e_tag: Some(details.etag()),
            version_id: details.version_id.clone(),
            checksum_type: Some(checksum_type(details.checksum.kind)),
            ..Default::default()
        };
        set_checksum!(output, details.checksum);
        set_encryption!(output, details.template.encryption);
        let headers = if is_form { form_headers(details) } else { HeaderMap::new() };
        Ok(S3Response::with_headers(output, headers))
    }
}

/// Fields that mean something else than the headers of the same name, or that the protocol layer does not hand over.
fn check_form(input: &PutObjectInput) -> S3Result<()> {
    let refused = [
        (given_checksum!(input).is_some(), "checksums in the fields of a form"),
        (input.tagging.is_some(), "tagging in the fields of a form"),
        (input.expires.is_some(), "expires in the fields of a form"),
        (input.key.contains("${filename}"), "${filename} in the key of a form"),
    ];
    match refused.into_iter().find(|(is_there, _)| *is_there) {
        Some((_, what)) => Err(not_implemented(what)),
        None => Ok(()),
    }
}

/// The protocol layer leaves them out of its answer to a form.
fn form_headers(details: &Details) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(etag) = details.etag().to_http_header() {
        headers.insert(http::header::ETAG, etag);
    }
    if let Some(id) = details.version_id.as_deref().and_then(|id| HeaderValue::try_from(id).ok()) {
        headers.insert("x-amz-version-id", id);
    }
    headers
}
