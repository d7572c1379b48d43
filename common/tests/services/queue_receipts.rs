//! Receipts: what is sent under them while they are good, and that nothing is when they are void.

use std::time::Duration;

use common::fault::Class;
use common::queue::LEASE_VOID;
use simcloud::{Effect, Fault};
use tokio::time::Instant;

use crate::queue_bench::{Bench, VISIBILITY, pass, receipts};

const HIDE: &str = "ChangeMessageVisibilityBatch";
const HOUR: Duration = Duration::from_secs(3600);

impl Bench {
    /// Counts requests of this operation from now on; see [`Bench::sent`].
    fn watch(&self, operation: &str) {
        let passes = Fault::on("SQS", operation).always().effect(Effect::Delay(Duration::ZERO));
        self.world.cloud.faults().add(passes);
    }

    fn sent(&self, operation: &str) -> u64 {
        self.hits(&format!("SQS.{operation}:Delay"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_given_back_is_visible_after_its_delay_and_an_extended_one_stays_hidden() {
    let bench = Bench::new().await;
    bench.send(&["back", "later", "kept"]).await;
    let mut received = bench.receive().await;
    received.sort_by(|one, other| one.body.cmp(&other.body));
    let [back, kept, later] = <[_; 3]>::try_from(receipts(&received)).unwrap();
    pass(VISIBILITY / 2).await;
    let extended = bench.queue.extend(&[kept]).await.remove(0).unwrap();
    bench.queue.give_back(vec![(back, Duration::ZERO), (later, VISIBILITY / 4)]).await;
    assert_eq!(bench.counts().await, [1, 2]);
    let again = bench.receive_one().await;
    assert_eq!((again.body.as_str(), again.receive_count), ("back", 2));
    bench.queue.delete(&[again.receipt]).await.remove(0).unwrap();
    pass(VISIBILITY / 4).await;
    assert_eq!(bench.receive_one().await.body, "later");
    pass(VISIBILITY / 4).await;
    assert!(!extended.is_void());
    bench.queue.delete(&[extended]).await.remove(0).unwrap();
    assert_eq!(bench.counts().await, [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_under_a_void_receipt() {
    let bench = Bench::new().await;
    bench.send(&["a"]).await;
    let void = bench.receive_one().await.receipt;
    pass(VISIBILITY).await;
    bench.receive_one().await;
    bench.watch(HIDE);
    bench.watch("DeleteMessageBatch");
    let unsent =
        |fault: &common::fault::Fault| fault.class == Class::Precondition && fault.code == LEASE_VOID;
    let deleted = bench.queue.delete(std::slice::from_ref(&void)).await.remove(0);
    assert!(deleted.is_err_and(|fault| unsent(&fault)));
    let extended = bench.queue.extend(std::slice::from_ref(&void)).await.remove(0);
    assert!(extended.is_err_and(|fault| unsent(&fault)));
    bench.queue.give_back(vec![(void, Duration::ZERO)]).await;
    assert_eq!((bench.sent(HIDE), bench.sent("DeleteMessageBatch")), (0, 0));
    assert_eq!(bench.counts().await, [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_void_receipt_does_not_keep_its_batch_from_being_sent() {
    let bench = Bench::new().await;
    bench.send(&["void"]).await;
    let mut all = receipts(&bench.receive().await);
    pass(VISIBILITY / 2).await;
    bench.send(&["good", "good too"]).await;
    all.extend(receipts(&bench.receive().await));
    all.swap(0, 1);
    pass(VISIBILITY / 2).await;
    let deleted = bench.queue.delete(&all).await;
    assert_eq!(deleted.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(bench.counts().await, [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_is_given_up_when_its_receipt_becomes_void() {
    for operation in [HIDE, "DeleteMessageBatch"] {
        let bench = Bench::new().await;
        bench.send(&["a"]).await;
        let receipt = bench.receive_one().await.receipt;
        let left = Duration::from_secs(5);
        pass(receipt.void_at() - Instant::now() - left).await;
        let hangs = Fault::on("SQS", operation).always().effect(Effect::Delay(HOUR));
        bench.world.cloud.faults().add(hangs);
        let started = Instant::now();
        if operation == HIDE {
            bench.queue.give_back(vec![(receipt, Duration::ZERO)]).await;
        } else {
            let deleted = bench.queue.delete(&[receipt]).await.remove(0);
            assert!(deleted.is_err_and(|fault| fault.is_uncertain() && fault.code == LEASE_VOID));
        }
        assert_eq!(started.elapsed(), left, "{operation}");
        pass(VISIBILITY).await;
        assert_eq!(bench.sent(operation), 1, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_under_way_when_the_process_stands_still_is_not_repeated_afterwards() {
    let bench = Bench::new().await;
    bench.send(&["a"]).await;
    let receipt = bench.receive_one().await.receipt;
    let gate = bench.world.cloud.faults().gate_on(Fault::on("SQS", "DeleteMessageBatch").times(1));
    let receipts = [receipt];
    let mut deleting = Box::pin(bench.queue.delete(&receipts));
    tokio::select! {
        biased;
        _ = &mut deleting => panic!("it cannot be answered"),
        () = gate.reached() => {}
    }
    bench.watch("DeleteMessageBatch");
    // The SDK would try again by now, if it were asked.
    pass(VISIBILITY).await;
    bench.receive_one().await;
    assert!(deleting.await.remove(0).is_err_and(|fault| fault.code == LEASE_VOID));
    assert_eq!(bench.sent("DeleteMessageBatch"), 0);
    assert_eq!(bench.counts().await, [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_give_back_is_tried_again_only_where_it_had_no_effect() {
    for (effect, sent) in [(Effect::throttled(), 2), (Effect::DropAfter, 1), (Effect::DropBefore, 1)] {
        let bench = Bench::new().await;
        bench.send(&["a"]).await;
        let receipt = bench.receive_one().await.receipt;
        bench.world.cloud.faults().add(Fault::on("SQS", HIDE).effect(effect.clone()));
        bench.watch(HIDE);
        bench.queue.give_back(vec![(receipt, Duration::ZERO)]).await;
        assert_eq!(bench.sent(HIDE), sent, "{effect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_heartbeat_is_reported_beside_the_others() {
    let bench = Bench::new().await;
    bench.send(&["gone", "kept"]).await;
    let received = bench.receive().await;
    let gone = received.iter().position(|message| message.body == "gone").unwrap();
    let receipts = receipts(&received);
    bench.queue.delete(&receipts[gone..=gone]).await.remove(0).unwrap();
    let extended = bench.queue.extend(&receipts).await;
    assert!(extended[gone].as_ref().is_err_and(|fault| fault.class == Class::Invalid), "{extended:?}");
    assert!(extended[1 - gone].is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_beyond_twelve_hours_is_refused() {
    let bench = Bench::new().await;
    bench.send(&["a"]).await;
    let queue = bench.world.queue("fast", 12 * HOUR).await.unwrap();
    let message = queue.receive(1, Duration::ZERO).await.unwrap().remove(0);
    pass(Duration::from_secs(10)).await;
    let extended = queue.extend(&[message.receipt]).await.remove(0);
    assert!(extended.is_err_and(|fault| fault.class == Class::Invalid));
}

#[tokio::test(start_paused = true)]
async fn a_client_of_its_own_reaches_the_same_queue_and_does_not_retry() {
    let bench = Bench::new().await;
    bench.send(&["a"]).await;
    let receipts = [bench.receive_one().await.receipt];
    let client = bench.world.access.sqs_for_heartbeats(&bench.world.config, Duration::from_secs(3));
    let heartbeats = bench.queue.through(&client);
    pass(VISIBILITY / 2).await;
    bench.world.cloud.faults().add(Fault::on("SQS", HIDE));
    assert!(heartbeats.extend(&receipts).await[0].is_err());
    assert!(heartbeats.extend(&receipts).await[0].is_ok());
    pass(VISIBILITY / 2).await;
    assert_eq!(bench.counts().await, [0, 1]);
}
