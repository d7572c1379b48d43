//! Whether a bucket keeps versions.

use s3s::dto::{
    BucketVersioningStatus, GetBucketVersioningInput, GetBucketVersioningOutput, MFADelete,
    PutBucketVersioningInput, PutBucketVersioningOutput,
};
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::bucket::Versioning;
use super::errors::{malformed_xml, not_implemented, refuse};
use super::store::Store;

impl Store {
    /// What is written from now on has version ids, or has none; what is there already stays as it is.
    pub(super) async fn put_bucket_versioning(
        &self,
        request: S3Request<PutBucketVersioningInput>,
    ) -> S3Result<S3Response<PutBucketVersioningOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let asked = input.versioning_configuration;
        if asked.mfa_delete.is_some_and(|asked| asked.as_str() == MFADelete::ENABLED) {
            return Err(not_implemented("MfaDelete"));
        }
        let versioning = match asked.status.as_ref().map(BucketVersioningStatus::as_str) {
            Some(BucketVersioningStatus::ENABLED) => Versioning::Enabled,
            Some(BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
            Some(_) => return Err(malformed_xml()),
            None => {
                return Err(refuse(
                    S3ErrorCode::IllegalVersioningConfigurationException,
                    "The Versioning element must be specified",
                ));
            }
        };
        bucket.configure(|settings| settings.versioning = Some(versioning))?;
        Ok(S3Response::new(PutBucketVersioningOutput::default()))
    }

    /// A bucket whose versioning has never been switched on has no status.
    pub(super) async fn get_bucket_versioning(
        &self,
        request: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let status = bucket.settings().versioning.map(|versioning| match versioning {
            Versioning::Enabled => BucketVersioningStatus::from_static(BucketVersioningStatus::ENABLED),
            Versioning::Suspended => BucketVersioningStatus::from_static(BucketVersioningStatus::SUSPENDED),
        });
        Ok(S3Response::new(GetBucketVersioningOutput { status, mfa_delete: None }))
    }
}
