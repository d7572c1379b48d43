//! Objects, put and read with the real SDK.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

pub(crate) const LANDING: &str = "landing";
pub(crate) const DELIVERED: &str = "delivered";

pub(crate) async fn put(s3: &Client, key: &str, content: &[u8]) {
    let body = ByteStream::from(content.to_vec());
    s3.put_object().bucket(LANDING).key(key).body(body).send().await.unwrap();
}

/// As the AWS CLI puts a large file: parts without a checksum of the whole.
pub(crate) async fn put_in_parts(s3: &Client, key: &str, content: &[u8], part_bytes: usize) {
    let created = s3.create_multipart_upload().bucket(LANDING).key(key).send().await.unwrap();
    let upload_id = created.upload_id().unwrap();
    let mut parts = Vec::new();
    for (chunk, number) in content.chunks(part_bytes).zip(1..) {
        let part = s3.upload_part().bucket(LANDING).key(key).upload_id(upload_id).part_number(number);
        let sent = part.body(ByteStream::from(chunk.to_vec())).send().await.unwrap();
        parts.push(CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).build());
    }
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = s3.complete_multipart_upload().bucket(LANDING).key(key).upload_id(upload_id);
    complete.multipart_upload(parts).send().await.unwrap();
}

pub(crate) async fn delivered(s3: &Client, key: &str) -> Vec<u8> {
    let got = s3.get_object().bucket(DELIVERED).key(key).send().await.unwrap();
    got.body.collect().await.unwrap().to_vec()
}

pub(crate) async fn delivered_keys(s3: &Client) -> Vec<String> {
    let pages = s3.list_objects_v2().bucket(DELIVERED).into_paginator().send();
    let pages = pages.try_collect().await.unwrap();
    pages.iter().flat_map(|page| page.contents()).map(|object| object.key().unwrap().to_owned()).collect()
}

/// Upload ids of multipart uploads that nobody completed or aborted.
pub(crate) async fn unfinished_uploads(s3: &Client) -> Vec<String> {
    let listed = s3.list_multipart_uploads().bucket(DELIVERED).send().await.unwrap();
    listed.uploads().iter().map(|upload| upload.upload_id().unwrap().to_owned()).collect()
}
