//! PutObject.

use s3s::dto::{PutObjectInput, PutObjectOutput};
use s3s::{S3Request, S3Response, S3Result};

use super::checksum::Algorithm;
use super::claims::Claims;
use super::conditions::WriteConditions;
use super::errors::not_implemented;
use super::fields::{checksum_type, set_checksum, set_encryption};
use super::keys;
use super::request::RequestContext;
use super::store::Store;
use super::template::{refuse_unsupported, template_of};
use crate::events::ObjectEventKind;

impl Store {
    pub(super) async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let context = RequestContext::of(&mut request.extensions);
        let mut input = request.input;
        refuse_unsupported!(input);
        if input.write_offset_bytes.is_some() {
            return Err(not_implemented("x-amz-write-offset-bytes"));
        }
        keys::check(&input.key)?;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let claims = Claims::of(&request.headers, input.content_md5.as_deref(), &context)?;
        let template = template_of!(input, context);
        let algorithm = claims.algorithm().unwrap_or(Algorithm::Crc64Nvme);
        let received =
            self.receive(input.body.take(), input.content_length, &claims, algorithm, true).await?;
        let conditions =
            WriteConditions { if_match: input.if_match.take(), if_none_match: input.if_none_match.take() };
        let event = (ObjectEventKind::CreatedByPut, context.request_id.as_str());
        let version = self.publish(&bucket, &input.key, (template, received), &conditions, event)?;

        let details = &version.details;
        let mut output = PutObjectOutput {
            e_tag: Some(details.etag()),
            checksum_type: Some(checksum_type(details.checksum.kind)),
            ..Default::default()
        };
        set_checksum!(output, details.checksum);
        set_encryption!(output, details.template.encryption);
        Ok(S3Response::new(output))
    }
}
