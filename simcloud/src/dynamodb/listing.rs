//! What Query and Scan share: their common parameters, and a page of items.

use std::sync::{Arc, RwLockReadGuard};

use serde_json::{Map, Value, json};

use crate::api::{ApiError, ApiResult};

use super::attribute::Attributes;
use super::attribute_json::{decode_attributes, encode_attributes};
use super::capacity::{Report, Usage};
use super::definition::{Definition, IndexProjection};
use super::expression::{Bindings, Condition, Projection};
use super::item::Item;
use super::key::{Edge, IndexKey};
use super::read::encode_item;
use super::refusal::{invalid, validation};
use super::request::Request;
use super::schema::KeySchema;
use super::table::{Contents, Range, Source};

/// What one page reads at most.
const PAGE_BYTES_MAX: usize = 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Select {
    AllAttributes,
    AllProjectedAttributes,
    SpecificAttributes,
    Count,
}

pub(super) struct Listing {
    pub(super) table: String,
    index: Option<String>,
    limit: usize,
    select: Option<Select>,
    projection: Option<String>,
    filter: Option<String>,
    start: Option<Attributes>,
    consistent: bool,
    report: Report,
    pub(super) bindings: Bindings,
}

/// What was read until a limit was met.
struct Page {
    items: Vec<Arc<Item>>,
    scanned: usize,
    size_bytes: usize,
    /// The last one that was read, when it was a limit that ended the page.
    last: Option<Arc<Item>>,
}

impl Listing {
    pub(super) fn take(request: &mut Request) -> Result<Self, ApiError> {
        let selects = [
            ("ALL_ATTRIBUTES", Select::AllAttributes),
            ("ALL_PROJECTED_ATTRIBUTES", Select::AllProjectedAttributes),
            ("SPECIFIC_ATTRIBUTES", Select::SpecificAttributes),
            ("COUNT", Select::Count),
        ];
        let limit = request.integer("Limit", 1)?;
        let start = request.take("ExclusiveStartKey");
        Ok(Self {
            table: request.table_name()?,
            index: request.text("IndexName")?,
            limit: limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            select: request.choice("Select", &selects)?,
            projection: request.text("ProjectionExpression")?,
            filter: request.text("FilterExpression")?,
            start: start.map(|json| decode_attributes("ExclusiveStartKey", json)).transpose()?,
            consistent: request.flag("ConsistentRead")?.unwrap_or_default(),
            report: Report::take(request)?,
            bindings: Bindings::new(
                request.take("ExpressionAttributeNames"),
                request.take("ExpressionAttributeValues"),
            )?,
        })
    }

