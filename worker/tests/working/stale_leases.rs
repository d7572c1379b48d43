//! SQS takes heartbeats and give-backs under an old receipt. A worker whose lease is void sends none; what was on its way then may land
//! late, on a message that another worker holds.

use std::sync::Arc;
use std::time::Duration;

use common::ledger::Status;
use drayage_worker::lease::Keeper;
use simcloud::{Effect, Fault};
use tokio::time::{Instant, sleep, sleep_until};

use super::crew::{Worker, in_time};
use super::yard::{MIB, VISIBILITY, Yard, bytes};

const HIDE: &str = "ChangeMessageVisibilityBatch";
const DELETE: &str = "DeleteMessageBatch";

/// Counts the requests that touch a message, from now on.
struct Touches<'y>(&'y Yard, u64);

impl<'y> Touches<'y> {
    fn from_now(yard: &'y Yard) -> Self {
        for operation in [HIDE, DELETE] {
            yard.faults().add(Fault::on("SQS", operation).always().effect(Effect::Delay(Duration::ZERO)));
        }
        Self(yard, Self::so_far(yard))
    }

    fn so_far(yard: &Yard) -> u64 {
        let hits = yard.faults().hits();
        [HIDE, DELETE].iter().filter_map(|operation| hits.get(&format!("SQS.{operation}:Delay"))).sum()
    }

    fn count(&self) -> u64 {
        Self::so_far(self.0) - self.1
    }
}

