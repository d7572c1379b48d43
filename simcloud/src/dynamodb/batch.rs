//! BatchGetItem and BatchWriteItem: several items of several tables; no transaction.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::api::{ApiError, ApiResult};

use super::DynamoDb;
use super::attribute_json::decode_attributes;
use super::capacity::{Report, Usage};
use super::item::Item;
use super::key::PrimaryKey;
use super::read::{ReadOptions, encode_item};
use super::refusal::{malformed, missing, validation};
use super::request::{Request, table_name_of};

const KEYS_MAX: usize = 100;
const WRITES_MAX: usize = 25;
/// What one BatchGetItem answers at most; the rest are unprocessed keys.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

impl DynamoDb {
    pub(super) fn batch_get_item(&self, mut request: Request) -> ApiResult {
        let tables = request.object("RequestItems")?.ok_or_else(|| missing("RequestItems"))?;
        let report = Report::take(&mut request)?;
        request.finish()?;
        check_count(&tables, |json| json["Keys"].as_array().map_or(0, Vec::len), KEYS_MAX, "BatchGetItem")?;

        let mut responses = Map::new();
        let mut unprocessed = Map::new();
        let mut usages = BTreeMap::new();
        let mut left_bytes = ANSWER_BYTES_MAX;
        for (name, json) in tables {
            let mut for_table = Request::new("BatchGetItem", json.clone())?;
            let keys = for_table.list("Keys")?.ok_or_else(|| missing("Keys"))?;
            let options = ReadOptions::take(&mut for_table)?;
            for_table.finish()?;
            let projection = options.projection()?;
            let table = self.table(&table_name_of(name.clone()))?;
            let contents = table.read();
            let places = keys
                .iter()
                .map(|key| contents.definition.keys.key_of_request(&decode_attributes("Keys", key.clone())?))
                .collect::<Result<Vec<_>, _>>()?;
            check_distinct(&places)?;

            let mut items = Vec::new();
            let mut unprocessed_keys = Vec::new();
            let usage: &mut Usage = usages.entry(name.clone()).or_default();
            for (key, place) in keys.into_iter().zip(&places) {
                let item = contents.item(place);
                let size_bytes = item.map_or(0, |item| item.size_bytes());
                if size_bytes > left_bytes {
                    unprocessed_keys.push(key);
                    continue;
                }
                left_bytes -= size_bytes;
                usage.add(Usage::of_read(size_bytes, options.consistent));
                items.extend(item.map(|item| encode_item(item, projection.as_ref())));
            }
            if !unprocessed_keys.is_empty() {
                let mut again = json;
                again["Keys"] = Value::Array(unprocessed_keys);
                unprocessed.insert(name.clone(), again);
            }
            responses.insert(name, Value::Array(items));
        }
        let answer = json!({ "Responses": responses, "UnprocessedKeys": unprocessed });
        Ok(with_usages(answer, &usages, report))
    }

    pub(super) fn batch_write_item(&self, mut request: Request) -> ApiResult {
        let tables = request.object("RequestItems")?.ok_or_else(|| missing("RequestItems"))?;
        let report = Report::take(&mut request)?;
        request.ignore("ReturnItemCollectionMetrics");
        request.finish()?;
        check_count(&tables, |json| json.as_array().map_or(0, Vec::len), WRITES_MAX, "BatchWriteItem")?;

        // Everything is checked before anything is written.
        let mut batches = Vec::with_capacity(tables.len());
        for (name, json) in tables {
            let Value::Array(writes) = json else { return Err(malformed("RequestItems", "a map of lists")) };
            let table = self.table(&table_name_of(name.clone()))?;
            let definition = std::sync::Arc::clone(&table.read().definition);
            let mut places = Vec::with_capacity(writes.len());
            let mut items = Vec::with_capacity(writes.len());
            for write in writes {
                let (place, item) = match write_request(write)? {
                    WriteRequest::Put(item) => (definition.keys.key_of_item(item.attributes())?, Some(item)),
                    WriteRequest::Delete(key) => (definition.keys.key_of_request(&key)?, None),
                };
                if let Some(item) = &item {
                    for index in &definition.indexes {
                        index.keys.index_key(&index.name, item.attributes())?;
                    }
                }
                places.push(place);
                items.push(item);
            }
            check_distinct(&places)?;
            batches.push((name, table, definition, places, items));
        }
        let mut usages = BTreeMap::new();
        for (name, table, definition, places, items) in batches {
            let usage: &mut Usage = usages.entry(name).or_default();
            for (place, item) in places.into_iter().zip(items) {
                // Locked one by one: others see, and may come between, a batch's writes.
                let written = table.replace(&mut table.write(), place, item)?;
                usage.add(Usage::of_write(&definition, &written));
            }
        }
        Ok(with_usages(json!({ "UnprocessedItems": {} }), &usages, report))
    }
}

enum WriteRequest {
    Put(Item),
    Delete(super::attribute::Attributes),
}

/// `{"PutRequest": {"Item": …}}` or `{"DeleteRequest": {"Key": …}}`
fn write_request(json: Value) -> Result<WriteRequest, ApiError> {
    let mut write = Request::new("BatchWriteItem", json)?;
    let (put, delete) = (write.nested("PutRequest")?, write.nested("DeleteRequest")?);
    write.finish()?;
    match (put, delete) {
        (Some(mut put), None) => {
            let item = decode_attributes("Item", put.take_required("Item")?)?;
            put.finish()?;
            Ok(WriteRequest::Put(Item::put(item)?))
        }
        (None, Some(mut delete)) => {
            let key = decode_attributes("Key", delete.take_required("Key")?)?;
            delete.finish()?;
            Ok(WriteRequest::Delete(key))
        }
        _ => Err(validation(
            "Supplied WriteRequest must contain exactly one of the supported requests: PutRequest, DeleteRequest",
        )),
    }
}

fn check_count(
    tables: &Map<String, Value>,
    count: impl Fn(&Value) -> usize,
    count_max: usize,
    operation: &str,
) -> Result<(), ApiError> {
    let counts: Vec<usize> = tables.values().map(count).collect();
    if counts.is_empty() || counts.contains(&0) {
        return Err(validation(format!("The batch request list for {operation} must not be empty")));
    }
    if counts.iter().sum::<usize>() > count_max {
        return Err(validation(format!("Too many items requested for the {operation} call")));
    }
    Ok(())
}

fn check_distinct(places: &[PrimaryKey]) -> Result<(), ApiError> {
    if places.iter().collect::<BTreeSet<_>>().len() < places.len() {
        return Err(validation("Provided list of item keys contains duplicates"));
    }
    Ok(())
}

fn with_usages(mut answer: Value, usages: &BTreeMap<String, Usage>, report: Report) -> Value {
    if report != Report::None {
        answer["ConsumedCapacity"] =
            usages.iter().filter_map(|(table, usage)| usage.json(report, table)).collect();
    }
    answer
}
