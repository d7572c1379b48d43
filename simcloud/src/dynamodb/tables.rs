//! CreateTable, DescribeTable, ListTables and DeleteTable. Tables are ACTIVE at once.

use std::collections::btree_map::Entry;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLockReadGuard, RwLockWriteGuard};

use serde_json::json;

use crate::api::{ApiError, ApiResult};

use super::DynamoDb;
use super::create_table::definition;
use super::refusal::{constraint, no_such_table_named, validation};
use super::request::Request;
use super::table::Table;

pub(super) type Tables = std::collections::BTreeMap<String, Arc<Table>>;

/// What ListTables answers at most.
const NAMES_MAX: u64 = 100;

impl DynamoDb {
    pub(super) fn create_table(&self, request: Request) -> ApiResult {
        let definition = definition(request, self.clock.unix_ms())?;
        let name = definition.name.clone();
        let feed = self.feed(&name);
        let table = match self.tables_mut().entry(name) {
            Entry::Occupied(there) => {
                let message = format!("Table already exists: {}", there.key());
                return Err(ApiError::bad("ResourceInUseException", message));
            }
            Entry::Vacant(free) => Arc::clone(free.insert(Arc::new(Table::new(definition, feed)))),
        };
        Ok(json!({ "TableDescription": self.describe(&table.read(), "ACTIVE") }))
    }

    pub(super) fn describe_table(&self, mut request: Request) -> ApiResult {
        let name = request.table_name()?;
        request.finish()?;
        let table = self.table_named(&name)?;
        Ok(json!({ "Table": self.describe(&table.read(), "ACTIVE") }))
    }

    pub(super) fn list_tables(&self, mut request: Request) -> ApiResult {
        let limit = request.integer("Limit", 1)?.unwrap_or(NAMES_MAX);
        let start = request.text("ExclusiveStartTableName")?;
        request.finish()?;
        if limit > NAMES_MAX {
            let most = format!("Member must have value less than or equal to {NAMES_MAX}");
            return Err(constraint("limit", limit, &most));
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let tables = self.tables_ref();
        let after = start.map_or(Bound::Unbounded, Bound::Excluded);
        let mut names = tables.range((after, Bound::Unbounded)).map(|(name, _)| name);
        let page: Vec<_> = names.by_ref().take(limit).collect();
        let mut answer = json!({ "TableNames": page });
        if let (Some(last), Some(_)) = (page.last(), names.next()) {
            answer["LastEvaluatedTableName"] = json!(last);
        }
        Ok(answer)
    }

    pub(super) fn delete_table(&self, mut request: Request) -> ApiResult {
        let name = request.table_name()?;
        request.finish()?;
        let table = {
            let mut tables = self.tables_mut();
            let table = tables.get(&name).ok_or_else(|| no_such_table_named(&name))?;
            if table.read().definition.settings.deletion_protection {
                return Err(validation(
                    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
                ));
            }
            tables.remove(&name).ok_or_else(|| no_such_table_named(&name))?
        };
        Ok(json!({ "TableDescription": self.describe(&table.read(), "DELETING") }))
    }

    /// As table operations find it: their refusal names it.
    pub(super) fn table_named(&self, name: &str) -> Result<Arc<Table>, ApiError> {
        self.tables_ref().get(name).cloned().ok_or_else(|| no_such_table_named(name))
    }

    pub(super) fn tables_ref(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tables_mut(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }
}
