//! CreateTable's request, checked.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::api::ApiError;

use super::definition::{Definition, IndexDefinition, IndexProjection, Settings, Throughput};
use super::refusal::{constraint, invalid, malformed, missing, unsupported, validation};
use super::request::Request;
use super::schema::{KeyAttribute, KeyKind, KeySchema};

const INDEXES_MAX: usize = 20;

/// Reads a table's definition, of a table that is created at `created_ms` (Unix time).
pub(super) fn definition(mut request: Request, created_ms: u64) -> Result<Definition, ApiError> {
    let name = request.required_text("TableName")?;
    check_name("tableName", &name)?;
    let attributes = attribute_definitions(&mut request)?;
    let keys = key_schema(&mut request, &attributes)?;
    let settings = Settings {
        provisioned: billing(&mut request)?,
        stream_view: stream_view(&mut request)?.flatten(),
        encryption: request.take("SSESpecification").filter(|sse| sse["Enabled"] == true),
        table_class: request.text("TableClass")?,
        deletion_protection: request.flag("DeletionProtectionEnabled")?.unwrap_or_default(),
        tags: request.list("Tags")?.map(tags).transpose()?.unwrap_or_default(),
        ttl_attribute: None,
    };
    if request.list("LocalSecondaryIndexes")?.is_some_and(|indexes| !indexes.is_empty()) {
        return Err(unsupported("CreateTable", "LocalSecondaryIndexes"));
    }
    let indexes = request
        .list("GlobalSecondaryIndexes")?
        .unwrap_or_default()
        .into_iter()
        .map(|json| index(json, &attributes, settings.provisioned.is_some()))
        .collect::<Result<Vec<_>, _>>()?;
    request.finish()?;
    check_indexes(&indexes)?;
    check_all_used(&attributes, &keys, &indexes)?;
    Ok(Definition { id: table_id(&name, created_ms), name, created_ms, attributes, keys, indexes, settings })
}

/// A UUID that name and time give: the same requests give the same answers, and a table created anew is another one.
fn table_id(name: &str, created_ms: u64) -> String {
    let mut bytes: [u8; 16] = [0; 16];
    let digest = Sha256::digest(format!("{created_ms}/{name}"));
    bytes.iter_mut().zip(digest).for_each(|(byte, digit)| *byte = digit);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

fn check_name(member: &str, name: &str) -> Result<(), ApiError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if !name.bytes().all(allowed) {
        let pattern = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
        return Err(constraint(member, name, pattern));
    }
    if !(3..=255).contains(&name.len()) {
        return Err(validation(format!(
            "{member} must be at least 3 characters long and at most 255 characters long"
        )));
    }
    Ok(())
}

fn attribute_definitions(request: &mut Request) -> Result<Vec<(String, KeyKind)>, ApiError> {
    let list = request.list("AttributeDefinitions")?.ok_or_else(|| missing("AttributeDefinitions"))?;
    let mut attributes: Vec<(String, KeyKind)> = Vec::with_capacity(list.len());
    for json in list {
        let mut attribute = Request::new("AttributeDefinitions", json)?;
        let name = attribute.required_text("AttributeName")?;
        let kind = attribute.required_text("AttributeType")?;
        attribute.finish()?;
        let kind = KeyKind::of(&kind).ok_or_else(|| {
            constraint("attributeType", &kind, "Member must satisfy enum value set: [B, N, S]")
        })?;
        if attributes.iter().any(|(known, _)| *known == name) {
            return Err(invalid(format_args!("Duplicate AttributeName in AttributeDefinitions: {name}")));
        }
        attributes.push((name, kind));
    }
    Ok(attributes)
}

