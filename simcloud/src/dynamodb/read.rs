//! GetItem.

use serde_json::{Map, Value};

use crate::api::{ApiError, ApiResult};

use super::DynamoDb;
use super::attribute_json::{decode_attributes, encode_attributes};
use super::capacity::{Report, Usage};
use super::expression::{Bindings, Projection};
use super::item::Item;
use super::request::Request;

/// How items are to be read: shared with BatchGetItem, which says it per table.
pub(super) struct ReadOptions {
    pub(super) consistent: bool,
    projection: Option<String>,
    bindings: Bindings,
}

impl ReadOptions {
    pub(super) fn take(request: &mut Request) -> Result<Self, ApiError> {
        Ok(Self {
            consistent: request.flag("ConsistentRead")?.unwrap_or_default(),
            projection: request.text("ProjectionExpression")?,
            bindings: Bindings::new(request.take("ExpressionAttributeNames"), None)?,
        })
    }

    pub(super) fn projection(&self) -> Result<Option<Projection<'_>>, ApiError> {
        let parse = |source| Projection::parse(source, &self.bindings);
        let projection = self.projection.as_deref().map(parse).transpose()?;
        self.bindings.check_used(usize::from(projection.is_some()))?;
        Ok(projection)
    }
}

/// An item's JSON, or of what is wanted of it.
pub(super) fn encode_item(item: &Item, projection: Option<&Projection<'_>>) -> Value {
    match projection {
        Some(projection) => encode_attributes(&projection.of(item.attributes())),
        None => encode_attributes(item.attributes()),
    }
}

impl DynamoDb {
    pub(super) fn get_item(&self, mut request: Request) -> ApiResult {
        let name = request.table_name()?;
        let key = decode_attributes("Key", request.take_required("Key")?)?;
        let options = ReadOptions::take(&mut request)?;
        let report = Report::take(&mut request)?;
        request.finish()?;
        let projection = options.projection()?;

        let table = self.table(&name)?;
        let item = {
            let contents = table.read();
            let key = contents.definition.keys.key_of_request(&key)?;
            contents.item(&key).cloned()
        };
        let mut answer = Map::new();
        if let Some(item) = &item {
            answer.insert("Item".to_owned(), encode_item(item, projection.as_ref()));
        }
        let usage = Usage::of_read(item.map_or(0, |item| item.size_bytes()), options.consistent);
        answer.extend(usage.json(report, &name).map(|json| ("ConsumedCapacity".to_owned(), json)));
        Ok(Value::Object(answer))
    }
}
