//! A client of a fresh cloud, and a table that has what the tests need.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ScalarAttributeType,
};
use simcloud::{Cloud, Options};

pub(crate) fn client() -> (Cloud, Client) {
    let cloud = Cloud::new(Options::default()).unwrap();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url("http://simcloud.local")
        .http_client(cloud.http_client())
        .build();
    (cloud, Client::from_conf(config))
}

/// A client of a cloud that has the table `files`.
pub(crate) async fn files() -> Client {
    let (_, client) = client();
    create_files(&client, "files").await;
    client
}

/// Keys `pk` and `sk` (strings); indexes `by-state` (`state`, `at`: everything) and `state-keys` (`state`: `tries` and the keys).
pub(crate) async fn create_files(client: &Client, name: &str) {
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    let projection = |kind| Projection::builder().projection_type(kind);
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .attribute_definitions(attribute("sk", ScalarAttributeType::S))
        .attribute_definitions(attribute("state", ScalarAttributeType::S))
        .attribute_definitions(attribute("at", ScalarAttributeType::N))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name("by-state")
                .key_schema(key("state", KeyType::Hash))
                .key_schema(key("at", KeyType::Range))
                .projection(projection(ProjectionType::All).build())
                .build()
                .unwrap(),
        )
        .global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name("state-keys")
                .key_schema(key("state", KeyType::Hash))
                .projection(projection(ProjectionType::Include).non_key_attributes("tries").build())
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
}

pub(crate) fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
}

pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) fn text(value: &AttributeValue) -> &str {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text,
        other => panic!("{other:?}"),
    }
}
