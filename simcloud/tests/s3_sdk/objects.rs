//! Objects: what goes in comes out, under any key.

use std::collections::BTreeSet;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumMode, Delete, EncodingType, MetadataDirective, ObjectAttributes, ObjectIdentifier,
    ServerSideEncryption, StorageClass, Tag, Tagging,
};
use proptest::prelude::*;

use super::{BUCKET, bytes, code, get, put, world};

const HOSTILE: [&str; 18] = [
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
    " x ",
    "'\"<&>",
    "\\",
];

#[tokio::test(start_paused = true)]
async fn hostile_keys_are_kept_verbatim() {
    let (_cloud, client) = world().await;
    let long = "k".repeat(1024);
    let keys: Vec<&str> = HOSTILE.into_iter().chain([long.as_str()]).collect();
    for key in &keys {
        put(&client, key, key.as_bytes()).await;
    }
    for key in &keys {
        assert_eq!(get(&client, key).await, key.as_bytes(), "{key:?}");
        let copy = format!("{BUCKET}/{}", encode(key));
        client.copy_object().bucket(BUCKET).key("copy").copy_source(copy).send().await.unwrap();
        assert_eq!(get(&client, "copy").await, key.as_bytes(), "{key:?}");
        client.delete_object().bucket(BUCKET).key(*key).send().await.unwrap();
        assert_eq!(
            code(client.head_object().bucket(BUCKET).key(*key).send().await).as_deref(),
            Some("NotFound")
        );
    }
    let too_long = client.put_object().bucket(BUCKET).key("k".repeat(1025)).send().await;
    assert_eq!(code(too_long).as_deref(), Some("KeyTooLongError"));
}

