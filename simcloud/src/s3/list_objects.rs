//! ListObjects and ListObjectsV2.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::{
    CommonPrefix, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, Object,
    ObjectStorageClass, Owner,
};
use s3s::{S3Request, S3Response, S3Result};

use super::errors::{invalid_argument, not_implemented};
use super::fields::{checksum_algorithm, checksum_type};
use super::keys::Spelling;
use super::listing::{Page, Query, page};
use super::object::signed;
use super::store::Store;
use super::versions::Versions;

/// Most names on one page; who asks for more gets these.
const KEYS_MAX: i32 = 1000;

impl Store {
    pub(super) async fn list_objects(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let spelling = Spelling::of(input.encoding_type.as_ref())?;
        let max_keys = page_length(input.max_keys, "max-keys")?;
        let write = |text: &Option<String>| text.as_deref().map(|text| spelling.write(text));
        let query = Query {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().unwrap_or_default(),
            after: input.marker.as_deref().filter(|marker| !marker.is_empty()),
            max: usize::try_from(max_keys).unwrap_or_default(),
        };
        let objects = bucket.objects();
        let page = page(objects.by_key(), &query, |versions| versions.current().is_some());
        // Without a delimiter the last key is the marker, and S3 does not repeat it.
        let next_marker = page.next.as_deref().filter(|_| !query.delimiter.is_empty());
        let owner = Some(self.owner());
        Ok(S3Response::new(ListObjectsOutput {
            is_truncated: Some(page.next.is_some()),
            next_marker: next_marker.map(|name| spelling.write(name)),
            contents: Some(contents(&page, spelling, owner.as_ref())),
            common_prefixes: Some(common_prefixes(&page.common_prefixes, spelling)),
            prefix: Some(write(&input.prefix).unwrap_or_default()),
            marker: Some(write(&input.marker).unwrap_or_default()),
            delimiter: write(&input.delimiter),
            max_keys: Some(max_keys),
            name: Some(input.bucket),
            encoding_type: input.encoding_type,
            ..Default::default()
        }))
    }

    pub(super) async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        if input.optional_object_attributes.is_some() {
            return Err(not_implemented("x-amz-optional-object-attributes"));
        }
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let spelling = Spelling::of(input.encoding_type.as_ref())?;
        let max_keys = page_length(input.max_keys, "max-keys")?;
        let write = |text: &Option<String>| text.as_deref().map(|text| spelling.write(text));
        let resumed = input.continuation_token.as_deref().map(read_token).transpose()?;
        let query = Query {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().unwrap_or_default(),
            after: resumed.as_deref().or(input.start_after.as_deref()).filter(|after| !after.is_empty()),
            max: usize::try_from(max_keys).unwrap_or_default(),
        };
        let objects = bucket.objects();
        let page = page(objects.by_key(), &query, |versions| versions.current().is_some());
        let owner = input.fetch_owner.unwrap_or_default().then(|| self.owner());
        let count = page.items.len() + page.common_prefixes.len();
        Ok(S3Response::new(ListObjectsV2Output {
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.as_deref().map(|name| URL_SAFE_NO_PAD.encode(name)),
            key_count: i32::try_from(count).ok(),
            contents: Some(contents(&page, spelling, owner.as_ref())),
            common_prefixes: Some(common_prefixes(&page.common_prefixes, spelling)),
            prefix: Some(write(&input.prefix).unwrap_or_default()),
            delimiter: write(&input.delimiter),
            start_after: write(&input.start_after),
            max_keys: Some(max_keys),
            name: Some(input.bucket),
            continuation_token: input.continuation_token,
            encoding_type: input.encoding_type,
            ..Default::default()
        }))
    }

    /// The account's canonical user.
    pub(super) fn owner(&self) -> Owner {
        Owner { display_name: None, id: Some(format!("{:0>64}", self.account_id)) }
    }
}

fn contents(page: &Page<'_, Versions>, spelling: Spelling, owner: Option<&Owner>) -> Vec<Object> {
    page.items
        .iter()
        .filter_map(|(key, versions)| {
            let details = &versions.current()?.details;
            Some(Object {
                key: Some(spelling.write(key)),
                e_tag: Some(details.etag()),
                size: Some(signed(details.size_bytes)),
                last_modified: Some(details.last_modified()),
                storage_class: Some(ObjectStorageClass::from(details.template.storage_class_name())),
                checksum_algorithm: Some(vec![checksum_algorithm(details.checksum.algorithm)]),
                checksum_type: Some(checksum_type(details.checksum.kind)),
                owner: owner.cloned(),
                restore_status: None,
            })
        })
        .collect()
}

pub(super) fn common_prefixes(prefixes: &[String], spelling: Spelling) -> Vec<CommonPrefix> {
    prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(spelling.write(prefix)) }).collect()
}

/// What the client asks for, at most a thousand.
pub(super) fn page_length(asked: Option<i32>, name: &str) -> S3Result<i32> {
    match asked.unwrap_or(KEYS_MAX) {
        asked if asked < 0 => {
            Err(invalid_argument(format!("Argument {name} must be an integer between 0 and 2147483647")))
        }
        asked => Ok(asked.min(KEYS_MAX)),
    }
}

fn read_token(token: &str) -> S3Result<String> {
    let name = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| invalid_argument("The continuation token provided is incorrect"))
}
