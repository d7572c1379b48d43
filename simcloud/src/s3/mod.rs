//! S3: the `s3s` crate speaks the protocol, the store behind it is ours.
//!
//! - `api` names the operations; each has its file (`put`, `get`, `copy`, `complete` …), which says what S3 does.
//! - `store` holds the buckets, `bucket` its objects and uploads, `versions` what there is of one key; `lookup` finds in it what a
//!   request is about. What is visible changes only in `Bucket`'s `publish`, `mark_deleted` and `remove`, under the bucket's lock, after
//!   the body is whole and verified. Versions share bytes that are the same; one that is not current stays in memory until it is
//!   deleted.
//! - A body comes in through `receive`, `blob_intake` and `blob_writer` and goes out through `blob_reader`; `disk` keeps it between
//!   runs, with `records` for what is known of it, and `restore` reads both. `virtual_object` makes objects whose bytes are those of
//!   `blob_pattern`.
//! - `lifecycle_rules` keeps what `lifecycle` says of a key, and `expiry` does it.
//! - `object_headers` and `encoded_word` keep headers and metadata as S3 does, whatever bytes they hold.
//! - `range`, `conditions`, `lifecycle`, `listing`, `listing_members`, `versions`, `checksum`, `claims`, `keys`, `tags` are pure.
//!
//! Not there, and refused by name: MFA delete, lifecycle transitions, locks, ACLs, policies, SSE-C, restore, notifications other than
//! EventBridge.

mod api;
mod attributes;
mod blob;
mod blob_intake;
mod blob_pattern;
mod blob_reader;
mod blob_writer;
mod bucket;
mod buckets;
mod checksum;
mod claims;
mod complete;
mod conditions;
mod copy;
mod delete;
mod disk;
mod encoded_word;
mod errors;
mod expiry;
mod fields;
mod get;
mod keys;
mod lifecycle;
mod lifecycle_rules;
mod list_objects;
mod list_uploads;
mod list_versions;
mod listing;
mod listing_members;
mod lookup;
mod multipart;
mod object;
mod object_headers;
mod pace;
mod put;
mod range;
mod receive;
mod records;
mod request;
mod restore;
mod store;
mod tagging;
mod tags;
mod template;
mod upload;
mod versioning;
mod versions;
mod virtual_object;

use std::sync::Arc;

use s3s::service::{S3Service, S3ServiceBuilder};

use self::api::Api;
pub(crate) use self::encoded_word::encode as encode_word;
pub(crate) use self::object_headers::ObjectHeaders;
pub(crate) use self::range::parse as parse_range;
pub(crate) use self::request::RequestContext;
use self::store::Store;
pub use self::virtual_object::{VirtualChecksum, VirtualObject, VirtualTraffic};
use crate::clock::Clock;
use crate::cloud::Options;
use crate::entropy::Entropy;
use crate::events::EventBus;

/// The S3 of a cloud; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct S3Store {
    service: S3Service,
    store: Arc<Store>,
}

impl S3Store {
    /// Opens what is in `data_dir`, if there is one.
    pub(crate) fn new(
        options: &Options,
        clock: Clock,
        entropy: Arc<Entropy>,
        events: Arc<EventBus>,
    ) -> std::io::Result<Self> {
        let store = Arc::new(Store::open(options, clock, entropy, events)?);
        Ok(Self { service: S3ServiceBuilder::new(Api(Arc::clone(&store))).build(), store })
    }

    /// The protocol layer, which takes requests without signatures and transfer framing.
    pub(crate) fn service(&self) -> &S3Service {
        &self.service
    }

    pub(crate) fn put_virtual_object(
        &self,
        bucket: &str,
        key: &str,
        size_bytes: u64,
        checksum: VirtualChecksum,
    ) -> Result<VirtualObject, String> {
        let put = self.store.put_virtual_object(bucket, key, size_bytes, checksum);
        put.map_err(|error| format!("{}: {}", error.code().as_str(), error.message().unwrap_or_default()))
    }

    pub(crate) fn virtual_traffic(&self) -> VirtualTraffic {
        self.store.virtual_traffic()
    }
}
