//! PutItem, UpdateItem and DeleteItem: one item, under an optional condition.
//!
//! All three: parse and check everything · lock the table · condition on the item as it is · replace it (the commit point;
//! index entries and listeners follow under the same lock) · answer.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::api::{ApiError, ApiResult};

use super::DynamoDb;
use super::attribute::Attributes;
use super::attribute_json::{decode_attributes, encode_attributes};
use super::capacity::{Report, Usage};
use super::expression::{Bindings, Condition, Update};
use super::item::Item;
use super::path::project;
use super::refusal::{invalid, validation};
use super::request::Request;
use super::schema::KeySchema;
use super::table::{Contents, Written};

/// `ReturnValues`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReturnValues {
    None,
    AllOld,
    UpdatedOld,
    AllNew,
    UpdatedNew,
}

/// What the three operations have in common; a transaction's members as well.
pub(super) struct Write {
    pub(super) table: String,
    pub(super) condition: Option<String>,
    pub(super) bindings: Bindings,
    returns: ReturnValues,
    /// `ReturnValuesOnConditionCheckFailure`.
    old_on_failure: bool,
    report: Report,
}

static NO_ATTRIBUTES: Attributes = Attributes::new();

impl Write {
    pub(super) fn take(request: &mut Request) -> Result<Self, ApiError> {
        let returns = [
            ("NONE", ReturnValues::None),
            ("ALL_OLD", ReturnValues::AllOld),
            ("UPDATED_OLD", ReturnValues::UpdatedOld),
            ("ALL_NEW", ReturnValues::AllNew),
            ("UPDATED_NEW", ReturnValues::UpdatedNew),
        ];
        let on_failure = [("NONE", false), ("ALL_OLD", true)];
        // Collections are those of local secondary indexes, which there are not: nothing to report.
        request.ignore("ReturnItemCollectionMetrics");
        Ok(Self {
            table: request.table_name()?,
            condition: request.text("ConditionExpression")?,
            bindings: Bindings::new(
                request.take("ExpressionAttributeNames"),
                request.take("ExpressionAttributeValues"),
            )?,
            returns: request.choice("ReturnValues", &returns)?.unwrap_or(ReturnValues::None),
            old_on_failure: request
                .choice("ReturnValuesOnConditionCheckFailure", &on_failure)?
                .unwrap_or_default(),
            report: Report::take(request)?,
        })
    }

    pub(super) fn condition(&self) -> Result<Option<Condition<'_>>, ApiError> {
        let parse = |source| Condition::parse("ConditionExpression", source, &self.bindings);
        self.condition.as_deref().map(parse).transpose()
    }

    /// PutItem and DeleteItem know only NONE and ALL_OLD.
    fn check_returns_old(&self) -> Result<(), ApiError> {
        match self.returns {
            ReturnValues::None | ReturnValues::AllOld => Ok(()),
            _ => Err(validation("ReturnValues can only be ALL_OLD or NONE")),
        }
    }

    pub(super) fn check(
        &self,
        condition: Option<&Condition<'_>>,
        old: Option<&Arc<Item>>,
    ) -> Result<(), ApiError> {
        let before = old.map_or(&NO_ATTRIBUTES, |item| item.attributes());
        if condition.is_none_or(|condition| condition.holds(before)) {
            return Ok(());
        }
        let refusal = ApiError::bad("ConditionalCheckFailedException", "The conditional request failed");
        Err(match old.filter(|_| self.old_on_failure) {
            Some(old) => refusal.with("Item", encode_attributes(old.attributes())),
            None => refusal,
        })
    }

    fn answer(&self, contents: &Contents, written: &Written, update: Option<&Update<'_>>) -> Value {
        let (old, new) = (written.old.as_deref(), written.new.as_deref());
        let touched = |item: &Item| {
            let paths = update.map(Update::paths).unwrap_or_default();
            project(paths, item.attributes())
        };
        let attributes = match self.returns {
            ReturnValues::None => None,
            ReturnValues::AllOld => old.map(|item| encode_attributes(item.attributes())),
            ReturnValues::AllNew => new.map(|item| encode_attributes(item.attributes())),
            ReturnValues::UpdatedOld => {
                old.map(touched).filter(|a| !a.is_empty()).map(|a| encode_attributes(&a))
            }
            ReturnValues::UpdatedNew => {
                new.map(touched).filter(|a| !a.is_empty()).map(|a| encode_attributes(&a))
            }
        };
        let mut answer = Map::new();
        answer.extend(attributes.map(|attributes| ("Attributes".to_owned(), attributes)));
        if self.report != Report::None {
            let usage = Usage::of_write(&contents.definition, written);
            answer.extend(
                usage.json(self.report, &self.table).map(|json| ("ConsumedCapacity".to_owned(), json)),
            );
        }
        Value::Object(answer)
    }
}