fn key_schema(request: &mut Request, attributes: &[(String, KeyKind)]) -> Result<KeySchema, ApiError> {
    let mut keys = Vec::new();
    for json in request.list("KeySchema")?.ok_or_else(|| missing("KeySchema"))? {
        let mut key = Request::new("KeySchema", json)?;
        let name = key.required_text("AttributeName")?;
        let role = key.required_text("KeyType")?;
        key.finish()?;
        let kind = attributes.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        let kind = kind.ok_or_else(|| {
            let known: Vec<_> = attributes.iter().map(|(name, _)| name.as_str()).collect();
            invalid(format_args!(
                "Some index key attributes are not defined in AttributeDefinitions. Keys: [{name}], AttributeDefinitions: [{}]",
                known.join(", ")
            ))
        })?;
        keys.push((KeyAttribute { name, kind }, role));
    }
    let mut keys = keys.into_iter();
    let partition = match keys.next() {
        Some((key, role)) if role == "HASH" => key,
        Some(_) => {
            return Err(invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type"));
        }
        None => return Err(validation("KeySchema must have at least one element")),
    };
    let sort = match keys.next() {
        Some((key, role)) if role == "RANGE" && key.name != partition.name => Some(key),
        Some((key, _)) if key.name == partition.name => {
            return Err(invalid(
                "Both the Hash Key and the Range Key element in the KeySchema have the same name",
            ));
        }
        Some(_) => {
            return Err(invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"));
        }
        None => None,
    };
    if keys.next().is_some() {
        return Err(unsupported("KeySchema", "more than two elements"));
    }
    Ok(KeySchema { partition, sort })
}

/// The units of a PROVISIONED table; `None` for PAY_PER_REQUEST.
pub(super) fn billing(request: &mut Request) -> Result<Option<Throughput>, ApiError> {
    let on_demand = request
        .choice("BillingMode", &[("PROVISIONED", false), ("PAY_PER_REQUEST", true)])?
        .unwrap_or_default();
    match (on_demand, throughput(request)?) {
        (true, Some(_)) => Err(invalid(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        )),
        (false, None) => Err(invalid(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        )),
        (_, throughput) => Ok(throughput),
    }
}

pub(super) fn throughput(request: &mut Request) -> Result<Option<Throughput>, ApiError> {
    let Some(mut given) = request.nested("ProvisionedThroughput")? else { return Ok(None) };
    let mut units = |member: &str| given.integer(member, 1)?.ok_or_else(|| missing(member));
    let throughput =
        Throughput { read_units: units("ReadCapacityUnits")?, write_units: units("WriteCapacityUnits")? };
    given.finish()?;
    Ok(Some(throughput))
}

/// `None`: not mentioned; `Some(None)`: off; `Some(Some(view))`: on.
pub(super) fn stream_view(request: &mut Request) -> Result<Option<Option<String>>, ApiError> {
    let Some(mut stream) = request.nested("StreamSpecification")? else { return Ok(None) };
    let enabled = stream.flag("StreamEnabled")?.unwrap_or_default();
    let views = ["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"].map(|view| (view, view));
    let view = stream.choice("StreamViewType", &views)?;
    stream.finish()?;
    match (enabled, view) {
        (true, Some(view)) => Ok(Some(Some(view.to_owned()))),
        (true, None) => Err(invalid("StreamViewType is required when StreamEnabled is true")),
        (false, Some(_)) => Err(invalid("StreamViewType must not be given when StreamEnabled is false")),
        (false, None) => Ok(Some(None)),
    }
}

/// `[{Key, Value}]`
pub(super) fn tags(list: Vec<Value>) -> Result<std::collections::BTreeMap<String, String>, ApiError> {
    list.into_iter()
        .map(|json| {
            let mut tag = Request::new("Tags", json)?;
            Ok((tag.required_text("Key")?, tag.required_text("Value")?))
        })
        .collect()
}

fn index(
    json: Value,
    attributes: &[(String, KeyKind)],
    provisioned: bool,
) -> Result<IndexDefinition, ApiError> {
    let mut request = Request::new("GlobalSecondaryIndexes", json)?;
    let name = request.required_text("IndexName")?;
    check_name("indexName", &name)?;
    let keys = key_schema(&mut request, attributes)?;
    let projection = request.object("Projection")?.ok_or_else(|| missing("Projection"))?;
    let projection = index_projection(projection)?;
    let throughput = throughput(&mut request)?;
    request.finish()?;
    match (provisioned, throughput) {
        (true, None) => Err(invalid(format_args!(
            "ReadCapacityUnits and WriteCapacityUnits must be specified for index: {name}"
        ))),
        (false, Some(_)) => Err(invalid(format_args!(
            "ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
        ))),
        (_, provisioned) => Ok(IndexDefinition { name, keys, projection, provisioned }),
    }
}

fn index_projection(json: Map<String, Value>) -> Result<IndexProjection, ApiError> {
    let mut request = Request::new("Projection", Value::Object(json))?;
    let kind = request.required_text("ProjectionType")?;
    let also = request.list("NonKeyAttributes")?;
    request.finish()?;
    match (kind.as_str(), also) {
        ("ALL", None) => Ok(IndexProjection::All),
        ("KEYS_ONLY", None) => Ok(IndexProjection::KeysOnly),
        ("INCLUDE", Some(also)) if !also.is_empty() => also
            .into_iter()
            .map(|name| match name {
                Value::String(name) => Ok(name),
                _ => Err(malformed("NonKeyAttributes", "a list of strings")),
            })
            .collect::<Result<_, _>>()
            .map(IndexProjection::Include),
        ("INCLUDE", _) => Err(invalid("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")),
        ("ALL" | "KEYS_ONLY", Some(_)) => {
            Err(invalid(format_args!("ProjectionType is {kind}, but NonKeyAttributes is specified")))
        }
        _ => Err(invalid(format_args!("Unknown ProjectionType: {kind}"))),
    }
}

fn check_indexes(indexes: &[IndexDefinition]) -> Result<(), ApiError> {
    if indexes.len() > INDEXES_MAX {
        return Err(invalid("GlobalSecondaryIndex count exceeds the per-table limit of 20"));
    }
    let mut names = BTreeSet::new();
    match indexes.iter().find(|index| !names.insert(&index.name)) {
        Some(twice) => Err(invalid(format_args!("Duplicate index name: {}", twice.name))),
        None => Ok(()),
    }
}

fn check_all_used(
    attributes: &[(String, KeyKind)],
    keys: &KeySchema,
    indexes: &[IndexDefinition],
) -> Result<(), ApiError> {
    let used = |name: &str| keys.has(name) || indexes.iter().any(|index| index.keys.has(name));
    if attributes.iter().all(|(name, _)| used(name)) {
        return Ok(());
    }
    let given: Vec<_> = attributes.iter().map(|(name, _)| name.as_str()).collect();
    let used: BTreeSet<_> = indexes
        .iter()
        .map(|index| &index.keys)
        .chain([keys])
        .flat_map(KeySchema::attributes)
        .map(|key| key.name.as_str())
        .collect();
    Err(invalid(format_args!(
        "Some AttributeDefinitions are not used. AttributeDefinitions: [{}], keys used: [{}]",
        given.join(", "),
        used.into_iter().collect::<Vec<_>>().join(", ")
    )))
}
