//! Objects whose bytes are generated: what is read of them, what becomes of what is written back, and what they cost.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart};
use simcloud::{Cloud, Effect, Fault, Options, VirtualChecksum};
use tokio::time::Instant;

use super::{BUCKET, bytes, client, code, get, put, world};

const MIB: u64 = 1024 * 1024;
const TIB: u64 = MIB * MIB;
/// 48.8 TiB: 10,000 parts of 5 GiB.
const LARGEST: u64 = 10_000 * 5 * 1024 * MIB;

async fn range(client: &Client, key: &str, start: u64, length: u64) -> Vec<u8> {
    let range = format!("bytes={start}-{}", start + length - 1);
    let output = client.get_object().bucket(BUCKET).key(key).range(range).send().await.unwrap();
    output.body.collect().await.unwrap().to_vec()
}

async fn crc64nvme(client: &Client, key: &str) -> Option<String> {
    let head = client.head_object().bucket(BUCKET).key(key).checksum_mode(ChecksumMode::Enabled);
    head.send().await.unwrap().checksum_crc64_nvme
}

async fn put_with_checksum(client: &Client, key: &str, body: Vec<u8>) -> String {
    let put = client.put_object().bucket(BUCKET).key(key).body(ByteStream::from(body));
    let put = put.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).send().await.unwrap();
    put.checksum_crc64_nvme.unwrap()
}

#[tokio::test(start_paused = true)]
async fn its_checksum_is_that_of_the_bytes_that_are_read() {
    let (cloud, client) = world().await;
    for size in [1, 3 * MIB + 17, 20 * MIB] {
        let made = cloud.put_virtual_object(BUCKET, "v", size, VirtualChecksum::FullObject).unwrap();
        let read = get(&client, "v").await;
        assert_eq!(read.len() as u64, size);
        // A cloud without virtual objects keeps and sums up every byte.
        let (_plain, plain) = world().await;
        assert_eq!(put_with_checksum(&plain, "p", read).await, made.crc64nvme);
        assert_eq!(crc64nvme(&client, "v").await, Some(made.crc64nvme));
    }
}

#[tokio::test(start_paused = true)]
async fn the_largest_object_there_is_can_be_read_anywhere() {
    let (cloud, client) = world().await;
    let made = cloud.put_virtual_object(BUCKET, "v", LARGEST, VirtualChecksum::FullObject).unwrap();
    assert!(made.etag.ends_with("-10000"), "{}", made.etag);
    let head = client.head_object().bucket(BUCKET).key("v").send().await.unwrap();
    assert_eq!(head.content_length(), Some(i64::try_from(LARGEST).unwrap()));
    assert_eq!(head.e_tag(), Some(&*format!("\"{}\"", made.etag)));
    let first = range(&client, "v", 5, 2 * MIB).await;
    assert_eq!(range(&client, "v", 40 * TIB + 5, 2 * MIB).await, first);
    assert_eq!(range(&client, "v", LARGEST - 7, 7).await, range(&client, "v", MIB - 7, 7).await);
    assert!(cloud.put_virtual_object(BUCKET, "v", LARGEST + 1, VirtualChecksum::FullObject).is_err());
    // Without a checksum of the whole.
    cloud.put_virtual_object(BUCKET, "c", LARGEST, VirtualChecksum::Composite).unwrap();
    assert_eq!(crc64nvme(&client, "c").await, None);
}

#[tokio::test(start_paused = true)]
async fn what_is_written_back_is_verified_and_reads_the_same() {
    let (cloud, client) = world().await;
    cloud.put_virtual_object(BUCKET, "v", TIB, VirtualChecksum::FullObject).unwrap();
    for (start, length) in [(0, 1), (7, 14), (123, 4 * MIB), (5 * MIB - 1, 2 * MIB + 3)] {
        let body = range(&client, "v", start, length).await;
        let (_plain, plain) = world().await;
        let checksum = put_with_checksum(&client, "copy", body.clone()).await;
        assert_eq!(checksum, put_with_checksum(&plain, "copy", body.clone()).await);
        assert_eq!(get(&client, "copy").await, body);
        // Its ETag is the MD5 of every byte.
        assert_eq!(put(&client, "copy", &body).await, put(&plain, "copy", &body).await);
    }
    let written = cloud.virtual_traffic().written_bytes;
    assert!(written > 12 * MIB, "{written}");
    // Bytes of its own are kept among those of the pattern.
    let mut mixed = bytes(3_000);
    mixed.extend(range(&client, "v", 77, 3 * MIB).await);
    mixed.extend(bytes(10));
    put(&client, "mixed", &mixed).await;
    assert_eq!(get(&client, "mixed").await, mixed);
    assert_eq!(range(&client, "mixed", 2_990, 30).await, mixed[2_990..3_020]);
}

