//! A dispatcher that dies at any step loses nothing: the message comes back and is dispatched by whoever is there.

use common::ledger::{Claim, Status};
use futures::future::FutureExt as _;
use simcloud::{Effect, Fault};

use crate::bench::{Bench, VISIBILITY};
use crate::bodies::{event, notification, record};

/// Dies when its first such request has been sent; `applied` says whether that request takes effect nevertheless.
async fn crash(bench: &Bench, service: &str, operation: &str, applied: bool) {
    let faults = bench.world.cloud.faults();
    let gate = faults.gate_on(Fault::on(service, operation).times(1));
    let after = if applied { Effect::DropAfter } else { Effect::DropBefore };
    faults.add(Fault::on(service, operation).effect(after));
    let messages = bench.receive().await;
    assert!(!messages.is_empty());
    let mut dispatching = bench.drain.dispatch(messages).boxed_local();
    futures::select_biased! {
        () = (&mut dispatching).fuse() => panic!("the dispatcher never sent {operation}"),
        () = gate.reached().fuse() => {}
    }
    drop(dispatching);
    gate.open();
}

const STEPS: [(&str, &str); 3] =
    [("DynamoDB", "PutItem"), ("SQS", "SendMessageBatch"), ("SQS", "DeleteMessageBatch")];

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_step_loses_nothing_and_leaves_nothing_behind() {
    for (service, operation) in STEPS {
        for applied in [false, true] {
            let case = format!("{operation}, applied: {applied}");
            let bench = Bench::new().await;
            bench.put("a", b"hello").await;
            crash(&bench, service, operation, applied).await;
            bench.dispatch_all().await;

            let sent = bench.lane("fast").await;
            assert!(!sent.is_empty(), "{case}");
            assert!(sent.iter().all(|(transfer, _)| transfer.id == sent[0].0.id), "{case}");
            assert_eq!(bench.status(&sent[0].0.id).await, Some(Status::Queued), "{case}");
            assert!(bench.parked().await.is_empty(), "{case}");
            assert_eq!(bench.left().await, 0, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_send_and_delete_sends_again_what_no_worker_has_claimed() {
    let bench = Bench::new().await;
    bench.put("a", b"hello").await;
    crash(&bench, "SQS", "DeleteMessageBatch", false).await;
    assert_eq!(bench.keys("fast").await, ["a"]);
    bench.dispatch_all().await;
    assert_eq!(bench.keys("fast").await, ["a"]);
    assert_eq!(bench.count(|c| &c.duplicates), 0);
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_send_and_delete_is_absorbed_once_a_worker_has_claimed() {
    let bench = Bench::new().await;
    bench.put("a", b"hello").await;
    crash(&bench, "SQS", "DeleteMessageBatch", false).await;
    let (transfer, _) = bench.lane("fast").await.remove(0);
    let claimed = bench.world.ledger().claim(&transfer.id, "worker", "owner").await.unwrap();
    assert!(matches!(claimed, Claim::Held { fence: 1, .. }));
    bench.dispatch_all().await;
    assert!(bench.lane("fast").await.is_empty());
    assert_eq!(bench.count(|c| &c.duplicates), 1);
    assert_eq!(bench.record(&transfer.id).await.unwrap().attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_the_send_leaves_a_queued_item_that_is_sent_later() {
    let bench = Bench::new().await;
    bench.tell(&[event("a", 1)]).await;
    let mut changes = bench.world.cloud.item_changes(topology::TABLE);
    crash(&bench, "SQS", "SendMessageBatch", false).await;
    assert_eq!(changes.try_recv().unwrap().new.unwrap().text("status"), Some("queued"));
    assert!(bench.lane("fast").await.is_empty());
    bench.dispatch_all().await;
    assert_eq!(bench.keys("fast").await, ["a"]);
    assert!(changes.try_recv().is_err(), "the item is written once");
}

#[tokio::test(start_paused = true)]
async fn a_crash_amid_a_large_message_loses_none_of_its_records() {
    for (service, operation) in STEPS {
        let bench = Bench::new().await;
        let records: Vec<_> = (10..45).map(|number| record(&number.to_string(), 1)).collect();
        bench.tell(&[notification(&records)]).await;
        crash(&bench, service, operation, true).await;
        bench.dispatch_all().await;
        let mut keys = bench.keys("fast").await;
        keys.dedup();
        assert_eq!(keys, (10..45).map(|number| number.to_string()).collect::<Vec<_>>(), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_while_parking_parks_the_message_later() {
    for (operation, applied) in [("SendMessage", false), ("SendMessage", true), ("DeleteMessageBatch", false)]
    {
        let bench = Bench::new().await;
        bench.tell(&["garbage".to_owned()]).await;
        crash(&bench, "SQS", operation, applied).await;
        bench.dispatch_all().await;
        let parked = bench.parked().await;
        assert!(!parked.is_empty(), "{operation}, applied: {applied}");
        assert!(parked.iter().all(|(body, reason)| body == "garbage" && reason == "malformed_event"));
        assert_eq!(bench.left().await, 0);
    }
}

/// Its batch takes longer than the visibility timeout, and another dispatcher has received the message by then: it leaves it alone.
#[tokio::test(start_paused = true)]
async fn a_batch_that_takes_longer_than_its_messages_are_hidden_is_neither_deleted_nor_given_back() {
    for (fails, operation) in [(false, "PutItem"), (true, "PutItem"), (false, "SendMessageBatch")] {
        let bench = Bench::new().await;
        bench.tell(&[event("a", 1)]).await;
        let faults = bench.world.cloud.faults();
        let service = if operation == "PutItem" { "DynamoDB" } else { "SQS" };
        let gate = faults.gate_on(Fault::on(service, operation).times(1));
        if fails {
            faults.add(Fault::on(service, operation).effect(Effect::respond(
                400,
                "ValidationException",
                "no",
            )));
        }
        for operation in ["DeleteMessageBatch", "ChangeMessageVisibilityBatch"] {
            faults.add(Fault::on("SQS", operation).always().effect(Effect::Delay(std::time::Duration::ZERO)));
        }
        let messages = bench.receive().await;
        let mut dispatching = bench.drain.dispatch(messages).boxed_local();
        futures::select_biased! {
            () = (&mut dispatching).fuse() => panic!("it cannot be answered"),
            () = gate.reached().fuse() => {}
        }
        // Its process stands still; the answer comes meanwhile.
        gate.open();
        tokio::time::sleep(VISIBILITY).await;
        assert_eq!(bench.receive().await.len(), 1);
        dispatching.await;
        assert_eq!(bench.hits("SQS.DeleteMessageBatch:Delay"), 0, "{operation}");
        assert_eq!(bench.hits("SQS.ChangeMessageVisibilityBatch:Delay"), 0, "{operation}");
        assert!(bench.receive().await.is_empty(), "{operation}: the other's message is visible");
        bench.dispatch_all().await;
        assert!(bench.keys("fast").await.iter().all(|key| key == "a"), "{operation}");
        assert_eq!(bench.left().await, 0);
    }
}
