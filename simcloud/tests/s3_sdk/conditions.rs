//! Conditional reads and writes.

use aws_sdk_s3::primitives::ByteStream;
use futures::future::join_all;

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
