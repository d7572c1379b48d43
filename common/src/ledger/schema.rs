//! The table: its key, its indexes, and how items spread over index partitions.
//!
//! One partition takes 1,000 writes a second, index partitions too. `file_id` is a hash and spreads by itself; the index keys are
//! sharded by it: `completed#3`, `acme#3`. A reader asks every shard and merges by time.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};

use super::attribute as a;
use super::state::Status;
use crate::fault::Fault;
use crate::transfer::TransferId;

/// Index: state, then time of the last change.
pub const BY_STATUS: &str = "by_status";
/// Index: customer, then time of upload.
pub const BY_CUSTOMER: &str = "by_customer";
/// Index: the multipart upload that a transfer has noted. Sparse: an item is in it from the note to its end, and since an upload's
/// id spreads by itself and steps between do not touch it, noting and ending are all that it costs.
pub const BY_UPLOAD: &str = "by_upload";

/// Shards of each state in [`BY_STATUS`]. A file takes two writes of its `queued` key and two of its `processing` key, one in and one
/// out: 4,000 files a second. `loadtest day` shows what binds when (docs/scaling.md).
pub const STATUS_SHARDS: u32 = 8;
/// Shards of each customer in [`BY_CUSTOMER`]: 4,000 files a second for one customer.
pub const CUSTOMER_SHARDS: u32 = 4;

/// The [`BY_STATUS`] key of a transfer in a state.
pub fn status_shard(status: Status, id: &TransferId) -> String {
    format!("{status}#{}", id.shard(STATUS_SHARDS))
}

/// The [`BY_CUSTOMER`] key of a transfer.
pub(super) fn customer_shard(customer: &str, id: &TransferId) -> String {
    format!("{customer}#{}", id.shard(CUSTOMER_SHARDS))
}

fn invalid(error: &aws_sdk_dynamodb::error::BuildError) -> Fault {
    tracing::debug!(%error, "failed to build a CreateTable request");
    Fault::new(crate::fault::Class::Invalid, "CreateTable", "request")
}

fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement, Fault> {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(|e| invalid(&e))
}

fn index(name: &str, hash: &str, range: Option<&str>) -> Result<GlobalSecondaryIndex, Fault> {
    let projection = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
    let mut index = GlobalSecondaryIndex::builder().index_name(name).key_schema(key(hash, KeyType::Hash)?);
    if let Some(range) = range {
        index = index.key_schema(key(range, KeyType::Range)?);
    }
    index.projection(projection).build().map_err(|e| invalid(&e))
}

/// Creates the table: for `drayage local` and tests. In AWS, Terraform owns it.
///
/// # Errors
/// The fault, `ResourceInUseException` when there is such a table.
pub async fn create_table(client: &Client, table: &str) -> Result<(), Fault> {
    let mut request = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key(a::FILE_ID, KeyType::Hash)?)
        .global_secondary_indexes(index(BY_STATUS, a::STATUS_SHARD, Some(a::UPDATED))?)
        .global_secondary_indexes(index(BY_CUSTOMER, a::CUSTOMER_SHARD, Some(a::UPLOADED))?)
        .global_secondary_indexes(index(BY_UPLOAD, a::UPLOAD_ID, None)?);
    for name in [a::FILE_ID, a::STATUS_SHARD, a::UPDATED, a::CUSTOMER_SHARD, a::UPLOADED, a::UPLOAD_ID] {
        let definition = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build();
        request = request.attribute_definitions(definition.map_err(|e| invalid(&e))?);
    }
    request.send().await.map(drop).map_err(|error| Fault::of("CreateTable", &error))
}
