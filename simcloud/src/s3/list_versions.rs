//! ListObjectVersions.

use s3s::dto::{
    DeleteMarkerEntry, ListObjectVersionsInput, ListObjectVersionsOutput, ObjectVersion,
    ObjectVersionStorageClass, Owner,
};
use s3s::{S3Request, S3Response, S3Result};

use super::errors::{invalid_argument, not_implemented};
use super::fields::{checksum_algorithm, checksum_type};
use super::keys::Spelling;
use super::list_objects::{common_prefixes, page_length};
use super::listing::Query;
use super::listing_members::find;
use super::object::signed;
use super::store::Store;
use super::versions::{Revision, Versions, spell};

/// A version as the list shows it.
struct Shown<'a> {
    key: &'a str,
    revision: &'a Revision,
    is_latest: bool,
}

impl Store {
    /// Keys in the order of their bytes, the versions of a key from the newest to the oldest. The protocol layer writes objects and
    /// delete markers apart, where S3 mixes them; SDKs take them apart anyway.
    pub(super) async fn list_object_versions(
        &self,
        request: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        let input = request.input;
        if input.optional_object_attributes.is_some() {
            return Err(not_implemented("x-amz-optional-object-attributes"));
        }
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let spelling = Spelling::of(input.encoding_type.as_ref())?;
        let max_keys = page_length(input.max_keys, "max-keys")?;
        let key_marker = input.key_marker.as_deref().filter(|marker| !marker.is_empty());
        let id_marker = input.version_id_marker.as_deref();
        match (key_marker, id_marker) {
            (_, Some("")) => return Err(invalid_argument("A version-id marker cannot be empty.")),
            (None, Some(_)) => {
                return Err(invalid_argument(
                    "A version-id marker cannot be specified without a key marker.",
                ));
            }
            _ => {}
        }
        let query = Query {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().unwrap_or_default(),
            after: key_marker,
            max: usize::try_from(max_keys).unwrap_or_default(),
        };
        let write = |text: &Option<String>| text.as_deref().map(|text| spelling.write(text));
        let owner = self.owner();
        let objects = bucket.objects();
        let found = find(objects.by_key(), &query, id_marker, members);
        let (next_key_marker, next_version_id_marker) = found.next.unzip();
        let versions = found.members.iter().filter_map(|shown| version(shown, spelling, &owner)).collect();
        let markers = found.members.iter().filter(|shown| shown.revision.is_delete_marker());
        let delete_markers = markers.map(|shown| delete_marker(shown, spelling, &owner)).collect();
        Ok(S3Response::new(ListObjectVersionsOutput {
            is_truncated: Some(next_key_marker.is_some()),
            next_key_marker: write(&next_key_marker),
            next_version_id_marker: next_version_id_marker.flatten(),
            versions: Some(versions),
            delete_markers: Some(delete_markers),
            common_prefixes: Some(common_prefixes(&found.common_prefixes, spelling)),
            key_marker: Some(write(&input.key_marker).unwrap_or_default()),
            version_id_marker: Some(input.version_id_marker.clone().unwrap_or_default()),
            prefix: Some(write(&input.prefix).unwrap_or_default()),
            delimiter: write(&input.delimiter),
            max_keys: Some(max_keys),
            name: Some(input.bucket.clone()),
            encoding_type: input.encoding_type.clone(),
            ..Default::default()
        }))
    }
}

/// The versions of a key, from the one after `after` on. If that is not there any more, all of them: what has been seen before may be
/// seen again, but nothing is left out.
fn members<'a>(key: &'a str, versions: &'a Versions, after: Option<&str>) -> Vec<(String, Shown<'a>)> {
    let all: Vec<&Revision> = versions.newest_first().collect();
    let place = after.and_then(|id| all.iter().position(|revision| spell(revision.version_id()) == id));
    let shown = all.into_iter().enumerate().skip(place.map_or(0, |place| place + 1));
    shown
        .map(|(index, revision)| {
            let id = spell(revision.version_id()).to_owned();
            (id, Shown { key, revision, is_latest: index == 0 })
        })
        .collect()
}

/// `None` for a delete marker.
fn version(shown: &Shown<'_>, spelling: Spelling, owner: &Owner) -> Option<ObjectVersion> {
    let details = &shown.revision.object()?.details;
    Some(ObjectVersion {
        key: Some(spelling.write(shown.key)),
        version_id: Some(spell(shown.revision.version_id()).to_owned()),
        is_latest: Some(shown.is_latest),
        e_tag: Some(details.etag()),
        size: Some(signed(details.size_bytes)),
        last_modified: Some(details.last_modified()),
        storage_class: Some(ObjectVersionStorageClass::from(details.template.storage_class_name())),
        checksum_algorithm: Some(vec![checksum_algorithm(details.checksum.algorithm)]),
        checksum_type: Some(checksum_type(details.checksum.kind)),
        owner: Some(owner.clone()),
        restore_status: None,
    })
}

fn delete_marker(shown: &Shown<'_>, spelling: Spelling, owner: &Owner) -> DeleteMarkerEntry {
    DeleteMarkerEntry {
        key: Some(spelling.write(shown.key)),
        version_id: Some(spell(shown.revision.version_id()).to_owned()),
        is_latest: Some(shown.is_latest),
        last_modified: Some(shown.revision.last_modified()),
        owner: Some(owner.clone()),
    }
}
