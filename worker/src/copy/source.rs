//! The source: always pinned to the version that the event named, by version id where there is one and by `If-Match` always.

use std::fmt::Write as _;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::ChecksumMode;
use common::fault::{Class, Fault};
use common::ledger::Reason;
use common::transfer::{Fidelity, TagPolicy, Transfer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::facts::{Dress, Facts, facts};
use super::marker::{METADATA_NAME, Marker};
use super::plan::Part;
use super::{Copier, fidelity};
use crate::outcome::End;

/// S3's limit for user metadata: names and values together.
const METADATA_BYTES_MAX: usize = 2_048;
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl Copier {
    pub(super) async fn head_source(&self, transfer: &Transfer) -> Result<Facts, End> {
        let source = &transfer.source;
        let reply = match self
            .client
            .head_object()
            .bucket(&source.bucket)
            .key(&source.key)
            .set_version_id(source.version_id.clone())
            .if_match(quoted(&source.etag))
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await
        {
            Ok(reply) => reply,
            Err(error) => {
                let fault = Fault::of("HeadObject", &error);
                let version_id = source.version_id.as_deref();
                return Err(source_end(self.reason_of(fault, &source.bucket, &source.key, version_id).await));
            }
        };
        let facts = facts!(reply, whole_bytes(reply.content_length(), "HeadObject")?);
        expect_size(&facts, transfer)?;
        Ok(facts)
    }

    /// Opens the whole object, or one part of it.
    pub(super) async fn get_source(
        &self,
        transfer: &Transfer,
        part: Option<&Part>,
    ) -> Result<(GetObjectOutput, u64), End> {
        let source = &transfer.source;
        let request = self
            .reading
            .get_object()
            .bucket(&source.bucket)
            .key(&source.key)
            .set_version_id(source.version_id.clone())
            .if_match(quoted(&source.etag))
            .set_range(part.and_then(Part::range))
            .customize();
        let request = match part {
            // A part's checksum is not the object's.
            Some(_) => request,
            // Set as a header and not by its setter: the SDK would compute and compare the checksum a second time beside us, and a
            // mismatch would look like a connection that broke.
            None => request.mutate_request(|request| {
                request.headers_mut().insert("x-amz-checksum-mode", "ENABLED");
            }),
        };
        let reply = request.send().await.map_err(|error| source_end(Fault::of("GetObject", &error)))?;
        let len_bytes = whole_bytes(reply.content_length(), "GetObject")?;
        if let Some(part) = part
            && len_bytes != part.len_bytes
        {
            return Err(Fault::new(Class::Transient, "GetObject", "WrongRange").into());
        }
        Ok((reply, len_bytes))
    }

    /// Opens the whole object with its facts.
    pub(super) async fn open_source(&self, transfer: &Transfer) -> Result<(GetObjectOutput, Facts), End> {
        let (reply, len_bytes) = self.get_source(transfer, None).await?;
        let facts = facts!(reply, len_bytes);
        expect_size(&facts, transfer)?;
        Ok((reply, facts))
    }

    /// What the target is given: the source's facts, the route's options, our marker.
    pub(super) async fn dress(&self, transfer: &Transfer, facts: &Facts) -> Result<Dress, End> {
        let marker = Marker::for_copy(transfer, &facts.metadata).ok_or_else(|| {
            End::Permanent(Reason::new("loop", "the file has been copied from target to source too often"))
        })?;
        let mut metadata = facts.metadata.clone();
        metadata.insert(METADATA_NAME.to_owned(), marker.value());
        let len_bytes: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
        if len_bytes > METADATA_BYTES_MAX {
            let message =
                format!("the metadata would have {len_bytes} bytes: expected at most {METADATA_BYTES_MAX}");
            return Err(End::Permanent(Reason::new("metadata_too_large", message)));
        }
        let mut left = facts.beyond.clone();
        // A strict route asks: S3 hides the count from those who may not read the tags.
        let is_strict = transfer.options.fidelity == Fidelity::Strict;
        let may_have_tags = facts.tag_count.map_or(is_strict, |count| count > 0);
        let tagging = if may_have_tags && transfer.options.tags == TagPolicy::Copy {
            match self.tagging(transfer).await {
                Ok(tagging) => Some(tagging).filter(|tagging| !tagging.is_empty()),
                Err(fault) if fault.class == Class::Denied => {
                    left.push(fidelity::TAGS);
                    None
                }
                Err(fault) => return Err(source_end(fault)),
            }
        } else {
            None
        };
        fidelity::judge(transfer.options.fidelity, &left)?;
        let storage_class = transfer.options.storage_class.clone().or_else(|| facts.storage_class.clone());
        let encryption = transfer.options.encryption.clone();
        Ok(Dress { facts: facts.clone(), metadata, storage_class, tagging, encryption })
    }

    async fn tagging(&self, transfer: &Transfer) -> Result<String, Fault> {
        let source = &transfer.source;
        let reply = self
            .client
            .get_object_tagging()
            .bucket(&source.bucket)
            .key(&source.key)
            .set_version_id(source.version_id.clone())
            .send()
            .await
            .map_err(|error| Fault::of("GetObjectTagging", &error))?;
        Ok(reply.tag_set().iter().fold(String::new(), |mut form, tag| {
            let and = if form.is_empty() { "" } else { "&" };
            let (key, value) = (utf8_percent_encode(tag.key(), FORM), utf8_percent_encode(tag.value(), FORM));
            let _ = write!(form, "{and}{key}={value}");
            form
        }))
    }
}

pub(super) fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

pub(super) fn unquoted(etag: &str) -> String {
    etag.trim_matches('"').to_owned()
}

fn whole_bytes(len: Option<i64>, operation: &'static str) -> Result<u64, End> {
    let len = len.and_then(|len| u64::try_from(len).ok());
    len.ok_or_else(|| Fault::new(Class::Transient, operation, "NoContentLength").into())
}

/// The event's size decided the lane and the way of copying; an object of that ETag with another size is not what it spoke of.
fn expect_size(facts: &Facts, transfer: &Transfer) -> Result<(), End> {
    if facts.size_bytes == transfer.source.size_bytes {
        return Ok(());
    }
    let message = format!(
        "the source has {} bytes and its event says {}",
        facts.size_bytes, transfer.source.size_bytes
    );
    Err(End::Permanent(Reason::new("size_mismatch", message)))
}

/// What a fault means when it comes from the source.
pub(super) fn source_end(fault: Fault) -> End {
    match fault.class {
        Class::Precondition => {
            End::Superseded(Reason::new("source_overwritten", "the source has a newer version"))
        }
        // S3 answers 404 to a HEAD without saying what is missing; a bucket that is gone takes its objects along.
        Class::Missing => {
            End::Permanent(Reason::new("source_missing", "the source version is not there any more"))
        }
        _ => fault.into(),
    }
}
