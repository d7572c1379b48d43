//! Multipart uploads and their checksums.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart, ObjectAttributes,
    ServerSideEncryption,
};

use super::{BUCKET, bytes, code, get, put, world};

const PART: usize = 5 * 1024 * 1024;

pub(crate) async fn create(client: &Client, algorithm: Option<ChecksumAlgorithm>) -> String {
    let create = client.create_multipart_upload().bucket(BUCKET).key("k").metadata("token", "mine");
    create.set_checksum_algorithm(algorithm).send().await.unwrap().upload_id.unwrap()
}

/// Uploads `body` as part `number`, with a checksum of `algorithm`.
pub(crate) async fn part(
    client: &Client,
    id: &str,
    number: i32,
    body: Vec<u8>,
    algorithm: ChecksumAlgorithm,
) -> CompletedPart {
    let upload = client.upload_part().bucket(BUCKET).key("k").upload_id(id).part_number(number);
    let output = upload.body(ByteStream::from(body)).checksum_algorithm(algorithm).send().await.unwrap();
    CompletedPart::builder()
        .part_number(number)
        .set_e_tag(output.e_tag)
        .set_checksum_crc32(output.checksum_crc32)
        .set_checksum_crc64_nvme(output.checksum_crc64_nvme)
        .build()
}

pub(crate) fn complete(
    client: &Client,
    id: &str,
    parts: &[CompletedPart],
) -> CompleteMultipartUploadFluentBuilder {
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.to_vec())).build();
    client.complete_multipart_upload().bucket(BUCKET).key("k").upload_id(id).multipart_upload(parts)
}

#[tokio::test(start_paused = true)]
async fn full_object_checksums_are_those_of_the_bytes() {
    let (_cloud, client) = world().await;
    let body = bytes(2 * PART + 100);
    // What a single upload of the same bytes says.
    let whole = client.put_object().bucket(BUCKET).key("whole").body(ByteStream::from(body.clone()));
    let whole = whole.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).send().await.unwrap();
    let checksum = whole.checksum_crc64_nvme().unwrap();

    let id = create(&client, Some(ChecksumAlgorithm::Crc64Nvme)).await;
    let mut parts = Vec::new();
    for (index, piece) in body.chunks(PART).enumerate() {
        let number = i32::try_from(index).unwrap() + 1;
        parts.push(part(&client, &id, number, piece.to_vec(), ChecksumAlgorithm::Crc64Nvme).await);
    }
    let wrong = complete(&client, &id, &parts).checksum_crc64_nvme("AAAAAAAAAAA=");
    assert_eq!(code(wrong.send().await).as_deref(), Some("BadDigest"));
    let short = complete(&client, &id, &parts).mpu_object_size(1);
    assert_eq!(code(short.send().await).as_deref(), Some("InvalidRequest"));
    let typed = complete(&client, &id, &parts).checksum_type(ChecksumType::Composite);
    assert_eq!(code(typed.send().await).as_deref(), Some("InvalidRequest"));
    let right = || {
        complete(&client, &id, &parts)
            .checksum_crc64_nvme(checksum)
            .checksum_type(ChecksumType::FullObject)
            .mpu_object_size(i64::try_from(body.len()).unwrap())
            .if_none_match("*")
    };
    let done = right().send().await.unwrap();
    assert!(done.e_tag().unwrap().ends_with("-3\""));
    assert_eq!(get(&client, "k").await, body);
    let again = right().send().await.unwrap();
    assert_eq!(again.e_tag(), done.e_tag());

    let head = client.head_object().bucket(BUCKET).key("k").checksum_mode(ChecksumMode::Enabled);
    let head = head.send().await.unwrap();
    assert_eq!(head.checksum_crc64_nvme(), Some(checksum));
    assert_eq!(head.metadata().unwrap()["token"], "mine");
    let second = client.get_object().bucket(BUCKET).key("k").part_number(2).send().await.unwrap();
    assert_eq!(second.parts_count(), Some(3));
    assert_eq!(second.body.collect().await.unwrap().to_vec(), body[PART..2 * PART]);
}

