//! What a source object carries beside its bytes, and how that is put on the target.

use std::collections::HashMap;

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::types::{ChecksumType, ServerSideEncryption};
use common::transfer::Encryption;

use super::checksum::{Crc64, Own};

/// What a GET or HEAD tells of an object.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) size_bytes: u64,
    /// What the store vouches for, when it has a CRC of the full object.
    pub(super) own: Option<Own>,
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) cache_control: Option<String>,
    /// As it came: S3 does not insist on a date.
    pub(super) expires: Option<String>,
    /// The values as they stood in their headers.
    pub(super) metadata: HashMap<String, String>,
    pub(super) storage_class: Option<String>,
    pub(super) website_redirect: Option<String>,
    /// `None` without tags, and where the tags may not be read: S3 does not say which.
    pub(super) tag_count: Option<i32>,
    /// What a copy cannot carry, in words.
    pub(super) beyond: Vec<&'static str>,
}

/// What is put on the target.
#[derive(Debug, Clone)]
pub(super) struct Dress {
    pub(super) facts: Facts,
    /// With our marker in it. The values are those of headers.
    pub(super) metadata: HashMap<String, String>,
    pub(super) storage_class: Option<String>,
    pub(super) website_redirect: Option<String>,
    /// Form-encoded, as the header takes it.
    pub(super) tagging: Option<String>,
    pub(super) encryption: Encryption,
}

impl Dress {
    /// Goes with every request that carries the dress.
    pub(super) fn expires(&self) -> Expires {
        Expires(self.facts.expires.clone())
    }
}

/// Sends `Expires` as the source has it. The SDK would send a date in one form, and nothing that is no date.
#[derive(Debug, Clone)]
pub(super) struct Expires(Option<String>);

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Expires {
    fn name(&self) -> &'static str {
        "Expires"
    }

    /// Before the client puts raw bytes where they belong, which is before it signs.
    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(text) = &self.0 {
            context.request_mut().headers_mut().try_insert("expires", text.clone())?;
        }
        Ok(())
    }
}

/// The words of what is there.
pub(super) fn beyond<const N: usize>(seen: [(bool, &'static str); N]) -> Vec<&'static str> {
    seen.into_iter().filter(|(is_there, _)| *is_there).map(|(_, what)| what).collect()
}

/// The headers for encryption at rest: algorithm, key, bucket key.
pub(super) fn encryption_headers(
    encryption: &Encryption,
) -> (Option<ServerSideEncryption>, Option<String>, Option<bool>) {
    match encryption {
        Encryption::BucketDefault => (None, None, None),
        Encryption::SseS3 => (Some(ServerSideEncryption::Aes256), None, None),
        Encryption::SseKms { key, bucket_key } => {
            (Some(ServerSideEncryption::AwsKms), Some(key.clone()), *bucket_key)
        }
    }
}

/// Reads the facts from the output of GetObject or HeadObject, which share their accessors but no type.
macro_rules! facts {
    ($output:expr, $size_bytes:expr) => {{
        let output = &$output;
        $crate::copy::facts::Facts {
            size_bytes: $size_bytes,
            own: if output.checksum_type() == Some(&aws_sdk_s3::types::ChecksumType::Composite) {
                None
            } else {
                $crate::copy::checksum::Own::parse(
                    output.checksum_crc64_nvme(),
                    output.checksum_crc32(),
                    output.checksum_crc32_c(),
                )
            },
            content_type: output.content_type().map(str::to_owned),
            content_encoding: output.content_encoding().map(str::to_owned),
            content_language: output.content_language().map(str::to_owned),
            content_disposition: output.content_disposition().map(str::to_owned),
            cache_control: output.cache_control().map(str::to_owned),
            expires: output.expires_string().map(str::to_owned),
            metadata: output.metadata().cloned().unwrap_or_default(),
            storage_class: output.storage_class().map(|class| class.as_str().to_owned()),
            website_redirect: output.website_redirect_location().map(str::to_owned),
            tag_count: output.tag_count(),
            beyond: $crate::copy::facts::beyond([
                (
                    output.object_lock_mode().is_some() || output.object_lock_retain_until_date().is_some(),
                    $crate::copy::fidelity::RETENTION,
                ),
                (
                    output.object_lock_legal_hold_status().is_some_and(|hold| hold.as_str() != "OFF")
                        || output.object_lock_event_hold().is_some_and(|hold| hold.as_str() != "OFF"),
                    $crate::copy::fidelity::LEGAL_HOLD,
                ),
                (output.missing_meta().is_some_and(|count| count > 0), $crate::copy::fidelity::METADATA),
            ]),
        }
    }};
}

/// Puts the dress on a PutObject, CreateMultipartUpload or CopyObject request, which share their setters but no type. Gives the request
/// as it is customized.
macro_rules! dressed {
    ($request:expr, $dress:expr) => {{
        let dress = $dress;
        let facts = &dress.facts;
        let (algorithm, kms_key, bucket_key) = $crate::copy::facts::encryption_headers(&dress.encryption);
        $request
            .set_content_type(facts.content_type.clone())
            .set_content_encoding(facts.content_encoding.clone())
            .set_content_language(facts.content_language.clone())
            .set_content_disposition(facts.content_disposition.clone())
            .set_cache_control(facts.cache_control.clone())
            .set_website_redirect_location(dress.website_redirect.clone())
            .set_metadata(Some(dress.metadata.clone()))
            .set_storage_class(dress.storage_class.as_deref().map(aws_sdk_s3::types::StorageClass::from))
            .set_tagging(dress.tagging.clone())
            .set_server_side_encryption(algorithm)
            .set_ssekms_key_id(kms_key)
            .set_bucket_key_enabled(bucket_key)
            .customize()
            .interceptor(dress.expires())
    }};
}

pub(super) use {dressed, facts};

/// A composite value covers part checksums, not bytes, and cannot be compared with ours.
pub(super) fn full_object(value: Option<&str>, kind: Option<&ChecksumType>) -> Option<Crc64> {
    if kind == Some(&ChecksumType::Composite) { None } else { Crc64::parse(value?) }
}
