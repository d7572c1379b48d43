//! Key schemas: which attributes make a table's or an index's key, and the key of an item.

use crate::api::ApiError;

use super::attribute::{Attribute, Attributes};
use super::key::{KeyPart, PrimaryKey};
use super::refusal::{invalid, validation};

const PARTITION_KEY_BYTES_MAX: usize = 2048;
const SORT_KEY_BYTES_MAX: usize = 1024;

/// The type of a key attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    String,
    Number,
    Binary,
}

impl KeyKind {
    pub(super) fn of(descriptor: &str) -> Option<Self> {
        Some(match descriptor {
            "S" => Self::String,
            "N" => Self::Number,
            "B" => Self::Binary,
            _ => return None,
        })
    }

    pub(super) fn descriptor(self) -> &'static str {
        match self {
            Self::String => "S",
            Self::Number => "N",
            Self::Binary => "B",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyAttribute {
    pub(super) name: String,
    pub(super) kind: KeyKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeySchema {
    pub(super) partition: KeyAttribute,
    pub(super) sort: Option<KeyAttribute>,
}

impl KeySchema {
    pub(super) fn attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        std::iter::once(&self.partition).chain(&self.sort)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes().any(|key| key.name == name)
    }

    /// The key of an item that is to be put.
    pub(super) fn key_of_item(&self, item: &Attributes) -> Result<PrimaryKey, ApiError> {
        self.key(|attribute| {
            let name = &attribute.name;
            let value =
                item.get(name).ok_or_else(|| invalid(format_args!("Missing the key {name} in the item")))?;
            if value.descriptor() != attribute.kind.descriptor() {
                return Err(invalid(format_args!(
                    "Type mismatch for key {name} expected: {} actual: {}",
                    attribute.kind.descriptor(),
                    value.descriptor()
                )));
            }
            Ok(value)
        })
    }

    /// A request's `Key`: these attributes and no others.
    pub(super) fn key_of_request(&self, key: &Attributes) -> Result<PrimaryKey, ApiError> {
        let mismatch = || validation("The provided key element does not match the schema");
        if key.len() != self.attributes().count() {
            return Err(mismatch());
        }
        self.key(|attribute| {
            key.get(&attribute.name)
                .filter(|value| value.descriptor() == attribute.kind.descriptor())
                .ok_or_else(mismatch)
        })
    }

    fn key<'i>(
        &self,
        value: impl Fn(&KeyAttribute) -> Result<&'i Attribute, ApiError>,
    ) -> Result<PrimaryKey, ApiError> {
        let part = |attribute: &KeyAttribute, size_bytes_max: usize| {
            let value = value(attribute)?;
            if value.length() == Some(0) {
                return Err(validation(format!(
                    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty {} value. Key: {}",
                    value.type_name().to_ascii_lowercase(),
                    attribute.name
                )));
            }
            check_size(value, size_bytes_max)?;
            KeyPart::of(value).ok_or_else(|| validation("The provided key element does not match the schema"))
        };
        let partition = part(&self.partition, PARTITION_KEY_BYTES_MAX)?;
        let sort = self.sort.as_ref().map(|attribute| part(attribute, SORT_KEY_BYTES_MAX)).transpose()?;
        Ok(PrimaryKey::new(partition, sort))
    }

    /// The key of an item in the index `index` of this schema: `None` when it lacks one of the attributes (sparse indexes).
    pub(super) fn index_key(&self, index: &str, item: &Attributes) -> Result<Option<PrimaryKey>, ApiError> {
        let part = |attribute: &KeyAttribute, size_bytes_max: usize| {
            let Some(value) = item.get(&attribute.name) else { return Ok(None) };
            let name = &attribute.name;
            if value.descriptor() != attribute.kind.descriptor() {
                return Err(invalid(format_args!(
                    "Type mismatch for Index Key {name} Expected: {} Actual: {} IndexName: {index}",
                    attribute.kind.descriptor(),
                    value.descriptor()
                )));
            }
            if value.length() == Some(0) {
                return Err(validation(format!(
                    "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty {} value. IndexName: {index}, IndexKey: {name}",
                    value.type_name().to_ascii_lowercase(),
                )));
            }
            check_size(value, size_bytes_max)?;
            Ok(KeyPart::of(value))
        };
        let partition = part(&self.partition, PARTITION_KEY_BYTES_MAX)?;
        let sort = match &self.sort {
            None => None,
            Some(attribute) => match part(attribute, SORT_KEY_BYTES_MAX)? {
                None => return Ok(None),
                some => some,
            },
        };
        Ok(partition.map(|partition| PrimaryKey::new(partition, sort)))
    }
}

fn check_size(value: &Attribute, size_bytes_max: usize) -> Result<(), ApiError> {
    if value.length().is_none_or(|length| length <= size_bytes_max) {
        return Ok(());
    }
    Err(invalid(if size_bytes_max == PARTITION_KEY_BYTES_MAX {
        format!("Size of hashkey has exceeded the maximum size limit of{size_bytes_max} bytes")
    } else {
        format!("Aggregated size of all range keys has exceeded the size limit of {size_bytes_max} bytes")
    }))
}
