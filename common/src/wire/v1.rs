//! Version 1 of the wire form. Its fields are fixed by the golden files in `tests/golden`: add, never rename.

use serde::{Deserialize, Serialize};

use super::options::Options;
use super::{VERSION, WireError};
use crate::transfer::{
    KEY_BYTES_MAX, Sequencer, SourceVersion, Target, Transfer, TransferId, check_bucket_name,
};

#[derive(Serialize, Deserialize)]
pub(super) struct Message {
    v: u64,
    transfer: Body,
}

#[derive(Serialize, Deserialize)]
struct Body {
    id: String,
    source: Source,
    target: Place,
    customer: String,
    rule: String,
    uploaded_at: String,
    #[serde(default, skip_serializing_if = "Options::is_default")]
    options: Options,
}

#[derive(Serialize, Deserialize)]
struct Source {
    bucket: String,
    key: String,
    size_bytes: u64,
    etag: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sequencer: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Place {
    bucket: String,
    key: String,
}

impl From<&Transfer> for Message {
    fn from(transfer: &Transfer) -> Self {
        let source = &transfer.source;
        Self {
            v: VERSION,
            transfer: Body {
                id: transfer.id.to_string(),
                source: Source {
                    bucket: source.bucket.clone(),
                    key: source.key.clone(),
                    size_bytes: source.size_bytes,
                    etag: source.etag.clone(),
                    version_id: source.version_id.clone(),
                    sequencer: source.sequencer.as_ref().map(Sequencer::to_string),
                },
                target: Place { bucket: transfer.target.bucket.clone(), key: transfer.target.key.clone() },
                customer: transfer.customer.clone(),
                rule: transfer.rule.clone(),
                uploaded_at: transfer.uploaded_at.clone(),
                options: Options::from(&transfer.options),
            },
        }
    }
}

impl Message {
    pub(super) fn into_transfer(self) -> Result<Transfer, WireError> {
        let invalid = |field, expected| WireError::Invalid { field, expected };
        let Body { id, source, target, customer, rule, uploaded_at, options } = self.transfer;
        for (field, key) in [("source key", &source.key), ("target key", &target.key)] {
            if key.is_empty() || key.len() > KEY_BYTES_MAX {
                return Err(invalid(field, "1 to 1,024 bytes"));
            }
        }
        for (field, bucket) in [("source bucket", &source.bucket), ("target bucket", &target.bucket)] {
            check_bucket_name(bucket).map_err(|_| invalid(field, "a bucket name that S3 takes"))?;
        }
        let sequencer = source.sequencer.as_deref().map(Sequencer::parse).transpose();
        let source = SourceVersion {
            bucket: source.bucket,
            key: source.key,
            size_bytes: source.size_bytes,
            etag: source.etag,
            version_id: source.version_id,
            sequencer: sequencer.map_err(|_| invalid("sequencer", "1 to 64 hex digits"))?,
        };
        let target = Target { bucket: target.bucket, key: target.key };
        let id = TransferId::parse(&id).map_err(|_| invalid("id", "40 lowercase hex digits"))?;
        // A message that another system wrote, or that was edited by hand, must not write under a name that is not its own.
        if id != TransferId::derive(&source, &target) {
            return Err(WireError::WrongId);
        }
        let options = options.into_options()?;
        Ok(Transfer { id, source, target, customer, rule, options, uploaded_at })
    }
}
