//! How much is under way at a time: within the budget, fair to small files, less while a bucket throttles.

use std::time::Duration;

use common::ledger::Status;
use drayage_worker::copy::{Budget, Tuning};
use simcloud::{Effect, Fault, Gate};
use tokio::time::timeout;

use super::crew::Worker;
use super::yard::{KIB, MIB, Yard, bytes};

/// Short enough for no timeout of a request, long enough for everything that may begin.
const A_WHILE: Duration = Duration::from_secs(30);

fn streams(streams_max: usize) -> Tuning {
    Tuning { budget: Budget { streams_max, ..Budget::default() }, ..Tuning::default() }
}

/// That many requests come to the gate, and no more.
async fn comes_to(worker: &mut Worker, gate: &Gate, count: u64) {
    worker.beside(gate.reached_by(count)).await;
    let more = worker.beside(timeout(A_WHILE, gate.reached_by(count + 1))).await;
    assert!(more.is_err(), "more than {count}");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_large_files_keep_within_the_budget_and_leave_room_for_a_small_one() {
    let yard = Yard::new().await;
    yard.put("large", &bytes(9 * MIB, 1)).await;
    for n in 0..100 {
        let key = format!("large {n}");
        let copy = yard.s3.copy_object().copy_source("landing/large").bucket("landing").key(&key);
        let copied = copy.send().await.unwrap().copy_object_result.unwrap();
        yard.send(&yard.transfer(&key, 9 * MIB as u64, copied.e_tag().unwrap())).await;
    }
    let gate = yard.faults().gate_on(Fault::on("S3", "GetObject").key("large").always());
    let mut watch = yard.watch();
    let mut worker = yard.worker_tuned("w1", 101, streams(8));
    // A quarter of eight is kept for files in one piece.
    comes_to(&mut worker, &gate, 6).await;
    let small = yard.land("small", b"body").await;
    worker.beside(watch.until(Status::Completed)).await;
    assert_eq!(yard.record(&small).await.status, Status::Completed);
    gate.open();
    worker.beside(watch.until(Status::Completed)).await;
}

#[tokio::test(start_paused = true)]
async fn bytes_in_buffers_bound_what_is_under_way() {
    let yard = Yard::new().await;
    for n in 0..20 {
        yard.land(&format!("k{n}"), &bytes(1_000 * KIB, n)).await;
    }
    let gate = yard.faults().gate("S3", "GetObject");
    let budget = Budget { streams_max: 32, buffer_bytes: 4 * MIB as u64 };
    let mut worker = yard.worker_tuned("w1", 20, Tuning { budget, ..Tuning::default() });
    comes_to(&mut worker, &gate, 4).await;
}

#[tokio::test(start_paused = true)]
async fn two_large_files_take_turns() {
    let yard = Yard::new().await;
    let body = bytes(66 * MIB, 2);
    yard.land("long", &body).await;
    let mut watch = yard.watch();
    let mut worker = yard.worker_tuned("w1", 2, streams(2));
    let gate = yard.faults().gate_on(Fault::on("S3", "UploadPart").key("long").skip(1).times(1));
    worker.beside(gate.reached()).await;
    watch.so_far();
    // Comes later, with all the parts of the other one still to do.
    let short = yard.land("short", &body[..20 * MIB]).await;
    let parts = yard.count("UploadPart");
    // Claimed, and its upload noted: its parts are next.
    for _ in 0..2 {
        worker.beside(watch.until(Status::Processing)).await;
    }
    gate.open();
    worker.beside(watch.until(Status::Completed)).await;
    assert_eq!(yard.record(&short).await.status, Status::Completed);
    // Three parts of the short one, and about as many of the long one.
    assert!(parts.count() <= 3 + 6, "{}", parts.count());
    worker.beside(watch.until(Status::Completed)).await;
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_throttles_is_asked_for_less_at_a_time() {
    let yard = Yard::new().await;
    let mut sent = Vec::new();
    for n in 0..32 {
        let body = bytes(1_000, n);
        sent.push((yard.land(&format!("k{n}"), &body).await, body));
    }
    // Bursts of 32, 16, 8 and 4; each is refused as a whole.
    for effect in [Effect::Delay(Duration::from_secs(1)), Effect::slow_down()] {
        yard.faults().add(Fault::on("S3", "GetObject").times(60).effect(effect));
    }
    let gate = yard.faults().gate_on(Fault::on("S3", "GetObject").skip(60).always());
    let mut watch = yard.watch();
    let mut worker = yard.worker_tuned("w1", 32, Tuning::default());
    worker.beside(gate.reached()).await;
    let more = worker.beside(timeout(A_WHILE, gate.reached_by(5))).await;
    assert!(more.is_err(), "five at a time, right after four throttled bursts");
    gate.open();
    for _ in &sent {
        worker.beside(watch.until(Status::Completed)).await;
    }
    worker.stop().await;
    for (transfer, body) in &sent {
        assert_eq!(yard.assert_delivered(transfer, body).await.failed_attempts, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_brown_out_costs_each_file_few_requests_and_no_attempt() {
    const FILES: u64 = 40;
    let yard = Yard::new().await;
    let mut sent = Vec::new();
    for n in 0..FILES {
        let body = bytes(1_000, n);
        sent.push((yard.land(&format!("k{n}"), &body).await, body));
    }
    let requests = yard.count("GetObject");
    for operation in ["GetObject", "PutObject"] {
        yard.faults().add(Fault::on("S3", operation).always().effect(Effect::slow_down()));
    }
    let mut watch = yard.watch();
    let mut worker = yard.worker_tuned("w1", 32, Tuning::default());
    worker.beside(tokio::time::sleep(Duration::from_secs(600))).await;
    let asked = requests.count();
    assert!((FILES..=40 * FILES).contains(&asked), "{asked}");
    yard.faults().clear();
    worker
        .beside(async {
            for _ in 0..FILES {
                watch.until(Status::Completed).await;
            }
        })
        .await;
    worker.stop().await;
    for (transfer, body) in &sent {
        assert_eq!(yard.assert_delivered(transfer, body).await.failed_attempts, 0);
    }
}