    pub(super) fn filter(&self) -> Result<Option<Condition<'_>>, ApiError> {
        let parse = |source| Condition::parse("FilterExpression", source, &self.bindings);
        self.filter.as_deref().map(parse).transpose()
    }

    pub(super) fn projection(&self) -> Result<Option<Projection<'_>>, ApiError> {
        let parse = |source| Projection::parse(source, &self.bindings);
        let projection = self.projection.as_deref().map(parse).transpose()?;
        match (self.select, &projection) {
            (Some(Select::SpecificAttributes), None) => Err(validation(
                "Must specify the ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
            )),
            (Some(Select::AllAttributes), Some(_)) => {
                Err(validation("Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"))
            }
            (Some(Select::AllProjectedAttributes), Some(_)) => Err(validation(
                "Cannot specify the ProjectionExpression when choosing to get ALL_PROJECTED_ATTRIBUTES",
            )),
            (Some(Select::Count), Some(_)) => {
                Err(validation("Cannot specify the ProjectionExpression when choosing to get only the Count"))
            }
            _ => Ok(projection),
        }
    }

    /// Where to read, after the checks that depend on it.
    pub(super) fn source(
        &self,
        definition: &Definition,
        projection: Option<&Projection<'_>>,
    ) -> Result<Source, ApiError> {
        let Some(name) = &self.index else {
            if self.select == Some(Select::AllProjectedAttributes) {
                return Err(invalid(
                    "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
                ));
            }
            return Ok(Source::Table);
        };
        let position = definition.index(name);
        let no_index = || validation(format!("The table does not have the specified index: {name}"));
        let position = position.ok_or_else(no_index)?;
        let index = definition.indexes.get(position).ok_or_else(no_index)?;
        if self.consistent {
            return Err(validation("Consistent reads are not supported on global secondary indexes"));
        }
        if self.select == Some(Select::AllAttributes) && index.projection != IndexProjection::All {
            return Err(invalid(format_args!(
                "Select type ALL_ATTRIBUTES is not supported for global secondary index {name} because its projection type is not ALL"
            )));
        }
        let missing = projection
            .into_iter()
            .flat_map(Projection::roots)
            .find(|root| !index.carries(&definition.keys, root));
        if let Some(missing) = missing {
            return Err(invalid(format_args!("Global secondary index {name} does not project [{missing}]")));
        }
        Ok(Source::Index(position))
    }

    /// The `ExclusiveStartKey`, checked: the key of the source, and in an index that of the table too.
    pub(super) fn start(
        &self,
        definition: &Definition,
        source: Source,
    ) -> Result<Option<IndexKey>, ApiError> {
        let Some(start) = &self.start else { return Ok(None) };
        let refuse = || {
            validation(
                "The provided starting key is invalid: The provided key element does not match the schema",
            )
        };
        let names = key_names(definition, source);
        if start.len() != names.len() || !names.iter().all(|name| start.contains_key(*name)) {
            return Err(refuse());
        }
        let base = definition.keys.key_of_item(start).map_err(|_| refuse())?;
        let place = schema(definition, source).key_of_item(start).map_err(|_| refuse())?;
        Ok(Some(IndexKey { place, base: Edge::At(base) }))
    }

    /// Reads a page, lets go of the table, and answers.
    pub(super) fn answer(
        &self,
        contents: RwLockReadGuard<'_, Contents>,
        source: Source,
        range: Range,
        filter: Option<&Condition<'_>>,
        projection: Option<&Projection<'_>>,
    ) -> ApiResult {
        let page = self.page(contents.range(source, range), filter);
        let definition = Arc::clone(&contents.definition);
        drop(contents);
        let mut answer = Map::new();
        answer.insert("Count".to_owned(), json!(page.items.len()));
        answer.insert("ScannedCount".to_owned(), json!(page.scanned));
        if self.select != Some(Select::Count) {
            let items = page.items.iter().map(|item| encode_item(item, projection)).collect();
            answer.insert("Items".to_owned(), items);
        }
        if let Some(last) = &page.last {
            let mut key = last.attributes().clone();
            let names = key_names(&definition, source);
            key.retain(|name, _| names.contains(&name.as_str()));
            answer.insert("LastEvaluatedKey".to_owned(), encode_attributes(&key));
        }
        let usage = match &self.index {
            Some(index) => Usage::of_index_read(index, page.size_bytes),
            None => Usage::of_read(page.size_bytes, self.consistent),
        };
        answer.extend(usage.json(self.report, &self.table).map(|json| ("ConsumedCapacity".to_owned(), json)));
        Ok(Value::Object(answer))
    }

    fn page(&self, items: impl Iterator<Item = Arc<Item>>, filter: Option<&Condition<'_>>) -> Page {
        let mut page = Page { items: Vec::new(), scanned: 0, size_bytes: 0, last: None };
        let mut last: Option<Arc<Item>> = None;
        for item in items {
            if page.size_bytes + item.size_bytes() > PAGE_BYTES_MAX {
                page.last = last;
                break;
            }
            page.size_bytes += item.size_bytes();
            page.scanned += 1;
            if filter.is_none_or(|filter| filter.holds(item.attributes())) {
                page.items.push(Arc::clone(&item));
            }
            // As in AWS: a page that its limit ended says so even when nothing follows.
            if page.scanned == self.limit {
                page.last = Some(item);
                break;
            }
            last = Some(item);
        }
        page
    }
}

/// The key schema of a source.
pub(super) fn schema(definition: &Definition, source: Source) -> &KeySchema {
    match source {
        Source::Table => &definition.keys,
        Source::Index(position) => {
            definition.indexes.get(position).map_or(&definition.keys, |index| &index.keys)
        }
    }
}

/// The attributes that tell where a source's entry lies.
fn key_names(definition: &Definition, source: Source) -> Vec<&str> {
    let own = schema(definition, source).attributes();
    let mut names: Vec<&str> = own.chain(definition.keys.attributes()).map(|key| key.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
