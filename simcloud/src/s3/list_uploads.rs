//! ListMultipartUploads and ListParts.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use s3s::dto::{
    Initiator, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput,
    MultipartUpload, StorageClass,
};
use s3s::{S3Request, S3Response, S3Result};

use super::bucket::lock;
use super::fields::{checksum_algorithm, checksum_type, set_checksum};
use super::keys::Spelling;
use super::list_objects::{common_prefixes, page_length};
use super::listing::Query;
use super::listing_members::find;
use super::multipart::upload;
use super::object::{signed, timestamp};
use super::store::Store;
use super::upload::{Part, Upload};

impl Store {
    pub(super) async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let spelling = Spelling::of(input.encoding_type.as_ref())?;
        let max_uploads = page_length(input.max_uploads, "max-uploads")?;
        let uploads = lock(&bucket.uploads);
        let query = Query {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().unwrap_or_default(),
            after: input.key_marker.as_deref().filter(|marker| !marker.is_empty()),
            max: usize::try_from(max_uploads).unwrap_or_default(),
        };
        let id_marker = input.upload_id_marker.as_deref().filter(|marker| !marker.is_empty());
        let found = find(uploads.by_key(), &query, id_marker, members);
        let write = |text: &Option<String>| text.as_deref().map(|text| spelling.write(text));
        let shown = found.members.iter().map(|upload| self.describe(upload, spelling)).collect();
        Ok(S3Response::new(ListMultipartUploadsOutput {
            uploads: Some(shown),
            common_prefixes: Some(common_prefixes(&found.common_prefixes, spelling)),
            is_truncated: Some(found.next.is_some()),
            next_key_marker: found.next.as_ref().map(|(key, _)| spelling.write(key)),
            next_upload_id_marker: found.next.map(|(_, id)| id.unwrap_or_default()),
            key_marker: Some(write(&input.key_marker).unwrap_or_default()),
            upload_id_marker: Some(input.upload_id_marker.unwrap_or_default()),
            prefix: Some(write(&input.prefix).unwrap_or_default()),
            delimiter: write(&input.delimiter),
            max_uploads: Some(max_uploads),
            bucket: Some(input.bucket),
            encoding_type: input.encoding_type,
            ..Default::default()
        }))
    }

    pub(super) async fn list_parts(
        &self,
        request: S3Request<ListPartsInput>,
    ) -> S3Result<S3Response<ListPartsOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let upload = upload(&bucket, &input.key, &input.upload_id)?;
        let max_parts = page_length(input.max_parts, "max-parts")?;
        let marker = input.part_number_marker.unwrap_or(0);
        let uploaded = lock(&upload.parts);
        let mut rest = uploaded.range((Bound::Excluded(marker), Bound::Unbounded)).map(|(_, part)| part);
        let limit = usize::try_from(max_parts).unwrap_or_default();
        let page: Vec<s3s::dto::Part> =
            rest.by_ref().take(limit).map(|part| describe_part(&upload, part)).collect();
        let is_truncated = limit > 0 && rest.next().is_some();
        Ok(S3Response::new(ListPartsOutput {
            is_truncated: Some(is_truncated),
            next_part_number_marker: Some(page.last().and_then(|part| part.part_number).unwrap_or(0)),
            part_number_marker: Some(marker),
            parts: Some(page),
            max_parts: Some(max_parts),
            checksum_algorithm: upload.declared.map(|(algorithm, _)| checksum_algorithm(algorithm)),
            checksum_type: upload.declared.map(|(_, kind)| checksum_type(kind)),
            storage_class: Some(StorageClass::from(upload.template.storage_class_name())),
            initiator: Some(self.initiator()),
            owner: Some(self.owner()),
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            ..Default::default()
        }))
    }

    fn initiator(&self) -> Initiator {
        let arn = format!("arn:aws:iam::{}:root", self.account_id);
        Initiator { display_name: None, id: Some(arn) }
    }

    fn describe(&self, upload: &Upload, spelling: Spelling) -> MultipartUpload {
        MultipartUpload {
            key: Some(spelling.write(&upload.key)),
            upload_id: Some(upload.id.clone()),
            initiated: Some(timestamp(upload.initiated_s)),
            storage_class: Some(StorageClass::from(upload.template.storage_class_name())),
            checksum_algorithm: upload.declared.map(|(algorithm, _)| checksum_algorithm(algorithm)),
            checksum_type: upload.declared.map(|(_, kind)| checksum_type(kind)),
            initiator: Some(self.initiator()),
            owner: Some(self.owner()),
        }
    }
}

/// Uploads are listed by key, those of one key by age.
fn members<'a>(
    _key: &'a str,
    uploads: &'a BTreeMap<String, Arc<Upload>>,
    after: Option<&str>,
) -> Vec<(String, &'a Arc<Upload>)> {
    let after = after.map_or(Bound::Unbounded, Bound::Excluded);
    let rest = uploads.range::<str, _>((after, Bound::Unbounded));
    rest.map(|(id, upload)| (id.clone(), upload)).collect()
}

fn describe_part(upload: &Upload, part: &Part) -> s3s::dto::Part {
    let mut shown = s3s::dto::Part {
        part_number: Some(part.number),
        size: Some(signed(part.size_bytes)),
        e_tag: Some(s3s::dto::ETag::Strong(part.etag.clone())),
        last_modified: Some(timestamp(part.last_modified_s)),
        ..Default::default()
    };
    if let Some(checksum) = upload.shown_checksum(part) {
        set_checksum!(shown, checksum);
    }
    shown
}