impl DynamoDb {
    pub(super) fn put_item(&self, mut request: Request) -> ApiResult {
        let item = Item::put(decode_attributes("Item", request.take_required("Item")?)?)?;
        let write = Write::take(&mut request)?;
        request.finish()?;
        write.check_returns_old()?;
        let condition = write.condition()?;
        write.bindings.check_used(usize::from(condition.is_some()))?;

        let table = self.table(&write.table)?;
        let mut contents = table.write();
        let key = contents.definition.keys.key_of_item(item.attributes())?;
        write.check(condition.as_ref(), contents.item(&key))?;
        let written = table.replace(&mut contents, key, Some(item))?;
        Ok(write.answer(&contents, &written, None))
    }

    pub(super) fn delete_item(&self, mut request: Request) -> ApiResult {
        let key = decode_attributes("Key", request.take_required("Key")?)?;
        let write = Write::take(&mut request)?;
        request.finish()?;
        write.check_returns_old()?;
        let condition = write.condition()?;
        write.bindings.check_used(usize::from(condition.is_some()))?;

        let table = self.table(&write.table)?;
        let mut contents = table.write();
        let key = contents.definition.keys.key_of_request(&key)?;
        write.check(condition.as_ref(), contents.item(&key))?;
        let written = table.replace(&mut contents, key, None)?;
        Ok(write.answer(&contents, &written, None))
    }

    /// Creates the item when there is none.
    pub(super) fn update_item(&self, mut request: Request) -> ApiResult {
        let key_attributes = decode_attributes("Key", request.take_required("Key")?)?;
        let update_source = request.text("UpdateExpression")?;
        let write = Write::take(&mut request)?;
        request.finish()?;
        let update =
            update_source.as_deref().map(|source| Update::parse(source, &write.bindings)).transpose()?;
        let condition = write.condition()?;
        write.bindings.check_used(usize::from(condition.is_some()) + usize::from(update.is_some()))?;

        let table = self.table(&write.table)?;
        let mut contents = table.write();
        let keys = &contents.definition.keys;
        let key = keys.key_of_request(&key_attributes)?;
        if let Some(update) = &update {
            check_spares_keys(update, keys)?;
        }
        let old = contents.item(&key);
        write.check(condition.as_ref(), old)?;
        let before = old.map_or(&key_attributes, |item| item.attributes());
        let after = match &update {
            Some(update) => update.apply(before)?,
            None => before.clone(),
        };
        let written = table.replace(&mut contents, key, Some(Item::updated(after)?))?;
        Ok(write.answer(&contents, &written, update.as_ref()))
    }
}

pub(super) fn check_spares_keys(update: &Update<'_>, keys: &KeySchema) -> Result<(), ApiError> {
    match update.paths().into_iter().find(|path| keys.has(path.root)) {
        Some(path) => Err(invalid(format_args!(
            "Cannot update attribute {}. This attribute is part of the key",
            path.root
        ))),
        None => Ok(()),
    }
}
