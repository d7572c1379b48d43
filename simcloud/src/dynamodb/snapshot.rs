//! All tables and items as one JSON value, and back: what `drayage local --data` keeps between two runs.
//!
//! ```text
//! [{"Create": <CreateTable request>, "CreatedMs": …, "TtlAttribute": …, "Items": [{…}, …]}, …]
//! ```

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::ApiError;

use super::DynamoDb;
use super::attribute_json::{decode_attributes, encode_attributes};
use super::create_table::definition;
use super::describe::create_request;
use super::item::Item;
use super::refusal::{malformed, missing, validation};
use super::request::Request;
use super::table::{Contents, Table};
use super::tables::Tables;

/// One change of an item, as a line of the journal: `{"table": …, "put": {…}}`, or `"delete"` with the item as it was.
pub(super) fn item_line(table: &str, old: Option<&Arc<Item>>, new: Option<&Arc<Item>>) -> Option<Value> {
    let (what, item) = new.map(|item| ("put", item)).or(old.map(|item| ("delete", item)))?;
    Some(json!({ "table": table, what: encode_attributes(item.attributes()) }))
}

impl DynamoDb {
    /// Does again what a line of the journal says. A table that is gone meanwhile is passed over.
    ///
    /// # Errors
    /// When it is no such line.
    pub(crate) fn replay(&self, line: Value) -> Result<(), ApiError> {
        let mut line = Request::new("replay", line)?;
        let name = line.text("table")?.ok_or_else(|| missing("table"))?;
        let (put, delete) = (line.take("put"), line.take("delete"));
        line.finish()?;
        let Ok(table) = self.table(&name) else { return Ok(()) };
        let mut contents = table.write();
        let attributes = decode_attributes("put", put.clone().or(delete).ok_or_else(|| missing("put"))?)?;
        let item = Item::put(attributes)?;
        let key = contents.definition.keys.key_of_item(item.attributes())?;
        contents.replace(key, put.is_some().then(|| Arc::new(item)))?;
        Ok(())
    }

    /// Each table as it is at one instant; not all tables at the same.
    pub(crate) fn snapshot(&self) -> Value {
        let tables: Vec<_> = self.tables_ref().values().cloned().collect();
        tables.iter().map(|table| snapshot_table(table)).collect()
    }

    /// The tables without their items.
    pub(crate) fn settings(&self) -> Value {
        let tables: Vec<_> = self.tables_ref().values().cloned().collect();
        tables.iter().map(|table| settings_of(&table.read())).collect()
    }

    /// Replaces all tables by those of a snapshot. Listeners do not hear of it.
    ///
    /// # Errors
    /// When it is not a snapshot; then nothing changes.
    pub(crate) fn restore(&self, snapshot: Value) -> Result<(), ApiError> {
        let Value::Array(snapshot) = snapshot else {
            return Err(malformed("a snapshot", "a list of tables"));
        };
        let mut tables = Tables::new();
        for table in snapshot {
            let table = self.restore_table(table)?;
            let name = table.read().definition.name.clone();
            if let Some(twice) = tables.insert(name, Arc::new(table)) {
                let name = &twice.read().definition.name;
                return Err(validation(format!("The snapshot has two tables of the name {name}")));
            }
        }
        *self.tables_mut() = tables;
        Ok(())
    }

    fn restore_table(&self, table: Value) -> Result<Table, ApiError> {
        let mut table = Request::new("restore", table)?;
        let created_ms = table.integer("CreatedMs", 0)?.ok_or_else(|| missing("CreatedMs"))?;
        let create = Request::new("CreateTable", table.take_required("Create")?)?;
        let ttl_attribute = table.text("TtlAttribute")?;
        let items = table.list("Items")?.ok_or_else(|| missing("Items"))?;
        table.finish()?;
        let mut definition = definition(create, created_ms)?;
        definition.settings.ttl_attribute = ttl_attribute;
        let feed = self.feed(&definition.name);
        let table = Table::new(definition, feed);
        let mut contents = table.write();
        for item in items {
            let item = Item::put(decode_attributes("Items", item)?)?;
            let key = contents.definition.keys.key_of_item(item.attributes())?;
            contents.replace(key, Some(Arc::new(item)))?;
        }
        drop(contents);
        Ok(table)
    }
}

fn snapshot_table(table: &Table) -> Value {
    let contents = table.read();
    let mut saved = settings_of(&contents);
    saved["Items"] = contents.items().map(|item| encode_attributes(item.attributes())).collect();
    saved
}

fn settings_of(contents: &Contents) -> Value {
    json!({
        "Create": create_request(&contents.definition),
        "CreatedMs": contents.definition.created_ms,
        "TtlAttribute": contents.definition.settings.ttl_attribute,
    })
}
