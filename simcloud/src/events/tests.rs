use std::sync::Arc;

use serde_json::{Value, json};

use super::object::tests::put;
use super::*;

struct World {
    bus: EventBus,
    sqs: Arc<Sqs>,
}

impl World {
    /// A bus and the queues `work` and `dead`.
    async fn new() -> Self {
        let options = Options::default();
        let (clock, entropy) = (Clock::starting_at(options.epoch), Arc::new(Entropy::new(1)));
        let sqs = Sqs::new(&options, clock.clone(), Arc::clone(&entropy), crate::journal::Slot::default());
        let bus = EventBus::new(&options, clock, entropy, Arc::clone(&sqs));
        for name in ["work", "dead"] {
            sqs.call(&caller(), "CreateQueue", json!({"QueueName": name})).await.unwrap();
        }
        Self { bus, sqs }
    }

    async fn call(&self, operation: &str, request: Value) -> ApiResult {
        self.bus.call(&caller(), operation, request).await
    }

    async fn refused(&self, operation: &str, request: Value) -> String {
        self.call(operation, request).await.unwrap_err().code.into_owned()
    }

    /// The rule `r` for new objects, to the queue `queue`.
    async fn rule(&self, pattern: Value, queue: &str) {
        self.call("PutRule", json!({"Name": "r", "EventPattern": pattern.to_string()})).await.unwrap();
        let target = json!({"Id": "t", "Arn": arn(queue), "DeadLetterConfig": {"Arn": arn("dead")}});
        self.call("PutTargets", json!({"Rule": "r", "Targets": [target]})).await.unwrap();
    }

    async fn messages(&self, queue: &str) -> Vec<Value> {
        let request = json!({
            "QueueUrl": format!("http://h/000000000000/{queue}"), "MaxNumberOfMessages": 10,
            "MessageAttributeNames": ["All"],
        });
        let mut reply = self.sqs.call(&caller(), "ReceiveMessage", request).await.unwrap();
        reply["Messages"].take().as_array().cloned().unwrap_or_default()
    }
}

fn caller() -> Caller {
    Caller { base_url: "http://h".to_owned(), ..Caller::default() }
}

fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:us-east-1:000000000000:{queue}")
}

fn any_object() -> Value {
    json!({"source": ["aws.s3"], "detail": {"bucket": {"name": ["in"]}}})
}

