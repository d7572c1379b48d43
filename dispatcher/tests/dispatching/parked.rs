//! What is not understood goes to the dead-letter queue, and nothing waits for it.

use simcloud::{Effect, Fault};

use crate::bench::Bench;
use crate::bodies::{event, notification, record};

const GARBAGE: &str = "not JSON \u{1f69a}";

fn malformed(body: &str) -> (String, String) {
    (body.to_owned(), "malformed_event".to_owned())
}

#[tokio::test(start_paused = true)]
async fn malformed_and_foreign_messages_are_parked_at_once_as_they_are() {
    let bench = Bench::new().await;
    let foreign = "{\"source\": \"aws.ec2\", \"detail-type\": \"x\"}";
    bench.tell(&[GARBAGE.to_owned(), event("good", 1), foreign.to_owned()]).await;
    bench.dispatch().await;
    let parked = bench.parked().await;
    assert!(
        parked.len() == 2 && parked.contains(&malformed(GARBAGE)) && parked.contains(&malformed(foreign)),
        "{parked:?}"
    );
    assert_eq!(bench.keys("fast").await, ["good"]);
    assert_eq!((bench.count(|c| &c.parked), bench.count(|c| &c.released)), (2, 0));
    assert_eq!(bench.left().await, 0);
}

#[tokio::test(start_paused = true)]
async fn messages_beside_a_malformed_one_are_sent_before_it_is_parked() {
    let bench = Bench::new().await;
    bench.tell(&[GARBAGE.to_owned(), event("good", 1)]).await;
    let gate = bench.world.cloud.faults().gate("SQS", "SendMessage");
    let at_the_gate = async {
        gate.reached().await;
        assert_eq!(bench.keys("fast").await, ["good"]);
        gate.open();
    };
    futures::join!(bench.dispatch(), at_the_gate);
    assert_eq!(bench.parked().await, [malformed(GARBAGE)]);
}

#[tokio::test(start_paused = true)]
async fn of_a_partly_malformed_message_the_good_records_are_sent_and_the_raw_message_is_parked() {
    let bench = Bench::new().await;
    let mut broken = record("broken", 1);
    broken["s3"]["object"]["size"] = "much".into();
    let body = notification(&[record("one", 1), broken, record("two", 1)]);
    bench.tell(std::slice::from_ref(&body)).await;
    bench.dispatch().await;
    assert_eq!(bench.keys("fast").await, ["one", "two"]);
    assert_eq!(bench.parked().await, [malformed(&body)]);
    assert_eq!(bench.left().await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_understood_and_asks_for_nothing_is_deleted_and_not_parked() {
    let bench = Bench::new().await;
    let deleted = event("a", 1).replace("Object Created", "Object Deleted");
    bench.tell(&["{\"Event\":\"s3:TestEvent\"}".to_owned(), deleted]).await;
    bench.dispatch().await;
    assert_eq!((bench.count(|c| &c.ignored), bench.count(|c| &c.events)), (2, 0));
    assert!(bench.parked().await.is_empty());
    assert_eq!(bench.left().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_parked_is_given_back_and_parked_later() {
    let bench = Bench::new().await;
    bench.tell(&[GARBAGE.to_owned(), event("good", 1)]).await;
    let refusal = Effect::respond(400, "AccessDeniedException", "no");
    let fault = bench.world.cloud.faults().add(Fault::on("SQS", "SendMessage").always().effect(refusal));
    bench.dispatch().await;
    assert_eq!((bench.count(|c| &c.parked), bench.count(|c| &c.released)), (0, 1));
    assert_eq!(bench.keys("fast").await, ["good"]);

    bench.world.cloud.faults().remove(fault);
    bench.dispatch_all().await;
    assert_eq!(bench.parked().await, [malformed(GARBAGE)]);
    assert!(bench.lane("fast").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_partly_malformed_message_is_not_parked_before_its_good_records_are_sent() {
    let bench = Bench::new().await;
    let body = notification(&[record("good", 1), serde_json::json!({})]);
    bench.tell(std::slice::from_ref(&body)).await;
    let refusal = Effect::respond(400, "AccessDeniedException", "no");
    let fault = bench.world.cloud.faults().add(Fault::on("SQS", "SendMessageBatch").always().effect(refusal));
    bench.dispatch().await;
    assert!(bench.parked().await.is_empty());

    bench.world.cloud.faults().remove(fault);
    bench.dispatch_all().await;
    assert_eq!(bench.keys("fast").await, ["good"]);
    assert_eq!(bench.parked().await, [malformed(&body)]);
}

#[tokio::test(start_paused = true)]
async fn an_event_with_more_text_than_the_ledger_can_hold_is_parked() {
    for part in ["landing", "2026-11-12T00:00:00Z", "b1946ac92492d2347c6235b4d2611184", "v1"] {
        let bench = Bench::new().await;
        let versioned = event("a", 1).replace("\"size\"", "\"version-id\":\"v1\",\"size\"");
        let body = versioned.replace(part, &"x".repeat(500_000));
        assert!(body.len() > 500_000, "{part}");
        bench.tell(&[body.clone(), event("good", 1)]).await;
        bench.dispatch_all().await;
        assert!(bench.parked().await == [malformed(&body)], "{part}");
        assert_eq!(bench.keys("fast").await, ["good"]);
        assert_eq!(bench.count(|c| &c.released), 0);
    }
}
