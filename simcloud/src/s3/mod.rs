//! S3: the `s3s` crate speaks the protocol, the store behind it is ours.
//!
//! - `api` names the operations; each has its file (`put`, `get`, `copy`, `complete` …), which says what S3 does.
//! - `store` holds the buckets, `bucket` its objects and uploads. What is visible changes only in `Bucket::publish` and
//!   `Bucket::remove`, under the bucket's lock, after the body is whole and verified.
//! - A body comes in through `receive` and `blob_writer` and goes out through `blob_reader`; `disk` keeps it between runs.
//! - `range`, `conditions`, `listing`, `checksum`, `claims`, `keys`, `tags` are pure.
//!
//! Not there, and refused by name: versioning, locks, ACLs, policies, SSE-C, restore, notifications other than EventBridge.

mod api;
mod attributes;
mod blob;
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
mod errors;
mod fields;
mod get;
mod keys;
mod list_objects;
mod list_uploads;
mod listing;
mod multipart;
mod object;
mod put;
mod range;
mod receive;
mod request;
mod store;
mod tagging;
mod tags;
mod template;
mod upload;

use std::sync::Arc;

use s3s::service::{S3Service, S3ServiceBuilder};

use self::api::Api;
pub(crate) use self::range::parse as parse_range;
pub(crate) use self::request::RequestContext;
use self::store::Store;
use crate::clock::Clock;
use crate::cloud::Options;
use crate::entropy::Entropy;
use crate::events::EventBus;

/// The S3 of a cloud; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct S3Store {
    service: S3Service,
}

impl S3Store {
    /// Opens what is in `data_dir`, if there is one.
    pub(crate) fn new(
        options: &Options,
        clock: Clock,
        entropy: Arc<Entropy>,
        events: Arc<EventBus>,
    ) -> std::io::Result<Self> {
        let store = Store::open(options, clock, entropy, events)?;
        Ok(Self { service: S3ServiceBuilder::new(Api(Arc::new(store))).build() })
    }

    /// The protocol layer, which takes requests without signatures and transfer framing.
    pub(crate) fn service(&self) -> &S3Service {
        &self.service
    }
}
