//! Finding the version that a request is about.

use std::sync::Arc;

use http::header::{ALLOW, HeaderName, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue};
use s3s::dto::TimestampFormat;
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::bucket::{Bucket, Objects};
use super::errors::{invalid_argument, no_such_key, refuse};
use super::object::{Version, timestamp};
use super::store::Store;
use super::versions::{DeleteMarker, Revision, read, spell};

/// Why there is no object.
#[derive(Debug)]
pub(super) enum Missing {
    Key,
    /// The key's latest version is this one.
    Deleted(Arc<DeleteMarker>),
    Version,
    /// The version that was asked for is a delete marker.
    IsDeleteMarker(Arc<DeleteMarker>),
    NotAnId,
}

impl Missing {
    /// As the operations on tags see it: a delete marker is there, and has none.
    pub(super) fn of_tags(self) -> Self {
        match self {
            Self::Deleted(marker) => Self::IsDeleteMarker(marker),
            other => other,
        }
    }
}

impl Objects {
    /// The current object of `key`, or the one of a version.
    pub(super) fn find(&self, key: &str, version_id: Option<&str>) -> Result<&Arc<Version>, Missing> {
        let versions = self.versions(key);
        let Some(text) = version_id else {
            return match versions.and_then(|versions| versions.latest()).ok_or(Missing::Key)? {
                Revision::Object(version) => Ok(version),
                Revision::DeleteMarker(marker) => Err(Missing::Deleted(Arc::clone(marker))),
            };
        };
        let id = read(text).map_err(|_| Missing::NotAnId)?;
        // Asking for the null version of a key that never was is as asking for the key.
        let absent = if versions.is_none() && id.is_none() { Missing::Key } else { Missing::Version };
        match versions.and_then(|versions| versions.get(id)).ok_or(absent)? {
            Revision::Object(version) => Ok(version),
            Revision::DeleteMarker(marker) => Err(Missing::IsDeleteMarker(Arc::clone(marker))),
        }
    }
}

impl Store {
    /// The visible object, or the one of a version.
    pub(super) fn object(
        &self,
        bucket: &Bucket,
        key: &str,
        version_id: Option<&str>,
    ) -> S3Result<Arc<Version>> {
        Ok(Arc::clone(bucket.objects().find(key, version_id)?))
    }
}

impl From<Missing> for S3Error {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Key => no_such_key(),
            Missing::Deleted(marker) => with_headers(no_such_key(), &marker, &[]),
            Missing::Version => refuse(S3ErrorCode::NoSuchVersion, "The specified version does not exist."),
            Missing::IsDeleteMarker(marker) => {
                let refusal = refuse(
                    S3ErrorCode::MethodNotAllowed,
                    "The specified method is not allowed against this resource.",
                );
                let mut date = Vec::new();
                let written = timestamp(marker.last_modified_s).format(TimestampFormat::HttpDate, &mut date);
                let date = written.ok().and_then(|()| HeaderValue::from_bytes(&date).ok());
                let deletable = (ALLOW, HeaderValue::from_static("DELETE"));
                let more: Vec<_> =
                    date.map(|date| (LAST_MODIFIED, date)).into_iter().chain([deletable]).collect();
                with_headers(refusal, &marker, &more)
            }
            Missing::NotAnId => invalid_argument("Invalid version id specified"),
        }
    }
}

/// A refusal that says that a delete marker is why.
fn with_headers(mut refusal: S3Error, marker: &DeleteMarker, more: &[(HeaderName, HeaderValue)]) -> S3Error {
    let mut headers: HeaderMap = more.iter().cloned().collect();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert("x-amz-delete-marker", HeaderValue::from_static("true"));
    if let Ok(id) = HeaderValue::try_from(spell(marker.version_id.as_deref())) {
        headers.insert("x-amz-version-id", id);
    }
    refusal.set_headers(headers);
    refusal
}
