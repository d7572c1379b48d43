//! What a client says of an object when it creates it: headers, metadata, tags, storage class, encryption.

use std::collections::BTreeMap;

use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, EXPIRES,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use s3s::dto::{Metadata, ServerSideEncryption, StorageClass};
use s3s::{S3ErrorCode, S3Result};
use serde::{Deserialize, Serialize};

use super::encoded_word;
use super::errors::{invalid_argument, refuse};
use super::object_headers::to_latin1;
use super::tags;

/// Longest user metadata of an object: the sum of names and values, decoded, in bytes of UTF-8.
const METADATA_BYTES_MAX: usize = 2 * 1024;

const STORAGE_CLASSES: [&str; 8] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
];

/// The same for PutObject, CreateMultipartUpload and CopyObject.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Template {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) cache_control: Option<String>,
    /// Verbatim: S3 does not insist on a date.
    pub(super) expires: Option<String>,
    pub(super) website_redirect_location: Option<String>,
    /// Names in lower case, without `x-amz-meta-`.
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
    /// `None`: STANDARD.
    pub(super) storage_class: Option<String>,
    pub(super) encryption: Encryption,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Encryption {
    /// `None`: AES256, which S3 applies to every object.
    algorithm: Option<String>,
    pub(super) kms_key_id: Option<String>,
    pub(super) bucket_key_enabled: Option<bool>,
}

impl Encryption {
    pub(super) fn of(
        algorithm: Option<ServerSideEncryption>,
        kms_key_id: Option<String>,
        bucket_key_enabled: Option<bool>,
    ) -> S3Result<Self> {
        let algorithm = algorithm.map(|algorithm| algorithm.as_str().to_owned());
        match (algorithm.as_deref(), &kms_key_id) {
            (None | Some("AES256"), Some(_)) => Err(invalid_argument(
                "x-amz-server-side-encryption-aws-kms-key-id is only for x-amz-server-side-encryption aws:kms",
            )),
            (None | Some("AES256" | "aws:kms" | "aws:kms:dsse"), _) => {
                Ok(Self { algorithm, kms_key_id, bucket_key_enabled })
            }
            (Some(_), _) => Err(invalid_argument("The encryption method specified is not supported")),
        }
    }

    pub(super) fn algorithm(&self) -> ServerSideEncryption {
        ServerSideEncryption::from(self.algorithm.clone().unwrap_or_else(|| "AES256".to_owned()))
    }

    /// Whether a key of KMS's encrypts: then an ETag is no sum of the bytes.
    pub(super) fn is_kms(&self) -> bool {
        self.algorithm.as_deref().is_some_and(|algorithm| algorithm.starts_with("aws:kms"))
    }

    /// Whether the request asked for any encryption of its own.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Template {
    /// What goes back as it came, and user metadata in the order of their names.
    pub(super) fn response_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let system = [
            (CACHE_CONTROL, self.cache_control.as_deref()),
            (CONTENT_DISPOSITION, self.content_disposition.as_deref()),
            (CONTENT_ENCODING, self.content_encoding.as_deref()),
            (CONTENT_LANGUAGE, self.content_language.as_deref()),
            (CONTENT_TYPE, Some(self.content_type.as_deref().unwrap_or("binary/octet-stream"))),
            (EXPIRES, self.expires.as_deref()),
        ];
        for (name, text) in system {
            if let Some(value) = text.and_then(to_latin1) {
                headers.insert(name, value);
            }
        }
        for (name, value) in &self.metadata {
            if let (Ok(name), Ok(value)) = (
                HeaderName::try_from(format!("x-amz-meta-{name}")),
                HeaderValue::try_from(encoded_word::encode(value)),
            ) {
                headers.insert(name, value);
            }
        }
        headers
    }

    /// The header, which S3 leaves out for STANDARD.
    pub(super) fn storage_class(&self) -> Option<StorageClass> {
        self.storage_class.clone().map(StorageClass::from)
    }

    /// For lists, which name STANDARD too.
    pub(super) fn storage_class_name(&self) -> String {
        self.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned())
    }
}

/// User metadata within S3's limit: from headers, or from the fields of a form, which are not decoded.
pub(super) fn metadata(
    mut metadata: BTreeMap<String, String>,
    fields: Option<Metadata>,
) -> S3Result<BTreeMap<String, String>> {
    metadata.extend(fields.unwrap_or_default());
    let length: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if length > METADATA_BYTES_MAX {
        return Err(refuse(
            S3ErrorCode::MetadataTooLarge,
            "Your metadata headers exceed the maximum allowed metadata size",
        ));
    }
    Ok(metadata)
}

