//! Table operations, through the real SDK.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]

mod dynamodb_common;

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeyType, ProvisionedThroughput, ScalarAttributeType, SseSpecification,
    StreamSpecification, StreamViewType, TableStatus, Tag, TimeToLiveSpecification, TimeToLiveStatus,
};
use dynamodb_common::{client, create_files, files, key, n, s};

fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_table_is_described_as_it_was_made() {
    let (_, client) = client();
    client
        .create_table()
        .table_name("jobs")
        .attribute_definitions(attribute("id", ScalarAttributeType::S))
        .key_schema(key("id", KeyType::Hash))
        .provisioned_throughput(
            ProvisionedThroughput::builder().read_capacity_units(5).write_capacity_units(6).build().unwrap(),
        )
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()
                .unwrap(),
        )
        .sse_specification(SseSpecification::builder().enabled(true).build())
        .deletion_protection_enabled(true)
        .tags(Tag::builder().key("team").value("drayage").build().unwrap())
        .send()
        .await
        .unwrap();
    client.put_item().table_name("jobs").item("id", s("1")).send().await.unwrap();

    let table = client.describe_table().table_name("jobs").send().await.unwrap().table.unwrap();
    assert_eq!(table.table_status(), Some(&TableStatus::Active));
    assert_eq!(table.table_arn(), Some("arn:aws:dynamodb:us-east-1:000000000000:table/jobs"));
    assert_eq!((table.item_count(), table.table_size_bytes()), (Some(1), Some(3)));
    assert_eq!(table.provisioned_throughput().unwrap().write_capacity_units(), Some(6));
    assert!(
        table
            .latest_stream_arn()
            .unwrap()
            .starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/jobs/stream/")
    );
    assert_eq!(table.sse_description().unwrap().status().unwrap().as_str(), "ENABLED");
    assert_eq!(table.deletion_protection_enabled(), Some(true));
    assert_eq!(table.table_id().unwrap().len(), 36);

    let arn = table.table_arn().unwrap();
    client
        .tag_resource()
        .resource_arn(arn)
        .tags(Tag::builder().key("a").value("b").build().unwrap())
        .send()
        .await
        .unwrap();
    client.untag_resource().resource_arn(arn).tag_keys("team").send().await.unwrap();
    let tags = client.list_tags_of_resource().resource_arn(arn).send().await.unwrap();
    assert_eq!(tags.tags().iter().map(Tag::key).collect::<Vec<_>>(), ["a"]);

    let protected = client.delete_table().table_name("jobs").send().await.unwrap_err();
    assert!(protected.into_service_error().message().unwrap().contains("protected against deletion"));
    let update = client.update_table().table_name("jobs").deletion_protection_enabled(false);
    let updated = update.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
    let summary = updated.table_description().unwrap().billing_mode_summary().unwrap();
    assert_eq!(summary.billing_mode(), Some(&BillingMode::PayPerRequest));
    let deleted = client.delete_table().table_name("jobs").send().await.unwrap();
    assert_eq!(deleted.table_description().unwrap().table_status(), Some(&TableStatus::Deleting));
    let gone = client.describe_table().table_name("jobs").send().await.unwrap_err();
    assert!(gone.into_service_error().is_resource_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn a_table_exists_once_and_tables_are_listed_in_pages() {
    let (_, client) = client();
    for name in ["delta", "alpha", "charlie", "bravo"] {
        create_files(&client, name).await;
    }
    let again = client
        .create_table()
        .table_name("alpha")
        .attribute_definitions(attribute("id", ScalarAttributeType::S))
        .key_schema(key("id", KeyType::Hash))
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap_err();
    assert!(again.into_service_error().is_resource_in_use_exception());
    let names: Result<Vec<_>, _> =
        client.list_tables().limit(3).into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    assert_eq!(names.unwrap(), ["alpha", "bravo", "charlie", "delta"]);
}

#[tokio::test(start_paused = true)]
async fn definitions_are_checked() {
    let (_, client) = client();
    let create = || client.create_table().table_name("jobs").billing_mode(BillingMode::PayPerRequest);
    let unused = create()
        .attribute_definitions(attribute("id", ScalarAttributeType::S))
        .attribute_definitions(attribute("extra", ScalarAttributeType::S))
        .key_schema(key("id", KeyType::Hash));
    let undefined = create()
        .attribute_definitions(attribute("id", ScalarAttributeType::S))
        .key_schema(key("other", KeyType::Hash));
    let range_first = create()
        .attribute_definitions(attribute("id", ScalarAttributeType::S))
        .key_schema(key("id", KeyType::Range));
    for (sent, wanted) in [
        (
            unused.send().await,
            "Some AttributeDefinitions are not used. AttributeDefinitions: [id, extra], keys used: [id]",
        ),
        (undefined.send().await, "Some index key attributes are not defined in AttributeDefinitions"),
        (range_first.send().await, "The first KeySchemaElement is not a HASH key type"),
    ] {
        let refused = sent.unwrap_err().into_service_error();
        assert_eq!(refused.code(), Some("ValidationException"));
        assert!(refused.message().unwrap().contains(wanted), "{refused:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn time_to_live_is_switched_on_and_off() {
    let client = files().await;
    let switch = |enabled| {
        let ttl =
            TimeToLiveSpecification::builder().attribute_name("expires_at").enabled(enabled).build().unwrap();
        client.update_time_to_live().table_name("files").time_to_live_specification(ttl).send()
    };
    let status = || async {
        let described = client.describe_time_to_live().table_name("files").send().await.unwrap();
        described.time_to_live_description.unwrap().time_to_live_status.unwrap()
    };
    assert_eq!(status().await, TimeToLiveStatus::Disabled);
    switch(true).await.unwrap();
    assert_eq!(status().await, TimeToLiveStatus::Enabled);
    assert_eq!(
        switch(true).await.unwrap_err().into_service_error().message(),
        Some("TimeToLive is already enabled")
    );
    switch(false).await.unwrap();
    assert_eq!(status().await, TimeToLiveStatus::Disabled);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_says_so() {
    let client = files().await;
    let statement = client.execute_statement().statement("SELECT * FROM files").send().await;
    let statement = statement.unwrap_err().into_service_error();
    assert_eq!(statement.code(), Some("NotImplemented"));
    assert_eq!(statement.message(), Some("simcloud does not implement DynamoDB ExecuteStatement"));
    let legacy = client
        .put_item()
        .table_name("files")
        .item("pk", s("p"))
        .item("sk", s("1"))
        .expected("tries", aws_sdk_dynamodb::types::ExpectedAttributeValue::builder().value(n(1)).build())
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(legacy.message(), Some("simcloud does not implement DynamoDB PutItem with Expected"));
    let streams = client.execute_statement().statement("SELECT * FROM files").send().await.unwrap_err();
    assert_eq!(streams.into_service_error().code(), Some("NotImplemented"));
}

#[tokio::test(start_paused = true)]
async fn a_cloud_is_restored_with_its_tables() {
    let (cloud, before) = client();
    create_files(&before, "files").await;
    before.put_item().table_name("files").item("pk", s("p")).item("sk", s("1")).send().await.unwrap();

    let (restored, after) = client();
    create_files(&after, "others").await;
    restored.restore(cloud.snapshot()).unwrap();
    let got = after.get_item().table_name("files").key("pk", s("p")).key("sk", s("1")).send().await.unwrap();
    assert_eq!(got.item().unwrap().len(), 2);
    assert_eq!(after.list_tables().send().await.unwrap().table_names(), ["files"]);
}