#[tokio::test(start_paused = true)]
async fn composite_checksums_count_their_parts() {
    let (_cloud, client) = world().await;
    let id = create(&client, Some(ChecksumAlgorithm::Crc32)).await;
    let first = part(&client, &id, 1, bytes(PART), ChecksumAlgorithm::Crc32).await;
    let last = part(&client, &id, 2, bytes(1), ChecksumAlgorithm::Crc32).await;
    let bare = |part: &CompletedPart| {
        CompletedPart::builder().part_number(part.part_number.unwrap()).set_e_tag(part.e_tag.clone()).build()
    };
    let without = complete(&client, &id, &[bare(&first), bare(&last)]).send().await;
    assert_eq!(code(without).as_deref(), Some("InvalidRequest"));
    let done = complete(&client, &id, &[first, last]).send().await.unwrap();
    assert!(done.checksum_crc32().unwrap().ends_with("-2"));
    assert_eq!(done.checksum_type(), Some(&ChecksumType::Composite));
    let attributes = client.get_object_attributes().bucket(BUCKET).key("k");
    let attributes = attributes.object_attributes(ObjectAttributes::ObjectParts).send().await.unwrap();
    assert_eq!(attributes.object_parts().unwrap().total_parts_count(), Some(2));
    assert_eq!(attributes.object_parts().unwrap().parts().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_rules_of_parts() {
    let (_cloud, client) = world().await;
    let nvme = ChecksumAlgorithm::Crc64Nvme;
    let id = create(&client, Some(nvme.clone())).await;
    let small = part(&client, &id, 1, bytes(10), nvme.clone()).await;
    let last = part(&client, &id, 2, bytes(20), nvme.clone()).await;
    let finish = |parts: Vec<CompletedPart>| complete(&client, &id, &parts).send();
    assert_eq!(code(finish(vec![small.clone(), last.clone()]).await).as_deref(), Some("EntityTooSmall"));
    assert_eq!(code(finish(vec![last.clone(), small.clone()]).await).as_deref(), Some("InvalidPartOrder"));
    assert_eq!(code(finish(vec![]).await).as_deref(), Some("MalformedXML"));
    let absent = CompletedPart::builder().part_number(3).e_tag("\"x\"").build();
    assert_eq!(code(finish(vec![absent]).await).as_deref(), Some("InvalidPart"));

    let upload = |number, id: &str| {
        let upload = client.upload_part().bucket(BUCKET).key("k").upload_id(id).part_number(number);
        upload.body(ByteStream::from_static(b"x"))
    };
    let other = upload(1, &id).checksum_algorithm(ChecksumAlgorithm::Sha256).send().await;
    assert_eq!(code(other).as_deref(), Some("InvalidRequest"));
    let numbered = upload(10_001, &id).checksum_algorithm(nvme.clone()).send().await;
    assert_eq!(code(numbered).as_deref(), Some("InvalidArgument"));
    assert_eq!(code(upload(1, "none").send().await).as_deref(), Some("NoSuchUpload"));

    let abort = || client.abort_multipart_upload().bucket(BUCKET).key("k").upload_id(&id);
    abort().send().await.unwrap();
    assert_eq!(code(abort().send().await).as_deref(), Some("NoSuchUpload"));
    assert_eq!(code(finish(vec![small]).await).as_deref(), Some("NoSuchUpload"));
    assert_eq!(code(client.head_object().bucket(BUCKET).key("k").send().await).as_deref(), Some("NotFound"));
}

#[tokio::test(start_paused = true)]
async fn a_conditional_complete_loses_to_what_is_there() {
    let (_cloud, client) = world().await;
    let id = create(&client, Some(ChecksumAlgorithm::Crc64Nvme)).await;
    let only = part(&client, &id, 1, bytes(10), ChecksumAlgorithm::Crc64Nvme).await;
    put(&client, "k", b"first").await;
    let lost = complete(&client, &id, std::slice::from_ref(&only)).if_none_match("*").send().await;
    assert_eq!(code(lost).as_deref(), Some("PreconditionFailed"));
    assert_eq!(get(&client, "k").await, b"first");
    complete(&client, &id, &[only]).send().await.unwrap();
    assert_eq!(get(&client, "k").await, bytes(10));
}

#[tokio::test(start_paused = true)]
async fn parts_copied_from_ranges_and_pages_of_lists() {
    let (_cloud, client) = world().await;
    let body = bytes(PART + 10);
    put(&client, "source", &body).await;
    let id = create(&client, None).await;
    let mut parts = Vec::new();
    for (number, range) in [(1, format!("bytes=0-{}", PART - 1)), (2, format!("bytes={PART}-{}", PART + 9))] {
        let copy = client.upload_part_copy().bucket(BUCKET).key("k").upload_id(&id).part_number(number);
        let copy =
            copy.copy_source(format!("{BUCKET}/source")).copy_source_range(range).send().await.unwrap();
        let etag = copy.copy_part_result.unwrap().e_tag;
        parts.push(CompletedPart::builder().part_number(number).set_e_tag(etag).build());
    }
    let list = || client.list_parts().bucket(BUCKET).key("k").upload_id(&id).max_parts(1);
    let first = list().send().await.unwrap();
    assert_eq!((first.parts().len(), first.is_truncated()), (1, Some(true)));
    let marker = first.next_part_number_marker().unwrap();
    let second = list().part_number_marker(marker).send().await.unwrap();
    assert_eq!((second.parts()[0].part_number(), second.is_truncated()), (Some(2), Some(false)));

    let newer = create(&client, None).await;
    let uploads = || client.list_multipart_uploads().bucket(BUCKET).max_uploads(1);
    let page = uploads().send().await.unwrap();
    assert_eq!(page.uploads()[0].upload_id(), Some(id.as_str()));
    let next = uploads().key_marker(page.next_key_marker().unwrap());
    let next = next.upload_id_marker(page.next_upload_id_marker().unwrap()).send().await.unwrap();
    assert_eq!(next.uploads()[0].upload_id(), Some(newer.as_str()));
    assert_eq!(next.is_truncated(), Some(false));

    complete(&client, &id, &parts).send().await.unwrap();
    assert_eq!(get(&client, "k").await, body);
}

#[tokio::test(start_paused = true)]
async fn under_a_kms_key_equal_bytes_have_another_etag_each_time() {
    let (_cloud, client) = world().await;
    let kms = || Some(ServerSideEncryption::AwsKms);
    let create = client.create_multipart_upload().bucket(BUCKET).key("k").set_server_side_encryption(kms());
    let id = create.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).send().await.unwrap().upload_id.unwrap();
    let body = bytes(100);
    let first = part(&client, &id, 1, body.clone(), ChecksumAlgorithm::Crc64Nvme).await;
    let again = part(&client, &id, 1, body.clone(), ChecksumAlgorithm::Crc64Nvme).await;
    assert_ne!(first.e_tag(), again.e_tag());
    assert_eq!(first.checksum_crc64_nvme(), again.checksum_crc64_nvme());
    assert_eq!(code(complete(&client, &id, &[first]).send().await).as_deref(), Some("InvalidPart"));
    complete(&client, &id, &[again]).send().await.unwrap();

    let put = async || {
        let put = client.put_object().bucket(BUCKET).key("p").set_server_side_encryption(kms());
        put.body(ByteStream::from(body.clone())).send().await.unwrap().e_tag
    };
    assert_ne!(put().await, put().await);
}
