//! `--once DIR`: puts every file under DIR in, waits until each has come to its end, verifies, prints the table.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};
use common::fault::Fault;
use common::ledger::Status;
use common::routes::Routes;
use common::service::StartError;
use common::transfer::{KEY_BYTES_MAX, SourceVersion, Target};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use simcloud::ItemChange;
use tokio::sync::mpsc;

use super::board::{Board, Line};
use super::display::{Display, out};
use super::options::Options;
use super::report::{Row, table, verbatim};
use super::verify;

/// The bucket that files are put into.
pub(super) const LANDING: &str = "landing";
const PUTS_IN_FLIGHT: usize = 8;
/// Larger files go in by multipart, as every AWS tool does it.
const SINGLE_PUT_BYTES_MAX: u64 = 64 * 1024 * 1024;
const PART_BYTES: u64 = 16 * 1024 * 1024;
const PARTS_IN_FLIGHT: usize = 4;

/// A file to put in.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub(super) path: PathBuf,
    /// The path below the directory, with `/` between its parts.
    pub(super) key: String,
    pub(super) size_bytes: u64,
}

fn local(what: &str, error: impl std::fmt::Display) -> StartError {
    StartError::Local(format!("{what}: {error}"))
}

/// Every file under `folder`, in the order of the keys. Links to files are followed, links to folders are not.
pub(super) fn walk(folder: &Path) -> Result<Vec<Local>, StartError> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(at) = folders.pop() {
        let what = || format!("failed to read the folder {}", at.display());
        for entry in std::fs::read_dir(&at).map_err(|error| local(&what(), error))? {
            let entry = entry.map_err(|error| local(&what(), error))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|error| local(&what(), error))?;
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            let about = std::fs::metadata(&path);
            let about = about.map_err(|error| local(&format!("failed to read {}", path.display()), error))?;
            if about.is_file() {
                let key = key_of(folder, &path)?;
                files.push(Local { path, key, size_bytes: about.len() });
            }
        }
    }
    files.sort_by(|a, b| a.key.cmp(&b.key));
    if files.is_empty() {
        return Err(local(&folder.display().to_string(), "there is no file under this folder"));
    }
    Ok(files)
}

fn key_of(folder: &Path, path: &Path) -> Result<String, StartError> {
    let shown = path.display().to_string();
    let below = path.strip_prefix(folder).map_err(|error| local(&shown, error))?;
    let parts = below.components().map(|part| part.as_os_str().to_str());
    let key = parts.collect::<Option<Vec<&str>>>().map(|parts| parts.join("/"));
    match key {
        None => Err(local(&shown, "the name is not UTF-8, and an S3 key must be")),
        Some(key) if key.len() > KEY_BYTES_MAX => Err(local(
            &shown,
            format!("the key would have {} bytes: expected at most {KEY_BYTES_MAX}", key.len()),
        )),
        Some(key) => Ok(key),
    }
}

/// What is to become of a file: one entry for each target, keyed by source key and target.
type Expected = BTreeMap<(String, String, String), String>;

pub(super) async fn run(
    files: &[Local],
    routes: &Routes,
    s3: &Client,
    mut changes: mpsc::UnboundedReceiver<ItemChange>,
    display: &Display,
    options: &Options,
) -> Result<(), StartError> {
    let mut rows = Vec::new();
    let mut targets: BTreeMap<&str, Vec<Target>> = BTreeMap::new();
    for file in files {
        let routing = routes.route(&source(file), "");
        if routing.transfers.is_empty() {
            let why = routing.explain();
            display.unrouted(LANDING, &file.key, file.size_bytes, &why);
            rows.push(Row::unrouted(&file.key, file.size_bytes, &why));
        }
        let wanted = routing.transfers.into_iter().map(|(_, transfer)| transfer.target);
        targets.insert(&file.key, wanted.collect());
    }
    let putting = put_all(files, s3, display);
    // What the ledger says is about this very version: with `--data`, earlier versions of a key have items too.
    let mut board = Board::of_all();
    let mut putting = std::pin::pin!(putting);
    let mut expected: Option<Expected> = None;
    loop {
        tokio::select! {
            put = &mut putting, if expected.is_none() => expected = Some(expect(&targets, &put?)),
            change = changes.recv() => match change {
                Some(change) => board.apply(&change, display),
                None => return Err(StartError::Local("the embedded AWS ended".to_owned())),
            },
        }
        if let Some(expected) = &expected
            && ended(expected, &board)
        {
            break;
        }
    }
    let lines: BTreeMap<(&str, &str, &str), &Line> = board
        .lines()
        .filter(|line| expected.as_ref().is_some_and(|expected| is_expected(expected, line)))
        .map(|line| ((&*line.key, &*line.destination_bucket, &*line.destination_key), line))
        .collect();
    for file in files {
        for target in targets.get(&*file.key).into_iter().flatten() {
            if let Some(line) = lines.get(&(&*file.key, &*target.bucket, &*target.key)) {
                let right = right(file, line, s3, routes, options).await;
                rows.push(Row::of(&file.key, line, &right));
            }
        }
    }
    rows.sort_by(|a, b| a.file.cmp(&b.file));
    if options.json {
        // The ledger's word is on standard output already; what speaks against it is not.
        for row in rows.iter().filter(|row| !row.right) {
            display.say(&format!("{}: {}", verbatim(&row.file), row.state));
        }
    } else {
        out(&table(&rows));
    }
    let wrong = rows.iter().filter(|row| !row.right).count();
    match wrong {
        0 => Ok(()),
        wrong => {
            Err(StartError::Local(format!("{wrong} of {} files were not delivered as they are", rows.len())))
        }
    }
}

