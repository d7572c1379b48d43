//! Copies that the store makes in one request, and what `auto` makes of a file.

use aws_sdk_s3::types::{ChecksumAlgorithm, StorageClass};
use common::ledger::{Status, attribute};
use common::transfer::{CopyOptions, Sequencer, SourceVersion, Strategy, Transfer, TransferId};
use simcloud::Fault;

use super::yard::{KIB, MIB, Yard, bytes, marker};

const SIZES: [usize; 4] = [0, 10, 300 * KIB, 8 * MIB + 1];

pub(crate) fn route(strategy: Strategy) -> CopyOptions {
    CopyOptions { strategy, ..CopyOptions::default() }
}

/// Delivers `transfer` and gives what vouches for it.
async fn delivered(yard: &Yard, transfer: &Transfer, body: &[u8]) -> String {
    let item = yard.work_until(Status::Completed).await;
    yard.assert_delivered(transfer, body).await;
    item.text(attribute::VERIFIED_BY).to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_store_copies_files_of_any_size_and_no_byte_comes_here() {
    for size in SIZES {
        let yard = Yard::new().await;
        let body = bytes(size, 1);
        let transfer = yard.land_on(&route(Strategy::ServerSide), "k", &body).await;
        let (reads, copies) = (yard.count("GetObject"), yard.count("CopyObject"));
        let (puts, uploads) = (yard.count("PutObject"), yard.count("CreateMultipartUpload"));
        let item = yard.work_until(Status::Completed).await;
        assert_eq!((reads.count(), copies.count(), puts.count(), uploads.count()), (0, 1, 0, 0), "{size}");
        assert_eq!(item.text(attribute::VERIFIED_BY), "crc64nvme");
        yard.assert_delivered(&transfer, &body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn auto_streams_what_takes_two_requests_anyway() {
    for (size, copied) in [(10, 0), (8 * MIB, 0), (8 * MIB + 1, 1)] {
        let yard = Yard::new().await;
        let body = bytes(size, 2);
        let transfer = yard.land_on(&route(Strategy::Auto), "k", &body).await;
        let copies = yard.count("CopyObject");
        assert_eq!(delivered(&yard, &transfer, &body).await, "crc64nvme");
        assert_eq!(copies.count(), copied, "{size}");
    }
}

async fn put_with_checksum(
    yard: &Yard,
    strategy: Strategy,
    algorithm: ChecksumAlgorithm,
    body: &[u8],
) -> Transfer {
    let put = yard.summing_s3().put_object().bucket("landing").key("k").checksum_algorithm(algorithm);
    let etag = put.body(body.to_vec().into()).send().await.unwrap().e_tag.unwrap();
    let transfer = Transfer { options: route(strategy), ..yard.transfer("k", body.len() as u64, &etag) };
    yard.send(&transfer).await;
    transfer
}

#[tokio::test(start_paused = true)]
async fn auto_streams_what_only_streaming_can_compare() {
    let body = bytes(9 * MIB, 3);
    for algorithm in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Crc32C] {
        let yard = Yard::new().await;
        let transfer = put_with_checksum(&yard, Strategy::Auto, algorithm, &body).await;
        let copies = yard.count("CopyObject");
        assert_eq!(delivered(&yard, &transfer, &body).await, "crc64nvme");
        assert_eq!(copies.count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_checksum_to_compare_with_it_is_the_stores_word() {
    let body = bytes(9 * MIB, 4);
    for (strategy, algorithm) in [
        (Strategy::Auto, ChecksumAlgorithm::Sha256),
        (Strategy::ServerSide, ChecksumAlgorithm::Sha1),
        (Strategy::ServerSide, ChecksumAlgorithm::Crc32),
    ] {
        let yard = Yard::new().await;
        let transfer = put_with_checksum(&yard, strategy, algorithm, &body).await;
        let copies = yard.count("CopyObject");
        assert_eq!(delivered(&yard, &transfer, &body).await, "crc64nvme-by-store");
        assert_eq!(copies.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn hostile_keys_and_versions_are_copied_verbatim() {
    let keys = [
        "a b+c%2F?versionId=x",
        "../..",
        "//",
        "\u{fc}\u{1f69a}\u{ffff}\n\t\u{1}",
        "%",
        "?",
        "a/./b//",
        "#&=;",
    ];
    let yard = Yard::new().await;
    let copies = yard.count("CopyObject");
    for (number, key) in keys.into_iter().enumerate() {
        let body = bytes(20, number as u64);
        let transfer = yard.put(key, &body).await;
        let source = SourceVersion { version_id: Some("null".to_owned()), ..transfer.source };
        let id = TransferId::derive(&source, &transfer.target);
        let options = route(Strategy::ServerSide);
        let transfer = Transfer { id, source, options, ..transfer };
        yard.send(&transfer).await;
        delivered(&yard, &transfer, &body).await;
        assert_eq!(copies.count(), number as u64 + 1, "{key:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_by_the_store_wears_what_a_streamed_one_wears() {
    for (size, strategy) in [(10, Strategy::Stream), (10, Strategy::ServerSide), (9 * MIB, Strategy::Auto)] {
        let yard = Yard::new().await;
        let body = bytes(size, 5);
        let put = yard.put_with("k", &body, |put| {
            put.content_type("text/csv; charset=utf-8")
                .content_encoding("gzip")
                .content_language("de")
                .content_disposition("attachment")
                .cache_control("max-age=60")
                .expires(aws_sdk_s3::primitives::DateTime::from_secs(1_800_000_000))
                .website_redirect_location("/elsewhere")
                .metadata("owner", "acme")
                .storage_class(StorageClass::StandardIa)
                .tagging("sp%20ace=a%26b%3Dc")
        });
        let transfer = Transfer { options: route(strategy), ..put.await };
        yard.send(&transfer).await;
        delivered(&yard, &transfer, &body).await;
        let head = yard.head("k").await;
        assert_eq!(head.content_type(), Some("text/csv; charset=utf-8"));
        assert_eq!((head.content_encoding(), head.content_language()), (Some("gzip"), Some("de")));
        assert_eq!(
            (head.content_disposition(), head.cache_control()),
            (Some("attachment"), Some("max-age=60"))
        );
        assert_eq!(head.expires_string(), Some("Fri, 15 Jan 2027 08:00:00 GMT"));
        assert_eq!(head.website_redirect_location(), Some("/elsewhere"));
        assert_eq!(head.storage_class(), Some(&StorageClass::StandardIa));
        let metadata = head.metadata().unwrap();
        assert_eq!(
            (metadata.len(), &*metadata["owner"], &metadata["drayage"]),
            (2, "acme", &marker(&transfer))
        );
        let tags = yard.s3.get_object_tagging().bucket("delivered").key("k").send().await.unwrap();
        let tags: Vec<_> = tags.tag_set().iter().map(|tag| (tag.key(), tag.value())).collect();
        assert_eq!(tags, [("sp ace", "a&b=c")]);
    }
}

/// Does something between the worker's decision and its CopyObject.
async fn before_the_copy(yard: &Yard, meanwhile: impl AsyncFnOnce(&Yard), ends: Status) {
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate_on(Fault::on("S3", "CopyObject").times(1));
    worker.beside(gate.reached()).await;
    meanwhile(yard).await;
    gate.open();
    worker.beside(watch.until(ends)).await;
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_race_lost_to_a_newer_version_supersedes() {
    let yard = Yard::new().await;
    let transfer = yard.land_on(&route(Strategy::ServerSide), "k", b"body").await;
    let newer = yard.transfer("k", 5, "newer");
    let occupy = async |yard: &Yard| yard.occupy("k", b"newer", Some(&newer)).await;
    before_the_copy(&yard, occupy, Status::Superseded).await;
    assert_eq!(yard.delivered("k").await.unwrap(), b"newer");
    assert_eq!(yard.record(&transfer).await.error_code.as_deref(), Some("newer_published"));
    yard.assert_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn an_older_version_and_a_strangers_object_are_replaced() {
    let yard = Yard::new().await;
    let older = Transfer {
        source: SourceVersion {
            sequencer: Sequencer::parse("00").ok(),
            ..yard.transfer("k", 5, "older").source
        },
        ..yard.transfer("k", 5, "older")
    };
    for publisher in [Some(&older), None] {
        yard.occupy("k", b"there", publisher).await;
        let transfer = yard.land_on(&route(Strategy::ServerSide), "k", b"body").await;
        delivered(&yard, &transfer, b"body").await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_to_be_replaced_may_go_away_meanwhile() {
    let yard = Yard::new().await;
    yard.occupy("k", b"stranger", None).await;
    let transfer = yard.land_on(&route(Strategy::ServerSide), "k", b"body").await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    let gate = yard.faults().gate_on(Fault::on("S3", "CopyObject").skip(1).times(1));
    worker.beside(gate.reached()).await;
    yard.s3.delete_object().bucket("delivered").key("k").send().await.unwrap();
    gate.open();
    worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    assert_eq!(yard.assert_delivered(&transfer, b"body").await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_changes_or_goes_before_the_copy_is_noticed() {
    let yard = Yard::new().await;
    let transfer = yard.land_on(&route(Strategy::ServerSide), "k", b"older").await;
    let overwrite = async |yard: &Yard| drop(yard.put("k", b"newer").await);
    before_the_copy(&yard, overwrite, Status::Superseded).await;
    assert_eq!(yard.record(&transfer).await.error_code.as_deref(), Some("source_overwritten"));
    assert_eq!(yard.delivered("k").await, None);

    let transfer = yard.land_on(&route(Strategy::ServerSide), "l", b"body").await;
    let delete = async |yard: &Yard| {
        yard.s3.delete_object().bucket("landing").key("l").send().await.unwrap();
    };
    before_the_copy(&yard, delete, Status::Failed).await;
    yard.assert_parked(&transfer, "source_missing").await;
}
