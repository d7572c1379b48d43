//! Query: a range of one partition, of the table or of an index.

use std::ops::RangeBounds as _;

use crate::api::{ApiError, ApiResult};

use super::DynamoDb;
use super::expression::{Condition, KeyCondition};
use super::listing::{Listing, schema};
use super::refusal::{missing, validation};
use super::request::Request;
use super::schema::KeySchema;
use super::table::Range;

impl DynamoDb {
    pub(super) fn query(&self, mut request: Request) -> ApiResult {
        let key_condition = request.text("KeyConditionExpression")?;
        let forward = request.flag("ScanIndexForward")?.unwrap_or(true);
        let listing = Listing::take(&mut request)?;
        request.finish()?;
        let key_condition = key_condition.ok_or_else(|| missing("KeyConditionExpression"))?;
        let filter = listing.filter()?;
        let projection = listing.projection()?;

        let table = self.table(&listing.table)?;
        let contents = table.read();
        let definition = &contents.definition;
        let source = listing.source(definition, projection.as_ref())?;
        let keys = schema(definition, source);
        let KeyCondition { lower, upper } = KeyCondition::parse(&key_condition, &listing.bindings, keys)?;
        listing.bindings.check_used(1)?;
        if let Some(filter) = &filter {
            check_spares_keys(filter, keys)?;
        }
        let after = listing.start(definition, source)?;
        if let Some(after) = &after
            && !(lower.as_ref(), upper.as_ref()).contains(&after.place)
        {
            return Err(validation(
                "The provided starting key is outside query boundaries based on provided conditions",
            ));
        }
        let range = Range { lower, upper, after, forward };
        listing.answer(contents, source, range, filter.as_ref(), projection.as_ref())
    }
}

fn check_spares_keys(filter: &Condition<'_>, keys: &KeySchema) -> Result<(), ApiError> {
    match filter.roots().into_iter().find(|root| keys.has(root)) {
        Some(root) => Err(validation(format!(
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: {root}"
        ))),
        None => Ok(()),
    }
}