fn source(file: &Local) -> SourceVersion {
    SourceVersion {
        bucket: LANDING.to_owned(),
        key: file.key.clone(),
        size_bytes: file.size_bytes,
        etag: String::new(),
        version_id: None,
        sequencer: None,
    }
}

fn expect(targets: &BTreeMap<&str, Vec<Target>>, etags: &BTreeMap<String, String>) -> Expected {
    let each = etags.iter().flat_map(|(key, etag)| {
        let targets = targets.get(key.as_str()).into_iter().flatten();
        targets.map(move |target| ((key.clone(), target.bucket.clone(), target.key.clone()), etag.clone()))
    });
    each.collect()
}

fn is_expected(expected: &Expected, line: &Line) -> bool {
    let place = (line.key.clone(), line.destination_bucket.clone(), line.destination_key.clone());
    line.source_bucket == LANDING && expected.get(&place) == Some(&line.source_etag)
}

fn ended(expected: &Expected, board: &Board) -> bool {
    // Cheap first: most calls come while most files are still on their way.
    board.counts().0 >= expected.len()
        && board.lines().filter(|line| line.status.is_terminal() && is_expected(expected, line)).count()
            >= expected.len()
}

/// Whether the delivered bytes are the file's; with `--out` they are written there too.
async fn right(
    file: &Local,
    line: &Line,
    s3: &Client,
    routes: &Routes,
    options: &Options,
) -> Result<(), String> {
    if line.status != Status::Completed {
        return Err("not delivered".to_owned());
    }
    let out = match &options.out {
        None => None,
        // One folder per bucket where the rules know several.
        Some(out) if routes.target_buckets().len() > 1 => {
            Some(verify::below(&out.join(&line.destination_bucket), &line.destination_key)?)
        }
        Some(out) => Some(verify::below(out, &line.destination_key)?),
    };
    let delivered = Target { bucket: line.destination_bucket.clone(), key: line.destination_key.clone() };
    verify::compare(s3, &delivered, &file.path, out.as_deref()).await
}

/// Puts all files in; the ETag of each, by key.
async fn put_all(
    files: &[Local],
    s3: &Client,
    display: &Display,
) -> Result<BTreeMap<String, String>, StartError> {
    let mut etags = BTreeMap::new();
    let mut putting = stream::iter(files)
        .map(|file| async move { (file, put(file, s3).await) })
        .buffer_unordered(PUTS_IN_FLIGHT);
    while let Some((file, etag)) = putting.next().await {
        let etag =
            etag.map_err(|error| local(&format!("failed to put in {}", file.path.display()), error))?;
        etags.insert(file.key.clone(), etag.trim_matches('"').to_owned());
        display.put(etags.len(), files.len());
    }
    Ok(etags)
}

async fn put(file: &Local, s3: &Client) -> Result<String, String> {
    if file.size_bytes > SINGLE_PUT_BYTES_MAX {
        return put_parts(file, s3).await;
    }
    let body = ByteStream::from_path(&file.path).await.map_err(|error| error.to_string())?;
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
    let part_bytes = PART_BYTES.max(file.size_bytes.div_ceil(10_000));
    let offsets = (0..file.size_bytes.div_ceil(part_bytes)).map(|index| index * part_bytes).zip(1_i32..);
    let mut parts: Vec<CompletedPart> = stream::iter(offsets)
        .map(|(offset, number)| {
            put_part(file, s3, &upload_id, number, offset, part_bytes.min(file.size_bytes - offset))
        })
        .buffered(PARTS_IN_FLIGHT)
        .try_collect()
        .await?;
    parts.sort_by_key(|part| part.part_number);
    let completed = s3
        .complete_multipart_upload()
        .bucket(LANDING)
        .key(&file.key)
        .upload_id(&upload_id)
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
