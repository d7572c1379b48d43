//! An item of the ledger: its attributes, and a record read from one.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::expression::{number, text};
use super::schema::{customer_shard, status_shard};
use super::state::Status;
use crate::lane::Lane;
use crate::transfer::{Sequencer, Transfer};

/// The attributes' names. Timestamps are RFC 3339 with milliseconds, so they sort as text.
pub mod attribute {
    pub const FILE_ID: &str = "file_id";
    pub const STATUS: &str = "status";
    pub const STATUS_SHARD: &str = "status_shard";
    pub const SOURCE_BUCKET: &str = "source_bucket";
    pub const KEY: &str = "key";
    pub const SOURCE_ETAG: &str = "source_etag";
    pub const SOURCE_VERSION_ID: &str = "source_version_id";
    pub const SEQUENCER: &str = "sequencer";
    pub const DESTINATION_BUCKET: &str = "destination_bucket";
    pub const DESTINATION_KEY: &str = "destination_key";
    pub const DESTINATION_ETAG: &str = "destination_etag";
    pub const FILE_SIZE: &str = "file_size";
    pub const CUSTOMER_ID: &str = "customer_id";
    pub const CUSTOMER_SHARD: &str = "customer_shard";
    pub const LANE: &str = "lane";
    pub const RULE: &str = "rule";
    /// When the source version was put.
    pub const UPLOADED: &str = "upload_timestamp";
    pub const QUEUED: &str = "queued_timestamp";
    pub const PROCESSING: &str = "processing_timestamp";
    /// When it came to its end.
    pub const TRANSFERRED: &str = "transfer_timestamp";
    /// When the item last changed.
    pub const UPDATED: &str = "updated_timestamp";
    pub const PROCESSED_BY: &str = "processed_by";
    pub const PROCESSING_TIME_MS: &str = "processing_time_ms";
    /// Claims so far; the newest claim's number is the fence.
    pub const ATTEMPTS: &str = "attempts";
    /// Attempts that failed and count against the limit.
    pub const FAILED_ATTEMPTS: &str = "failed_attempts";
    /// Attempts that ended by a release. What is missing to `attempts` vanished without a word.
    pub const RELEASED_ATTEMPTS: &str = "released_attempts";
    /// Trace context (W3C) of the attempt that was released last; only where traces are made.
    pub const RELEASED_TRACEPARENT: &str = "released_traceparent";
    /// The attempt that holds the fence: `worker id/number`.
    pub const OWNER: &str = "owner";
    pub const UPLOAD_ID: &str = "upload_id";
    pub const UPLOAD_PART_BYTES: &str = "upload_part_bytes";
    /// Multipart uploads that attempts began.
    pub const UPLOADS: &str = "uploads";
    pub const CHECKSUM: &str = "checksum_crc64nvme";
    /// How the delivered bytes were verified.
    pub const VERIFIED_BY: &str = "verified_by";
    pub const ERROR_CODE: &str = "error_code";
    pub const ERROR_MESSAGE: &str = "error_message";
    /// TTL, Unix seconds; only on items that have come to their end.
    pub const EXPIRE_AT: &str = "expire_at";
}

use attribute as a;

/// A multipart upload that an attempt began and the next one may go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub id: String,
    pub part_bytes: u64,
}

/// What the ledger knows of a transfer, as far as a service acts on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub status: Status,
    pub attempts: u64,
    pub failed_attempts: u32,
    pub released_attempts: u64,
    pub owner: Option<String>,
    pub upload: Option<Upload>,
    pub uploads: u64,
    pub released_traceparent: Option<String>,
    pub checksum: Option<String>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
}

pub(super) type Item = HashMap<String, AttributeValue>;

impl Record {
    /// Attempts that ended neither by a release nor by a verdict: their workers died, or lost the lease.
    pub fn vanished_attempts(&self) -> u64 {
        self.attempts.saturating_sub(self.released_attempts)
    }

    /// Whether every attempt so far has failed by itself. Of others it is not known that they have not published: they vanished, lost a
    /// reply, or were stopped while a request was on its way.
    pub fn has_only_failed(&self) -> bool {
        self.attempts == u64::from(self.failed_attempts)
    }

    /// `None` when the item is not one of ours.
    pub(super) fn read(item: &Item) -> Option<Self> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        let number = |name: &str| item.get(name).and_then(|value| value.as_n().ok()?.parse::<u64>().ok());
        let upload = text(a::UPLOAD_ID).zip(number(a::UPLOAD_PART_BYTES));
        Some(Self {
            status: Status::parse(&text(a::STATUS)?)?,
            attempts: number(a::ATTEMPTS)?,
            failed_attempts: u32::try_from(number(a::FAILED_ATTEMPTS).unwrap_or(0)).unwrap_or(u32::MAX),
            released_attempts: number(a::RELEASED_ATTEMPTS).unwrap_or(0),
            owner: text(a::OWNER),
            upload: upload.map(|(id, part_bytes)| Upload { id, part_bytes }),
            uploads: number(a::UPLOADS).unwrap_or(0),
            released_traceparent: text(a::RELEASED_TRACEPARENT),
            checksum: text(a::CHECKSUM),
            error_code: text(a::ERROR_CODE),
            error_message: text(a::ERROR_MESSAGE),
        })
    }
}

/// The item of a transfer that has just been queued.
pub(super) fn queued(transfer: &Transfer, lane: &Lane, stamp: &str) -> Item {
    let Transfer { id, source, target, customer, rule, uploaded_at, .. } = transfer;
    let mut item = Item::from_iter(
        [
            (a::FILE_ID, text(id.as_str())),
            (a::STATUS, text(Status::Queued.as_str())),
            (a::STATUS_SHARD, text(status_shard(Status::Queued, id))),
            (a::SOURCE_BUCKET, text(&source.bucket)),
            (a::KEY, text(&source.key)),
            (a::SOURCE_ETAG, text(&source.etag)),
            (a::DESTINATION_BUCKET, text(&target.bucket)),
            (a::DESTINATION_KEY, text(&target.key)),
            (a::FILE_SIZE, number(source.size_bytes)),
            (a::CUSTOMER_ID, text(customer)),
            (a::CUSTOMER_SHARD, text(customer_shard(customer, id))),
            (a::LANE, text(lane.as_str())),
            (a::RULE, text(rule)),
            (a::UPLOADED, text(uploaded_at)),
            (a::QUEUED, text(stamp)),
            (a::UPDATED, text(stamp)),
            (a::ATTEMPTS, number(0)),
            (a::FAILED_ATTEMPTS, number(0)),
            (a::RELEASED_ATTEMPTS, number(0)),
            // Never absent, so that "another owner than me" has one meaning.
            (a::OWNER, text("-")),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    if let Some(version_id) = &source.version_id {
        item.insert(a::SOURCE_VERSION_ID.to_owned(), text(version_id));
    }
    if let Some(sequencer) = &source.sequencer {
        item.insert(a::SEQUENCER.to_owned(), text(Sequencer::as_str(sequencer)));
    }
    item
}
