//! TransactWriteItems and TransactGetItems: all or nothing, over several tables.
//!
//! Every table that a transaction touches is locked, in the order of their names; then every condition is checked on the items as they
//! are, and only when all hold is anything written. So no other request comes between, and a refused transaction leaves nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::{ApiError, ApiResult};

use super::DynamoDb;
use super::attribute::Attributes;
use super::attribute_json::decode_attributes;
use super::capacity::{Report, Usage};
use super::expression::Update;
use super::item::Item;
use super::key::PrimaryKey;
use super::read::{ReadOptions, encode_item};
use super::refusal::{malformed, missing, validation};
use super::request::Request;
use super::table::{Contents, Table};
use super::write::{Write, check_spares_keys};

const ACTIONS_MAX: usize = 100;
/// For so long a `ClientRequestToken` stands for the transaction that it came with.
const TOKEN_MS: u64 = 600_000;

/// What was done under a token.
#[derive(Debug)]
pub(super) struct Done {
    until_ms: u64,
    actions: Vec<Value>,
}

/// One member of `TransactItems`.
struct Action {
    write: Write,
    kind: Kind,
}

enum Kind {
    Put(Item),
    Update { key: Attributes, source: String },
    Delete { key: Attributes },
    Check { key: Attributes },
}

/// What a checked action puts at its place; `None` for a condition check.
type Change = Option<(PrimaryKey, Option<Item>)>;

impl Action {
    fn take(json: Value) -> Result<Self, ApiError> {
        let mut item = Request::new("TransactWriteItems", json)?;
        let named = ["Put", "Update", "Delete", "ConditionCheck"];
        let mut found = Vec::new();
        for name in named {
            found.extend(item.nested(name)?.map(|request| (name, request)));
        }
        item.finish()?;
        let one = "TransactItems can only contain one of Check, Put, Update or Delete";
        let (Some((name, mut request)), None) = (found.pop(), found.pop()) else {
            return Err(validation(one));
        };
        let key = |request: &mut Request| decode_attributes("Key", request.take_required("Key")?);
        let kind = match name {
            "Put" => Kind::Put(Item::put(decode_attributes("Item", request.take_required("Item")?)?)?),
            "Update" => {
                Kind::Update { key: key(&mut request)?, source: request.required_text("UpdateExpression")? }
            }
            "Delete" => Kind::Delete { key: key(&mut request)? },
            _ => Kind::Check { key: key(&mut request)? },
        };
        let write = Write::take(&mut request)?;
        request.finish()?;
        if matches!(kind, Kind::Check { .. }) && write.condition.is_none() {
            return Err(missing("ConditionExpression"));
        }
        Ok(Self { write, kind })
    }

    fn place(&self, contents: &Contents) -> Result<PrimaryKey, ApiError> {
        let keys = &contents.definition.keys;
        match &self.kind {
            Kind::Put(item) => keys.key_of_item(item.attributes()),
            Kind::Update { key, .. } | Kind::Delete { key } | Kind::Check { key } => keys.key_of_request(key),
        }
    }

    /// The expressions, whatever the items are.
    fn check_expressions(&self, contents: &Contents) -> Result<(), ApiError> {
        let condition = self.write.condition()?;
        let update = self.update()?;
        if let Some(update) = &update {
            check_spares_keys(update, &contents.definition.keys)?;
        }
        self.write.bindings.check_used(usize::from(condition.is_some()) + usize::from(update.is_some()))
    }

    fn update(&self) -> Result<Option<Update<'_>>, ApiError> {
        match &self.kind {
            Kind::Update { source, .. } => Update::parse(source, &self.write.bindings).map(Some),
            _ => Ok(None),
        }
    }

    /// What is to be written, if the condition holds.
    fn change(self, contents: &Contents, place: PrimaryKey) -> Result<Change, ApiError> {
        let old = contents.item(&place);
        self.write.check(self.write.condition()?.as_ref(), old)?;
        let after = match &self.kind {
            Kind::Check { .. } => return Ok(None),
            Kind::Delete { .. } => return Ok(Some((place, None))),
            Kind::Update { key, .. } => {
                let before = old.map_or(key, |item| item.attributes());
                let after =
                    self.update()?.map_or_else(|| Ok(before.clone()), |update| update.apply(before))?;
                Item::updated(after)?
            }
            Kind::Put(item) => Item::put(item.attributes().clone())?,
        };
        for index in &contents.definition.indexes {
            index.keys.index_key(&index.name, after.attributes())?;
        }
        Ok(Some((place, Some(after))))
    }
}

impl DynamoDb {
    pub(super) fn transact_write_items(&self, mut request: Request) -> ApiResult {
        let list = request.list("TransactItems")?.ok_or_else(|| missing("TransactItems"))?;
        let token = request.text("ClientRequestToken")?;
        let report = Report::take(&mut request)?;
        request.ignore("ReturnItemCollectionMetrics");
        request.finish()?;
        check_count(list.len())?;
        let mut done = self.transactions();
        let now_ms = self.clock.unix_ms();
        done.retain(|_, done| now_ms < done.until_ms);
        match token.as_ref().and_then(|token| done.get(token)) {
            Some(before) if before.actions == list => return Ok(json!({})),
            Some(_) => {
                let code = "IdempotentParameterMismatchException";
                return Err(ApiError::bad(code, "The token was used with other parameters"));
            }
            None => {}
        }
        let actions = list.iter().cloned().map(Action::take).collect::<Result<Vec<_>, _>>()?;
        let answer = self.write_all(actions, report)?;
        if let Some(token) = token {
            done.insert(token, Done { until_ms: now_ms.saturating_add(TOKEN_MS), actions: list });
        }
        Ok(answer)
    }

