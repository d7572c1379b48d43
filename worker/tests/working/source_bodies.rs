//! Bodies that are cut, changed or stalled on their way. Whatever happens, only the right bytes become visible.

use common::ledger::{Record, Status};
use simcloud::{Effect, Fault};

use super::copies::put_crc32;
use super::yard::{KIB, MIB, Yard, bytes};

const BUFFERED: usize = 200 * KIB;
const STREAMED: usize = 3 * MIB;
const PARTS: usize = 20 * MIB;

/// Delivers an object of `size` whose `operation` meets a fault `times` times.
async fn delivers(size: usize, operation: &str, times: u64, effect: Effect) -> Record {
    let yard = Yard::new().await;
    let body = bytes(size, 1);
    let transfer = yard.land("k", &body).await;
    yard.faults().add(Fault::on("S3", operation).times(times).effect(effect));
    yard.work_until(Status::Completed).await;
    let struck = yard.faults().hits().values().sum::<u64>();
    assert_eq!(struck, times);
    yard.assert_delivered(&transfer, &body).await
}

#[tokio::test(start_paused = true)]
async fn a_truncated_body_is_read_again() {
    for size in [BUFFERED, STREAMED] {
        for after_bytes in [0, 1, size as u64 - 1] {
            let record = delivers(size, "GetObject", 1, Effect::TruncateBody { after_bytes }).await;
            assert_eq!((record.attempts, record.failed_attempts), (2, 0), "{size} cut after {after_bytes}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_truncated_part_is_sent_again_within_the_attempt() {
    for after_bytes in [0, 1, 8 * MIB as u64 - 1] {
        let record = delivers(PARTS, "GetObject", 3, Effect::TruncateBody { after_bytes }).await;
        assert_eq!((record.attempts, record.failed_attempts), (1, 0), "cut after {after_bytes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_that_stays_truncated_is_left_to_a_later_attempt_with_the_upload_kept() {
    let record = delivers(PARTS, "GetObject", 7, Effect::TruncateBody { after_bytes: 9 }).await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_byte_that_changed_on_its_way_here_is_never_published() {
    // A small object is read again within the attempt; a large one needs another attempt.
    for (size, attempts) in [(BUFFERED, 1), (STREAMED, 1), (PARTS, 2)] {
        for at in [0, 100_000] {
            let record = delivers(size, "GetObject", 1, Effect::FlipByte { at }).await;
            assert_eq!(record.attempts, attempts, "{size} changed at {at}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_that_changed_on_its_way_into_the_store_is_refused_there() {
    for size in [BUFFERED, STREAMED] {
        let record = delivers(size, "PutObject", 1, Effect::FlipRequestByte { at: 77 }).await;
        assert_eq!(record.attempts, 2, "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_that_changed_in_a_part_makes_that_part_sent_again() {
    let record = delivers(PARTS, "UploadPart", 2, Effect::FlipRequestByte { at: 77 }).await;
    assert_eq!((record.attempts, record.failed_attempts), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_always_changes_fails_in_the_end_and_nothing_is_published() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", &bytes(PARTS, 2)).await;
    yard.faults().add(Fault::on("S3", "GetObject").always().effect(Effect::FlipByte { at: 5 }));
    yard.work_until(Status::Failed).await;
    let record = yard.assert_parked(&transfer, "checksum_mismatch").await;
    assert_eq!((record.attempts, record.failed_attempts), (3, 3));
    yard.faults().clear();
    assert_eq!(yard.delivered("k").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_body_is_given_up_and_read_again() {
    for (size, attempts) in [(BUFFERED, 2), (STREAMED, 2), (PARTS, 1)] {
        for after_bytes in [0, 1_000] {
            let record = delivers(size, "GetObject", 1, Effect::StallBody { after_bytes }).await;
            assert_eq!(
                (record.attempts, record.failed_attempts),
                (attempts, 0),
                "{size} stalled after {after_bytes}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_flipped_byte_of_a_small_source_with_another_checksum_is_noticed() {
    let yard = Yard::new().await;
    let body = bytes(BUFFERED, 3);
    let transfer = put_crc32(&yard, "k", &body).await;
    yard.send(&transfer).await;
    yard.fault("GetObject", Effect::FlipByte { at: 5 });
    yard.work_until(Status::Completed).await;
    assert_eq!(yard.assert_delivered(&transfer, &body).await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_flipped_byte_of_a_large_source_with_another_checksum_is_never_published() {
    let yard = Yard::new().await;
    let body = bytes(PARTS, 3);
    let transfer = put_crc32(&yard, "k", &body).await;
    yard.send(&transfer).await;
    yard.fault("GetObject", Effect::FlipByte { at: 5 });
    yard.work_until(Status::Completed).await;
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.failed_attempts), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_source_whose_bytes_never_have_its_checksum_fails_in_the_end() {
    for size in [BUFFERED, STREAMED, PARTS] {
        let yard = Yard::new().await;
        let transfer = yard.land("k", &bytes(size, 3)).await;
        yard.faults().add(Fault::on("S3", "GetObject").always().effect(Effect::FlipByte { at: 5 }));
        yard.work_until(Status::Failed).await;
        assert_eq!(yard.assert_parked(&transfer, "checksum_mismatch").await.failed_attempts, 3, "{size}");
    }
}
