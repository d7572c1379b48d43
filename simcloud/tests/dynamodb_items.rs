//! Item operations, through the real SDK: conditions, return values, updates, batches.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]

mod dynamodb_common;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, ReturnConsumedCapacity, ReturnValue,
    ReturnValuesOnConditionCheckFailure as OnFailure, WriteRequest,
};
use dynamodb_common::{client, create_files, files, n, s, text};

async fn put(client: &Client, pk: &str, sk: &str) {
    client
        .put_item()
        .table_name("files")
        .set_item(Some(HashMap::from([
            ("pk".into(), s(pk)),
            ("sk".into(), s(sk)),
            ("tries".into(), n(1)),
            ("parts".into(), AttributeValue::L(vec![s("a"), s("b")])),
        ])))
        .send()
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_item_is_put_read_and_deleted() {
    let client = files().await;
    put(&client, "p", "1").await;
    let got = client.get_item().table_name("files").key("pk", s("p")).key("sk", s("1")).send().await.unwrap();
    assert_eq!(got.item().unwrap().len(), 4);

    let projected = client
        .get_item()
        .table_name("files")
        .key("pk", s("p"))
        .key("sk", s("1"))
        .projection_expression("#t, parts[1]")
        .expression_attribute_names("#t", "tries")
        .consistent_read(true)
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    let wanted = HashMap::from([("tries".into(), n(1)), ("parts".into(), AttributeValue::L(vec![s("b")]))]);
    assert_eq!(projected.item(), Some(&wanted));
    assert_eq!(projected.consumed_capacity().unwrap().capacity_units(), Some(1.0));

    let deleted = client
        .delete_item()
        .table_name("files")
        .key("pk", s("p"))
        .key("sk", s("1"))
        .return_values(ReturnValue::AllOld)
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.attributes().unwrap().len(), 4);
    let got = client.get_item().table_name("files").key("pk", s("p")).key("sk", s("1")).send().await.unwrap();
    assert_eq!(got.item(), None);
}