#[tokio::test(start_paused = true)]
async fn a_new_object_reaches_the_queue_in_ascii() {
    let world = World::new().await;
    world.rule(any_object(), "work").await;
    let key = "a\u{ffff}\u{1}é😀/../ +%20\"\\";
    world.bus.object_event(&put(key));
    let messages = world.messages("work").await;
    let body = messages[0]["Body"].as_str().unwrap();
    assert!(body.is_ascii());
    let event: Value = serde_json::from_str(body).unwrap();
    assert_eq!(event["detail"]["object"]["key"], key);
    assert_eq!(event["time"], "2026-05-28T20:26:40Z");
    assert_eq!(messages.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_enabled_rules_that_match_deliver() {
    let world = World::new().await;
    world.rule(json!({"detail": {"object": {"key": [{"prefix": "in/"}]}}}), "work").await;
    world.bus.object_event(&put("out/a"));
    assert!(world.messages("work").await.is_empty());
    world.call("DisableRule", json!({"Name": "r"})).await.unwrap();
    world.bus.object_event(&put("in/a"));
    assert!(world.messages("work").await.is_empty());
    world.call("EnableRule", json!({"Name": "r"})).await.unwrap();
    world.bus.object_event(&put("in/a"));
    assert_eq!(world.messages("work").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_target_cannot_take_goes_to_its_dead_letter_queue() {
    let world = World::new().await;
    world.rule(any_object(), "gone").await;
    world.bus.object_event(&put("k"));
    let message = world.messages("dead").await.remove(0);
    let attribute = |name: &str| message["MessageAttributes"][name]["StringValue"].as_str().unwrap();
    assert_eq!(attribute("RULE_ARN"), "arn:aws:events:us-east-1:000000000000:rule/r");
    assert_eq!(attribute("TARGET_ARN"), arn("gone"));
    assert_eq!(attribute("ERROR_CODE"), "QueueDoesNotExist");
    assert!(!attribute("ERROR_MESSAGE").is_empty());
    let event: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
    assert_eq!(event["detail"]["object"]["key"], "k");
    assert_eq!(world.bus.undelivered(), 0);

    let target = json!({"Id": "t", "Arn": arn("gone")});
    world.call("PutTargets", json!({"Rule": "r", "Targets": [target]})).await.unwrap();
    world.bus.object_event(&put("k"));
    assert_eq!(world.bus.undelivered(), 1);
}

#[tokio::test(start_paused = true)]
async fn events_of_ones_own_are_checked_and_matched() {
    let world = World::new().await;
    world.rule(json!({"source": ["app"], "detail": {"n": [1]}}), "work").await;
    let entries = json!([
        {"Source": "app", "DetailType": "Done", "Detail": "{\"n\": 1}", "Time": 1_636_675_200.5},
        {"Source": "app", "DetailType": "Done", "Detail": "{\"n\": 2}"},
        {"Source": "app", "DetailType": "Done", "Detail": "[]"},
        {"Source": "aws.s3", "DetailType": "Done", "Detail": "{}"},
        {"DetailType": "Done", "Detail": "{}"},
    ]);
    let reply = world.call("PutEvents", json!({"Entries": entries})).await.unwrap();
    assert_eq!(reply["FailedEntryCount"], 3);
    let codes: Vec<_> =
        reply["Entries"].as_array().unwrap().iter().map(|e| e["ErrorCode"].as_str()).collect();
    let refused = [Some("MalformedDetail"), Some("NotAuthorizedForSourceException"), Some("InvalidArgument")];
    assert_eq!(codes, [[None, None].as_slice(), &refused].concat());
    let messages = world.messages("work").await;
    let event: Value = serde_json::from_str(messages[0]["Body"].as_str().unwrap()).unwrap();
    assert_eq!((messages.len(), &event["id"]), (1, &reply["Entries"][0]["EventId"]));
    assert_eq!(event["time"], "2021-11-12T00:00:00Z");
    assert_eq!(world.refused("PutEvents", json!({"Entries": []})).await, "ValidationException");
    let elsewhere =
        json!({"Source": "app", "DetailType": "Done", "Detail": "{\"n\": 1}", "EventBusName": "none"});
    let reply = world.call("PutEvents", json!({"Entries": [elsewhere]})).await.unwrap();
    assert!(reply["FailedEntryCount"] == 0 && reply["Entries"][0]["EventId"].is_string(), "{reply}");
    assert!(world.messages("work").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn rules_are_kept_replaced_listed_and_deleted() {
    let world = World::new().await;
    world.rule(any_object(), "work").await;
    let again =
        json!({"Name": "r", "EventPattern": "{\"source\":[\"x\"]}", "State": "DISABLED", "Description": "d"});
    world.call("PutRule", again).await.unwrap();
    let rule = world.call("DescribeRule", json!({"Name": "r", "EventBusName": "default"})).await.unwrap();
    assert_eq!((&rule["State"], &rule["Description"]), (&json!("DISABLED"), &json!("d")));
    assert_eq!(
        (&rule["EventPattern"], &rule["CreatedBy"]),
        (&json!("{\"source\":[\"x\"]}"), &json!("000000000000"))
    );
    let targets = world.call("ListTargetsByRule", json!({"Rule": "r"})).await.unwrap();
    assert_eq!(targets["Targets"][0]["DeadLetterConfig"]["Arn"], arn("dead"));
    let names = world.call("ListRuleNamesByTarget", json!({"TargetArn": arn("work")})).await.unwrap();
    assert_eq!(names["RuleNames"], json!(["r"]));

    world.call("PutRule", json!({"Name": "s", "EventPattern": "{\"a\":[1]}"})).await.unwrap();
    let first = world.call("ListRules", json!({"Limit": 1})).await.unwrap();
    let second = world.call("ListRules", json!({"Limit": 1, "NextToken": first["NextToken"]})).await.unwrap();
    assert_eq!((&first["Rules"][0]["Name"], &second["Rules"][0]["Name"]), (&json!("r"), &json!("s")));
    assert_eq!(second.get("NextToken"), None);

    assert_eq!(world.refused("DeleteRule", json!({"Name": "r"})).await, "ValidationException");
    world.call("RemoveTargets", json!({"Rule": "r", "Ids": ["t"]})).await.unwrap();
    world.call("DeleteRule", json!({"Name": "r"})).await.unwrap();
    world.call("DeleteRule", json!({"Name": "r"})).await.unwrap();
    assert_eq!(world.refused("DescribeRule", json!({"Name": "r"})).await, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_or_not_there_is_refused() {
    let world = World::new().await;
    world.rule(any_object(), "work").await;
    let put_rule = |pattern: &str| world.refused("PutRule", json!({"Name": "x", "EventPattern": pattern}));
    assert_eq!(put_rule("{\"a\":1}").await, "InvalidEventPatternException");
    let schedule = json!({"Name": "x", "ScheduleExpression": "rate(1 minute)"});
    assert_eq!(world.refused("PutRule", schedule).await, "NotImplemented");
    let other = json!({"Name": "x", "EventPattern": "{\"a\":[1]}", "EventBusName": "mine"});
    assert_eq!(world.refused("PutRule", other).await, "ResourceNotFoundException");
    for (target, code) in [
        (json!({"Id": "t", "Arn": arn("work"), "InputPath": "$.detail"}), "NotImplemented"),
        (json!({"Id": "t", "Arn": "arn:aws:lambda:us-east-1:000000000000:function:f"}), "NotImplemented"),
        (json!({"Id": "t", "Arn": arn("work.fifo")}), "NotImplemented"),
        (json!({"Id": "t", "Arn": "arn:aws:sqs:eu-west-1:000000000000:work"}), "ValidationException"),
        (json!({"Id": "t t", "Arn": arn("work")}), "ValidationException"),
    ] {
        assert_eq!(world.refused("PutTargets", json!({"Rule": "r", "Targets": [target]})).await, code);
    }
    let six: Vec<_> = (0..6).map(|n| json!({"Id": n.to_string(), "Arn": arn("work")})).collect();
    assert_eq!(
        world.refused("PutTargets", json!({"Rule": "r", "Targets": six})).await,
        "LimitExceededException"
    );
    assert_eq!(world.refused("CreateEventBus", json!({"Name": "b"})).await, "NotImplemented");
}

#[tokio::test(start_paused = true)]
async fn a_constant_input_replaces_the_event() {
    let world = World::new().await;
    world.rule(any_object(), "work").await;
    let target = json!({"Id": "t", "Arn": arn("work"), "Input": "{\"é\":1}"});
    world.call("PutTargets", json!({"Rule": "r", "Targets": [target]})).await.unwrap();
    world.bus.object_event(&put("k"));
    assert_eq!(world.messages("work").await[0]["Body"], "{\"\\u00e9\":1}");
}

#[tokio::test(start_paused = true)]
async fn patterns_can_be_tried_out() {
    let world = World::new().await;
    let event = json!({
        "id": "1", "account": "0", "source": "app", "time": "t", "region": "r", "detail-type": "d",
    });
    let test = |pattern: &str, event: &Value| json!({"EventPattern": pattern, "Event": event.to_string()});
    let reply = world.call("TestEventPattern", test("{\"source\":[\"app\"]}", &event)).await.unwrap();
    assert_eq!(reply["Result"], true);
    let whole = world.refused("TestEventPattern", test("{\"source\":[\"app\"]}", &json!({}))).await;
    assert_eq!(whole, "ValidationException");
    let invalid = world.refused("TestEventPattern", test("{}", &event)).await;
    assert_eq!(invalid, "InvalidEventPatternException");
}

#[tokio::test(start_paused = true)]
async fn tags_and_buses() {
    let world = World::new().await;
    world.rule(any_object(), "work").await;
    let arn = "arn:aws:events:us-east-1:000000000000:rule/r";
    let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]);
    world.call("TagResource", json!({"ResourceARN": arn, "Tags": tags})).await.unwrap();
    world.call("UntagResource", json!({"ResourceARN": arn, "TagKeys": ["a"]})).await.unwrap();
    let tags = world.call("ListTagsForResource", json!({"ResourceARN": arn})).await.unwrap();
    assert_eq!(tags["Tags"], json!([{"Key": "b", "Value": "2"}]));
    let buses = world.call("ListEventBuses", json!({})).await.unwrap();
    assert_eq!(buses["EventBuses"][0]["Name"], "default");
    assert_eq!(world.refused("DescribeEventBus", json!({"Name": "x"})).await, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn a_restored_bus_delivers_as_before() {
    let (before, after) = (World::new().await, World::new().await);
    before.rule(any_object(), "work").await;
    after.bus.restore(before.bus.snapshot()).unwrap();
    after.bus.object_event(&put("k"));
    assert_eq!(after.messages("work").await.len(), 1);
    assert!(after.bus.restore(json!([{"name": 1}])).is_err());
}
