//! The files: their sizes and bytes from the seed, put in as the signals strike.

use std::cell::RefCell;
use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use common::fault::Fault;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::sync::Semaphore;

use super::options::Options;
use crate::check::Checksum;
use crate::error::Error;
use crate::workload::Content;

pub(super) const LANDING: &str = "landing";
pub(super) const DELIVERED: &str = "delivered";

const MIB: u64 = 1 << 20;
const PUTS_IN_FLIGHT: usize = 8;
/// Every tenth file is a new version of an earlier key.
const OVERWRITES: usize = 10;

/// One version of one key.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) number: usize,
    pub(super) len_bytes: u64,
    pub(super) checksum: String,
}

#[derive(Debug)]
pub(super) struct Traffic {
    client: Client,
    content: Content,
    plan: Vec<(String, u64)>,
    /// How many files each signal lets through.
    share: f64,
    released: Semaphore,
    let_through: RefCell<usize>,
    /// By key, in the order in which they were put; and by key and ETag.
    versions: RefCell<BTreeMap<String, Vec<Version>>>,
    by_etag: RefCell<BTreeMap<(String, String), Version>>,
}

impl Traffic {
    pub(super) fn new(client: Client, options: &Options) -> Self {
        let mut draws = fastrand::Rng::with_seed(options.seed);
        let plan = (0..options.files).map(|number| {
            // Never the latest ones: a key is put again when its last put is long over.
            let key = match number % OVERWRITES {
                9 if number > 100 => draws.usize(..number - 64),
                _ => number,
            };
            (key, size(&mut draws, number, options.file_bytes_max))
        });
        let plan =
            plan.map(|(key, len_bytes)| (format!("soak/{:02}/{key:06}", key % 16), len_bytes)).collect();
        let signals = options.kills + options.terms;
        Self {
            client,
            content: Content::new(options.seed),
            plan,
            share: options.files as f64 / signals.max(1) as f64,
            released: Semaphore::new(0),
            let_through: RefCell::new(0),
            versions: RefCell::default(),
            by_etag: RefCell::default(),
        }
    }

    /// Lets through what belongs before the signal after `nth`.
    pub(super) fn release(&self, nth: usize) {
        let due = ((nth + 1) as f64 * self.share).ceil() as usize;
        let mut let_through = self.let_through.borrow_mut();
        self.released.add_permits(due.saturating_sub(*let_through));
        *let_through = due.max(*let_through);
    }

    pub(super) async fn put_all(&self) -> Result<(), Error> {
        let puts = self.plan.iter().enumerate().map(|(number, (key, len_bytes))| async move {
            if let Ok(permit) = self.released.acquire().await {
                permit.forget();
            }
            self.put(number, key, *len_bytes).await
        });
        stream::iter(puts).map(Ok).try_buffer_unordered(PUTS_IN_FLIGHT).try_collect().await
    }

    async fn put(&self, number: usize, key: &str, len_bytes: u64) -> Result<(), Error> {
        let content = self.content(number, len_bytes);
        let mut checksum = Checksum::new();
        checksum.update(&content);
        let version = Version { number, len_bytes, checksum: checksum.text() };
        let put =
            self.client.put_object().bucket(LANDING).key(key).body(ByteStream::from(content)).send().await;
        let put = put.map_err(|error| Error::failed_to("put a file", Fault::of("PutObject", &error)))?;
        let etag = put.e_tag().unwrap_or_default().trim_matches('"').to_owned();
        self.by_etag.borrow_mut().insert((key.to_owned(), etag), version.clone());
        self.versions.borrow_mut().entry(key.to_owned()).or_default().push(version);
        Ok(())
    }

    /// The bytes of a file.
    pub(super) fn content(&self, number: usize, len_bytes: u64) -> Bytes {
        self.content.bytes(number as u64, len_bytes)
    }

    /// Every key with its versions, the newest last.
    pub(super) fn versions(&self) -> BTreeMap<String, Vec<Version>> {
        self.versions.borrow().clone()
    }

    pub(super) fn version(&self, key: &str, etag: &str) -> Option<Version> {
        self.by_etag.borrow().get(&(key.to_owned(), etag.to_owned())).cloned()
    }

    /// Versions put so far.
    pub(super) fn put_so_far(&self) -> usize {
        self.versions.borrow().values().map(Vec::len).sum()
    }

    pub(super) fn bytes_in_all(&self) -> u64 {
        self.plan.iter().map(|(_, len_bytes)| len_bytes).sum()
    }
}

/// Nine in ten up to 1 MiB, nine in a hundred up to 16 MiB (over what goes in one PUT), the rest up to the largest; now and then none.
fn size(draws: &mut fastrand::Rng, number: usize, max: u64) -> u64 {
    let log_uniform = |draws: &mut fastrand::Rng, low: u64, high: u64| {
        let (low, high) = ((low as f64).ln(), (high as f64).ln());
        (low + draws.f64() * (high - low)).exp() as u64
    };
    let len_bytes = match number % 100 {
        0 => 0,
        33 | 66 => draws.u64(max / 4..=max),
        nth if nth % 10 == 5 => log_uniform(draws, MIB, 16 * MIB),
        _ => log_uniform(draws, 1, MIB),
    };
    len_bytes.min(max)
}
