//! The source: always pinned to the version that the event named, by version id where there is one and by `If-Match` always.

use std::collections::HashMap;
use std::fmt::Write as _;

use aws_sdk_s3::operation::RequestId as _;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::ChecksumMode;
use common::aws;
use common::fault::{Class, Fault};
use common::ledger::Reason;
use common::transfer::{Fidelity, SourceVersion, TagPolicy, Transfer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::facts::{Dress, Facts, facts};
use super::marker::{METADATA_NAME, Marker};
use super::plan::Part;
use super::refusal::Refused;
use super::{Copier, fidelity, metadata};
use crate::outcome::End;

/// S3's limit for user metadata: names and values together, in the text that S3 keeps.
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
                let refused = Refused {
                    bucket: &source.bucket,
                    key: &source.key,
                    version_id: source.version_id.as_deref(),
                    if_match: Some(quoted(&source.etag)),
                };
                return Err(source_end(self.reason_of(Fault::of("HeadObject", &error), refused).await));
            }
        };
        let is_aws = reply.request_id().is_some();
        if !is_pinned(source, reply.e_tag(), reply.version_id()) {
            return Err(Fault::unusable("HeadObject", is_aws).into());
        }
        let facts = facts!(reply, whole_bytes(reply.content_length(), "HeadObject", is_aws)?);
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
        let is_aws = reply.request_id().is_some();
        let len_bytes = whole_bytes(reply.content_length(), "GetObject", is_aws)?;
        let is_asked_for = is_pinned(source, reply.e_tag(), reply.version_id())
            && part.is_none_or(|part| {
                len_bytes == part.len_bytes && is_range(part, source.size_bytes, reply.content_range())
            });
        if !is_asked_for {
            return Err(Fault::unusable("GetObject", is_aws).into());
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
        let mut texts: HashMap<String, String> =
            facts.metadata.iter().map(|(name, value)| (name.clone(), metadata::stored(value))).collect();
        texts.insert(METADATA_NAME.to_owned(), marker.value());
        let len_bytes: usize = texts.iter().map(|(name, text)| name.len() + text.len()).sum();
        if len_bytes > METADATA_BYTES_MAX {
            let message =
                format!("the metadata would have {len_bytes} bytes: expected at most {METADATA_BYTES_MAX}");
            return Err(End::Permanent(Reason::new("metadata_too_large", message)));
        }
        let metadata = texts.into_iter().map(|(name, text)| (name, metadata::header(&text))).collect();
        let mut left = facts.beyond.clone();
        // What is in an `x-amz-` header is signed, and raw bytes cannot be.
        let website_redirect = facts.website_redirect.clone().filter(|text| aws::escaped(text).is_none());
        if facts.website_redirect != website_redirect {
            left.push(fidelity::REDIRECT);
        }
        let storage_class = match (&transfer.options.storage_class, &facts.storage_class) {
            (Some(chosen), _) => Some(chosen.clone()),
            (None, Some(class)) if !fidelity::is_carried(class) => {
                left.push(fidelity::STORAGE_CLASS);
                None
            }
            (None, class) => class.clone(),
        };
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
        let encryption = transfer.options.encryption.clone();
        Ok(Dress { facts: facts.clone(), metadata, storage_class, website_redirect, tagging, encryption })
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

fn whole_bytes(len: Option<i64>, operation: &'static str, is_aws: bool) -> Result<u64, End> {
    let len = len.and_then(|len| u64::try_from(len).ok());
    len.ok_or_else(|| Fault::unusable(operation, is_aws).into())
}

/// Whether a reply is about the version that was asked for. A proxy may answer 200 with a page of its own, or with what it has kept.
fn is_pinned(source: &SourceVersion, etag: Option<&str>, version_id: Option<&str>) -> bool {
    let is_version = source.version_id.as_deref().zip(version_id).is_none_or(|(ours, theirs)| ours == theirs);
    is_version && etag.is_some_and(|etag| unquoted(etag) == source.etag)
}

/// Whether a reply has the bytes of a part. Without a range it has the whole object, which may be the only part.
fn is_range(part: &Part, size_bytes: u64, content_range: Option<&str>) -> bool {
    match content_range {
        Some(range) => {
            let last = part.offset.saturating_add(part.len_bytes).saturating_sub(1);
            range.starts_with(&format!("bytes {}-{last}/", part.offset))
        }
        None => part.len_bytes == size_bytes,
    }
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
        // A status alone decides nothing for good.
        Class::Precondition | Class::Missing if !fault.is_named() => End::Passing(fault),
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
