//! GetObjectAttributes.

use s3s::dto::{
    GetObjectAttributesInput, GetObjectAttributesOutput, GetObjectAttributesParts, ObjectPart, StorageClass,
};
use s3s::{S3Request, S3Response, S3Result};

use super::checksum::Kind;
use super::errors::{invalid_argument, invalid_request};
use super::fields::{checksum_document, set_checksum};
use super::object::{Details, signed};
use super::store::Store;

/// Most parts on one page.
const PARTS_MAX: i32 = 1000;

impl Store {
    pub(super) async fn get_object_attributes(
        &self,
        request: S3Request<GetObjectAttributesInput>,
    ) -> S3Result<S3Response<GetObjectAttributesOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let version = self.object(&bucket, &input.key, input.version_id.as_deref())?;
        let details = &version.details;
        let mut output = GetObjectAttributesOutput {
            last_modified: Some(details.last_modified()),
            version_id: bucket.shown_version_id(&version),
            ..Default::default()
        };
        // Some SDKs send one header for each attribute, some one with commas.
        let names = input.object_attributes.iter().flat_map(|names| names.as_str().split(','));
        for name in names.map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "ETag" => output.e_tag = Some(details.etag()),
                "Checksum" => output.checksum = Some(checksum_document(&details.checksum)),
                "ObjectSize" => output.object_size = Some(signed(details.size_bytes)),
                "StorageClass" => {
                    output.storage_class = Some(StorageClass::from(details.template.storage_class_name()));
                }
                "ObjectParts" if details.parts.is_empty() => {}
                "ObjectParts" => {
                    output.object_parts = Some(parts(details, input.max_parts, input.part_number_marker)?);
                }
                _ => return Err(invalid_argument("Invalid attribute name specified.")),
            }
        }
        if input.object_attributes.is_empty() {
            return Err(invalid_request(
                "The x-amz-object-attributes header specifying the attributes to be retrieved is missing",
            ));
        }
        Ok(S3Response::new(output))
    }
}

/// S3 lists the parts only where each has a checksum of its own to show.
fn parts(details: &Details, max: Option<i32>, marker: Option<i32>) -> S3Result<GetObjectAttributesParts> {
    let total_parts_count = i32::try_from(details.parts.len()).ok();
    if details.checksum.kind != Kind::Composite {
        return Ok(GetObjectAttributesParts { total_parts_count, ..Default::default() });
    }
    let max = max.unwrap_or(PARTS_MAX).min(PARTS_MAX);
    let limit = usize::try_from(max).map_err(|_| invalid_argument("Argument max-parts must be positive"))?;
    let marker = marker.unwrap_or(0);
    let mut rest = details.parts.iter().filter(|part| part.number > marker);
    let mut page = Vec::new();
    for part in rest.by_ref().take(limit) {
        let mut shown = ObjectPart {
            part_number: Some(part.number),
            size: Some(signed(part.size_bytes)),
            ..Default::default()
        };
        set_checksum!(shown, part.checksum);
        page.push(shown);
    }
    Ok(GetObjectAttributesParts {
        is_truncated: Some(rest.next().is_some()),
        max_parts: Some(max),
        part_number_marker: Some(marker),
        next_part_number_marker: page.last().and_then(|part| part.part_number),
        parts: Some(page),
        total_parts_count,
    })
}
