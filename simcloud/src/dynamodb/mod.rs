//! DynamoDB: tables with global secondary indexes, and the item operations with expressions.
//!
//! It is our own subset rather than a library's: it has to follow the paused clock, to be quick, and to be right about
//! document paths (the one candidate took `SET parts[0] = :v` for an attribute of that name).
//!
//! ```text
//! request JSON ─ request ─┬─ attribute_json ── attribute, number ─┐
//!                         └─ expression (pure: text → tree) ──────┴─ write · read · query · scan · batch
//!                                                                     │  one lock per table
//!                                             table (items, index entries, in key order) ─ feed (listeners)
//! ```
//!
//! What is not there says so: PartiQL, reading streams, local secondary indexes and the parameters from before expressions
//! answer NotImplemented and name themselves.

mod attribute;
mod attribute_json;
mod batch;
mod capacity;
mod create_table;
mod definition;
mod describe;
mod expiry;
mod expression;
mod feed;
mod item;
mod key;
mod listing;
mod number;
mod path;
mod query;
mod read;
mod refusal;
mod request;
mod scan;
mod schema;
mod settings;
mod snapshot;
mod table;
mod tables;
#[cfg(test)]
mod tests;
mod transact;
mod write;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::api::{ApiError, ApiResult, Caller};
use crate::clock::Clock;
use crate::cloud::Options;
use crate::journal::Slot;
use crate::observe::Observer;

pub use feed::{Image, ItemChange};

use feed::Feed;
use request::Request;
use table::Table;
use transact::Done;

/// All tables of the account.
#[derive(Debug)]
pub(crate) struct DynamoDb {
    region: String,
    account_id: String,
    clock: Clock,
    tables: RwLock<BTreeMap<String, Arc<Table>>>,
    /// By table name: whether the table exists or not.
    feeds: Mutex<BTreeMap<String, Arc<Feed>>>,
    /// By `ClientRequestToken`. Held while a transaction is written, so that its repetition waits for it.
    transactions: Mutex<BTreeMap<String, Done>>,
    /// When to look for expired items again.
    next_expiry_ms: Mutex<u64>,
    observer: Observer,
    journal: Slot,
}

impl DynamoDb {
    pub(crate) fn new(options: &Options, clock: Clock, journal: Slot) -> Self {
        Self {
            region: options.region.clone(),
            account_id: options.account_id.clone(),
            clock,
            tables: RwLock::default(),
            feeds: Mutex::default(),
            transactions: Mutex::default(),
            next_expiry_ms: Mutex::default(),
            observer: options.observer.clone(),
            journal,
        }
    }

    /// Answers one call. Nothing in it waits: every operation is one short critical section.
    pub(crate) async fn call(&self, _caller: &Caller, operation: &str, request: Value) -> ApiResult {
        let request = Request::new(operation, request)?;
        self.expire();
        match operation {
            "BatchGetItem" => self.batch_get_item(request),
            "BatchWriteItem" => self.batch_write_item(request),
            "CreateTable" => self.create_table(request),
            "DeleteItem" => self.delete_item(request),
            "DeleteTable" => self.delete_table(request),
            "DescribeContinuousBackups" => self.describe_continuous_backups(request),
            "DescribeEndpoints" => self.describe_endpoints(request),
            "DescribeTable" => self.describe_table(request),
            "DescribeTimeToLive" => self.describe_time_to_live(request),
            "GetItem" => self.get_item(request),
            "ListTables" => self.list_tables(request),
            "ListTagsOfResource" => self.list_tags_of_resource(request),
            "PutItem" => self.put_item(request),
            "Query" => self.query(request),
            "Scan" => self.scan(request),
            "TagResource" => self.tag_resource(request),
            "TransactGetItems" => self.transact_get_items(request),
            "TransactWriteItems" => self.transact_write_items(request),
            "UntagResource" => self.untag_resource(request),
            "UpdateItem" => self.update_item(request),
            "UpdateTable" => self.update_table(request),
            "UpdateTimeToLive" => self.update_time_to_live(request),
            _ => Err(ApiError::not_implemented("DynamoDB", operation)),
        }
    }

    /// Every change of an item of `table` from now on, in order; the table need not exist yet.
    pub(crate) fn subscribe(&self, table: &str) -> UnboundedReceiver<ItemChange> {
        self.feed(table).subscribe()
    }

    fn transactions(&self) -> MutexGuard<'_, BTreeMap<String, Done>> {
        self.transactions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_expiry_ms(&self) -> MutexGuard<'_, u64> {
        self.next_expiry_ms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn every_table(&self) -> Vec<Arc<Table>> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn feed(&self, table: &str) -> Arc<Feed> {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = || Arc::new(Feed::new(table, self.observer.clone(), self.journal.clone()));
        Arc::clone(feeds.entry(table.to_owned()).or_insert_with(feed))
    }

    fn table(&self, name: &str) -> Result<Arc<Table>, ApiError> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.get(name).cloned().ok_or_else(refusal::no_such_table)
    }
}
