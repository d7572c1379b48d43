//! The operations that are there, as the protocol layer calls them. It answers `NotImplemented`, by name, for all others.

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result};

use super::store::Store;

/// What the protocol layer holds of the store.
#[derive(Debug)]
pub(super) struct Api(pub(super) Arc<Store>);

/// `operation => method of Store: input -> output`.
macro_rules! operations {
    ($($operation:ident => $method:ident: $input:ident -> $output:ident;)*) => {
        #[async_trait::async_trait]
        impl S3 for Api {
            $(
                async fn $operation(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                    self.0.expire();
                    self.0.$method(request).await
                }
            )*
        }
    };
}

operations! {
    create_bucket => create_bucket_named: CreateBucketInput -> CreateBucketOutput;
    delete_bucket => delete_bucket_named: DeleteBucketInput -> DeleteBucketOutput;
    head_bucket => head_bucket: HeadBucketInput -> HeadBucketOutput;
    list_buckets => list_buckets: ListBucketsInput -> ListBucketsOutput;
    get_bucket_location => get_bucket_location: GetBucketLocationInput -> GetBucketLocationOutput;
    get_bucket_versioning => get_bucket_versioning: GetBucketVersioningInput -> GetBucketVersioningOutput;
    put_bucket_lifecycle_configuration => put_bucket_lifecycle_configuration:
        PutBucketLifecycleConfigurationInput -> PutBucketLifecycleConfigurationOutput;
    get_bucket_lifecycle_configuration => get_bucket_lifecycle_configuration:
        GetBucketLifecycleConfigurationInput -> GetBucketLifecycleConfigurationOutput;
    delete_bucket_lifecycle => delete_bucket_lifecycle: DeleteBucketLifecycleInput -> DeleteBucketLifecycleOutput;
    put_bucket_versioning => put_bucket_versioning: PutBucketVersioningInput -> PutBucketVersioningOutput;
    get_bucket_notification_configuration => get_bucket_notification_configuration:
        GetBucketNotificationConfigurationInput -> GetBucketNotificationConfigurationOutput;
    put_bucket_notification_configuration => put_bucket_notification_configuration:
        PutBucketNotificationConfigurationInput -> PutBucketNotificationConfigurationOutput;
    put_object => put_object: PutObjectInput -> PutObjectOutput;
    get_object => get_object: GetObjectInput -> GetObjectOutput;
    head_object => head_object: HeadObjectInput -> HeadObjectOutput;
    copy_object => copy_object: CopyObjectInput -> CopyObjectOutput;
    delete_object => delete_object: DeleteObjectInput -> DeleteObjectOutput;
    delete_objects => delete_objects: DeleteObjectsInput -> DeleteObjectsOutput;
    get_object_attributes => get_object_attributes: GetObjectAttributesInput -> GetObjectAttributesOutput;
    get_object_tagging => get_object_tagging: GetObjectTaggingInput -> GetObjectTaggingOutput;
    put_object_tagging => put_object_tagging: PutObjectTaggingInput -> PutObjectTaggingOutput;
    delete_object_tagging => delete_object_tagging: DeleteObjectTaggingInput -> DeleteObjectTaggingOutput;
    list_objects => list_objects: ListObjectsInput -> ListObjectsOutput;
    list_objects_v2 => list_objects_v2: ListObjectsV2Input -> ListObjectsV2Output;
    list_object_versions => list_object_versions: ListObjectVersionsInput -> ListObjectVersionsOutput;
    create_multipart_upload => create_multipart_upload: CreateMultipartUploadInput -> CreateMultipartUploadOutput;
    upload_part => upload_part: UploadPartInput -> UploadPartOutput;
    upload_part_copy => upload_part_copy: UploadPartCopyInput -> UploadPartCopyOutput;
    complete_multipart_upload => complete_multipart_upload:
        CompleteMultipartUploadInput -> CompleteMultipartUploadOutput;
    abort_multipart_upload => abort_multipart_upload: AbortMultipartUploadInput -> AbortMultipartUploadOutput;
    list_multipart_uploads => list_multipart_uploads: ListMultipartUploadsInput -> ListMultipartUploadsOutput;
    list_parts => list_parts: ListPartsInput -> ListPartsOutput;
}
