//! DeleteObject and DeleteObjects.

use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject,
    ETagCondition, Error,
};
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::errors::{not_implemented, refuse};
use super::request::RequestContext;
use super::store::{Store, check_version_id};

/// Most keys in one DeleteObjects.
const DELETE_KEYS_MAX: usize = 1000;

impl Store {
    /// Deleting what is not there succeeds, unless it was asked for by ETag.
    pub(super) async fn delete_object(
        &self,
        mut request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let context = RequestContext::of(&mut request.extensions);
        let input = request.input;
        if input.if_match_last_modified_time.is_some() || input.if_match_size.is_some() {
            return Err(not_implemented("x-amz-if-match-last-modified-time and x-amz-if-match-size"));
        }
        check_version_id(input.version_id.as_deref())?;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        self.remove(&bucket, &input.key, input.if_match, &context.request_id)?;
        Ok(S3Response::with_status(DeleteObjectOutput::default(), http::StatusCode::NO_CONTENT))
    }

    /// Each key succeeds or fails on its own.
    pub(super) async fn delete_objects(
        &self,
        mut request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let context = RequestContext::of(&mut request.extensions);
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let objects = input.delete.objects;
        if objects.is_empty() || objects.len() > DELETE_KEYS_MAX {
            return Err(refuse(
                S3ErrorCode::MalformedXML,
                "The XML you provided was not well-formed or did not validate against our published schema",
            ));
        }
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for object in objects {
            let removed = match object.last_modified_time.is_some() || object.size.is_some() {
                true => Err(not_implemented("LastModifiedTime and Size in DeleteObjects")),
                false => check_version_id(object.version_id.as_deref()).and_then(|()| {
                    let if_match = object.e_tag.map(ETagCondition::ETag);
                    self.remove(&bucket, &object.key, if_match, &context.request_id)
                }),
            };
            match removed {
                Ok(()) => deleted.push(DeletedObject { key: Some(object.key), ..Default::default() }),
                Err(error) => errors.push(Error {
                    code: Some(error.code().as_str().to_owned()),
                    message: error.message().map(str::to_owned),
                    key: Some(object.key),
                    version_id: object.version_id,
                }),
            }
        }
        let is_quiet = input.delete.quiet.unwrap_or_default();
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: (!is_quiet).then_some(deleted),
            errors: (!errors.is_empty()).then_some(errors),
            ..Default::default()
        }))
    }
}
