//! Leases: kept while work goes on, void in time when nothing keeps them, handed over before SQS ends them.

use std::sync::Arc;
use std::time::Duration;

use common::ledger::{Status, attribute};
use common::queue::Queue;
use drayage_worker::lease::{Keeper, Lease};
use simcloud::{Effect, Fault};
use tokio::time::{Instant, sleep};

use super::crew::in_time;
use super::yard::{MIB, VISIBILITY, Yard, bytes};

const HEARTBEAT: &str = "ChangeMessageVisibilityBatch";
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_the_message_hidden_from_others_for_as_long_as_the_work_takes() {
    let yard = Yard::new().await;
    let body = bytes(9 * MIB, 1);
    let transfer = yard.land("k", &body).await;
    let (mut watch, mut holder, mut other) = (yard.watch(), yard.worker("w1"), yard.worker("w2"));
    let gate = yard.faults().gate("S3", "GetObject");
    holder.beside(gate.reached()).await;
    holder.beside(other.beside(sleep(10 * VISIBILITY))).await;
    assert_eq!(yard.messages().await, (0, 1));
    gate.open();
    let item = holder.beside(other.beside(watch.until(Status::Completed))).await;
    assert_eq!((item.text(attribute::PROCESSED_BY), item.number(attribute::ATTEMPTS)), ("w1", 1));
    holder.stop().await;
    other.stop().await;
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn two_failed_heartbeats_in_a_row_do_no_harm() {
    let yard = Yard::new().await;
    let body = bytes(9 * MIB, 2);
    let transfer = yard.land("k", &body).await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate("S3", "GetObject");
    worker.beside(gate.reached()).await;
    for effect in [Effect::DropBefore, Effect::Delay(HOUR), Effect::throttled(), Effect::DropAfter] {
        yard.faults().add(Fault::on("SQS", HEARTBEAT).times(2).effect(effect));
        worker.beside(sleep(VISIBILITY)).await;
        assert_eq!(yard.messages().await, (0, 1));
    }
    gate.open();
    let item = worker.beside(watch.until(Status::Completed)).await;
    assert_eq!(item.number(attribute::ATTEMPTS), 1);
    worker.stop().await;
    yard.assert_delivered(&transfer, &body).await;
}

/// Cuts a worker off from its heartbeats, in the middle of a request; gives how long it held on.
async fn cut_off(yard: &Yard, operation: &str, effect: Effect) -> Duration {
    let mut worker = yard.worker("w1");
    let gate = yard.faults().gate_on(Fault::on("S3", operation).times(1));
    let started = Instant::now();
    worker.beside(gate.reached()).await;
    let cut = yard.faults().add(Fault::on("SQS", HEARTBEAT).always().effect(effect));
    let mut watch = yard.watch();
    worker.stop().await;
    let held = started.elapsed();
    assert!(watch.so_far().is_empty(), "it wrote after its lease was lost");
    yard.faults().remove(cut);
    // What it was doing arrives when another worker has taken over.
    let mut other = yard.worker("w2");
    let item = other.beside(watch.until(Status::Completed)).await;
    assert_eq!((item.text(attribute::PROCESSED_BY), item.number(attribute::ATTEMPTS)), ("w2", 2));
    gate.open();
    other.stop().await;
    held
}

#[tokio::test(start_paused = true)]
async fn without_heartbeats_the_work_stops_before_the_message_comes_back() {
    for effect in [Effect::DropBefore, Effect::Delay(HOUR), Effect::throttled()] {
        for (operation, size) in
            [("GetObject", 9), ("PutObject", 1), ("UploadPart", 9), ("CompleteMultipartUpload", 9)]
        {
            let yard = Yard::new().await;
            let body = bytes(size * MIB, 3);
            let transfer = yard.land("k", &body).await;
            let held = cut_off(&yard, operation, effect.clone()).await;
            assert!(held > VISIBILITY / 2 && held < VISIBILITY, "{held:?} {effect:?}");
            yard.assert_delivered(&transfer, &body).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_lost_while_settling_leaves_the_message_alone() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    let mut worker = yard.worker("w1");
    yard.faults().add(Fault::on("SQS", HEARTBEAT).always().effect(Effect::DropBefore));
    let gate = yard.faults().gate_on(Fault::on("DynamoDB", "UpdateItem").skip(1).times(1));
    yard.faults().add(Fault::on("DynamoDB", "UpdateItem").skip(1).always().effect(Effect::throttled()));
    worker.beside(gate.reached()).await;
    worker.stop().await;
    assert_eq!(yard.messages().await, (0, 1));
    yard.faults().clear();
    yard.work_until(Status::Completed).await;
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_heartbeat_stops_the_work_at_once() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", &bytes(9 * MIB, 4)).await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate("S3", "GetObject");
    let started = Instant::now();
    worker.beside(gate.reached()).await;
    watch.so_far();
    // The receipt names nothing any more.
    let sqs = yard.world.sqs();
    let url = sqs.get_queue_url().queue_name("fast").send().await.unwrap().queue_url.unwrap();
    sqs.purge_queue().queue_url(url).send().await.unwrap();
    worker.stop().await;
    assert!(started.elapsed() <= VISIBILITY / 3, "{:?}", started.elapsed());
    assert!(watch.so_far().is_empty());
    let record = yard.record(&transfer).await;
    assert_eq!((record.status, record.attempts), (Status::Processing, 1));
    assert_eq!(yard.uploads().await, [record.upload.unwrap().id], "it may be another's now");
}

#[tokio::test(start_paused = true)]
async fn work_that_takes_too_long_is_handed_over_with_its_progress() {
    // SQS's cap is twelve hours; with a visibility timeout of almost half of it, the hand-over comes within minutes.
    let yard = Yard::with_visibility(Duration::from_secs(21_500)).await;
    let body = bytes(20 * MIB, 5);
    let transfer = yard.land("k", &body).await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate_on(Fault::on("S3", "UploadPart").skip(1).always());
    let started = Instant::now();
    worker.beside(gate.reached()).await;
    let item = worker.beside(watch.until(Status::Queued)).await;
    assert_eq!(started.elapsed().as_secs(), 12 * 3600 - 2 * 21_500);
    assert_eq!(yard.uploads().await, [item.text(attribute::UPLOAD_ID)]);
    gate.open();
    let parts = yard.count("UploadPart");
    worker.beside(watch.until(Status::Completed)).await;
    assert!(started.elapsed() < Duration::from_secs(300), "it was visible at once");
    worker.stop().await;
    assert_eq!(parts.count(), 2);
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.released_attempts, record.failed_attempts), (2, 1, 0));
}

/// Takes `count` messages and their leases.
async fn hold(yard: &Yard, keeper: &Arc<Keeper>, count: usize) -> Vec<Lease> {
    let mut leases = Vec::new();
    for n in 0..count {
        yard.send_body(&n.to_string()).await;
        let message = yard.queue.receive(1, Duration::ZERO).await.unwrap().remove(0);
        leases.push(keeper.hold(&message));
    }
    leases
}

fn keeper(yard: &Yard, queue: &Queue) -> Arc<Keeper> {
    let heartbeats = yard.world.access.sqs_for_heartbeats(&yard.world.config, Duration::from_secs(10));
    Arc::new(Keeper::new(queue.through(&heartbeats)))
}

async fn keeping<T>(keeper: &Keeper, steps: impl Future<Output = T>) -> T {
    tokio::select! {
        biased;
        output = in_time(steps) => output,
        () = keeper.run() => unreachable!("it beats for ever"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_kept_for_hours_and_handed_over_half_an_hour_before_the_cap() {
    let yard = Yard::with_visibility(Duration::from_secs(600)).await;
    let keeper = keeper(&yard, &yard.queue);
    let started = Instant::now();
    let lease = hold(&yard, &keeper, 1).await.remove(0);
    let refused = async {
        tokio::select! { biased; () = lease.lost() => true, () = lease.hand_over() => false }
    };
    assert!(!keeping(&keeper, refused).await);
    assert_eq!(started.elapsed(), 12 * HOUR - HOUR / 2);
    assert_eq!(yard.messages().await, (0, 1));
    let receipt = lease.end().await.unwrap();
    yard.queue.give_back(vec![(receipt, Duration::ZERO)]).await;
    assert_eq!(yard.messages().await, (1, 0));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_of_many_leases_share_their_requests() {
    let yard = Yard::new().await;
    let keeper = keeper(&yard, &yard.queue);
    let leases = hold(&yard, &keeper, 40).await;
    keeping(&keeper, sleep(10 * VISIBILITY)).await;
    assert_eq!(yard.messages().await, (0, 40));
    assert!(leases.iter().all(|lease| !lease.is_lost()));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_that_hang_end_all_leases_in_time_and_do_not_spin() {
    let yard = Yard::new().await;
    let keeper = keeper(&yard, &yard.queue);
    let started = Instant::now();
    let leases = hold(&yard, &keeper, 40).await;
    let _gate = yard.faults().gate("SQS", HEARTBEAT);
    keeping(&keeper, async {
        for lease in &leases {
            lease.lost().await;
        }
    })
    .await;
    assert!(started.elapsed() < VISIBILITY);
    assert_eq!(yard.messages().await, (0, 40));
}

#[tokio::test(start_paused = true)]
async fn a_lease_does_not_end_before_the_heartbeat_that_is_on_its_way() {
    let yard = Yard::new().await;
    let keeper = keeper(&yard, &yard.queue);
    let lease = hold(&yard, &keeper, 1).await.remove(0);
    let gate = yard.faults().gate("SQS", HEARTBEAT);
    let ended = async {
        gate.reached().await;
        let mut end = Box::pin(lease.end());
        assert!(futures::poll!(&mut end).is_pending());
        gate.open();
        end.await
    };
    let receipt = keeping(&keeper, ended).await.unwrap();
    yard.queue.give_back(vec![(receipt, Duration::ZERO)]).await;
    assert_eq!(yard.messages().await, (1, 0));
}

/// Lets everything that a worker has sent be answered, and its leases run out, while nobody polls it: its process stands still. Its
/// message is somebody else's when it wakes.
async fn stand_still(yard: &Yard) {
    sleep(2 * VISIBILITY).await;
    assert_eq!(yard.queue.receive(1, Duration::ZERO).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_stood_still_for_longer_than_its_lease_publishes_nothing() {
    let yard = Yard::new().await;
    yard.land("k", b"body").await;
    let mut worker = yard.worker("w1");
    let gate = yard.faults().gate("S3", "GetObject");
    worker.beside(gate.reached()).await;
    gate.open();
    let puts = yard.count("PutObject");
    stand_still(&yard).await;
    worker.beside(sleep(VISIBILITY / 2)).await;
    assert_eq!(puts.count(), 0);
    assert_eq!(yard.delivered("k").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_came_while_the_worker_stood_still_is_left_alone() {
    let yard = Yard::new().await;
    let mut worker = yard.worker("w1");
    let gate = yard.faults().gate("SQS", "ReceiveMessage");
    worker.beside(gate.reached()).await;
    let transfer = yard.land("k", b"body").await;
    gate.open();
    stand_still(&yard).await;
    worker.beside(sleep(VISIBILITY / 2)).await;
    assert_eq!(yard.record(&transfer).await.attempts, 0);
}
