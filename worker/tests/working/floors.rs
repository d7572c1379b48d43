//! Bodies that trickle are given up, from whichever side; bodies that are merely slow arrive.

use std::time::Duration;

use common::ledger::{Record, Status};
use simcloud::{Effect, Fault};
use tokio::time::Instant;

use super::yard::{KIB, MIB, Yard, bytes};

const BUFFERED: usize = 200 * KIB;
const STREAMED: usize = 3 * MIB;
const PARTS: usize = 20 * MIB;
/// Above the floor.
const SLOW: u64 = 40 * KIB as u64;

/// Delivers an object of `size` whose `operation` meets a fault once; how long that takes.
async fn delivers(size: usize, operation: &str, effect: Effect) -> (Record, Duration) {
    let yard = Yard::new().await;
    let body = bytes(size, 1);
    let transfer = yard.land("k", &body).await;
    yard.fault(operation, effect);
    let begun = Instant::now();
    yard.work_until(Status::Completed).await;
    let took = begun.elapsed();
    assert_eq!(yard.faults().hits().values().sum::<u64>(), 1);
    (yard.assert_delivered(&transfer, &body).await, took)
}

#[tokio::test(start_paused = true)]
async fn a_source_that_trickles_is_given_up_and_read_again() {
    for (size, attempts) in [(BUFFERED, 2), (STREAMED, 2), (PARTS, 1)] {
        for bytes_per_second in [2, 20 * KIB as u64] {
            // The last 200 KiB at 20 KiB a second are no reason to read anything again.
            let is_quick = size as u64 / bytes_per_second < 60;
            let (record, took) = delivers(size, "GetObject", Effect::Trickle { bytes_per_second }).await;
            let attempts = if is_quick { 1 } else { attempts };
            assert_eq!((record.attempts, record.failed_attempts), (attempts, 0), "{size}");
            assert!(took < Duration::from_secs(150), "{size}: {took:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_reads_at_a_trickle_is_given_up_and_sent_to_again() {
    for (size, operation, attempts) in
        [(BUFFERED, "PutObject", 2), (STREAMED, "PutObject", 2), (PARTS, "UploadPart", 1)]
    {
        let (record, took) = delivers(size, operation, Effect::TrickleRequest { bytes_per_second: 2 }).await;
        assert_eq!((record.attempts, record.failed_attempts), (attempts, 0), "{size}");
        assert!(took < Duration::from_secs(300), "{size}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_read_at_all_is_given_up() {
    for (size, operation, attempts) in [(STREAMED, "PutObject", 2), (PARTS, "UploadPart", 1)] {
        let (record, took) = delivers(size, operation, Effect::Delay(Duration::from_secs(7_200))).await;
        assert_eq!((record.attempts, record.failed_attempts), (attempts, 0), "{size}");
        assert!(took < Duration::from_secs(150), "{size}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_slow_and_steady_arrives_at_the_first_try() {
    for (size, operation, effect) in [
        (STREAMED, "GetObject", Effect::Trickle { bytes_per_second: SLOW }),
        (STREAMED, "PutObject", Effect::TrickleRequest { bytes_per_second: SLOW }),
        (PARTS, "GetObject", Effect::Trickle { bytes_per_second: SLOW }),
        (PARTS, "UploadPart", Effect::TrickleRequest { bytes_per_second: SLOW }),
    ] {
        let yard = Yard::new().await;
        let body = bytes(size, 2);
        let transfer = yard.land("k", &body).await;
        let requests = yard.count(operation);
        yard.faults().add(Fault::on("S3", operation).always().effect(effect));
        let begun = Instant::now();
        yard.work_until(Status::Completed).await;
        assert!(begun.elapsed().as_secs() >= size as u64 / SLOW, "{size} {operation}");
        let parts = if size == PARTS { 3 } else { 1 };
        assert_eq!(requests.count(), parts, "{size} {operation}");
        yard.faults().clear();
        assert_eq!(yard.assert_delivered(&transfer, &body).await.attempts, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_stays_below_the_floor_spends_no_attempts() {
    let yard = Yard::new().await;
    let body = bytes(PARTS, 3);
    let transfer = yard.land("k", &body).await;
    let slow = Effect::Trickle { bytes_per_second: 20 * KIB as u64 };
    yard.faults().add(Fault::on("S3", "GetObject").always().effect(slow));
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    for _ in 0..5 {
        worker.beside(watch.until(Status::Queued)).await;
    }
    yard.faults().clear();
    worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.failed_attempts), (6, 0));
}

#[tokio::test(start_paused = true)]
async fn an_error_whose_body_never_ends_is_given_up() {
    for size in [BUFFERED, STREAMED] {
        let yard = Yard::new().await;
        yard.land("k", &bytes(size, 1)).await;
        // What the GETs of the first version get is an error, because there is a newer one.
        yard.put("k", &bytes(size, 2)).await;
        yard.fault("GetObject", Effect::StallBody { after_bytes: 10 });
        let begun = Instant::now();
        yard.work_until(Status::Superseded).await;
        assert_eq!(yard.faults().hits().values().sum::<u64>(), 1);
        assert!(begun.elapsed() < Duration::from_secs(300), "{size}: {:?}", begun.elapsed());
    }
}
