//! What an object carries beside its bytes goes along, as far as the route wants it.

use aws_sdk_s3::types::{StorageClass, Tag};
use common::ledger::Status;
use common::transfer::{CopyOptions, Strategy, TagPolicy, Transfer};

use super::yard::{KIB, MIB, Yard, bytes, marker};

/// Bytes of the marker: its name, and its value with a sequencer of 16 digits.
const MARKER_BYTES: usize = 7 + 78;
const METADATA_BYTES_MAX: usize = 2_048;

/// One for each way of copying.
const SIZES: [usize; 3] = [10, 300 * KIB, 8 * MIB + 1];

async fn put_dressed(yard: &Yard, key: &str, body: &[u8]) -> Transfer {
    let put = yard.put_with(key, body, |put| {
        put.content_type("text/csv; charset=utf-8")
            .content_encoding("gzip")
            .content_language("de, en")
            .content_disposition("attachment; filename=\"a b.csv\"")
            .cache_control("max-age=60")
            .website_redirect_location("/elsewhere")
            .metadata("owner", "acme")
            .metadata("empty", "")
            .storage_class(StorageClass::StandardIa)
            .tagging("plain=1&sp%20ace=a%26b%3Dc&%C3%BC=%2B")
    });
    put.await
}

async fn tags(yard: &Yard, key: &str) -> Vec<(String, String)> {
    let reply = yard.s3.get_object_tagging().bucket("delivered").key(key).send().await.unwrap();
    let mut tags: Vec<_> =
        reply.tag_set().iter().map(|tag: &Tag| (tag.key.clone(), tag.value.clone())).collect();
    tags.sort();
    tags
}

