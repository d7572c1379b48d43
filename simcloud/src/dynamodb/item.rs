//! Items as tables and indexes hold them.

use crate::api::ApiError;

use super::attribute::{Attributes, attributes_size_bytes};
use super::refusal::validation;

const ITEM_SIZE_BYTES_MAX: usize = 400 * 1024;

/// Attributes and what they weigh. Never changed: a write replaces it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    attributes: Attributes,
    size_bytes: usize,
}

impl Item {
    /// What an index entry carries: of an item that was checked.
    pub(super) fn new(attributes: Attributes) -> Self {
        Self { size_bytes: attributes_size_bytes(&attributes), attributes }
    }

    /// Of PutItem.
    pub(super) fn put(attributes: Attributes) -> Result<Self, ApiError> {
        Self::checked(attributes, "Item size has exceeded the maximum allowed size")
    }

    /// Of UpdateItem.
    pub(super) fn updated(attributes: Attributes) -> Result<Self, ApiError> {
        Self::checked(attributes, "Item size to update has exceeded the maximum allowed size")
    }

    fn checked(attributes: Attributes, refusal: &str) -> Result<Self, ApiError> {
        let item = Self::new(attributes);
        if item.size_bytes > ITEM_SIZE_BYTES_MAX { Err(validation(refusal)) } else { Ok(item) }
    }

    pub(super) fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.size_bytes
    }
}
