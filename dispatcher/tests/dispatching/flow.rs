//! The way of a file that lands: from the object to the message in its lane.

use common::lane::Lane;
use common::ledger::{Claim, Queued, Status};
use common::transfer::{Target, TransferId};

use crate::bench::Bench;
use crate::bodies::{by_sns, event, notification, record};

#[tokio::test(start_paused = true)]
async fn an_object_that_lands_is_queued_in_the_ledger_and_in_its_lane() {
    let bench = Bench::new().await;
    let key = "acme/inbound/März + 1%2F \u{1f69a}.csv";
    bench.put(key, b"hello").await;
    assert_eq!(bench.dispatch().await, 1);

    let sent = bench.lane("fast").await;
    assert_eq!(sent.len(), 1);
    let (transfer, group) = &sent[0];
    assert_eq!((transfer.source.bucket.as_str(), transfer.source.key.as_str()), ("landing", key));
    assert_eq!(
        (transfer.source.size_bytes, transfer.source.etag.as_str()),
        (5, "5d41402abc4b2a76b9719d911017c592")
    );
    assert_eq!(transfer.target, Target { bucket: "delivered".into(), key: key.into() });
    assert_eq!(transfer.id, TransferId::derive(&transfer.source, &transfer.target));
    assert_eq!((transfer.customer.as_str(), group.as_deref()), ("unassigned", Some("unassigned")));
    assert_eq!(bench.status(&transfer.id).await, Some(Status::Queued));
    assert_eq!(bench.left().await, 0);
    assert_eq!(
        (bench.count(|c| &c.messages), bench.count(|c| &c.events), bench.count(|c| &c.sent)),
        (1, 1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn the_ledger_knows_of_a_transfer_before_its_lane_does() {
    let bench = Bench::new().await;
    bench.put("a", b"").await;
    let mut changes = bench.world.cloud.item_changes(topology::TABLE);
    let gate = bench.world.cloud.faults().gate("SQS", "SendMessageBatch");
    let at_the_gate = async {
        gate.reached().await;
        let queued = changes.try_recv().unwrap().new.unwrap();
        assert_eq!(queued.text("status"), Some("queued"));
        gate.open();
    };
    futures::join!(bench.dispatch(), at_the_gate);
    assert_eq!(bench.keys("fast").await, ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_is_deleted_only_after_it_was_sent() {
    let bench = Bench::new().await;
    bench.put("a", b"").await;
    let gate = bench.world.cloud.faults().gate("SQS", "DeleteMessageBatch");
    let at_the_gate = async {
        gate.reached().await;
        assert_eq!(bench.keys("fast").await, ["a"]);
        gate.open();
    };
    futures::join!(bench.dispatch(), at_the_gate);
    assert_eq!(bench.left().await, 0);
}

#[tokio::test(start_paused = true)]
async fn all_envelopes_lead_to_the_same_lane() {
    let bench = Bench::new().await;
    let records = notification(&[record("b+1", 1), record("c%2B1", 1)]);
    bench
        .tell(&[event("a 1", 1), records, by_sns(&event("d", 1)), by_sns(&notification(&[record("e", 1)]))])
        .await;
    assert_eq!(bench.dispatch().await, 4);
    assert_eq!(bench.keys("fast").await, ["a 1", "b 1", "c+1", "d", "e"]);
    assert_eq!(bench.left().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_of_many_records_is_sent_in_several_batches() {
    let bench = Bench::new().await;
    let records: Vec<_> = (10..75).map(|number| record(&number.to_string(), 1)).collect();
    bench.tell(&[notification(&records)]).await;
    bench.dispatch().await;
    assert_eq!(bench.keys("fast").await, (10..75).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(bench.count(|c| &c.sent), 65);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_of_what_is_queued_is_sent_again_since_it_may_never_have_been() {
    let bench = Bench::new().await;
    bench.tell(&[event("a", 1)]).await;
    bench.dispatch().await;
    bench.tell(&[event("a", 1)]).await;
    bench.dispatch().await;
    let sent = bench.lane("fast").await;
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].0.id, sent[1].0.id);
    assert_eq!(bench.count(|c| &c.duplicates), 0);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_of_what_is_beyond_queued_is_dropped() {
    let bench = Bench::new().await;
    bench.tell(&[event("a", 1)]).await;
    bench.dispatch().await;
    let (transfer, _) = bench.lane("fast").await.remove(0);
    let claimed = bench.world.ledger().claim(&transfer.id, "worker", "owner").await.unwrap();
    assert!(matches!(claimed, Claim::Held { .. }));
    let record = bench.record(&transfer.id).await;

    bench.tell(&[event("a", 1), event("a", 1)]).await;
    bench.dispatch().await;
    assert!(bench.lane("fast").await.is_empty());
    assert_eq!(bench.count(|c| &c.duplicates), 2);
    assert_eq!(bench.left().await, 0);
    assert_eq!(bench.record(&transfer.id).await, record);
}

#[tokio::test(start_paused = true)]
async fn a_new_version_of_a_key_is_no_duplicate() {
    let bench = Bench::new().await;
    bench.put("a", b"same bytes").await;
    bench.put("a", b"same bytes").await;
    bench.dispatch_all().await;
    let sent = bench.lane("fast").await;
    assert_eq!(sent.len(), 2);
    assert_ne!(sent[0].0.id, sent[1].0.id);
}

#[tokio::test(start_paused = true)]
async fn versions_put_while_versioning_is_suspended_are_no_duplicates() {
    let bench = Bench::new().await;
    let suspended = |sequencer: &str| {
        let mut record = record("a", 1);
        record["s3"]["object"]["versionId"] = "null".into();
        record["s3"]["object"]["sequencer"] = sequencer.into();
        notification(&[record])
    };
    bench.tell(&[suspended("01"), suspended("02")]).await;
    bench.dispatch().await;
    let sent = bench.lane("fast").await;
    assert_eq!(sent.len(), 2);
    assert_ne!(sent[0].0.id, sent[1].0.id);
}

#[tokio::test(start_paused = true)]
async fn a_transfer_that_another_dispatcher_queued_is_sent() {
    let bench = Bench::new().await;
    bench.tell(&[event("a", 1)]).await;
    bench.dispatch().await;
    let (transfer, _) = bench.lane("fast").await.remove(0);
    let elsewhere = event("b", 1);
    let mut other = transfer.clone();
    (other.source.key, other.target.key) = ("b".into(), "b".into());
    other.id = TransferId::derive(&other.source, &other.target);
    let fast = Lane::parse("fast").unwrap();
    assert_eq!(bench.world.ledger().queue(&other, &fast).await, Ok(Queued::New));
    bench.tell(&[elsewhere]).await;
    bench.dispatch().await;
    assert_eq!(bench.lane("fast").await[0].0.id, other.id);
}