/// A known storage class; STANDARD is `None`.
pub(super) fn storage_class(class: Option<StorageClass>) -> S3Result<Option<String>> {
    match class {
        None => Ok(None),
        Some(class) if class.as_str() == "STANDARD" => Ok(None),
        Some(class) if STORAGE_CLASSES.contains(&class.as_str()) => Ok(Some(class.as_str().to_owned())),
        Some(_) => {
            Err(refuse(S3ErrorCode::InvalidStorageClass, "The storage class you specified is not valid"))
        }
    }
}

/// Tags of an `x-amz-tagging` header.
pub(super) fn tagging(header: Option<&str>) -> S3Result<BTreeMap<String, String>> {
    header.map_or_else(|| Ok(BTreeMap::new()), tags::parse_header)
}

/// A [`Template`] from the headers and members that the three creating requests share. In members, headers come only from a form.
macro_rules! template_of {
    ($input:expr, $context:expr) => {
        $crate::s3::template::Template {
            content_type: $context.take_system(&http::header::CONTENT_TYPE, $input.content_type.take()),
            content_encoding: $context
                .take_system(&http::header::CONTENT_ENCODING, $input.content_encoding.take()),
            content_disposition: $context
                .take_system(&http::header::CONTENT_DISPOSITION, $input.content_disposition.take()),
            content_language: $context
                .take_system(&http::header::CONTENT_LANGUAGE, $input.content_language.take()),
            cache_control: $context.take_system(&http::header::CACHE_CONTROL, $input.cache_control.take()),
            expires: $context.take_system(&http::header::EXPIRES, None),
            website_redirect_location: $input.website_redirect_location.clone(),
            metadata: $crate::s3::template::metadata($context.take_metadata(), $input.metadata.take())?,
            tags: $crate::s3::template::tagging($input.tagging.as_deref())?,
            storage_class: $crate::s3::template::storage_class($input.storage_class.take())?,
            encryption: $crate::s3::template::Encryption::of(
                $input.server_side_encryption.take(),
                $input.ssekms_key_id.take(),
                $input.bucket_key_enabled,
            )?,
        }
    };
}
pub(super) use template_of;

/// Refuses what the three creating requests may ask for and is not there.
macro_rules! refuse_unsupported {
    ($input:expr) => {{
        use $crate::s3::errors::{invalid_request, not_implemented, refuse};
        if $input.sse_customer_algorithm.is_some() || $input.sse_customer_key.is_some() {
            return Err(not_implemented("encryption with customer-provided keys (SSE-C)"));
        }
        if $input.ssekms_encryption_context.is_some() {
            return Err(not_implemented("x-amz-server-side-encryption-context"));
        }
        if $input.object_lock_mode.is_some()
            || $input.object_lock_legal_hold_status.is_some()
            || $input.object_lock_retain_until_date.is_some()
        {
            return Err(invalid_request("Bucket is missing Object Lock Configuration"));
        }
        let acl = $input.acl.as_ref().map(|acl| acl.as_str());
        if acl.is_some_and(|acl| acl != "bucket-owner-full-control")
            || $input.grant_full_control.is_some()
            || $input.grant_read.is_some()
            || $input.grant_read_acp.is_some()
            || $input.grant_write_acp.is_some()
        {
            return Err(refuse(
                s3s::S3ErrorCode::AccessControlListNotSupported,
                "The bucket does not allow ACLs",
            ));
        }
    }};
}
pub(super) use refuse_unsupported;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_has_a_limit() {
        let of = |text: String| metadata(BTreeMap::from([("k".to_owned(), text)]), None);
        assert!(of("v".repeat(2047)).is_ok());
        assert_eq!(of("v".repeat(2048)).unwrap_err().code(), &S3ErrorCode::MetadataTooLarge);
        // Encoded, each takes six bytes.
        assert!(of("é".repeat(1023)).is_ok());
        assert_eq!(of("é".repeat(1024)).unwrap_err().code(), &S3ErrorCode::MetadataTooLarge);
    }

    #[test]
    fn kms_keys_need_kms() {
        assert!(Encryption::of(None, Some("key".into()), None).is_err());
        let kms = Encryption::of(Some("aws:kms".to_owned().into()), Some("key".into()), Some(true)).unwrap();
        assert_eq!(kms.algorithm().as_str(), "aws:kms");
        assert!(kms.is_kms() && !Encryption::default().is_kms());
        assert_eq!(Encryption::default().algorithm().as_str(), "AES256");
    }
}
