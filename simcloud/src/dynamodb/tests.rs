//! Calls as they arrive: JSON in, JSON out.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn dynamodb() -> DynamoDb {
    let options = Options::default();
    let clock = Clock::starting_at(options.epoch);
    DynamoDb::new(&options, clock, crate::journal::Slot::default())
}

async fn call(dynamodb: &DynamoDb, operation: &str, request: Value) -> ApiResult {
    let caller = Caller { base_url: "http://simcloud.local".to_owned(), ..Caller::default() };
    dynamodb.call(&caller, operation, request).await
}

/// A table of strings `pk`, with a KEYS_ONLY index by `lane`.
async fn with_files() -> DynamoDb {
    let dynamodb = dynamodb();
    let request = json!({
        "TableName": "files", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "lane", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by-lane", "KeySchema": [{"AttributeName": "lane", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }],
        "Tags": [{"Key": "a", "Value": "b"}],
    });
    call(&dynamodb, "CreateTable", request).await.unwrap();
    dynamodb
}

async fn put(dynamodb: &DynamoDb, item: Value) -> ApiResult {
    call(dynamodb, "PutItem", json!({"TableName": "files", "Item": item})).await
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_restores_tables_items_and_indexes() {
    let before = with_files().await;
    for number in 0..50 {
        put(&before, json!({"pk": {"S": format!("f{number}")}, "lane": {"S": "small"}, "n": {"N": "1.50"}}))
            .await
            .unwrap();
    }
    let ttl = json!({"TableName": "files", "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": true}});
    call(&before, "UpdateTimeToLive", ttl).await.unwrap();
    let snapshot = before.snapshot();

    let after = dynamodb();
    after.restore(snapshot.clone()).unwrap();
    assert_eq!(after.snapshot(), snapshot);
    let names = json!({"TableName": "files"});
    for operation in ["DescribeTable", "DescribeTimeToLive"] {
        let (old, new) =
            (call(&before, operation, names.clone()).await, call(&after, operation, names.clone()).await);
        assert_eq!(new.unwrap(), old.unwrap(), "{operation}");
    }
    let query = json!({
        "TableName": "files", "IndexName": "by-lane", "Select": "COUNT", "KeyConditionExpression": "lane = :l",
        "ExpressionAttributeValues": {":l": {"S": "small"}},
    });
    assert_eq!(call(&after, "Query", query).await.unwrap()["Count"], 50);
    let twice = json!([snapshot[0], snapshot[0]]);
    for wrong in [twice, json!([{"Items": []}]), json!({})] {
        assert!(after.restore(wrong).is_err());
    }
    assert_eq!(after.snapshot(), snapshot);
}

