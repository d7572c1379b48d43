//! Ledger and lanes that refuse: the message is given back, and only what it asked for waits.

use std::time::Duration;

use common::backoff::RELEASE;
use common::ledger::Status;
use simcloud::{Effect, Fault};

use crate::bench::Bench;
use crate::bodies::{event, notification, record};

/// Each one lasts longer than the SDK tries.
fn refusals() -> [Effect; 4] {
    [
        Effect::throttled(),
        Effect::respond(500, "InternalServerError", "sorry"),
        Effect::respond(400, "AccessDeniedException", "no"),
        Effect::DropBefore,
    ]
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_ledger_write_fails_is_given_back_and_the_others_are_sent() {
    for effect in refusals() {
        let bench = Bench::new().await;
        bench.tell(&[event("broken", 1), event("fine", 1)]).await;
        let fault = Fault::on("DynamoDB", "PutItem").key("broken").always().effect(effect.clone());
        let fault = bench.world.cloud.faults().add(fault);
        bench.dispatch().await;
        assert_eq!(bench.keys("fast").await, ["fine"], "{effect:?}");
        assert_eq!((bench.count(|c| &c.sent), bench.count(|c| &c.released)), (1, 1), "{effect:?}");

        bench.world.cloud.faults().remove(fault);
        bench.dispatch_all().await;
        assert_eq!(bench.keys("fast").await, ["broken"], "{effect:?}");
        assert_eq!(bench.left().await, 0, "{effect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_given_back_comes_soon_at_first_and_later_each_time() {
    let bench = Bench::new().await;
    bench.tell(&[event("a", 1)]).await;
    bench.world.cloud.faults().add(Fault::on("DynamoDB", "PutItem").always().effect(Effect::throttled()));
    for nth in 0..10_u32 {
        assert_eq!(bench.dispatch().await, 1, "try {nth}");
        let most = RELEASE.most.min(RELEASE.first * 2_u32.pow(nth));
        // Whole seconds go over the wire.
        let least = Duration::from_secs((most / 2).as_secs());
        tokio::time::advance(least.saturating_sub(Duration::from_millis(1))).await;
        assert!(bench.receive().await.is_empty(), "try {nth} came back before {least:?}");
        tokio::time::advance(most - least + Duration::from_millis(1)).await;
    }
    assert_eq!(bench.count(|c| &c.released), 10);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_write_that_fails_does_not_keep_the_messages_other_records_from_their_lane() {
    let bench = Bench::new().await;
    bench.tell(&[notification(&[record("broken", 1), record("fine", 1)])]).await;
    let refusal = Fault::on("DynamoDB", "PutItem").key("broken").always().effect(Effect::throttled());
    let fault = bench.world.cloud.faults().add(refusal);
    bench.dispatch().await;
    assert_eq!(bench.keys("fast").await, ["fine"]);
    bench.world.cloud.faults().remove(fault);
    bench.dispatch_all().await;
    assert_eq!(bench.keys("fast").await, ["broken", "fine"]);
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_fails_keeps_its_messages_and_no_others() {
    for effect in refusals() {
        let bench = Bench::new().await;
        bench.tell(&[event("large", 524_288_001), event("small", 1)]).await;
        let fault = Fault::on("SQS", "SendMessageBatch").key("/bulk\"").always().effect(effect.clone());
        let fault = bench.world.cloud.faults().add(fault);
        bench.dispatch().await;
        assert_eq!(bench.keys("fast").await, ["small"], "{effect:?}");
        assert!(bench.lane("bulk").await.is_empty(), "{effect:?}");
        assert_eq!((bench.count(|c| &c.sent), bench.count(|c| &c.released)), (1, 1), "{effect:?}");

        bench.world.cloud.faults().remove(fault);
        bench.dispatch_all().await;
        assert_eq!(bench.keys("bulk").await, ["large"], "{effect:?}");
        assert!(bench.lane("fast").await.is_empty(), "{effect:?}");
        assert_eq!(bench.left().await, 0, "{effect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_hangs_does_not_keep_another_from_being_served() {
    let bench = Bench::new().await;
    bench.tell(&[event("large", 524_288_001), event("small", 1)]).await;
    let stuck = Fault::on("SQS", "SendMessageBatch").key("/bulk\"").always();
    let gate = bench.world.cloud.faults().gate_on(stuck);
    let at_the_gate = async {
        gate.reached().await;
        let fast = bench.world.queue("fast", Duration::from_secs(1)).await.unwrap();
        assert_eq!(fast.receive(10, Duration::from_secs(20)).await.unwrap().len(), 1);
        gate.open();
    };
    futures::join!(bench.dispatch(), at_the_gate);
    assert_eq!(bench.keys("bulk").await, ["large"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_of_a_lane_or_of_the_ledger_loses_nothing() {
    for (service, operation) in
        [("DynamoDB", "PutItem"), ("SQS", "SendMessageBatch"), ("SQS", "DeleteMessageBatch")]
    {
        let bench = Bench::new().await;
        bench.put("a", b"hello").await;
        bench.world.cloud.faults().add(Fault::on(service, operation).effect(Effect::DropAfter));
        bench.dispatch().await;
        assert_eq!(bench.hits(&format!("{service}.{operation}:DropAfter")), 1);
        let sent = bench.lane("fast").await;
        assert!(sent.iter().all(|(transfer, _)| transfer.id == sent[0].0.id));
        assert_eq!(bench.status(&sent[0].0.id).await, Some(Status::Queued), "{operation}");
        assert_eq!(bench.left().await, 0, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_can_neither_be_sent_nor_given_back_comes_back_by_itself() {
    let bench = Bench::new().await;
    bench.put("a", b"hello").await;
    let cut_off = bench.world.cloud.faults().add(Fault::on("DynamoDB", "*").always());
    let stuck = bench.world.cloud.faults().add(Fault::on("SQS", "ChangeMessageVisibilityBatch").always());
    bench.dispatch().await;
    bench.world.cloud.faults().remove(cut_off);
    bench.world.cloud.faults().remove(stuck);
    assert!(bench.receive().await.is_empty());
    bench.dispatch_all().await;
    assert_eq!(bench.keys("fast").await, ["a"]);
}
