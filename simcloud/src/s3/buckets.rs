//! Buckets: create, list, delete, and where their events go.

use s3s::dto::{
    Bucket as BucketOutput, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput,
    DeleteBucketInput, DeleteBucketOutput, EventBridgeConfiguration, GetBucketLocationInput,
    GetBucketLocationOutput, GetBucketNotificationConfigurationInput,
    GetBucketNotificationConfigurationOutput, HeadBucketInput, HeadBucketOutput, ListBucketsInput,
    ListBucketsOutput, PutBucketNotificationConfigurationInput, PutBucketNotificationConfigurationOutput,
};
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::errors::{invalid_argument, not_implemented, refuse};
use super::object::timestamp;
use super::store::Store;

/// The region whose buckets have no location constraint, and where creating a bucket again succeeds.
const CLASSIC_REGION: &str = "us-east-1";
/// Most buckets on one page.
const BUCKETS_MAX: i32 = 10_000;

impl Store {
    pub(super) async fn create_bucket_named(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let input = request.input;
        if input.object_lock_enabled_for_bucket.unwrap_or_default() {
            return Err(not_implemented("x-amz-bucket-object-lock-enabled"));
        }
        if input.acl.as_ref().is_some_and(|acl| acl.as_str() != "private")
            || input.grant_full_control.is_some()
        {
            return Err(not_implemented("bucket ACLs"));
        }
        let constraint = input.create_bucket_configuration.and_then(|it| it.location_constraint);
        self.check_location(constraint.as_ref().map(BucketLocationConstraint::as_str))?;
        if !self.create_bucket(&input.bucket)? && self.region != CLASSIC_REGION {
            return Err(refuse(
                S3ErrorCode::BucketAlreadyOwnedByYou,
                "Your previous request to create the named bucket succeeded and you already own it.",
            ));
        }
        Ok(S3Response::new(CreateBucketOutput { location: Some(format!("/{}", input.bucket)) }))
    }

    fn check_location(&self, constraint: Option<&str>) -> S3Result<()> {
        let asked = constraint.filter(|asked| !asked.is_empty()).unwrap_or(CLASSIC_REGION);
        if asked == self.region {
            return Ok(());
        }
        let asked = constraint.unwrap_or("unspecified");
        Err(refuse(
            S3ErrorCode::IllegalLocationConstraintException,
            format!(
                "The {asked} location constraint is incompatible for the region specific endpoint this request was sent to."
            ),
        ))
    }

    pub(super) async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        let input = request.input;
        self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        Ok(S3Response::new(HeadBucketOutput {
            bucket_region: Some(self.region.clone()),
            ..Default::default()
        }))
    }

    pub(super) async fn delete_bucket_named(
        &self,
        request: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        let input = request.input;
        self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        self.delete_bucket(&input.bucket)?;
        Ok(S3Response::with_status(DeleteBucketOutput::default(), http::StatusCode::NO_CONTENT))
    }

    pub(super) async fn list_buckets(
        &self,
        request: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let input = request.input;
        let limit = input.max_buckets.unwrap_or(BUCKETS_MAX);
        if !(1..=BUCKETS_MAX).contains(&limit) {
            return Err(invalid_argument("Argument max-buckets must be an integer between 1 and 10000"));
        }
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = input.continuation_token.clone().unwrap_or_default();
        let in_region = input.bucket_region.as_ref().is_none_or(|region| *region == *self.region);
        let all = self.buckets();
        let mut matching =
            all.iter().filter(|it| in_region && it.name.starts_with(&prefix) && *it.name > *after);
        let shown: Vec<BucketOutput> = matching
            .by_ref()
            .take(usize::try_from(limit).unwrap_or_default())
            .map(|bucket| BucketOutput {
                name: Some(bucket.name.clone()),
                creation_date: Some(timestamp(bucket.created_s)),
                bucket_region: Some(self.region.clone()),
            })
            .collect();
        let more = matching.next().is_some();
        Ok(S3Response::new(ListBucketsOutput {
            continuation_token: shown.last().filter(|_| more).and_then(|bucket| bucket.name.clone()),
            buckets: Some(shown),
            owner: Some(self.owner()),
            prefix: input.prefix,
        }))
    }

    pub(super) async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        let input = request.input;
        self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let region = Some(self.region.clone()).filter(|region| region != CLASSIC_REGION);
        Ok(S3Response::new(GetBucketLocationOutput {
            location_constraint: region.map(BucketLocationConstraint::from),
        }))
    }

    /// Events go to EventBridge or nowhere: other destinations are refused rather than forgotten.
    pub(super) async fn put_bucket_notification_configuration(
        &self,
        request: S3Request<PutBucketNotificationConfigurationInput>,
    ) -> S3Result<S3Response<PutBucketNotificationConfigurationOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let asked = input.notification_configuration;
        let has = |length: Option<usize>| length.is_some_and(|length| length > 0);
        if has(asked.queue_configurations.map(|list| list.len()))
            || has(asked.topic_configurations.map(|list| list.len()))
            || has(asked.lambda_function_configurations.map(|list| list.len()))
        {
            return Err(not_implemented(
                "notifications to queues, topics and functions; it has EventBridgeConfiguration",
            ));
        }
        let on = asked.event_bridge_configuration.is_some();
        bucket.configure(|settings| settings.event_bridge = on)?;
        Ok(S3Response::new(PutBucketNotificationConfigurationOutput::default()))
    }

    pub(super) async fn get_bucket_notification_configuration(
        &self,
        request: S3Request<GetBucketNotificationConfigurationInput>,
    ) -> S3Result<S3Response<GetBucketNotificationConfigurationOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let event_bridge = bucket.settings().event_bridge;
        Ok(S3Response::new(GetBucketNotificationConfigurationOutput {
            event_bridge_configuration: event_bridge.then(EventBridgeConfiguration::default),
            ..Default::default()
        }))
    }
}
