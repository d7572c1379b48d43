//! A table's description, and the request that would make it again.

use serde_json::{Value, json};

use super::DynamoDb;
use super::definition::{Definition, IndexDefinition, IndexProjection, Throughput};
use super::schema::{KeyKind, KeySchema};
use super::table::Contents;

impl DynamoDb {
    pub(super) fn arn(&self, table: &str) -> String {
        format!("arn:aws:dynamodb:{}:{}:table/{table}", self.region, self.account_id)
    }

    /// A `TableDescription`. Counts and sizes are of now, not up to six hours old.
    pub(super) fn describe(&self, contents: &Contents, status: &str) -> Value {
        let Definition { name, id, created_ms, attributes, keys, indexes, settings } = &*contents.definition;
        let created = *created_ms as f64 / 1000.0;
        let arn = self.arn(name);
        let mut table = json!({
            "AttributeDefinitions": attribute_definitions(attributes),
            "CreationDateTime": created,
            "DeletionProtectionEnabled": settings.deletion_protection,
            "ItemCount": contents.items().len(),
            "KeySchema": key_schema(keys),
            "ProvisionedThroughput": throughput_description(settings.provisioned),
            "TableArn": arn,
            "TableId": id,
            "TableName": name,
            "TableSizeBytes": contents.size_bytes(),
            "TableStatus": status,
        });
        if settings.provisioned.is_none() {
            table["BillingModeSummary"] =
                json!({ "BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": created });
        }
        if !indexes.is_empty() {
            let describe = |(position, index)| describe_index(contents, position, index, &arn);
            table["GlobalSecondaryIndexes"] = indexes.iter().enumerate().map(describe).collect();
        }
        if let Some(view) = &settings.stream_view {
            let label = created_ms.to_string();
            table["StreamSpecification"] = json!({ "StreamEnabled": true, "StreamViewType": view });
            table["LatestStreamArn"] = json!(format!("{arn}/stream/{label}"));
            table["LatestStreamLabel"] = json!(label);
        }
        if let Some(encryption) = &settings.encryption {
            let default_key = format!("arn:aws:kms:{}:{}:alias/aws/dynamodb", self.region, self.account_id);
            let key = encryption["KMSMasterKeyId"].as_str().unwrap_or(&default_key);
            table["SSEDescription"] =
                json!({ "Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key });
        }
        if let Some(class) = &settings.table_class {
            table["TableClassSummary"] = json!({ "TableClass": class });
        }
        table
    }
}

fn describe_index(contents: &Contents, position: usize, index: &IndexDefinition, table_arn: &str) -> Value {
    let (entries, size_bytes) = contents.index_totals(position);
    json!({
        "IndexArn": format!("{table_arn}/index/{}", index.name),
        "IndexName": index.name,
        "IndexSizeBytes": size_bytes,
        "IndexStatus": "ACTIVE",
        "ItemCount": entries,
        "KeySchema": key_schema(&index.keys),
        "Projection": projection(&index.projection),
        "ProvisionedThroughput": throughput_description(index.provisioned),
    })
}

/// The CreateTable request of a definition: what a snapshot keeps of it.
pub(super) fn create_request(definition: &Definition) -> Value {
    let Definition { name, attributes, keys, indexes, settings, .. } = definition;
    let mut request = json!({
        "TableName": name,
        "AttributeDefinitions": attribute_definitions(attributes),
        "KeySchema": key_schema(keys),
        "DeletionProtectionEnabled": settings.deletion_protection,
        "Tags": tags(settings.tags.iter()),
    });
    let members = [
        ("ProvisionedThroughput", settings.provisioned.map(throughput)),
        ("BillingMode", settings.provisioned.is_none().then(|| json!("PAY_PER_REQUEST"))),
        ("SSESpecification", settings.encryption.clone()),
        ("TableClass", settings.table_class.as_ref().map(|class| json!(class))),
        (
            "StreamSpecification",
            settings
                .stream_view
                .as_ref()
                .map(|view| json!({ "StreamEnabled": true, "StreamViewType": view })),
        ),
        (
            "GlobalSecondaryIndexes",
            (!indexes.is_empty()).then(|| indexes.iter().map(index_request).collect()),
        ),
    ];
    for (member, value) in members {
        if let Some(value) = value {
            request[member] = value;
        }
    }
    request
}

fn index_request(index: &IndexDefinition) -> Value {
    let mut request = json!({
        "IndexName": index.name,
        "KeySchema": key_schema(&index.keys),
        "Projection": projection(&index.projection),
    });
    if let Some(provisioned) = index.provisioned {
        request["ProvisionedThroughput"] = throughput(provisioned);
    }
    request
}

/// `[{Key, Value}]`
pub(super) fn tags<'a>(tags: impl Iterator<Item = (&'a String, &'a String)>) -> Value {
    tags.map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

fn attribute_definitions(attributes: &[(String, KeyKind)]) -> Value {
    let definition = |(name, kind): &(String, KeyKind)| json!({ "AttributeName": name, "AttributeType": kind.descriptor() });
    attributes.iter().map(definition).collect()
}

fn key_schema(keys: &KeySchema) -> Value {
    let roles = ["HASH", "RANGE"].into_iter();
    keys.attributes()
        .zip(roles)
        .map(|(key, role)| json!({ "AttributeName": key.name, "KeyType": role }))
        .collect()
}

fn projection(projection: &IndexProjection) -> Value {
    match projection {
        IndexProjection::All => json!({ "ProjectionType": "ALL" }),
        IndexProjection::KeysOnly => json!({ "ProjectionType": "KEYS_ONLY" }),
        IndexProjection::Include(also) => json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": also }),
    }
}

fn throughput(throughput: Throughput) -> Value {
    json!({ "ReadCapacityUnits": throughput.read_units, "WriteCapacityUnits": throughput.write_units })
}

/// On demand, both are described as zero.
fn throughput_description(provisioned: Option<Throughput>) -> Value {
    let mut description = throughput(provisioned.unwrap_or(Throughput { read_units: 0, write_units: 0 }));
    description["NumberOfDecreasesToday"] = json!(0);
    description
}