#[tokio::test(start_paused = true)]
async fn a_flipped_byte_is_caught_and_kept_as_it_came() {
    let (cloud, client) = world().await;
    cloud.put_virtual_object(BUCKET, "v", TIB, VirtualChecksum::FullObject).unwrap();
    let body = range(&client, "v", 99, 3 * MIB).await;
    cloud.faults().add(Fault::on("S3", "PutObject").effect(Effect::FlipRequestByte { at: 2 * MIB }));
    let summed = client.put_object().bucket(BUCKET).key("copy").body(ByteStream::from(body.clone()));
    let refused = summed.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).send().await;
    assert_eq!(code(refused).as_deref(), Some("BadDigest"));
    // A body that was always like that is kept as it is.
    let mut flipped = body;
    flipped[2 * 1024 * 1024] ^= 1;
    put(&client, "copy", &flipped).await;
    assert_eq!(get(&client, "copy").await, flipped);
}

/// A client that sends no checksum of its own accord.
fn unsumming(cloud: &Cloud) -> Client {
    let config = super::builder(cloud).request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    Client::from_conf(config.build())
}

/// Copies a virtual object part by part, each body as it comes from the GET.
async fn copied(client: &Client, parts: i32, part_bytes: u64) -> String {
    let created = client.create_multipart_upload().bucket(BUCKET).key("copy");
    let created = created.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).send().await.unwrap();
    let id = created.upload_id.unwrap();
    let mut sent = Vec::new();
    for (number, index) in (1..=parts).zip(0..) {
        let range = format!("bytes={}-{}", index * part_bytes, (index + 1) * part_bytes - 1);
        let got = client.get_object().bucket(BUCKET).key("v").range(range).send().await.unwrap();
        let part = client.upload_part().bucket(BUCKET).key("copy").upload_id(&id).part_number(number);
        let length = i64::try_from(part_bytes).unwrap();
        let reply = part.content_length(length).body(got.body).send().await.unwrap();
        sent.push(CompletedPart::builder().part_number(number).set_e_tag(reply.e_tag).build());
    }
    let parts = CompletedMultipartUpload::builder().set_parts(Some(sent)).build();
    let complete = client.complete_multipart_upload().bucket(BUCKET).key("copy").upload_id(id);
    complete.multipart_upload(parts).send().await.unwrap().e_tag.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_copy_in_parts_has_the_checksum_of_its_source() {
    let cloud = Cloud::new(Options { fast_etags: true, ..Options::default() }).unwrap();
    let client = unsumming(&cloud);
    client.create_bucket().bucket(BUCKET).send().await.unwrap();
    // More than the memory of any machine that runs tests could be asked to hold.
    let part_bytes = 1024 * MIB + 4_097;
    let made = cloud.put_virtual_object(BUCKET, "v", 3 * part_bytes, VirtualChecksum::FullObject).unwrap();
    let etag = copied(&client, 3, part_bytes).await;
    assert!(etag.ends_with("-3\""));
    assert_eq!(crc64nvme(&client, "copy").await, Some(made.crc64nvme));
    assert_eq!(cloud.virtual_traffic().written_bytes, 3 * part_bytes);
    for start in [0, part_bytes - 5, 2 * part_bytes - 5] {
        assert_eq!(range(&client, "copy", start, 10).await, range(&client, "v", start, 10).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_takes_the_time_that_its_bandwidth_says() {
    let cloud =
        Cloud::new(Options { stream_bytes_per_second: Some(MIB / 32), ..Options::default() }).unwrap();
    let client = client(&cloud);
    client.create_bucket().bucket(BUCKET).send().await.unwrap();
    cloud.put_virtual_object(BUCKET, "v", 20 * MIB, VirtualChecksum::FullObject).unwrap();
    let started = Instant::now();
    assert_eq!(get(&client, "v").await.len() as u64, 20 * MIB);
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(640) && took < Duration::from_secs(641), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cloud_on_disk_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = Some(folder.path().to_owned());
    let cloud = Cloud::new(Options { data_dir, ..Options::default() }).unwrap();
    client(&cloud).create_bucket().bucket(BUCKET).send().await.unwrap();
    let refused = cloud.put_virtual_object(BUCKET, "v", 1, VirtualChecksum::FullObject);
    assert!(refused.unwrap_err().starts_with("NotImplemented"));
}
