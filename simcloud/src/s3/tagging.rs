//! The tags of an object.

use std::collections::BTreeMap;

use s3s::dto::{
    DeleteObjectTaggingInput, DeleteObjectTaggingOutput, GetObjectTaggingInput, GetObjectTaggingOutput,
    PutObjectTaggingInput, PutObjectTaggingOutput,
};
use s3s::{S3Request, S3Response, S3Result};

use super::bucket::Bucket;
use super::errors::no_such_key;
use super::object::Details;
use super::store::{Store, check_version_id};
use super::tags;

impl Store {
    pub(super) async fn get_object_tagging(
        &self,
        request: S3Request<GetObjectTaggingInput>,
    ) -> S3Result<S3Response<GetObjectTaggingOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let version = self.object(&bucket, &input.key, input.version_id.as_deref())?;
        let tag_set = tags::to_set(&version.details.template.tags);
        Ok(S3Response::new(GetObjectTaggingOutput { tag_set, version_id: None }))
    }

    pub(super) async fn put_object_tagging(
        &self,
        request: S3Request<PutObjectTaggingInput>,
    ) -> S3Result<S3Response<PutObjectTaggingOutput>> {
        let input = request.input;
        check_version_id(input.version_id.as_deref())?;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        replace_tags(&bucket, &input.key, tags::of_set(input.tagging.tag_set)?)?;
        Ok(S3Response::new(PutObjectTaggingOutput::default()))
    }

    pub(super) async fn delete_object_tagging(
        &self,
        request: S3Request<DeleteObjectTaggingInput>,
    ) -> S3Result<S3Response<DeleteObjectTaggingOutput>> {
        let input = request.input;
        check_version_id(input.version_id.as_deref())?;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        replace_tags(&bucket, &input.key, BTreeMap::new())?;
        Ok(S3Response::with_status(DeleteObjectTaggingOutput::default(), http::StatusCode::NO_CONTENT))
    }
}

/// The same version with other tags: its bytes, its date and its place in the order of the key stay.
fn replace_tags(bucket: &Bucket, key: &str, tags: BTreeMap<String, String>) -> S3Result<()> {
    bucket.publish(key, |current| {
        let current = current.ok_or_else(no_such_key)?;
        let mut details: Details = current.details.clone();
        details.template.tags = tags;
        Ok((details, current.blob.clone()))
    })?;
    Ok(())
}
