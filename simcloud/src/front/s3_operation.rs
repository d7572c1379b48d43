//! The S3 operation that a request means, by its method, path and query: for faults, and to refuse what is not there by name.

use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;

/// One request, as far as its address tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) operation: &'static str,
    /// `bucket` or `bucket/key`, decoded: what a fault's `key` is looked for in.
    pub(super) resource: String,
}

/// Query parameters that select an operation which simcloud does not have and the protocol layer would not notice.
const UNKNOWN_SUBRESOURCES: [&str; 9] = [
    "abac",
    "annotation",
    "annotations",
    "encryption",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "renameObject",
    "torrent",
];

pub(super) fn address(method: &Method, uri: &Uri, headers: &HeaderMap) -> Address {
    let resource = percent_decode_str(uri.path().trim_start_matches('/')).decode_utf8_lossy().into_owned();
    // A leading slash belongs to the path, further ones to the key; a bucket never starts with one.
    let on_object = resource.split_once('/').is_some_and(|(_, key)| !key.is_empty());
    let query = Query(uri.query().unwrap_or_default());
    let operation = if on_object {
        object(method, query, headers)
    } else if resource.is_empty() {
        "ListBuckets"
    } else {
        bucket(method, query)
    };
    Address { operation, resource }
}

/// The sub-resource that nobody here knows, if the request names one.
pub(super) fn unknown_subresource(uri: &Uri, on_bucket: bool) -> Option<&'static str> {
    let query = Query(uri.query()?);
    UNKNOWN_SUBRESOURCES.into_iter().find(|name| query.has(name) && !(on_bucket && *name == "encryption"))
}

fn object(method: &Method, query: Query<'_>, headers: &HeaderMap) -> &'static str {
    let copies = headers.contains_key("x-amz-copy-source");
    let uploads = query.has("uploadId");
    match *method {
        Method::HEAD => "HeadObject",
        Method::GET if query.has("attributes") => "GetObjectAttributes",
        Method::GET if query.has("tagging") => "GetObjectTagging",
        Method::GET if query.has("acl") => "GetObjectAcl",
        Method::GET if uploads => "ListParts",
        Method::GET => "GetObject",
        Method::POST if query.has("uploads") => "CreateMultipartUpload",
        Method::POST if uploads => "CompleteMultipartUpload",
        Method::PUT if query.has("tagging") => "PutObjectTagging",
        Method::PUT if query.has("acl") => "PutObjectAcl",
        Method::PUT if uploads && query.has("partNumber") && copies => "UploadPartCopy",
        Method::PUT if uploads && query.has("partNumber") => "UploadPart",
        Method::PUT if copies => "CopyObject",
        Method::PUT => "PutObject",
        Method::DELETE if query.has("tagging") => "DeleteObjectTagging",
        Method::DELETE if uploads => "AbortMultipartUpload",
        Method::DELETE => "DeleteObject",
        _ => "Unknown",
    }
}

fn bucket(method: &Method, query: Query<'_>) -> &'static str {
    match *method {
        Method::HEAD => "HeadBucket",
        Method::GET if query.has("location") => "GetBucketLocation",
        Method::GET if query.has("notification") => "GetBucketNotificationConfiguration",
        Method::GET if query.has("lifecycle") => "GetBucketLifecycleConfiguration",
        Method::GET if query.has("versioning") => "GetBucketVersioning",
        Method::GET if query.has("uploads") => "ListMultipartUploads",
        Method::GET if query.has("versions") => "ListObjectVersions",
        Method::GET if query.has("list-type") => "ListObjectsV2",
        Method::GET => "ListObjects",
        Method::POST if query.has("delete") => "DeleteObjects",
        Method::POST => "PostObject",
        Method::PUT if query.has("notification") => "PutBucketNotificationConfiguration",
        Method::PUT if query.has("lifecycle") => "PutBucketLifecycleConfiguration",
        Method::PUT if query.has("versioning") => "PutBucketVersioning",
        Method::PUT => "CreateBucket",
        Method::DELETE if query.has("lifecycle") => "DeleteBucketLifecycle",
        Method::DELETE => "DeleteBucket",
        _ => "Unknown",
    }
}

#[derive(Debug, Clone, Copy)]
struct Query<'a>(&'a str);

impl Query<'_> {
    fn has(self, name: &str) -> bool {
        self.0.split('&').any(|pair| pair.split('=').next() == Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(method: &Method, uri: &'static str) -> Address {
        address(method, &Uri::from_static(uri), &HeaderMap::new())
    }

    #[test]
    fn operations_by_address() {
        assert_eq!(named(&Method::GET, "/").operation, "ListBuckets");
        assert_eq!(named(&Method::PUT, "/b/").operation, "CreateBucket");
        assert_eq!(named(&Method::POST, "/b").operation, "PostObject");
        assert_eq!(named(&Method::GET, "/b?list-type=2&prefix=uploadId").operation, "ListObjectsV2");
        assert_eq!(
            named(&Method::PUT, "/b/k?partNumber=1&uploadId=u&x-id=UploadPart").operation,
            "UploadPart"
        );
        assert_eq!(named(&Method::POST, "/b/k?uploads").operation, "CreateMultipartUpload");
        assert_eq!(named(&Method::POST, "/b/k?uploadId=u").operation, "CompleteMultipartUpload");
        assert_eq!(named(&Method::DELETE, "/b/k?uploadId=u").operation, "AbortMultipartUpload");
    }

    #[test]
    fn resources_are_decoded_and_not_normalised() {
        assert_eq!(named(&Method::GET, "/b/%2E%2E/a%2Fb").resource, "b/../a/b");
        assert_eq!(named(&Method::GET, "/b//k").operation, "GetObject");
    }

    #[test]
    fn unknown_subresources_are_seen() {
        let uri = Uri::from_static("/b/k?annotation&x-id=GetObjectAnnotation");
        assert_eq!(unknown_subresource(&uri, false), Some("annotation"));
        assert_eq!(unknown_subresource(&Uri::from_static("/b?encryption"), true), None);
        assert_eq!(unknown_subresource(&Uri::from_static("/b/k?uploads"), false), None);
    }
}
