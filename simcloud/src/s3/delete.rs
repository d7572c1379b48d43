//! DeleteObject and DeleteObjects.
//!
//! - With a version id: that version goes for good.
//! - Without, where versions are kept: a delete marker with an id of its own hides what is there, which stays.
//! - Without, where versioning is suspended: the marker has the null id, and the null version goes.
//! - Without, where versioning has never been on: the object goes for good.

use std::sync::Arc;

use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject,
    ETagCondition, Error, ObjectIdentifier,
};
use s3s::{S3Request, S3Response, S3Result};

use super::bucket::Bucket;
use super::conditions::check_match;
use super::errors::{malformed_xml, not_implemented};
use super::lookup::Missing;
use super::object::Version;
use super::request::RequestContext;
use super::store::Store;
use super::versions::{DeleteMarker, Revision, read, spell};
use crate::events::{Cause, ObjectEvent, ObjectEventKind};
use crate::observe::Event;

/// Most keys in one DeleteObjects.
const DELETE_KEYS_MAX: usize = 1000;
/// The ETag in the event of a delete marker: the MD5 of nothing.
const MARKER_ETAG: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// What to delete.
struct Wanted<'a> {
    key: &'a str,
    version_id: Option<&'a str>,
    if_match: Option<ETagCondition>,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Deletion {
    /// Of the version that is gone for good, or of the marker that was made.
    version_id: Option<String>,
    /// Whether a marker was made, or a version that was one is gone.
    is_delete_marker: bool,
}

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
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let wanted =
            Wanted { key: &input.key, version_id: input.version_id.as_deref(), if_match: input.if_match };
        let deletion = self.delete(&bucket, wanted, &context.request_id)?;
        let output = DeleteObjectOutput {
            version_id: deletion.version_id,
            delete_marker: deletion.is_delete_marker.then_some(true),
            ..Default::default()
        };
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
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
            return Err(malformed_xml());
        }
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for object in objects {
            match self.delete_one(&bucket, &object, &context.request_id) {
                Ok(deletion) => deleted.push(describe(object, deletion)),
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

    fn delete_one(&self, bucket: &Bucket, object: &ObjectIdentifier, request_id: &str) -> S3Result<Deletion> {
        if object.last_modified_time.is_some() || object.size.is_some() {
            return Err(not_implemented("LastModifiedTime and Size in DeleteObjects"));
        }
        let version_id = object.version_id.as_deref();
        if version_id.is_some_and(|text| read(text).is_err()) {
            // Here, unlike in DeleteObject, it counts as a version that is not there.
            return Err(Missing::Version.into());
        }
        let if_match = object.e_tag.clone().map(ETagCondition::ETag);
        self.delete(bucket, Wanted { key: &object.key, version_id, if_match }, request_id)
    }

    /// Deletes one thing, and tells who listens if anything has changed.
    fn delete(&self, bucket: &Bucket, wanted: Wanted<'_>, request_id: &str) -> S3Result<Deletion> {
        let Wanted { key, version_id, if_match } = wanted;
        let check = |object: Option<&Arc<Version>>| {
            check_match(if_match.as_ref(), object.map(|version| &version.details))
        };
        let because = (Cause::Request, request_id);
        let Some(text) = version_id else { return self.delete_current(bucket, key, check, because) };
        let version_id = read(text).map_err(|_| Missing::NotAnId)?;
        self.delete_version(bucket, key, version_id, check, because)
    }

    /// Deletes as without a version id.
    pub(super) fn delete_current(
        &self,
        bucket: &Bucket,
        key: &str,
        check: impl FnOnce(Option<&Arc<Version>>) -> S3Result<()>,
        because: (Cause, &str),
    ) -> S3Result<Deletion> {
        if bucket.settings().versioning.is_none() {
            self.delete_version(bucket, key, None, check, because)?;
            return Ok(Deletion::default());
        }
        let marker = bucket.mark_deleted(key, check, || DeleteMarker {
            version_id: self.new_version_id(bucket),
            last_modified_s: self.now_s(),
            sequencer: self.next_sequencer(),
            entry: None,
        })?;
        self.tell_marked(bucket, key, &marker, because);
        let version_id = Some(spell(marker.version_id.as_deref()).to_owned());
        Ok(Deletion { version_id, is_delete_marker: true })
    }

    /// Deletes a version for good.
    pub(super) fn delete_version(
        &self,
        bucket: &Bucket,
        key: &str,
        version_id: Option<&str>,
        check: impl FnOnce(Option<&Arc<Version>>) -> S3Result<()>,
        because: (Cause, &str),
    ) -> S3Result<Deletion> {
        let removed = bucket.remove(key, version_id, check)?;
        let is_delete_marker = removed.as_ref().is_some_and(|(revision, _)| revision.is_delete_marker());
        if let Some((revision, was_latest)) = &removed {
            self.tell_removed(bucket, key, revision, *was_latest, because);
        }
        Ok(Deletion { version_id: Some(spell(version_id).to_owned()), is_delete_marker })
    }

    fn tell_marked(
        &self,
        bucket: &Bucket,
        key: &str,
        marker: &DeleteMarker,
        (cause, request_id): (Cause, &str),
    ) {
        self.observer.tell(|| Event::ObjectDeleted { bucket: &bucket.name, key });
        self.send_event(bucket, || ObjectEvent {
            bucket: bucket.name.clone(),
            key: key.to_owned(),
            size_bytes: 0,
            etag: MARKER_ETAG.to_owned(),
            version_id: marker.version_id.clone(),
            sequencer: marker.sequencer.clone(),
            kind: ObjectEventKind::DeleteMarkerCreated(cause),
            request_id: request_id.to_owned(),
        });
    }

    fn tell_removed(
        &self,
        bucket: &Bucket,
        key: &str,
        revision: &Revision,
        was_latest: bool,
        (cause, request_id): (Cause, &str),
    ) {
        let object = revision.object();
        if was_latest && object.is_some() {
            self.observer.tell(|| Event::ObjectDeleted { bucket: &bucket.name, key });
        }
        self.send_event(bucket, || ObjectEvent {
            bucket: bucket.name.clone(),
            key: key.to_owned(),
            size_bytes: 0,
            etag: String::new(),
            version_id: revision.version_id().map(str::to_owned),
            sequencer: self.next_sequencer(),
            kind: ObjectEventKind::Deleted(cause),
            request_id: request_id.to_owned(),
        });
    }
}

fn describe(object: ObjectIdentifier, deletion: Deletion) -> DeletedObject {
    let Deletion { version_id, is_delete_marker } = deletion;
    DeletedObject {
        delete_marker: is_delete_marker.then_some(true),
        delete_marker_version_id: version_id.filter(|_| is_delete_marker),
        key: Some(object.key),
        version_id: object.version_id,
    }
}
