//! The tags of an object, which can change: another record of the same version, with the same bytes.
//!
//! A key whose latest version is a delete marker counts as that marker here: 405 MethodNotAllowed, not 404.

use std::collections::BTreeMap;
use std::sync::Arc;

use s3s::dto::{
    DeleteObjectTaggingInput, DeleteObjectTaggingOutput, GetObjectTaggingInput, GetObjectTaggingOutput,
    PutObjectTaggingInput, PutObjectTaggingOutput,
};
use s3s::{S3Request, S3Response, S3Result};

use super::lookup::Missing;
use super::store::Store;
use super::tags;

impl Store {
    pub(super) async fn get_object_tagging(
        &self,
        request: S3Request<GetObjectTaggingInput>,
    ) -> S3Result<S3Response<GetObjectTaggingOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let objects = bucket.objects();
        let found = objects.find(&input.key, input.version_id.as_deref());
        let version = Arc::clone(found.map_err(Missing::of_tags)?);
        drop(objects);
        let tag_set = tags::to_set(&version.details.template.tags);
        let version_id = bucket.shown_version_id(&version);
        Ok(S3Response::new(GetObjectTaggingOutput { tag_set, version_id }))
    }

    pub(super) async fn put_object_tagging(
        &self,
        request: S3Request<PutObjectTaggingInput>,
    ) -> S3Result<S3Response<PutObjectTaggingOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let tags = tags::of_set(input.tagging.tag_set)?;
        let version = bucket.tag(&input.key, input.version_id.as_deref(), tags)?;
        let version_id = bucket.shown_version_id(&version);
        Ok(S3Response::new(PutObjectTaggingOutput { version_id }))
    }

    pub(super) async fn delete_object_tagging(
        &self,
        request: S3Request<DeleteObjectTaggingInput>,
    ) -> S3Result<S3Response<DeleteObjectTaggingOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let version = bucket.tag(&input.key, input.version_id.as_deref(), BTreeMap::new())?;
        let output = DeleteObjectTaggingOutput { version_id: bucket.shown_version_id(&version) };
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }
}
