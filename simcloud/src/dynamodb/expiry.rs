//! Time to live: items whose second has come are deleted, late.
//!
//! AWS deletes "within a few days" and shows expired items until then. Here they go 48 hours after their time, so that whoever relies on
//! an earlier deletion is found out.

use std::time::Duration;

use super::DynamoDb;
use super::attribute::Attribute;
use super::item::Item;
use super::number::Number;
use super::table::Table;

/// How long an expired item is still seen.
const LATENESS: Duration = Duration::from_secs(48 * 3600);
/// How often the tables are looked through.
const INTERVAL_MS: u64 = 3_600_000;

impl DynamoDb {
    /// Deletes what is due. Called before each operation: between operations nobody can tell.
    pub(super) fn expire(&self) {
        let now_ms = self.clock.unix_ms();
        {
            let mut next_ms = self.next_expiry_ms();
            if now_ms < *next_ms {
                return;
            }
            *next_ms = now_ms.saturating_add(INTERVAL_MS);
        }
        let due = (now_ms / 1000).saturating_sub(LATENESS.as_secs());
        for table in self.every_table() {
            expire(&table, due);
        }
    }
}

fn expire(table: &Table, due: u64) {
    let mut contents = table.write();
    let Some(attribute) = contents.definition.settings.ttl_attribute.clone() else { return };
    let limit = Number::from_count(usize::try_from(due).unwrap_or(usize::MAX));
    let is_due = |item: &Item| match item.attributes().get(&attribute) {
        // Anything but a number never expires.
        Some(Attribute::Number(at)) => *at <= limit,
        _ => false,
    };
    let due = contents.items().filter(|item| is_due(item));
    let places = due.filter_map(|item| contents.definition.keys.key_of_item(item.attributes()).ok());
    for place in places.collect::<Vec<_>>() {
        // A deletion has no index key that could be refused.
        let _ = table.replace(&mut contents, place, None);
    }
}