#[tokio::test(start_paused = true)]
async fn headers_metadata_tags_and_storage_class_are_carried() {
    let yard = Yard::new().await;
    for (key, size) in SIZES.into_iter().enumerate() {
        let (key, body) = (key.to_string(), bytes(size, 1));
        let transfer = put_dressed(&yard, &key, &body).await;
        yard.send(&transfer).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&transfer, &body).await;
        let head = yard.head(&key).await;
        assert_eq!(head.content_type(), Some("text/csv; charset=utf-8"));
        assert_eq!(head.content_encoding(), Some("gzip"));
        assert_eq!(head.content_language(), Some("de, en"));
        assert_eq!(head.content_disposition(), Some("attachment; filename=\"a b.csv\""));
        assert_eq!(head.cache_control(), Some("max-age=60"));
        assert_eq!(head.website_redirect_location(), Some("/elsewhere"));
        assert_eq!(head.storage_class(), Some(&StorageClass::StandardIa));
        let metadata = head.metadata().unwrap();
        assert_eq!((&*metadata["owner"], &*metadata["empty"]), ("acme", ""));
        assert_eq!(metadata.len(), 3);
        let expected = [("plain", "1"), ("sp ace", "a&b=c"), ("ü", "+")];
        assert_eq!(tags(&yard, &key).await, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_object_gets_nothing_but_the_mark() {
    let yard = Yard::new().await;
    let transfer = yard.land("k", b"body").await;
    yard.work_until(Status::Completed).await;
    let head = yard.head("k").await;
    assert_eq!(head.metadata().unwrap().len(), 1);
    assert_eq!(head.metadata().unwrap()["drayage"], marker(&transfer));
    assert_eq!((head.content_encoding(), head.storage_class(), head.cache_control()), (None, None, None));
    assert_eq!(tags(&yard, "k").await, []);
}

#[tokio::test(start_paused = true)]
async fn a_route_may_choose_the_storage_class_and_drop_the_tags() {
    let yard = Yard::new().await;
    let streamed = SIZES.map(|size| (size, Strategy::Stream));
    let copied = SIZES.map(|size| (size, Strategy::ServerSide));
    for (key, (size, strategy)) in streamed.into_iter().chain(copied).enumerate() {
        let (key, body) = (key.to_string(), bytes(size, 2));
        let storage_class = Some("GLACIER_IR".to_owned());
        let options =
            CopyOptions { storage_class, tags: TagPolicy::Drop, strategy, ..CopyOptions::default() };
        let transfer = Transfer { options, ..put_dressed(&yard, &key, &body).await };
        yard.send(&transfer).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&transfer, &body).await;
        assert_eq!(yard.head(&key).await.storage_class(), Some(&StorageClass::GlacierIr));
        assert_eq!(tags(&yard, &key).await, []);
    }
}

async fn with_metadata(yard: &Yard, key: &str, body: &[u8], source_bytes: usize) -> Transfer {
    let transfer = yard.put_with(key, body, |put| put.metadata("m", "v".repeat(source_bytes - 1))).await;
    yard.send(&transfer).await;
    transfer
}

#[tokio::test(start_paused = true)]
async fn metadata_that_just_leaves_room_for_the_mark_is_carried() {
    let yard = Yard::new().await;
    let transfer = with_metadata(&yard, "k", b"body", METADATA_BYTES_MAX - MARKER_BYTES).await;
    yard.work_until(Status::Completed).await;
    yard.assert_delivered(&transfer, b"body").await;
}

#[tokio::test(start_paused = true)]
async fn metadata_that_leaves_no_room_for_the_mark_fails_the_transfer_at_once() {
    for size in SIZES {
        let yard = Yard::new().await;
        let body = bytes(size, 3);
        let transfer = with_metadata(&yard, "k", &body, METADATA_BYTES_MAX - MARKER_BYTES + 1).await;
        yard.work_until(Status::Failed).await;
        let record = yard.assert_parked(&transfer, "metadata_too_large").await;
        assert_eq!((record.attempts, record.failed_attempts), (1, 1));
        assert_eq!(yard.delivered("k").await, None);
    }
}

/// `count` times an e with an accent, two bytes of UTF-8, as S3 shows it: in encoded words, which are longer.
async fn with_accents(yard: &Yard, body: &[u8], count: usize) -> Transfer {
    let words = vec!["=?UTF-8?Q?=C3=A9?="; count].join(" ");
    let shown = simcloud::Effect::response_header("x-amz-meta-m", &words);
    for operation in ["HeadObject", "GetObject"] {
        let fault = simcloud::Fault::on("S3", operation).key("landing/").always().effect(shown.clone());
        yard.faults().add(fault);
    }
    yard.land("k", body).await
}

#[tokio::test(start_paused = true)]
async fn metadata_is_counted_as_the_text_that_s3_keeps() {
    const ROOM: usize = (METADATA_BYTES_MAX - MARKER_BYTES - 1) / 2;
    for size in SIZES {
        let body = bytes(size, 4);
        for count in [800, ROOM] {
            let yard = Yard::new().await;
            let transfer = with_accents(&yard, &body, count).await;
            yard.work_until(Status::Completed).await;
            yard.assert_delivered(&transfer, &body).await;
        }
        let yard = Yard::new().await;
        let transfer = with_accents(&yard, &body, ROOM + 1).await;
        yard.work_until(Status::Failed).await;
        yard.assert_parked(&transfer, "metadata_too_large").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_has_been_going_round_is_stopped() {
    let yard = Yard::new().await;
    let going_round = |hops: u32| format!("1;{};0123456789abcdef;-;{hops}", "a".repeat(40));
    let may_go_on = yard.put_with("k", b"body", |put| put.metadata("drayage", going_round(15))).await;
    yard.send(&may_go_on).await;
    yard.work_until(Status::Completed).await;
    assert!(yard.head("k").await.metadata().unwrap()["drayage"].ends_with(";16"));
    let stopped = yard.put_with("l", b"body", |put| put.metadata("drayage", going_round(16))).await;
    yard.send(&stopped).await;
    yard.work_until(Status::Failed).await;
    yard.assert_parked(&stopped, "loop").await;
}