    fn write_all(&self, actions: Vec<Action>, report: Report) -> ApiResult {
        let names: BTreeSet<&str> = actions.iter().map(|action| action.write.table.as_str()).collect();
        let tables = names.into_iter().map(|name| Ok((name.to_owned(), self.table(name)?)));
        let tables: BTreeMap<String, Arc<Table>> = tables.collect::<Result<_, ApiError>>()?;
        let mut locked: BTreeMap<&str, _> =
            tables.iter().map(|(name, table)| (name.as_str(), (table, table.write()))).collect();
        let mut places = Vec::with_capacity(actions.len());
        for action in &actions {
            let Some((_, contents)) = locked.get(action.write.table.as_str()) else { continue };
            action.check_expressions(contents)?;
            places.push((action.write.table.clone(), action.place(contents)?));
        }
        if places.iter().collect::<BTreeSet<_>>().len() < places.len() {
            return Err(validation("Transaction request cannot include multiple operations on one item"));
        }
        let checked = actions.into_iter().zip(&places).map(|(action, (table, place))| {
            let (_, contents) = locked.get(table.as_str()).ok_or_else(super::refusal::no_such_table)?;
            action.change(contents, place.clone())
        });
        let checked: Vec<Result<Change, ApiError>> = checked.collect();
        if checked.iter().any(Result::is_err) {
            return Err(cancelled(checked.into_iter().map(Result::err)));
        }
        let mut usages: BTreeMap<String, Usage> = BTreeMap::new();
        for (change, (name, _)) in checked.into_iter().flatten().zip(&places) {
            let (Some((place, item)), Some((table, contents))) = (change, locked.get_mut(name.as_str()))
            else {
                continue;
            };
            let definition = Arc::clone(&contents.definition);
            let written = table.replace(contents, place, item)?;
            usages.entry(name.clone()).or_default().add(Usage::of_write(&definition, &written));
        }
        Ok(with_usages(json!({}), &usages, report))
    }

    pub(super) fn transact_get_items(&self, mut request: Request) -> ApiResult {
        let list = request.list("TransactItems")?.ok_or_else(|| missing("TransactItems"))?;
        let report = Report::take(&mut request)?;
        request.finish()?;
        check_count(list.len())?;
        let mut gets = Vec::with_capacity(list.len());
        for json in list {
            let mut item = Request::new("TransactGetItems", json)?;
            let mut get = item.nested("Get")?.ok_or_else(|| malformed("TransactItems", "a list of Get"))?;
            item.finish()?;
            let key = decode_attributes("Key", get.take_required("Key")?)?;
            let table = self.table(&get.table_name()?)?;
            let options = ReadOptions::take(&mut get)?;
            get.finish()?;
            gets.push((table, key, options));
        }
        let mut usages: BTreeMap<String, Usage> = BTreeMap::new();
        let tables: BTreeMap<String, &Arc<Table>> =
            gets.iter().map(|(table, ..)| (table.read().definition.name.clone(), table)).collect();
        let locked: BTreeMap<&str, _> =
            tables.iter().map(|(name, table)| (name.as_str(), (*table, table.read()))).collect();
        let mut responses = Vec::with_capacity(gets.len());
        for (table, key, options) in &gets {
            let at = locked.iter().find(|(_, (locked, _))| Arc::ptr_eq(locked, table));
            let (name, (_, contents)) = at.ok_or_else(super::refusal::no_such_table)?;
            let item = contents.item(&contents.definition.keys.key_of_request(key)?);
            let mut response = Map::new();
            if let Some(item) = item {
                response.insert("Item".to_owned(), encode_item(item, options.projection()?.as_ref()));
            }
            let usage = Usage::of_read(item.map_or(0, |item| item.size_bytes()), true);
            usages.entry((*name).to_owned()).or_default().add(usage);
            responses.push(Value::Object(response));
        }
        Ok(with_usages(json!({ "Responses": responses }), &usages, report))
    }
}

fn check_count(count: usize) -> Result<(), ApiError> {
    if (1..=ACTIONS_MAX).contains(&count) {
        return Ok(());
    }
    let bound = if count == 0 { "greater than or equal to 1" } else { "less than or equal to 100" };
    Err(validation(format!(
        "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length {bound}"
    )))
}

/// Which members stood in the way.
fn cancelled(refusals: impl Iterator<Item = Option<ApiError>>) -> ApiError {
    let reasons: Vec<Value> = refusals
        .map(|refusal| refusal.map_or(json!({ "Code": "None" }), |refusal| reason(&refusal)))
        .collect();
    let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason["Code"].as_str()).collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    ApiError::bad("TransactionCanceledException", message).with("CancellationReasons", reasons.into())
}

fn reason(refusal: &ApiError) -> Value {
    let code = match &*refusal.code {
        "ConditionalCheckFailedException" => "ConditionalCheckFailed",
        _ => "ValidationError",
    };
    let mut reason = json!({ "Code": code, "Message": refusal.message });
    if let Some(item) = refusal.members.get("Item") {
        reason["Item"] = item.clone();
    }
    reason
}

/// A transaction costs twice what its members cost alone.
fn with_usages(mut answer: Value, usages: &BTreeMap<String, Usage>, report: Report) -> Value {
    if report != Report::None {
        let doubled = usages.iter().map(|(table, usage)| {
            let mut twice = usage.clone();
            twice.add(usage.clone());
            twice.json(report, table)
        });
        answer["ConsumedCapacity"] = doubled.flatten().collect();
    }
    answer
}