#[tokio::test(start_paused = true)]
async fn a_failed_condition_shows_what_was_there() {
    let client = files().await;
    put(&client, "p", "1").await;
    let refused = |on_failure| {
        client
            .put_item()
            .table_name("files")
            .item("pk", s("p"))
            .item("sk", s("1"))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(on_failure)
            .send()
    };
    match refused(OnFailure::AllOld).await.unwrap_err().into_service_error() {
        PutItemError::ConditionalCheckFailedException(refusal) => {
            assert_eq!(refusal.message(), Some("The conditional request failed"));
            assert_eq!(refusal.item().unwrap()["tries"], n(1));
        }
        other => panic!("{other:?}"),
    }
    match refused(OnFailure::None).await.unwrap_err().into_service_error() {
        PutItemError::ConditionalCheckFailedException(refusal) => assert_eq!(refusal.item(), None),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_returns_what_was_asked() {
    let client = files().await;
    put(&client, "p", "1").await;
    let update = |source: &str, returns| {
        client
            .update_item()
            .table_name("files")
            .key("pk", s("p"))
            .key("sk", s("1"))
            .update_expression(source)
            .expression_attribute_values(":v", n(5))
            .return_values(returns)
            .send()
    };
    let attributes = |output: aws_sdk_dynamodb::operation::update_item::UpdateItemOutput| output.attributes;
    let new = update("SET parts[0] = :v, tries = tries + :v", ReturnValue::UpdatedNew).await.unwrap();
    let wanted = HashMap::from([("tries".into(), n(6)), ("parts".into(), AttributeValue::L(vec![n(5)]))]);
    assert_eq!(attributes(new), Some(wanted));
    let old = update("ADD tries :v", ReturnValue::UpdatedOld).await.unwrap();
    assert_eq!(attributes(old), Some(HashMap::from([("tries".into(), n(6))])));
    let all_old = update("SET x = :v", ReturnValue::AllOld).await.unwrap();
    assert!(!attributes(all_old).unwrap().contains_key("x"));
    let all_new = attributes(update("SET y = :v REMOVE x", ReturnValue::AllNew).await.unwrap()).unwrap();
    assert_eq!((all_new.len(), &all_new["tries"], &all_new["y"]), (5, &n(11), &n(5)));
    assert_eq!(attributes(update("SET y = :v", ReturnValue::None).await.unwrap()), None);
}

#[tokio::test(start_paused = true)]
async fn an_update_creates_the_item_unless_its_condition_wants_one() {
    let client = files().await;
    let update = || {
        client
            .update_item()
            .table_name("files")
            .key("pk", s("new"))
            .key("sk", s("1"))
            .update_expression("ADD hits :one")
            .expression_attribute_values(":one", n(1))
    };
    let refused = update().condition_expression("attribute_exists(pk)").send().await.unwrap_err();
    assert!(matches!(refused.into_service_error(), UpdateItemError::ConditionalCheckFailedException(_)));
    let created = update().return_values(ReturnValue::AllNew).send().await.unwrap();
    let wanted = HashMap::from([("pk".into(), s("new")), ("sk".into(), s("1")), ("hits".into(), n(1))]);
    assert_eq!(created.attributes, Some(wanted));
}

#[tokio::test(start_paused = true)]
async fn keys_are_checked_against_the_schema() {
    let client = files().await;
    let message = |error: aws_sdk_dynamodb::Error| error.message().unwrap_or_default().to_owned();
    let missing = client.put_item().table_name("files").item("pk", s("p")).send().await.unwrap_err();
    assert_eq!(
        message(missing.into()),
        "One or more parameter values were invalid: Missing the key sk in the item"
    );
    let wrong =
        client.put_item().table_name("files").item("pk", n(1)).item("sk", s("1")).send().await.unwrap_err();
    assert!(message(wrong.into()).ends_with("Type mismatch for key pk expected: S actual: N"));
    let empty =
        client.put_item().table_name("files").item("pk", s("")).item("sk", s("1")).send().await.unwrap_err();
    assert!(message(empty.into()).contains("cannot contain an empty string value. Key: pk"));
    let short = client.get_item().table_name("files").key("pk", s("p")).send().await.unwrap_err();
    assert_eq!(message(short.into()), "The provided key element does not match the schema");
    let index = client
        .put_item()
        .table_name("files")
        .item("pk", s("p"))
        .item("sk", s("1"))
        .item("state", n(1))
        .item("at", n(1))
        .send()
        .await
        .unwrap_err();
    assert!(
        message(index.into())
            .contains("Type mismatch for Index Key state Expected: S Actual: N IndexName: by-state")
    );
    let key = client
        .update_item()
        .table_name("files")
        .key("pk", s("p"))
        .key("sk", s("1"))
        .update_expression("SET sk = :v")
        .expression_attribute_values(":v", s("2"))
        .send()
        .await
        .unwrap_err();
    assert!(message(key.into()).ends_with("Cannot update attribute sk. This attribute is part of the key"));
    let table = client.get_item().table_name("other").key("pk", s("p")).send().await.unwrap_err();
    assert!(table.into_service_error().is_resource_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn an_item_has_at_most_400_kib() {
    let client = files().await;
    let put = |len: usize| {
        client
            .put_item()
            .table_name("files")
            .item("pk", s("p"))
            .item("sk", s("1"))
            .item("v", s("x".repeat(len)))
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .send()
    };
    // pk + p, sk + 1, v + the text.
    let fits = 400 * 1024 - 3 - 3 - 1;
    let written = put(fits).await.unwrap();
    assert_eq!(written.consumed_capacity().unwrap().capacity_units(), Some(400.0));
    let refused = put(fits + 1).await.unwrap_err();
    assert_eq!(
        refused.into_service_error().message(),
        Some("Item size has exceeded the maximum allowed size")
    );
}

#[tokio::test(start_paused = true)]
async fn index_writes_are_counted() {
    let client = files().await;
    let units = |state: Option<&str>| {
        let item = client.put_item().table_name("files").item("pk", s("p")).item("sk", s("1"));
        let item = match state {
            Some(state) => item.item("state", s(state)).item("at", n(1)),
            None => item,
        };
        let sent = item.return_consumed_capacity(ReturnConsumedCapacity::Indexes).send();
        async { sent.await.unwrap().consumed_capacity.unwrap().capacity_units.unwrap() }
    };
    assert_eq!(units(None).await, 1.0, "a sparse index takes nothing");
    // Both indexes have state as a key.
    assert_eq!(units(Some("queued")).await, 3.0, "an entry appears in each");
    assert_eq!(units(Some("queued")).await, 1.0, "nothing changes in either");
    assert_eq!(units(Some("done")).await, 5.0, "an entry moves in each");
    assert_eq!(units(None).await, 3.0, "an entry vanishes from each");
}

#[tokio::test(start_paused = true)]
async fn conditional_increments_race_and_exactly_one_wins_each_round() {
    const TASKS: usize = 50;
    let client = files().await;
    put(&client, "p", "1").await;
    let race = (0..TASKS).map(|_| async {
        let mut wins = 0;
        for seen in 1..=20 {
            let update = client
                .update_item()
                .table_name("files")
                .key("pk", s("p"))
                .key("sk", s("1"))
                .update_expression("SET tries = tries + :one")
                .condition_expression("tries = :seen")
                .expression_attribute_values(":one", n(1))
                .expression_attribute_values(":seen", n(seen));
            wins += usize::from(update.send().await.is_ok());
        }
        wins
    });
    let wins: usize = futures::future::join_all(race).await.into_iter().sum();
    let item =
        client.get_item().table_name("files").key("pk", s("p")).key("sk", s("1")).send().await.unwrap();
    assert_eq!(wins, 20);
    assert_eq!(item.item().unwrap()["tries"], n(21));
}

#[tokio::test(start_paused = true)]
async fn counters_lose_no_increment() {
    let client = files().await;
    let add = || {
        client
            .update_item()
            .table_name("files")
            .key("pk", s("counter"))
            .key("sk", s("1"))
            .update_expression("ADD hits :one")
            .expression_attribute_values(":one", n(1))
            .send()
    };
    futures::future::try_join_all((0..200).map(|_| add())).await.unwrap();
    let item =
        client.get_item().table_name("files").key("pk", s("counter")).key("sk", s("1")).send().await.unwrap();
    assert_eq!(item.item().unwrap()["hits"], n(200));
}

#[tokio::test(start_paused = true)]
async fn batches_write_and_read() {
    let client = files().await;
    create_files(&client, "others").await;
    let put = |pk: &str| {
        let request = PutRequest::builder().item("pk", s(pk)).item("sk", s("1")).build().unwrap();
        WriteRequest::builder().put_request(request).build()
    };
    let written = client
        .batch_write_item()
        .request_items("files", (0..20).map(|i| put(&format!("p{i}"))).collect())
        .request_items("others", vec![put("o")])
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    assert!(written.unprocessed_items().is_none_or(HashMap::is_empty));
    let units: Vec<_> =
        written.consumed_capacity().iter().map(|usage| usage.capacity_units().unwrap()).collect();
    assert_eq!(units, [20.0, 1.0]);

    let key = |pk: &str| HashMap::from([("pk".to_owned(), s(pk)), ("sk".to_owned(), s("1"))]);
    let keys = |pks: &[&str]| {
        let keys = KeysAndAttributes::builder().set_keys(Some(pks.iter().map(|pk| key(pk)).collect()));
        keys.projection_expression("pk").build().unwrap()
    };
    let read = client
        .batch_get_item()
        .request_items("files", keys(&["p3", "missing", "p7"]))
        .request_items("others", keys(&["o"]))
        .send()
        .await
        .unwrap();
    let responses = read.responses().unwrap();
    let found: Vec<_> = responses["files"].iter().map(|item| text(&item["pk"])).collect();
    assert_eq!(found, ["p3", "p7"]);
    assert_eq!(responses["others"].len(), 1);

    let delete = DeleteRequest::builder().set_key(Some(key("p3"))).build().unwrap();
    let twice = client
        .batch_write_item()
        .request_items("files", vec![put("p3"), WriteRequest::builder().delete_request(delete).build()])
        .send()
        .await
        .unwrap_err();
    assert_eq!(twice.into_service_error().message(), Some("Provided list of item keys contains duplicates"));
    let many = (0..26).map(|i| put(&format!("p{i}"))).collect();
    let many = client.batch_write_item().request_items("files", many).send().await.unwrap_err();
    assert_eq!(
        many.into_service_error().message(),
        Some("Too many items requested for the BatchWriteItem call")
    );
}

#[tokio::test(start_paused = true)]
async fn listeners_see_every_change_in_order() {
    let (cloud, client) = client();
    let mut changes = cloud.item_changes("files");
    create_files(&client, "files").await;
    put(&client, "p", "1").await;
    put(&client, "p", "1").await;
    for tries in 2..=3 {
        client
            .update_item()
            .table_name("files")
            .key("pk", s("p"))
            .key("sk", s("1"))
            .update_expression("SET tries = :v")
            .expression_attribute_values(":v", n(tries))
            .send()
            .await
            .unwrap();
    }
    client.delete_item().table_name("files").key("pk", s("p")).key("sk", s("1")).send().await.unwrap();
    let tries = |image: Option<simcloud::Image>| image.map(|image| image.number("tries").unwrap());
    let mut seen = Vec::new();
    while let Ok(change) = changes.try_recv() {
        seen.push((tries(change.old), tries(change.new)));
    }
    let number = |text: &str| Some(text.to_owned());
    assert_eq!(
        seen,
        [(None, number("1")), (number("1"), number("2")), (number("2"), number("3")), (number("3"), None)]
    );
}