/// The worker's process stands still past its lease; another receives the message. Then it wakes, and must leave the message alone.
async fn assert_wakes_and_sends_nothing(yard: &Yard, mut worker: Worker, case: &str) {
    sleep(VISIBILITY).await;
    assert_eq!(yard.queue.receive(1, Duration::ZERO).await.unwrap().len(), 1, "{case}");
    let touches = Touches::from_now(yard);
    worker.beside(sleep(VISIBILITY / 2)).await;
    assert_eq!(touches.count(), 0, "{case}");
    assert_eq!(yard.messages().await, (0, 1), "{case}");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_stood_still_while_it_copied_sends_nothing() {
    for (service, operation) in
        [("S3", "GetObject"), ("S3", "PutObject"), ("DynamoDB", "UpdateItem"), ("SQS", HIDE)]
    {
        let yard = Yard::new().await;
        yard.land("k", b"body").await;
        let mut worker = yard.worker("w1");
        // A heartbeat only leaves while something else takes its time.
        let copying = yard.faults().gate_on(Fault::on("S3", "GetObject").times(1));
        worker.beside(copying.reached()).await;
        if service != "SQS" {
            copying.open();
        }
        let gate = yard.faults().gate_on(Fault::on(service, operation).times(1));
        if operation != "GetObject" {
            worker.beside(gate.reached()).await;
        }
        // What it waits for is answered while it stands still.
        gate.open();
        copying.open();
        assert_wakes_and_sends_nothing(&yard, worker, operation).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_gathers_while_the_worker_stands_still_is_not_sent() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    worker.beside(watch.until(Status::Completed)).await;
    // Its deletion waits for others to share a request with.
    worker.beside(sleep(Duration::from_millis(5))).await;
    assert_wakes_and_sends_nothing(&yard, worker, "gathering").await;
    // The message is found done when it comes back.
    sleep(VISIBILITY).await;
    let mut other = yard.worker("w2");
    other.beside(sleep(VISIBILITY)).await;
    other.stop().await;
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_give_back_is_not_sent_again_by_a_worker_that_stood_still() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate_on(Fault::on("S3", "GetObject").times(1));
    worker.beside(gate.reached()).await;
    let throttled = yard.faults().add(Fault::on("SQS", HIDE).always().effect(Effect::throttled()));
    worker.shutdown.abort();
    worker.beside(watch.until(Status::Queued)).await;
    worker.beside(sleep(Duration::from_millis(5))).await;
    yard.faults().remove(throttled);
    sleep(VISIBILITY).await;
    assert_eq!(yard.queue.receive(1, Duration::ZERO).await.unwrap().len(), 1);
    let touches = Touches::from_now(&yard);
    worker.ended().await;
    assert_eq!(touches.count(), 0);
    assert_eq!(yard.messages().await, (0, 1));
    gate.open();
    sleep(VISIBILITY).await;
    yard.work_until(Status::Completed).await;
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn what_an_open_poll_brought_before_a_standstill_is_not_given_back_after_it() {
    let yard = Yard::new().await;
    let mut worker = yard.worker("w1");
    let gate = yard.faults().gate("SQS", "ReceiveMessage");
    worker.beside(gate.reached()).await;
    worker.shutdown.stop();
    let transfer = yard.land("k", b"body").await;
    gate.open();
    sleep(VISIBILITY).await;
    assert_eq!(yard.queue.receive(1, Duration::ZERO).await.unwrap().len(), 1);
    let touches = Touches::from_now(&yard);
    worker.ended().await;
    assert_eq!(touches.count(), 0);
    assert_eq!(yard.record(&transfer).await.attempts, 0);
}

/// SQS applies the heartbeat when another worker has received the message, and answers that all is well.
#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_is_answered_too_late_does_not_bring_the_lease_back() {
    let yard = Yard::new().await;
    let heartbeats = yard.world.access.sqs_for_heartbeats(&yard.world.config, VISIBILITY);
    let keeper = Arc::new(Keeper::new(yard.queue.through(&heartbeats)));
    yard.send_body("body").await;
    let received_at = Instant::now();
    let message = yard.queue.receive(1, Duration::ZERO).await.unwrap().remove(0);
    let lease = keeper.hold(&message);
    let gate = yard.faults().gate_on(Fault::on("SQS", HIDE).times(1));
    let mut beating = Box::pin(keeper.run());
    tokio::select! {
        biased;
        () = in_time(gate.reached()) => {}
        () = &mut beating => unreachable!("it beats for ever"),
    }
    // The keeper stands still for no longer than the heartbeat would extend its lease by.
    sleep_until(received_at + VISIBILITY).await;
    assert_eq!(yard.queue.receive(1, Duration::ZERO).await.unwrap().len(), 1);
    gate.open();
    sleep(Duration::from_millis(1)).await;
    tokio::select! {
        biased;
        () = in_time(lease.lost()) => {}
        () = &mut beating => unreachable!("it beats for ever"),
    }
    assert!(received_at.elapsed() < VISIBILITY + Duration::from_secs(1));
    assert_eq!(lease.end().await, None);
}

/// A worker dies with its give-back on its way. It lands when a second worker is about to publish: a third one gets the message too.
#[tokio::test(start_paused = true)]
async fn a_give_back_that_lands_late_has_one_visible_effect() {
    for (size, operation) in [(1_000, "PutObject"), (9 * MIB, "CompleteMultipartUpload")] {
        let yard = Yard::new().await;
        let body = bytes(size, 1);
        let transfer = yard.land("k", &body).await;
        let mut first = yard.worker("first");
        let copying = yard.faults().gate_on(Fault::on("S3", "GetObject").times(1));
        first.beside(copying.reached()).await;
        let give_back = yard.faults().gate_on(Fault::on("SQS", HIDE).times(1));
        first.shutdown.abort();
        first.beside(give_back.reached()).await;
        drop(first);
        copying.open();
        sleep(VISIBILITY).await;
        let (mut watch, mut second, mut third) = (yard.watch(), yard.worker("second"), yard.worker("third"));
        let publishing = yard.faults().gate_on(Fault::on("S3", operation).times(1));
        second.beside(publishing.reached()).await;
        assert_eq!(yard.messages().await, (0, 1), "{operation}");
        give_back.open();
        let item = second.beside(third.beside(watch.until(Status::Completed))).await;
        assert_eq!(item.text("owner").split('.').next(), Some("third"), "{operation}");
        third.stop().await;
        publishing.open();
        second.beside(sleep(2 * VISIBILITY)).await;
        second.stop().await;
        assert!(watch.so_far().is_empty(), "{operation}");
        assert_eq!(yard.assert_delivered(&transfer, &body).await.attempts, 3);
    }
}

/// A worker dies with a heartbeat on its way. It lands when the message is visible again, and hides it from all for one timeout more.
#[tokio::test(start_paused = true)]
async fn a_message_that_a_late_heartbeat_hides_comes_back() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    let mut first = yard.worker("first");
    let copying = yard.faults().gate_on(Fault::on("S3", "GetObject").times(1));
    let heartbeat = yard.faults().gate_on(Fault::on("SQS", HIDE).times(1));
    first.beside(copying.reached()).await;
    first.beside(heartbeat.reached()).await;
    drop(first);
    copying.open();
    sleep(VISIBILITY).await;
    assert_eq!(yard.messages().await, (1, 0));
    heartbeat.open();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(yard.messages().await, (0, 1));
    let hidden_at = Instant::now();
    let (mut watch, mut second) = (yard.watch(), yard.worker("second"));
    second.beside(watch.until(Status::Completed)).await;
    second.stop().await;
    assert_eq!(hidden_at.elapsed().as_secs(), VISIBILITY.as_secs() - 1);
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 2);
}

/// The late heartbeat lands while another works on the message: it is hidden for longer than that one asked for, and no more.
#[tokio::test(start_paused = true)]
async fn a_late_heartbeat_does_not_disturb_the_one_that_holds_the_message() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    let mut first = yard.worker("first");
    let copying = yard.faults().gate_on(Fault::on("S3", "GetObject").times(1));
    let heartbeat = yard.faults().gate_on(Fault::on("SQS", HIDE).times(1));
    first.beside(copying.reached()).await;
    first.beside(heartbeat.reached()).await;
    drop(first);
    copying.open();
    sleep(VISIBILITY).await;
    let (mut watch, mut second) = (yard.watch(), yard.worker("second"));
    let publishing = yard.faults().gate_on(Fault::on("S3", "PutObject").times(1));
    second.beside(publishing.reached()).await;
    heartbeat.open();
    second.beside(sleep(Duration::from_secs(1))).await;
    publishing.open();
    second.beside(watch.until(Status::Completed)).await;
    second.stop().await;
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 2);
}
