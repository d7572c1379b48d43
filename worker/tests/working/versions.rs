//! A landing bucket that keeps versions: an event names one, and exactly that one is copied.

use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use common::ledger::Status;
use common::transfer::{CopyOptions, Strategy, Transfer, TransferId};
use drayage_worker::copy::ServerSide;
use simcloud::Fault;

use super::server_side::route;
use super::yard::{KIB, MIB, Yard, bytes};

/// One for each way of copying through the worker.
const SIZES: [usize; 4] = [0, 1_000, 300 * KIB, 9 * MIB];

/// Every way of copying: through the worker, and by the store in one piece and in parts.
fn ways() -> impl Iterator<Item = (usize, CopyOptions)> {
    let streamed = SIZES.into_iter().map(|size| (size, CopyOptions::default()));
    let stored = [1_000, 8 * MIB, 17 * MIB].into_iter().map(|size| (size, route(Strategy::ServerSide)));
    streamed.chain(stored)
}

async fn keep_versions(yard: &Yard, bucket: &str) {
    let configuration = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let request = yard.s3.put_bucket_versioning().bucket(bucket).versioning_configuration(configuration);
    request.send().await.unwrap();
}

async fn versioned() -> Yard {
    let yard = Yard::new().await;
    yard.server_side.set(ServerSide { copy_object_bytes_max: 9 * MIB as u64, part_bytes: 6 * MIB as u64 });
    keep_versions(&yard, "landing").await;
    yard
}

/// Puts a source object and gives the transfer of that version, as its event would.
async fn put(yard: &Yard, options: &CopyOptions, body: &[u8]) -> Transfer {
    let put =
        yard.s3.put_object().bucket("landing").key("k").tagging("of=version").body(body.to_vec().into());
    let put = put.send().await.unwrap();
    let mut transfer = yard.transfer("k", body.len() as u64, put.e_tag().unwrap());
    transfer.source.version_id = Some(put.version_id.unwrap());
    let id = TransferId::derive(&transfer.source, &transfer.target);
    Transfer { id, options: options.clone(), ..transfer }
}

async fn delete(yard: &Yard, version_id: Option<&str>) {
    let delete =
        yard.s3.delete_object().bucket("landing").key("k").set_version_id(version_id.map(Into::into));
    delete.send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_version_that_the_event_named_is_copied_though_a_newer_one_is_there() {
    for (size, options) in ways() {
        let yard = versioned().await;
        let (body, newer) = (bytes(size, 1), bytes(size + 1, 2));
        let older = put(&yard, &options, &body).await;
        let newer_transfer = put(&yard, &options, &newer).await;
        yard.send(&older).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&older, &body).await;
        yard.send(&newer_transfer).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&newer_transfer, &newer).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_newest_version_wins_in_whatever_order_events_come() {
    for (size, options) in ways() {
        let yard = versioned().await;
        let (body, newer) = (bytes(size, 1), bytes(size, 2));
        let older = put(&yard, &options, &body).await;
        let newer_transfer = put(&yard, &options, &newer).await;
        yard.send(&newer_transfer).await;
        yard.work_until(Status::Completed).await;
        yard.send(&older).await;
        yard.work_until(Status::Superseded).await;
        yard.assert_delivered(&newer_transfer, &newer).await;
    }
}

#[tokio::test(start_paused = true)]
async fn versions_of_equal_bytes_are_told_apart() {
    let yard = versioned().await;
    let older = put(&yard, &CopyOptions::default(), b"same").await;
    let newer = put(&yard, &CopyOptions::default(), b"same").await;
    assert_eq!(older.source.etag, newer.source.etag);
    assert_ne!(older.id, newer.id);
    yard.send(&newer).await;
    yard.work_until(Status::Completed).await;
    yard.send(&older).await;
    yard.work_until(Status::Superseded).await;
    yard.assert_delivered(&newer, b"same").await;
}

#[tokio::test(start_paused = true)]
async fn a_version_under_a_delete_marker_is_copied_with_its_tags() {
    for (size, options) in ways() {
        let yard = versioned().await;
        let body = bytes(size, 1);
        let transfer = put(&yard, &options, &body).await;
        delete(&yard, None).await;
        yard.send(&transfer).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&transfer, &body).await;
        let tags = yard.s3.get_object_tagging().bucket("delivered").key("k").send().await.unwrap();
        assert_eq!(tags.tag_set().iter().map(|tag| tag.value()).collect::<Vec<_>>(), ["version"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_deleted_for_good_fails_at_once_whatever_is_beside_it() {
    for (size, options) in ways() {
        let yard = versioned().await;
        let transfer = put(&yard, &options, &bytes(size, 1)).await;
        put(&yard, &options, &bytes(size, 2)).await;
        delete(&yard, transfer.source.version_id.as_deref()).await;
        yard.send(&transfer).await;
        yard.work_until(Status::Failed).await;
        let record = yard.assert_parked(&transfer, "source_missing").await;
        assert_eq!((record.attempts, record.failed_attempts), (1, 1));
        assert_eq!(yard.delivered("k").await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn neither_a_newer_version_nor_a_delete_marker_disturbs_a_copy_that_is_under_way() {
    for deleted in [false, true] {
        let yard = versioned().await;
        let body = bytes(20 * MIB, 1);
        let transfer = put(&yard, &CopyOptions::default(), &body).await;
        yard.send(&transfer).await;
        let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
        let gate = yard.faults().gate_on(Fault::on("S3", "GetObject").skip(1).times(1));
        worker.beside(gate.reached()).await;
        if deleted {
            delete(&yard, None).await;
        } else {
            put(&yard, &CopyOptions::default(), &bytes(20 * MIB, 2)).await;
        }
        gate.open();
        worker.beside(watch.until(Status::Completed)).await;
        worker.stop().await;
        yard.assert_delivered(&transfer, &body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_keeps_versions_shows_the_newest_and_takes_up_again_what_was_deleted() {
    for size in SIZES {
        let yard = versioned().await;
        keep_versions(&yard, "delivered").await;
        let options = CopyOptions::default();
        let (first, second) = (bytes(size, 1), bytes(size, 2));
        for body in [&first, &second] {
            let transfer = put(&yard, &options, body).await;
            yard.send(&transfer).await;
            yard.work_until(Status::Completed).await;
            yard.assert_delivered(&transfer, body).await;
        }
        yard.s3.delete_object().bucket("delivered").key("k").send().await.unwrap();
        let third = bytes(size, 3);
        let transfer = put(&yard, &options, &third).await;
        yard.send(&transfer).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&transfer, &third).await;
        let kept = yard.s3.list_object_versions().bucket("delivered").send().await.unwrap();
        assert_eq!((kept.versions().len(), kept.delete_markers().len()), (3, 1));
    }
}