#[tokio::test(start_paused = true)]
async fn the_same_calls_give_the_same_answers() {
    let mut scans = Vec::new();
    for _ in 0..2 {
        let dynamodb = with_files().await;
        for number in 0..20 {
            put(&dynamodb, json!({"pk": {"S": format!("f{number}")}, "set": {"SS": ["z", "a"]}}))
                .await
                .unwrap();
        }
        let scan = call(&dynamodb, "Scan", json!({"TableName": "files"})).await.unwrap();
        let description = call(&dynamodb, "DescribeTable", json!({"TableName": "files"})).await.unwrap();
        scans.push((scan.to_string(), description.to_string()));
    }
    assert_eq!(scans[0], scans[1]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_changes_nothing() {
    let dynamodb = with_files().await;
    put(&dynamodb, json!({"pk": {"S": "f"}, "lane": {"S": "small"}})).await.unwrap();
    let before = dynamodb.snapshot();
    let update = |update: &str| {
        json!({
            "TableName": "files", "Key": {"pk": {"S": "f"}}, "UpdateExpression": update,
            "ExpressionAttributeValues": {":v": {"N": "1"}},
        })
    };
    for (expression, wanted) in [
        ("SET lane = :v", "Type mismatch for Index Key lane Expected: S Actual: N IndexName: by-lane"),
        ("SET x = :v, y = absent", "refers to an attribute that does not exist"),
        ("SET x = :v, a.b = :v", "document path provided in the update expression is invalid"),
    ] {
        let refused = call(&dynamodb, "UpdateItem", update(expression)).await.unwrap_err();
        assert!(refused.message.contains(wanted), "{}", refused.message);
    }
    let batch = json!({"RequestItems": {"files": [
        {"PutRequest": {"Item": {"pk": {"S": "g"}}}}, {"PutRequest": {"Item": {"pk": {"S": "h"}, "lane": {"S": ""}}}},
    ]}});
    assert!(call(&dynamodb, "BatchWriteItem", batch).await.is_err());
    assert_eq!(dynamodb.snapshot(), before);
}

#[tokio::test(start_paused = true)]
async fn requests_are_checked_before_anything_is_done() {
    let dynamodb = with_files().await;
    for (operation, request, code, wanted) in [
        ("GetItem", json!({"TableName": "files"}), "ValidationException", "Value null at 'key'"),
        ("GetItem", json!({"Key": {}}), "ValidationException", "Value null at 'tableName'"),
        ("GetItem", json!([]), "SerializationException", "must be an object"),
        (
            "GetItem",
            json!({"TableName": "files", "Key": {"pk": {"S": "f"}}, "AttributesToGet": ["pk"]}),
            "NotImplemented",
            "DynamoDB GetItem with AttributesToGet",
        ),
        (
            "Scan",
            json!({"TableName": "files", "Limit": 0}),
            "ValidationException",
            "greater than or equal to 1",
        ),
        (
            "Scan",
            json!({"TableName": "files", "Segment": 2, "TotalSegments": 2}),
            "ValidationException",
            "zero-based",
        ),
        ("Scan", json!({"TableName": "files", "Select": "SOME"}), "ValidationException", "enum value set"),
        (
            "PutItem",
            json!({"TableName": "files", "Item": {"pk": {"S": "f"}}, "ReturnValues": "ALL_NEW"}),
            "ValidationException",
            "ReturnValues can only be ALL_OLD or NONE",
        ),
        (
            "PutItem",
            json!({"TableName": "files", "Item": {"pk": {"S": "f"}}, "ExpressionAttributeValues": {":v": {"S": "x"}}}),
            "ValidationException",
            "ExpressionAttributeValues can only be specified when using expressions",
        ),
        ("CreateBackup", json!({}), "NotImplemented", "DynamoDB CreateBackup"),
    ] {
        let refused = call(&dynamodb, operation, request).await.unwrap_err();
        assert_eq!(refused.code, code, "{}", refused.message);
        assert!(refused.message.contains(wanted), "{}", refused.message);
    }
    assert_eq!(dynamodb.snapshot()[0]["Items"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_table_is_also_found_by_its_arn() {
    let dynamodb = with_files().await;
    put(&dynamodb, json!({"pk": {"S": "f"}})).await.unwrap();
    let arn = dynamodb.arn("files");
    let got = call(&dynamodb, "GetItem", json!({"TableName": arn, "Key": {"pk": {"S": "f"}}})).await;
    assert_eq!(got.unwrap(), json!({"Item": {"pk": {"S": "f"}}}));
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_left_is_forgotten() {
    let dynamodb = with_files().await;
    let (left, mut stays) = (dynamodb.subscribe("files"), dynamodb.subscribe("files"));
    drop(left);
    put(&dynamodb, json!({"pk": {"S": "f"}})).await.unwrap();
    put(&dynamodb, json!({"pk": {"S": "f"}})).await.unwrap();
    assert_eq!(stays.recv().await.unwrap().new.unwrap().text("pk"), Some("f"));
    assert!(stays.try_recv().is_err(), "a write that changes nothing is no change");
}

/// One write of a random history: an item number, and its lane and size if it is put.
#[derive(Debug, Clone)]
enum Step {
    Put(u8, Option<u8>, usize),
    SetLane(u8, u8),
    RemoveLane(u8),
    Delete(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let (item, lane) = (0_u8..6, 0_u8..3);
    prop_oneof![
        (item.clone(), prop::option::of(lane.clone()), 0_usize..3000)
            .prop_map(|(item, lane, len)| Step::Put(item, lane, len)),
        (item.clone(), lane).prop_map(|(item, lane)| Step::SetLane(item, lane)),
        item.clone().prop_map(Step::RemoveLane),
        item.prop_map(Step::Delete),
    ]
}

/// Applies a step to the table and to the model: each item's lane.
async fn apply(dynamodb: &DynamoDb, model: &mut BTreeMap<u8, Option<u8>>, step: &Step) {
    let key = |item: &u8| json!({"pk": {"S": item.to_string()}});
    let update =
        |item: &u8, update: &str| json!({"TableName": "files", "Key": key(item), "UpdateExpression": update});
    let (operation, request) = match step {
        Step::Put(item, lane, len) => {
            let mut put = json!({"pk": {"S": item.to_string()}, "text": {"S": "x".repeat(*len)}});
            if let Some(lane) = lane {
                put["lane"] = json!({"S": lane.to_string()});
            }
            model.insert(*item, *lane);
            ("PutItem", json!({"TableName": "files", "Item": put}))
        }
        Step::SetLane(item, lane) => {
            let mut request = update(item, "SET lane = :l");
            request["ExpressionAttributeValues"] = json!({":l": {"S": lane.to_string()}});
            model.insert(*item, Some(*lane));
            ("UpdateItem", request)
        }
        Step::RemoveLane(item) => {
            model.insert(*item, None);
            ("UpdateItem", update(item, "REMOVE lane"))
        }
        Step::Delete(item) => {
            model.remove(item);
            ("DeleteItem", json!({"TableName": "files", "Key": key(item)}))
        }
    };
    call(dynamodb, operation, request).await.unwrap();
}

async fn in_lane(dynamodb: &DynamoDb, lane: u8) -> Vec<String> {
    let query = json!({
        "TableName": "files", "IndexName": "by-lane", "KeyConditionExpression": "lane = :l",
        "ExpressionAttributeValues": {":l": {"S": lane.to_string()}},
    });
    let answer = call(dynamodb, "Query", query).await.unwrap();
    let items = answer["Items"].as_array().unwrap();
    let mut found: Vec<_> = items.iter().map(|item| item["pk"]["S"].as_str().unwrap().to_owned()).collect();
    found.sort();
    found
}

async fn agrees_with_model(steps: &[Step]) {
    let dynamodb = with_files().await;
    let mut model = BTreeMap::new();
    for step in steps {
        apply(&dynamodb, &mut model, step).await;
    }
    for lane in 0..3 {
        let wanted = model.iter().filter(|(_, at)| **at == Some(lane)).map(|(item, _)| item.to_string());
        assert_eq!(in_lane(&dynamodb, lane).await, wanted.collect::<Vec<_>>());
    }
    // Counts and sizes that writes kept up are those of the same items put once.
    let fresh = self::dynamodb();
    fresh.restore(dynamodb.snapshot()).unwrap();
    let describe = || json!({"TableName": "files"});
    let kept = call(&dynamodb, "DescribeTable", describe()).await.unwrap();
    assert_eq!(kept, call(&fresh, "DescribeTable", describe()).await.unwrap());
    assert_eq!(kept["Table"]["ItemCount"], model.len());
}

proptest! {
    #[test]
    fn an_index_always_agrees_with_its_table(steps in prop::collection::vec(step(), 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(agrees_with_model(&steps));
    }
}

#[tokio::test(start_paused = true)]
async fn expired_items_are_seen_for_two_more_days_and_then_deleted() {
    let dynamodb = with_files().await;
    let ttl = json!({"TableName": "files", "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": true}});
    call(&dynamodb, "UpdateTimeToLive", ttl).await.unwrap();
    let mut changes = dynamodb.subscribe("files");
    let now = dynamodb.clock.unix_ms() / 1000;
    for (pk, expires_at) in [
        ("due", json!({"N": (now + 60).to_string()})),
        ("later", json!({"N": (now + 200_000).to_string()})),
        ("text", json!({"S": "0"})),
    ] {
        put(&dynamodb, json!({"pk": {"S": pk}, "lane": {"S": "small"}, "expires_at": expires_at}))
            .await
            .unwrap();
        changes.recv().await.unwrap();
    }
    let count =
        async || call(&dynamodb, "Scan", json!({"TableName": "files"})).await.unwrap()["Count"].clone();
    tokio::time::advance(std::time::Duration::from_secs(47 * 3600)).await;
    assert_eq!(count().await, 3);
    tokio::time::advance(std::time::Duration::from_secs(3 * 3600)).await;
    assert_eq!(count().await, 2);
    assert_eq!(changes.recv().await.unwrap().old.unwrap().text("pk"), Some("due"));
    let by_lane = json!({
        "TableName": "files", "IndexName": "by-lane", "KeyConditionExpression": "lane = :l",
        "ExpressionAttributeValues": {":l": {"S": "small"}},
    });
    assert_eq!(call(&dynamodb, "Query", by_lane).await.unwrap()["Count"], 2);
}
