//! Putting files into the landing bucket.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};
use common::fault::Fault;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::display::Display;
use super::walk::Local;

/// The bucket that files are put into.
pub(super) const LANDING: &str = "landing";
const PUTS_IN_FLIGHT: usize = 8;
/// Larger files go in by multipart, as every AWS tool does it.
const SINGLE_PUT_BYTES_MAX: u64 = 64 * 1024 * 1024;
const PART_BYTES: u64 = 16 * 1024 * 1024;
const PARTS_IN_FLIGHT: usize = 4;

/// The ETag of each file, or why it could not be put in, by key.
pub(super) type Put = BTreeMap<String, Result<String, NotPut>>;

/// Why a file could not be put in.
#[derive(Debug)]
pub(super) struct NotPut {
    /// `unreadable`, or `refused` by the embedded S3.
    pub(super) status: &'static str,
    pub(super) why: String,
}

/// Puts all files in. One that cannot be put in holds up no other.
pub(super) async fn put_all(files: &[Local], s3: &Client, display: &Display) -> Put {
    let mut all = Put::new();
    let mut putting = stream::iter(files)
        .map(|file| async move { (file, put_or_explain(file, s3).await) })
        .buffer_unordered(PUTS_IN_FLIGHT);
    while let Some((file, etag)) = putting.next().await {
        all.insert(file.key.clone(), etag.map(|etag| etag.trim_matches('"').to_owned()));
        display.put(all.len(), files.len());
    }
    all
}

/// A request that fails says little of a file that cannot be read, so that is looked at then.
async fn put_or_explain(file: &Local, s3: &Client) -> Result<String, NotPut> {
    let why = match put(file, s3).await {
        Ok(etag) => return Ok(etag),
        Err(why) => why,
    };
    let unreadable = |why: String| Err(NotPut { status: "unreadable", why });
    let (path, size_bytes) = (file.path.clone(), file.size_bytes);
    match tokio::task::spawn_blocking(move || read_through(&path)).await {
        Ok(Err(error)) => unreadable(error.to_string()),
        Ok(Ok(len)) if len != size_bytes || file.has_changed() => {
            unreadable("it changed while it was read".to_owned())
        }
        _ => Err(NotPut { status: "refused", why }),
    }
}

fn read_through(path: &Path) -> std::io::Result<u64> {
    let mut file = std::fs::File::open(path)?;
    let (mut buffer, mut read) = (vec![0; 64 * 1024], 0);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(read),
            len => read += len as u64,
        }
    }
}

async fn put(file: &Local, s3: &Client) -> Result<String, String> {
    if file.size_bytes > SINGLE_PUT_BYTES_MAX {
        return put_parts(file, s3).await;
    }
    // As long as it was when it was found: the rules went by that.
    let body = if file.size_bytes == 0 {
        ByteStream::from_static(b"")
    } else {
        let length = Length::Exact(file.size_bytes);
        let body = ByteStream::read_from().path(&file.path).length(length).build().await;
        body.map_err(|error| error.to_string())?
    };
    let put = s3
        .put_object()
        .bucket(LANDING)
        .key(&file.key)
        .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
        .body(body)
        .send()
        .await
        .map_err(|error| Fault::of("PutObject", &error).to_string())?;
    put.e_tag.ok_or_else(|| "the reply has no ETag".to_owned())
}

async fn put_parts(file: &Local, s3: &Client) -> Result<String, String> {
    let created = s3
        .create_multipart_upload()
        .bucket(LANDING)
        .key(&file.key)
        .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
        .checksum_type(ChecksumType::FullObject)
        .send()
        .await
        .map_err(|error| Fault::of("CreateMultipartUpload", &error).to_string())?;
    let upload_id = created.upload_id.ok_or("the reply has no upload id")?;
    let completed = complete(file, s3, &upload_id).await;
    if completed.is_err() {
        // Its parts would take room for nothing.
        let _ = s3.abort_multipart_upload().bucket(LANDING).key(&file.key).upload_id(&upload_id).send().await;
    }
    completed
}

async fn complete(file: &Local, s3: &Client, upload_id: &str) -> Result<String, String> {
    let part_bytes = PART_BYTES.max(file.size_bytes.div_ceil(10_000));
    let offsets = (0..file.size_bytes.div_ceil(part_bytes)).map(|index| index * part_bytes).zip(1_i32..);
    let mut parts: Vec<CompletedPart> = stream::iter(offsets)
        .map(|(offset, number)| {
            put_part(file, s3, upload_id, number, offset, part_bytes.min(file.size_bytes - offset))
        })
        .buffered(PARTS_IN_FLIGHT)
        .try_collect()
        .await?;
    parts.sort_by_key(|part| part.part_number);
    let completed = s3
        .complete_multipart_upload()
        .bucket(LANDING)
        .key(&file.key)
        .upload_id(upload_id)
        .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
        .send()
        .await
        .map_err(|error| Fault::of("CompleteMultipartUpload", &error).to_string())?;
    completed.e_tag.ok_or_else(|| "the reply has no ETag".to_owned())
}

async fn put_part(
    file: &Local,
    s3: &Client,
    upload_id: &str,
    number: i32,
    offset: u64,
    len_bytes: u64,
) -> Result<CompletedPart, String> {
    let body = ByteStream::read_from()
        .path(&file.path)
        .offset(offset)
        .length(Length::Exact(len_bytes))
        .build()
        .await;
    let sent = s3
        .upload_part()
        .bucket(LANDING)
        .key(&file.key)
        .upload_id(upload_id)
        .part_number(number)
        .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
        .body(body.map_err(|error| error.to_string())?)
        .send()
        .await
        .map_err(|error| Fault::of("UploadPart", &error).to_string())?;
    Ok(CompletedPart::builder()
        .part_number(number)
        .set_e_tag(sent.e_tag)
        .set_checksum_crc64_nvme(sent.checksum_crc64_nvme)
        .build())
}
