//! Conditional reads and writes.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, ChecksumAlgorithm, CompletedPart};
use futures::future::join_all;

use super::multipart::{complete, create, part};
use super::versions::switch;
use super::{BUCKET, code, get, put, world};

#[tokio::test(start_paused = true)]
async fn reads() {
    let (_cloud, client) = world().await;
    let etag = put(&client, "k", b"one").await;
    let read = || client.get_object().bucket(BUCKET).key("k");
    assert_eq!(code(read().if_match(&etag).send().await).as_deref(), Some("OK"));
    assert_eq!(code(read().if_match("\"other\"").send().await).as_deref(), Some("PreconditionFailed"));
    let unchanged = read().if_none_match(&etag).send().await.unwrap_err();
    assert_eq!(unchanged.raw_response().unwrap().status().as_u16(), 304);
    let head = client.head_object().bucket(BUCKET).key("k").if_match("\"other\"").send().await.unwrap_err();
    assert_eq!(head.raw_response().unwrap().status().as_u16(), 412);
}

#[tokio::test(start_paused = true)]
async fn writes() {
    let (_cloud, client) = world().await;
    let write =
        |body: &'static [u8]| client.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(body));
    assert_eq!(code(write(b"0").if_match("\"none\"").send().await).as_deref(), Some("NoSuchKey"));
    let first = write(b"1").if_none_match("*").send().await.unwrap().e_tag.unwrap();
    assert_eq!(code(write(b"2").if_none_match("*").send().await).as_deref(), Some("PreconditionFailed"));
    write(b"3").if_match(&first).send().await.unwrap();
    assert_eq!(code(write(b"4").if_match(&first).send().await).as_deref(), Some("PreconditionFailed"));
    let copy = client.copy_object().bucket(BUCKET).key("k").copy_source(format!("{BUCKET}/k"));
    let copied = copy.copy_source_if_match(&first).send().await;
    assert_eq!(code(copied).as_deref(), Some("PreconditionFailed"));
    assert_eq!(
        code(client.delete_object().bucket(BUCKET).key("k").if_match(&first).send().await).as_deref(),
        Some("PreconditionFailed")
    );
    assert_eq!(get(&client, "k").await, b"3");
}

#[tokio::test]
async fn of_many_racing_creators_one_wins() {
    let (_cloud, client) = world().await;
    let writes = (0..32_u8).map(|n| {
        let body = ByteStream::from(vec![n]);
        client.put_object().bucket(BUCKET).key("k").if_none_match("*").body(body).send()
    });
    let codes: Vec<_> = join_all(writes).await.into_iter().map(code).collect();
    assert_eq!(codes.iter().filter(|code| code.as_deref() == Some("OK")).count(), 1);
    assert!(codes.iter().all(|code| matches!(code.as_deref(), Some("OK" | "PreconditionFailed"))));
}

/// An upload of `k` with one part.
async fn begin(client: &Client) -> (String, CompletedPart) {
    let id = create(client, Some(ChecksumAlgorithm::Crc64Nvme)).await;
    let only = part(client, &id, 1, b"upload".to_vec(), ChecksumAlgorithm::Crc64Nvme).await;
    (id, only)
}

async fn delete(client: &Client, key: &str) {
    client.delete_object().bucket(BUCKET).key(key).send().await.unwrap();
}

/// What a conditional Complete comes to.
async fn completed(client: &Client, upload: &(String, CompletedPart), if_match: Option<&str>) -> String {
    let request = complete(client, &upload.0, std::slice::from_ref(&upload.1));
    let request = match if_match {
        Some(etag) => request.if_match(etag),
        None => request.if_none_match("*"),
    };
    code(request.send().await).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_complete_whose_key_changed_after_the_start_conflicts_even_when_its_condition_holds() {
    let (_cloud, client) = world().await;
    let before = put(&client, "k", b"equal").await;
    let upload = begin(&client).await;
    assert_eq!(put(&client, "k", b"equal").await, before);
    assert_eq!(completed(&client, &upload, None).await, "PreconditionFailed");
    assert_eq!(completed(&client, &upload, Some(&before)).await, "ConditionalRequestConflict");
    delete(&client, "k").await;
    assert_eq!(completed(&client, &upload, Some(&before)).await, "NoSuchKey");
    assert_eq!(completed(&client, &upload, None).await, "ConditionalRequestConflict");
    // An upload that starts now is not concerned, nor is one without a condition.
    assert_eq!(completed(&client, &begin(&client).await, None).await, "OK");
    assert_eq!(code(complete(&client, &upload.0, &[upload.1]).send().await).as_deref(), Some("OK"));
}

#[tokio::test(start_paused = true)]
async fn what_leaves_the_key_as_it_is_does_not_conflict() {
    let (_cloud, client) = world().await;
    let upload = begin(&client).await;
    put(&client, "kk", b"another key").await;
    delete(&client, "k").await;
    assert_eq!(completed(&client, &upload, Some("\"none\"")).await, "NoSuchKey");
    assert_eq!(completed(&client, &upload, None).await, "OK");
}

#[tokio::test(start_paused = true)]
async fn a_delete_marker_conflicts_and_the_removal_of_an_older_version_does_not() {
    let (_cloud, client) = world().await;
    switch(&client, BucketVersioningStatus::Enabled).await;
    let older = client.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(b"older"));
    let older = older.send().await.unwrap().version_id.unwrap();
    let current = put(&client, "k", b"current").await;
    let (first, second) = (begin(&client).await, begin(&client).await);
    client.delete_object().bucket(BUCKET).key("k").version_id(older).send().await.unwrap();
    assert_eq!(completed(&client, &first, Some(&current)).await, "OK");
    let third = begin(&client).await;
    assert_eq!(completed(&client, &second, Some(&current)).await, "PreconditionFailed");
    delete(&client, "k").await;
    assert_eq!(completed(&client, &third, None).await, "ConditionalRequestConflict");
}
