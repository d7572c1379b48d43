//! What a table is, beside its items.

use std::collections::BTreeMap;

use serde_json::Value;

use super::attribute::{Attribute, Attributes};
use super::item::Item;
use super::schema::{KeyKind, KeySchema};

/// A table's definition. Members that simcloud only describes are kept as they came.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) created_ms: u64,
    /// In the order of the request.
    pub(super) attributes: Vec<(String, KeyKind)>,
    pub(super) keys: KeySchema,
    pub(super) indexes: Vec<IndexDefinition>,
    pub(super) settings: Settings,
}

/// What UpdateTable, UpdateTimeToLive and TagResource change.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    /// Read and write units; `None` is PAY_PER_REQUEST.
    pub(super) provisioned: Option<Throughput>,
    /// KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES.
    pub(super) stream_view: Option<String>,
    /// The request's SSESpecification, when it enables one.
    pub(super) encryption: Option<Value>,
    pub(super) table_class: Option<String>,
    pub(super) deletion_protection: bool,
    pub(super) tags: BTreeMap<String, String>,
    /// The attribute whose number is the second that an item expires at.
    pub(super) ttl_attribute: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Throughput {
    pub(super) read_units: u64,
    pub(super) write_units: u64,
}

/// A global secondary index.
#[derive(Debug, Clone)]
pub(super) struct IndexDefinition {
    pub(super) name: String,
    pub(super) keys: KeySchema,
    pub(super) projection: IndexProjection,
    pub(super) provisioned: Option<Throughput>,
}

/// What an index's entries carry, beside the keys of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IndexProjection {
    All,
    KeysOnly,
    Include(Vec<String>),
}

impl Definition {
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.indexes.iter().position(|index| index.name == name)
    }
}

impl IndexDefinition {
    /// Whether an entry carries the attribute.
    pub(super) fn carries(&self, table: &KeySchema, attribute: &str) -> bool {
        match &self.projection {
            IndexProjection::All => true,
            IndexProjection::KeysOnly => self.keys.has(attribute) || table.has(attribute),
            IndexProjection::Include(also) => {
                self.keys.has(attribute) || table.has(attribute) || also.iter().any(|name| name == attribute)
            }
        }
    }

    /// What an entry for this item carries; `None` for all of it.
    pub(super) fn project(&self, table: &KeySchema, item: &Attributes) -> Option<Attributes> {
        if self.projection == IndexProjection::All {
            return None;
        }
        let carried = self.carried(table, item);
        Some(carried.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// What an entry for this item weighs.
    pub(super) fn carried_size_bytes(&self, table: &KeySchema, item: &Item) -> usize {
        match self.projection {
            IndexProjection::All => item.size_bytes(),
            _ => self
                .carried(table, item.attributes())
                .map(|(name, value)| name.len() + value.size_bytes())
                .sum(),
        }
    }

    /// Whether an entry is the same for both items.
    pub(super) fn carries_same(&self, table: &KeySchema, one: &Attributes, other: &Attributes) -> bool {
        self.carried(table, one).eq(self.carried(table, other))
    }

    fn carried<'a>(
        &'a self,
        table: &'a KeySchema,
        item: &'a Attributes,
    ) -> impl Iterator<Item = (&'a String, &'a Attribute)> {
        item.iter().filter(|(name, _)| self.carries(table, name))
    }
}
