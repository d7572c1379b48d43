//! A cloud on disk has its objects again when it is opened again.

use std::fs;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, EventBridgeConfiguration, NotificationConfiguration};
use simcloud::{Cloud, Effect, Fault, Options};

use super::versions::{put_version, read, switch};
use super::{BUCKET, bytes, client, code, get, put};

fn open(folder: &tempfile::TempDir) -> Cloud {
    Cloud::new(Options { data_dir: Some(folder.path().to_owned()), ..Options::default() }).unwrap()
}

fn files(folder: &tempfile::TempDir, name: &str) -> usize {
    fs::read_dir(folder.path().join(name)).unwrap().count()
}

#[tokio::test]
async fn objects_and_settings_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let body = bytes(3 * 1024 * 1024 + 7);
    {
        let cloud = open(&folder);
        let client = client(&cloud);
        client.create_bucket().bucket(BUCKET).send().await.unwrap();
        let events = EventBridgeConfiguration::builder().build();
        let notify = NotificationConfiguration::builder().event_bridge_configuration(events).build();
        let request = client.put_bucket_notification_configuration().bucket(BUCKET);
        request.notification_configuration(notify).send().await.unwrap();
        put(&client, "../k", b"replaced").await;
        put(&client, "../k", &body).await;
        put(&client, "gone", b"x").await;
        put(&client, "empty", b"").await;
        client
            .copy_object()
            .bucket(BUCKET)
            .key("copy")
            .copy_source(format!("{BUCKET}/empty"))
            .send()
            .await
            .unwrap();
        client.delete_object().bucket(BUCKET).key("gone").send().await.unwrap();
        assert_eq!(get(&client, "../k").await, body);
    }
    fs::write(folder.path().join("objects/00000000000fffff"), b"an orphan").unwrap();
    let cloud = open(&folder);
    let client = client(&cloud);
    assert_eq!(get(&client, "../k").await, body);
    assert_eq!(get(&client, "copy").await, b"");
    assert_eq!(
        code(client.head_object().bucket(BUCKET).key("gone").send().await).as_deref(),
        Some("NotFound")
    );
    assert_eq!((files(&folder, "objects"), files(&folder, "index")), (1, 3));
    let kept = client.get_bucket_notification_configuration().bucket(BUCKET).send().await.unwrap();
    assert!(kept.event_bridge_configuration().is_some());
    let ranged =
        client.get_object().bucket(BUCKET).key("../k").range("bytes=1000000-2000000").send().await.unwrap();
    assert_eq!(ranged.body.collect().await.unwrap().to_vec(), body[1_000_000..=2_000_000]);
}

#[tokio::test]
async fn a_refused_body_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = open(&folder);
    let client = client(&cloud);
    client.create_bucket().bucket(BUCKET).send().await.unwrap();
    cloud.faults().add(Fault::on("S3", "PutObject").effect(Effect::FlipRequestByte { at: 5 }));
    let put = client.put_object().bucket(BUCKET).key("k").body(ByteStream::from(bytes(100_000)));
    assert_eq!(code(put.send().await).as_deref(), Some("BadDigest"));
    assert_eq!((files(&folder, "objects"), files(&folder, "index")), (0, 0));
}

#[tokio::test]
async fn versions_and_delete_markers_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second, marker);
    {
        let cloud = open(&folder);
        let client = client(&cloud);
        client.create_bucket().bucket(BUCKET).send().await.unwrap();
        put(&client, "k", b"before").await;
        switch(&client, BucketVersioningStatus::Enabled).await;
        first = put_version(&client, "k", b"first").await.unwrap();
        second = put_version(&client, "k", b"second").await.unwrap();
        let deleted = client.delete_object().bucket(BUCKET).key("k").send().await.unwrap();
        marker = deleted.version_id.unwrap();
        let gone = client.delete_object().bucket(BUCKET).key("k").version_id(&first).send().await.unwrap();
        assert_eq!(gone.version_id(), Some(&*first));
    }
    assert_eq!((files(&folder, "objects"), files(&folder, "index")), (2, 3));
    let cloud = open(&folder);
    let client = client(&cloud);
    let current = client.get_object().bucket(BUCKET).key("k").send().await;
    assert_eq!(code(current).as_deref(), Some("NoSuchKey"));
    assert_eq!(read(&client, "k", &second).await.unwrap(), b"second");
    assert_eq!(read(&client, "k", "null").await.unwrap(), b"before");
    assert_eq!(read(&client, "k", &first).await, Err("NoSuchVersion".to_owned()));
    client.delete_object().bucket(BUCKET).key("k").version_id(&marker).send().await.unwrap();
    assert_eq!(get(&client, "k").await, b"second");
    assert!(put_version(&client, "k", b"third").await.is_some());
    assert_eq!(get(&client, "k").await, b"third");
}

#[tokio::test]
async fn scratch_space_holds_small_objects_in_memory_as_far_as_that_goes() {
    let folder = tempfile::tempdir().unwrap();
    let (data_dir, scratch_memory_bytes) = (Some(folder.path().to_owned()), Some(300_000));
    let cloud = Cloud::new(Options { data_dir, scratch_memory_bytes, ..Options::default() }).unwrap();
    let client = client(&cloud);
    client.create_bucket().bucket(BUCKET).send().await.unwrap();
    let body = bytes(200_000);
    put(&client, "held", &body).await;
    assert_eq!(files(&folder, "objects"), 0);
    put(&client, "large", &bytes(300_000)).await;
    put(&client, "no room", &body).await;
    assert_eq!(files(&folder, "objects"), 2);
    for key in ["held", "no room"] {
        assert_eq!(get(&client, key).await, body);
    }
    client.delete_object().bucket(BUCKET).key("held").send().await.unwrap();
    put(&client, "room again", &body).await;
    assert_eq!((files(&folder, "objects"), files(&folder, "index")), (2, 0));
    assert_eq!(get(&client, "room again").await, body);
}
