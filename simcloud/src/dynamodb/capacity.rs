//! Capacity units: what an operation takes, and how an answer tells.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::api::ApiError;

use super::definition::Definition;
use super::request::Request;
use super::table::Written;

const WRITE_UNIT_BYTES: usize = 1024;
const READ_UNIT_BYTES: usize = 4096;

/// `ReturnConsumedCapacity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Report {
    #[default]
    None,
    Total,
    Indexes,
}

impl Report {
    pub(super) fn take(request: &mut Request) -> Result<Self, ApiError> {
        let choices = [("NONE", Self::None), ("TOTAL", Self::Total), ("INDEXES", Self::Indexes)];
        Ok(request.choice("ReturnConsumedCapacity", &choices)?.unwrap_or_default())
    }
}

/// What an operation took of one table and its indexes, in units.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Usage {
    table: f64,
    indexes: BTreeMap<String, f64>,
}

/// Units of a write of one item or entry.
pub(super) fn write_units(size_bytes: usize) -> u64 {
    units(size_bytes, WRITE_UNIT_BYTES)
}

/// Units of a read of `size_bytes` in all; half as many when it is eventually consistent.
fn read_units(size_bytes: usize, consistent: bool) -> f64 {
    units(size_bytes, READ_UNIT_BYTES) as f64 * if consistent { 1.0 } else { 0.5 }
}

fn units(size_bytes: usize, unit_bytes: usize) -> u64 {
    u64::try_from(size_bytes.div_ceil(unit_bytes).max(1)).unwrap_or(u64::MAX)
}

impl Usage {
    pub(super) fn of_read(size_bytes: usize, consistent: bool) -> Self {
        Self { table: read_units(size_bytes, consistent), indexes: BTreeMap::new() }
    }

    pub(super) fn of_index_read(index: &str, size_bytes: usize) -> Self {
        let units = read_units(size_bytes, false);
        Self { table: 0.0, indexes: BTreeMap::from([(index.to_owned(), units)]) }
    }

    /// A write counts the larger of the item before and after.
    pub(super) fn of_write(definition: &Definition, written: &Written) -> Self {
        let size_bytes = [&written.old, &written.new]
            .into_iter()
            .flatten()
            .map(|item| item.size_bytes())
            .max()
            .unwrap_or_default();
        let indexes = definition.indexes.iter().zip(&written.index_units);
        Self {
            table: write_units(size_bytes) as f64,
            indexes: indexes
                .filter(|(_, units)| **units > 0)
                .map(|(index, units)| (index.name.clone(), *units as f64))
                .collect(),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.table += other.table;
        for (index, units) in other.indexes {
            *self.indexes.entry(index).or_default() += units;
        }
    }

    /// The `ConsumedCapacity` of an answer; `None` when it was not asked for.
    pub(super) fn json(&self, report: Report, table: &str) -> Option<Value> {
        let total = self.table + self.indexes.values().sum::<f64>();
        let mut json = json!({ "TableName": table, "CapacityUnits": total });
        match report {
            Report::None => return None,
            Report::Total => {}
            Report::Indexes => {
                json["Table"] = json!({ "CapacityUnits": self.table });
                if !self.indexes.is_empty() {
                    let indexes = self.indexes.iter();
                    json["GlobalSecondaryIndexes"] = indexes
                        .map(|(name, units)| (name.clone(), json!({ "CapacityUnits": units })))
                        .collect::<serde_json::Map<_, _>>()
                        .into();
                }
            }
        }
        Some(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_rounded_up_and_at_least_one() {
        assert_eq!([0, 1, 1024, 1025].map(write_units), [1, 1, 1, 2]);
        assert_eq!([0, 4096, 4097].map(|size_bytes| read_units(size_bytes, true)), [1.0, 1.0, 2.0]);
        assert_eq!([0, 4096, 4097].map(|size_bytes| read_units(size_bytes, false)), [0.5, 0.5, 1.0]);
    }

    #[test]
    fn an_answer_tells_what_was_asked() {
        let mut usage = Usage::of_read(5000, true);
        usage.add(Usage::of_index_read("by-lane", 100));
        assert_eq!(usage.json(Report::None, "files"), None);
        assert_eq!(
            usage.json(Report::Total, "files"),
            Some(json!({ "TableName": "files", "CapacityUnits": 2.5 }))
        );
        assert_eq!(
            usage.json(Report::Indexes, "files"),
            Some(json!({
                "TableName": "files", "CapacityUnits": 2.5, "Table": { "CapacityUnits": 2.0 },
                "GlobalSecondaryIndexes": { "by-lane": { "CapacityUnits": 0.5 } },
            }))
        );
    }
}