fn encode(key: &str) -> String {
    key.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_set_of_keys_lists_back_page_by_page(
        // The SDK itself refuses keys that are nothing but white space.
        keys in prop::collection::btree_set("[a-c/ +%é\u{1}\u{ffff}\u{1f600}]{0,5}[a-c/+%é\u{1}\u{ffff}]", 1..12),
        page in 1..5_i32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (_cloud, client) = world().await;
            for key in &keys {
                put(&client, key, key.as_bytes()).await;
            }
            let mut listed = Vec::new();
            let mut token = None;
            loop {
                let request = client.list_objects_v2().bucket(BUCKET).max_keys(page).encoding_type(EncodingType::Url);
                let output = request.set_continuation_token(token).send().await.unwrap();
                for object in output.contents() {
                    let key = object.key().unwrap().replace('+', " ");
                    listed.push(percent_encoding::percent_decode_str(&key).decode_utf8().unwrap().into_owned());
                }
                token = output.next_continuation_token;
                if token.is_none() {
                    break;
                }
            }
            // UTF-8 order is the order of a set of strings.
            assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len());
            assert_eq!(listed, keys.iter().cloned().collect::<Vec<_>>());
            for key in &keys {
                assert_eq!(get(&client, key).await, key.as_bytes());
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn everything_said_of_an_object_comes_back() {
    let (_cloud, client) = world().await;
    let put = client.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(b"body"));
    let put = put.content_type("text/plain").content_encoding("gzip").content_language("en");
    let put = put.content_disposition("inline").cache_control("no-cache").metadata("token", "t-1");
    let put = put.storage_class(StorageClass::StandardIa).tagging("a=1&b=2");
    let put = put.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id("key-1");
    let written = put.website_redirect_location("/x").send().await.unwrap();
    assert_eq!(written.ssekms_key_id(), Some("key-1"));
    assert!(written.checksum_crc32().is_some());

    let read = client.get_object().bucket(BUCKET).key("k").send().await.unwrap();
    assert_eq!(read.content_type(), Some("text/plain"));
    assert_eq!(read.content_encoding(), Some("gzip"));
    assert_eq!(read.content_language(), Some("en"));
    assert_eq!(read.content_disposition(), Some("inline"));
    assert_eq!(read.cache_control(), Some("no-cache"));
    assert_eq!(read.metadata().unwrap()["token"], "t-1");
    assert_eq!(read.storage_class(), Some(&StorageClass::StandardIa));
    assert_eq!(read.tag_count(), Some(2));
    assert_eq!(read.server_side_encryption(), Some(&ServerSideEncryption::AwsKms));
    assert_eq!(read.website_redirect_location(), Some("/x"));
    assert_eq!(read.e_tag(), written.e_tag());
    assert_eq!(read.checksum_crc32(), written.checksum_crc32());

    let attributes = client.get_object_attributes().bucket(BUCKET).key("k");
    let attributes = attributes.object_attributes(ObjectAttributes::Checksum);
    let attributes = attributes.object_attributes(ObjectAttributes::ObjectSize).send().await.unwrap();
    assert_eq!(attributes.object_size(), Some(4));
    assert_eq!(attributes.checksum().unwrap().checksum_crc32(), written.checksum_crc32());
}

#[tokio::test(start_paused = true)]
async fn the_store_computes_crc64nvme_when_the_client_sends_nothing() {
    let (cloud, _) = world().await;
    let lean = super::builder(&cloud)
        .request_checksum_calculation(aws_sdk_s3::config::RequestChecksumCalculation::WhenRequired)
        .build();
    let client = aws_sdk_s3::Client::from_conf(lean);
    put(&client, "k", b"123456789").await;
    let head = client.head_object().bucket(BUCKET).key("k").checksum_mode(ChecksumMode::Enabled).send().await;
    assert_eq!(head.unwrap().checksum_crc64_nvme(), Some("rosUhgp5mIg="));
}

#[tokio::test(start_paused = true)]
async fn claims_are_verified() {
    let (_cloud, client) = world().await;
    let put =
        |body: &'static [u8]| client.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(body));
    assert_eq!(code(put(b"a").checksum_crc32_c("AAAAAA==").send().await).as_deref(), Some("BadDigest"));
    assert_eq!(
        code(put(b"a").content_md5("AAAAAAAAAAAAAAAAAAAAAA==").send().await).as_deref(),
        Some("BadDigest")
    );
    assert_eq!(code(put(b"a").content_md5("x").send().await).as_deref(), Some("InvalidDigest"));
    assert_eq!(
        code(put(b"a").metadata("m", "v".repeat(2048)).send().await).as_deref(),
        Some("MetadataTooLarge")
    );
    assert_eq!(code(client.head_object().bucket(BUCKET).key("k").send().await).as_deref(), Some("NotFound"));
    assert_eq!(
        code(client.get_object().bucket("nowhere").key("k").send().await).as_deref(),
        Some("NoSuchBucket")
    );
}

#[tokio::test(start_paused = true)]
async fn ranges() {
    let (_cloud, client) = world().await;
    let body = bytes(700_000);
    put(&client, "k", &body).await;
    let ranged = async |range: &str| {
        let output = client.get_object().bucket(BUCKET).key("k").range(range).send().await.unwrap();
        let content_range = output.content_range().map(str::to_owned);
        (output.body.collect().await.unwrap().to_vec(), content_range)
    };
    assert_eq!(
        ranged("bytes=262000-262999").await,
        (body[262_000..263_000].to_vec(), Some("bytes 262000-262999/700000".into()))
    );
    assert_eq!(ranged("bytes=699999-").await.0, body[699_999..]);
    assert_eq!(ranged("bytes=-10").await.0, body[699_990..]);
    assert_eq!(ranged("bytes=0-1,5-6").await, (body.clone(), None));
    let beyond = client.get_object().bucket(BUCKET).key("k").range("bytes=700000-").send().await;
    assert_eq!(code(beyond).as_deref(), Some("InvalidRange"));
}

#[tokio::test(start_paused = true)]
async fn tags_and_copies() {
    let (_cloud, client) = world().await;
    put(&client, "k", b"body").await;
    let tag = Tag::builder().key("a").value("1").build().unwrap();
    let tagging = Tagging::builder().tag_set(tag.clone()).build().unwrap();
    client.put_object_tagging().bucket(BUCKET).key("k").tagging(tagging).send().await.unwrap();
    let source = format!("{BUCKET}/k");
    let copy = || client.copy_object().bucket(BUCKET).copy_source(&source);
    copy().key("copy").send().await.unwrap();
    let tags = client.get_object_tagging().bucket(BUCKET).key("copy").send().await.unwrap();
    assert_eq!(tags.tag_set(), [tag]);
    assert_eq!(code(copy().key("k").send().await).as_deref(), Some("InvalidRequest"));
    let replaced = copy().key("k").metadata_directive(MetadataDirective::Replace).metadata("m", "1");
    replaced.send().await.unwrap();
    let head = client.head_object().bucket(BUCKET).key("k").send().await.unwrap();
    assert_eq!(head.metadata().unwrap()["m"], "1");
}

#[tokio::test(start_paused = true)]
async fn lists_roll_up_and_deletes_come_in_batches() {
    let (_cloud, client) = world().await;
    for key in ["a", "b/1", "b/2", "c/1", "d"] {
        put(&client, key, b"").await;
    }
    let list = client.list_objects_v2().bucket(BUCKET).delimiter("/").send().await.unwrap();
    let prefixes: Vec<&str> = list.common_prefixes().iter().filter_map(|it| it.prefix()).collect();
    let keys: Vec<&str> = list.contents().iter().filter_map(|it| it.key()).collect();
    assert_eq!((keys, prefixes), (vec!["a", "d"], vec!["b/", "c/"]));
    assert_eq!(code(client.delete_bucket().bucket(BUCKET).send().await).as_deref(), Some("BucketNotEmpty"));

    let object = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
    let all = ["a", "b/1", "b/2", "c/1", "d", "absent"].map(object).to_vec();
    let delete = Delete::builder().set_objects(Some(all)).build().unwrap();
    let deleted = client.delete_objects().bucket(BUCKET).delete(delete).send().await.unwrap();
    assert_eq!(deleted.deleted().len(), 6);
    client.delete_bucket().bucket(BUCKET).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_says_so() {
    let (_cloud, client) = world().await;
    put(&client, "k", b"body").await;
    let acl = client.get_object_acl().bucket(BUCKET).key("k").send().await;
    assert_eq!(code(acl).as_deref(), Some("NotImplemented"));
    let versioned = client.get_object().bucket(BUCKET).key("k").version_id("v1").send().await;
    assert_eq!(code(versioned).as_deref(), Some("InvalidArgument"));
    let archived = client.put_object().bucket(BUCKET).key("old").storage_class(StorageClass::Glacier);
    archived.send().await.unwrap();
    let read = client.get_object().bucket(BUCKET).key("old").send().await;
    assert_eq!(code(read).as_deref(), Some("InvalidObjectState"));
}
