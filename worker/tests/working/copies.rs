//! Bytes arrive as they are, whatever their number, their name and their checksum.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart, EncodingType,
};
use common::ledger::{Status, attribute};
use common::transfer::Transfer;

use super::yard::{KIB, MIB, Yard, bytes};

async fn delivers(size: usize) -> Yard {
    let yard = Yard::new().await;
    let body = bytes(size, 1);
    let transfer = yard.land("k", &body).await;
    let item = yard.work_until(Status::Completed).await;
    let record = yard.assert_delivered(&transfer, &body).await;
    assert_eq!((record.attempts, record.failed_attempts), (1, 0));
    assert_eq!(item.text(attribute::VERIFIED_BY), "crc64nvme");
    assert_eq!(item.text(attribute::PROCESSED_BY), "w1");
    assert_eq!(
        item.text(attribute::DESTINATION_ETAG),
        yard.head("k").await.e_tag().unwrap().trim_matches('"')
    );
    yard
}

macro_rules! sizes {
    ($($name:ident: $size:expr,)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                delivers($size).await;
            }
        )*
    };
}

sizes! {
    nothing_is_delivered_as_nothing: 0,
    one_byte_is_delivered: 1,
    the_largest_buffered_object_is_delivered: 256 * KIB,
    the_smallest_streamed_object_is_delivered: 256 * KIB + 1,
    an_object_of_one_smallest_part_is_delivered: 5 * MIB,
    the_largest_single_put_is_delivered: 8 * MIB,
    the_smallest_multipart_object_is_delivered: 8 * MIB + 1,
    an_object_of_several_parts_is_delivered: 20 * MIB,
}

#[tokio::test(start_paused = true)]
async fn parts_side_by_side_are_put_together_in_order() {
    let yard = Yard::new().await;
    let body = bytes(36 * MIB, 2);
    let transfer = yard.land("k", &body).await;
    let (mut watch, mut worker) = (yard.watch(), yard.worker_with("w1", 1, 4));
    // The first part comes last.
    let gate = yard.faults().gate_on(simcloud::Fault::on("S3", "GetObject").times(1));
    worker.beside(gate.reached()).await;
    let parts = yard.count("UploadPart");
    worker
        .beside(async {
            while parts.count() < 4 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    gate.open();
    worker.beside(watch.until(Status::Completed)).await;
    worker.stop().await;
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn many_files_are_worked_on_side_by_side() {
    let yard = Yard::new().await;
    let mut sent = Vec::new();
    for n in 0..25_u64 {
        let body = bytes(1_000 + 20_000 * usize::try_from(n).unwrap(), n);
        sent.push((yard.land(&format!("k{n}"), &body).await, body));
    }
    let (mut watch, mut worker) = (yard.watch(), yard.worker_with("w1", 8, 2));
    worker
        .beside(async {
            for _ in &sent {
                watch.until(Status::Completed).await;
            }
        })
        .await;
    worker.stop().await;
    for (transfer, body) in &sent {
        yard.assert_delivered(transfer, body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn hostile_keys_arrive_verbatim() {
    const HOSTILE: [&str; 20] = [
        "../up",
        "a/../../b",
        ".",
        "..",
        "/lead",
        "//",
        "a//b",
        "tail/",
        "%2F",
        "a+b c",
        "?x=1&y#z",
        "new\nline\r\n",
        "\u{1}\u{7f}",
        "\u{ffff}\u{fffe}",
        "\u{1f600}é",
        "e\u{301}",
        " x ",
        "'\"<&>",
        "\\",
        "landing/../delivered/k",
    ];
    let yard = Yard::new().await;
    let long = "ü".repeat(512);
    let mut sent = Vec::new();
    for key in HOSTILE.into_iter().chain([long.as_str()]) {
        sent.push(yard.land(key, key.as_bytes()).await);
    }
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    for _ in &sent {
        worker.beside(watch.until(Status::Completed)).await;
    }
    worker.stop().await;
    for transfer in &sent {
        yard.assert_delivered(transfer, transfer.source.key.as_bytes()).await;
    }
    let listed =
        yard.s3.list_objects_v2().bucket("delivered").encoding_type(EncodingType::Url).send().await.unwrap();
    assert_eq!(listed.contents().len(), sent.len());
}

#[tokio::test(start_paused = true)]
async fn hostile_keys_go_through_multipart_too() {
    let yard = Yard::new().await;
    let body = bytes(8 * MIB + 1, 3);
    for key in ["../ü//?uploads&x=+%2F\t", " \u{1f600}/..", "\u{1}\u{7f}\u{ffff}"] {
        let transfer = yard.land(key, &body).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&transfer, &body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_without_crc64nvme_is_delivered_with_one() {
    let yard = Yard::new().await;
    for (key, size) in [("buffered", 1_000), ("one part", 300 * KIB), ("parts", 8 * MIB + 1)] {
        let body = bytes(size, 4);
        let transfer = put_crc32(&yard, key, &body).await;
        yard.send(&transfer).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&transfer, &body).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_with_a_composite_checksum_is_delivered_with_one_of_the_whole() {
    let yard = Yard::new().await;
    for (key, sizes) in [("small", &[1_000][..]), ("large", &[5 * MIB, 4 * MIB])] {
        let body = bytes(sizes.iter().sum(), 5);
        let transfer = put_composite(&yard, key, &body, sizes).await;
        yard.send(&transfer).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&transfer, &body).await;
    }
}

/// Puts an object that has a CRC32 and no other checksum.
pub(crate) async fn put_crc32(yard: &Yard, key: &str, body: &[u8]) -> Transfer {
    let put = yard.summing_s3().put_object().bucket("landing").key(key).body(body.to_vec().into());
    let put = put.checksum_algorithm(ChecksumAlgorithm::Crc32).send().await.unwrap();
    assert!(put.checksum_crc32().is_some() && put.checksum_crc64_nvme().is_none());
    yard.transfer(key, body.len() as u64, put.e_tag().unwrap())
}

pub(crate) async fn put_composite(yard: &Yard, key: &str, body: &[u8], sizes: &[usize]) -> Transfer {
    let created = yard
        .s3
        .create_multipart_upload()
        .bucket("landing")
        .key(key)
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .checksum_type(ChecksumType::Composite);
    let id = created.send().await.unwrap().upload_id.unwrap();
    let (mut parts, mut rest) = (Vec::new(), body);
    for (size, number) in sizes.iter().zip(1..) {
        let (part, after) = rest.split_at(*size);
        let sent =
            yard.summing_s3().upload_part().bucket("landing").key(key).upload_id(&id).part_number(number);
        let sent = sent.checksum_algorithm(ChecksumAlgorithm::Sha256).body(ByteStream::from(part.to_vec()));
        let sent = sent.send().await.unwrap();
        let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag);
        parts.push(part.set_checksum_sha256(sent.checksum_sha256).build());
        rest = after;
    }
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = yard.s3.complete_multipart_upload().bucket("landing").key(key).upload_id(&id);
    let completed = complete.multipart_upload(parts).send().await.unwrap();
    assert_eq!(completed.checksum_type(), Some(&ChecksumType::Composite));
    yard.transfer(key, body.len() as u64, completed.e_tag().unwrap())
}
