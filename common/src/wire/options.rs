//! The route's options in version 1 of the wire form. A default is an absent field, so most messages have none of them.

use serde::{Deserialize, Serialize};

use super::WireError;
use crate::transfer::{CopyOptions, Encryption, Fidelity, Strategy, TagPolicy, is_kms_key};

#[derive(Serialize, Deserialize, Default, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Options {
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket_key: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fidelity: Option<String>,
}

impl From<&CopyOptions> for Options {
    fn from(options: &CopyOptions) -> Self {
        let word = |word: &str| Some(word.to_owned());
        let (encryption, kms_key, bucket_key) = match &options.encryption {
            Encryption::BucketDefault => (None, None, None),
            Encryption::SseS3 => (word("sse-s3"), None, None),
            Encryption::SseKms { key, bucket_key } => (word("sse-kms"), Some(key.clone()), *bucket_key),
        };
        Self {
            storage_class: options.storage_class.clone(),
            tags: match options.tags {
                TagPolicy::Copy => None,
                TagPolicy::Drop => word("drop"),
            },
            strategy: match options.strategy {
                Strategy::Stream => None,
                Strategy::ServerSide => word("server-side"),
                Strategy::Auto => word("auto"),
            },
            encryption,
            kms_key,
            bucket_key,
            fidelity: match options.fidelity {
                Fidelity::BestEffort => None,
                Fidelity::Strict => word("strict"),
            },
        }
    }
}

impl Options {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// An option that is not understood is refused: copying without it would be another copy than the one asked for.
    pub(super) fn into_options(self) -> Result<CopyOptions, WireError> {
        let invalid = |field, expected| WireError::Invalid { field, expected };
        let tags = match self.tags.as_deref() {
            None => TagPolicy::Copy,
            Some("drop") => TagPolicy::Drop,
            Some(_) => return Err(invalid("options.tags", "absent or `drop`")),
        };
        let strategy = match self.strategy.as_deref() {
            None => Strategy::Stream,
            Some("server-side") => Strategy::ServerSide,
            Some("auto") => Strategy::Auto,
            Some(_) => return Err(invalid("options.strategy", "absent, `server-side` or `auto`")),
        };
        let encryption = match (self.encryption.as_deref(), self.kms_key, self.bucket_key) {
            (None, None, None) => Encryption::BucketDefault,
            (Some("sse-s3"), None, None) => Encryption::SseS3,
            (Some("sse-kms"), Some(key), bucket_key) if is_kms_key(&key) => {
                Encryption::SseKms { key, bucket_key }
            }
            (Some("sse-kms"), ..) => return Err(invalid("options.kms_key", "a KMS key")),
            _ => return Err(invalid("options.encryption", "absent, `sse-s3`, or `sse-kms` with its key")),
        };
        let fidelity = match self.fidelity.as_deref() {
            None => Fidelity::BestEffort,
            Some("strict") => Fidelity::Strict,
            Some(_) => return Err(invalid("options.fidelity", "absent or `strict`")),
        };
        Ok(CopyOptions { storage_class: self.storage_class, tags, strategy, encryption, fidelity })
    }
}
