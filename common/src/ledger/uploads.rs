//! Which transfer a multipart upload belongs to: what the reaper of orphaned uploads asks. It writes nothing.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::IndexStatus;

use super::expression::text;
use super::item::{Record, attribute as a};
use super::schema::BY_UPLOAD;
use super::state::Status;
use crate::fault::{Class, Fault};
use crate::transfer::TransferId;

/// The ledger, asked by upload.
#[derive(Debug, Clone)]
pub struct Uploads {
    client: Client,
    table: String,
}

/// A transfer that has noted an upload, as its item says it at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub transfer: TransferId,
    pub status: Status,
    /// The upload that it holds now; the index may be behind.
    pub upload_id: Option<String>,
    /// When the item last changed, by the clock of whoever changed it.
    pub updated: Option<String>,
}

impl Uploads {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Is the index there, and complete? An index that is still being filled knows nothing of older items.
    ///
    /// # Errors
    /// The fault; `NoIndex` or `IndexNotActive` of our own.
    pub async fn check(&self) -> Result<(), Fault> {
        const OPERATION: &str = "DescribeTable";
        let described = self.client.describe_table().table_name(&self.table).send().await;
        let described = described.map_err(|error| Fault::of(OPERATION, &error))?;
        let indexes = described.table().map(|table| table.global_secondary_indexes()).unwrap_or_default();
        match indexes.iter().find(|index| index.index_name() == Some(BY_UPLOAD)) {
            None => Err(Fault::new(Class::Missing, OPERATION, "NoIndex")),
            Some(index) if index.index_status() != Some(&IndexStatus::Active) => {
                Err(Fault::new(Class::Transient, OPERATION, "IndexNotActive"))
            }
            Some(_) => Ok(()),
        }
    }

    /// The transfers that the index names for an upload, each read consistently. One that has expired meanwhile owns nothing.
    ///
    /// # Errors
    /// The fault; `ForeignItem` for an item that is not one of ours.
    pub async fn owners(&self, upload_id: &str) -> Result<Vec<Owner>, Fault> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_UPLOAD)
            .key_condition_expression("#upload = :upload")
            .expression_attribute_names("#upload", a::UPLOAD_ID)
            .expression_attribute_values(":upload", text(upload_id));
        // An upload is noted by one transfer: there is no second page.
        let found = query.send().await.map_err(|error| Fault::of("Query", &error))?;
        let mut owners = Vec::new();
        for item in found.items() {
            let id = item.get(a::FILE_ID).and_then(|id| id.as_s().ok()).map(|id| TransferId::parse(id));
            let Some(Ok(id)) = id else { return Err(Fault::new(Class::Invalid, "Query", "ForeignItem")) };
            owners.extend(self.owner(id).await?);
        }
        Ok(owners)
    }

    async fn owner(&self, transfer: TransferId) -> Result<Option<Owner>, Fault> {
        const OPERATION: &str = "GetItem";
        let get = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(a::FILE_ID, text(transfer.as_str()))
            .consistent_read(true);
        let reply = get.send().await.map_err(|error| Fault::of(OPERATION, &error))?;
        let Some(item) = reply.item() else { return Ok(None) };
        let record =
            Record::read(item).ok_or_else(|| Fault::new(Class::Invalid, OPERATION, "ForeignItem"))?;
        let updated = item.get(a::UPDATED).and_then(|stamp| stamp.as_s().ok()).cloned();
        // The id itself, even where the item lacks what it takes to go on with the upload.
        let upload_id = item.get(a::UPLOAD_ID).and_then(|id| id.as_s().ok()).cloned();
        Ok(Some(Owner { transfer, status: record.status, upload_id, updated }))
    }
}
