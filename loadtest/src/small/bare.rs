//! The bare loop: the SDK's clients and nothing around them. It sends the requests that a worker sends for a file, with the SDK set
//! as lean as it can be, and does nothing else: no lease, no fence, no checksum, no condition on S3, no retry, no log. What the worker
//! costs more is the price of its promises. One thread, as a worker has.
//!
//! A program of its own includes this file with another allocator.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation, retry,
    timeout,
};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message};
use common::clock::WallClock;
use futures::future::{Fuse, FusedFuture as _, FutureExt as _};
use futures::stream::{FuturesUnordered, StreamExt as _};
use serde::Deserialize;
use tokio::time::Instant;

use super::job::{Job, Update};

const BATCH: usize = 10;
const WAIT_S: i32 = 2;
const OWNER: &str = "bare";

/// What a lane's message holds, as far as the loop needs it.
#[derive(Deserialize)]
struct Body<'b> {
    #[serde(borrow)]
    transfer: Transfer<'b>,
}

#[derive(Deserialize)]
struct Transfer<'b> {
    id: &'b str,
    #[serde(borrow)]
    source: Place<'b>,
    #[serde(borrow)]
    target: Place<'b>,
}

#[derive(Deserialize)]
struct Place<'b> {
    bucket: &'b str,
    key: &'b str,
}

struct Clients {
    sqs: aws_sdk_sqs::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
}

macro_rules! lean {
    ($sdk:ident, $job:expr, $http:expr) => {
        $sdk::config::Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new($job.region.clone()))
            .credentials_provider(Credentials::new(
                &$job.access_key,
                &$job.access_key,
                None,
                None,
                "loadtest",
            ))
            .endpoint_url(&$job.endpoint_url)
            .http_client($http.clone())
            .retry_config(retry::RetryConfig::disabled())
            .timeout_config(timeout::TimeoutConfig::disabled())
            .stalled_stream_protection($sdk::config::StalledStreamProtectionConfig::disabled())
    };
}

impl Clients {
    fn new(job: &Job) -> Self {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let s3 = lean!(aws_sdk_s3, job, http)
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        Self {
            sqs: aws_sdk_sqs::Client::from_conf(lean!(aws_sdk_sqs, job, http).build()),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(lean!(aws_sdk_dynamodb, job, http).build()),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
        }
    }
}

fn said(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Runs until standard input ends, however the parent ends.
pub(super) fn main(job: &Path) -> Result<(), String> {
    let job = Job::read(job)?;
    std::thread::spawn(|| {
        let mut nothing = [0; 64];
        let mut input = std::io::stdin().lock();
        while input.read(&mut nothing).is_ok_and(|len| len > 0) {}
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(work(&job))
}

async fn work(job: &Job) -> Result<(), String> {
    let clients = Clients::new(job);
    let (mut running, mut deleting) = (FuturesUnordered::new(), FuturesUnordered::new());
    let mut receiving = Fuse::terminated();
    let mut done = Vec::new();
    loop {
        if receiving.is_terminated() && running.len() + BATCH <= job.in_flight {
            receiving = Box::pin(receive(&clients, job)).fuse();
        }
        if done.len() >= BATCH || (running.is_empty() && !done.is_empty()) {
            deleting.push(delete(&clients, job, std::mem::take(&mut done)));
        }
        tokio::select! {
            biased;
            Some(handled) = running.next(), if !running.is_empty() => done.push(handled?),
            Some(deleted) = deleting.next(), if !deleting.is_empty() => deleted?,
            messages = &mut receiving => {
                running.extend(messages?.into_iter().map(|message| Box::pin(handle(&clients, job, message))));
            }
        }
    }
}

async fn receive(clients: &Clients, job: &Job) -> Result<Vec<Message>, String> {
    let request = clients.sqs.receive_message().queue_url(&job.queue_url).wait_time_seconds(WAIT_S);
    let reply = request.max_number_of_messages(BATCH as i32).send().await.map_err(said)?;
    Ok(reply.messages.unwrap_or_default())
}

/// The receipt of a file that is done.
async fn handle(clients: &Clients, job: &Job, message: Message) -> Result<String, String> {
    let (Some(body), Some(receipt)) = (message.body, message.receipt_handle) else {
        return Err("a message without body or receipt".to_owned());
    };
    let Body { transfer } = serde_json::from_str(&body).map_err(said)?;
    let started = Instant::now();
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let stamp = AttributeValue::S(WallClock::System.stamp());
    update(
        clients,
        job,
        &job.claim,
        transfer.id,
        ["queued", "processing"],
        [(":owner", text(OWNER)), (":now", stamp)],
    )
    .await?;
    let (source, target) = (&transfer.source, &transfer.target);
    let got = clients.s3.get_object().bucket(source.bucket).key(source.key).send().await.map_err(said)?;
    let bytes = got.body.collect().await.map_err(said)?.into_bytes();
    let put = clients.s3.put_object().bucket(target.bucket).key(target.key).body(ByteStream::from(bytes));
    // Over HTTPS there would be no hash of the body either.
    let put = put.customize().disable_payload_signing().send().await.map_err(said)?;
    let values = [
        (":owner", text(OWNER)),
        (":now", AttributeValue::S(WallClock::System.stamp())),
        (":took", AttributeValue::N(started.elapsed().as_millis().to_string())),
        (":etag", text(put.e_tag().unwrap_or_default())),
    ];
    update(clients, job, &job.complete, transfer.id, ["processing", "completed"], values).await?;
    Ok(receipt)
}

async fn update(
    clients: &Clients,
    job: &Job,
    update: &Update,
    id: &str,
    [from, to]: [&str; 2],
    values: impl IntoIterator<Item = (&str, AttributeValue)>,
) -> Result<(), String> {
    let shard =
        id.get(..8).and_then(|head| u32::from_str_radix(head, 16).ok()).unwrap_or(0) % job.status_shards;
    let request = clients
        .dynamodb
        .update_item()
        .table_name(&job.table)
        .key(&job.table_key, AttributeValue::S(id.to_owned()))
        .update_expression(&update.update)
        .condition_expression(&update.condition)
        .set_expression_attribute_names(Some(job.names.clone().into_iter().collect()))
        .expression_attribute_values(":from", AttributeValue::S(from.to_owned()))
        .expression_attribute_values(":to", AttributeValue::S(to.to_owned()))
        .expression_attribute_values(":shard", AttributeValue::S(format!("{to}#{shard}")));
    let values: BTreeMap<_, _> = values.into_iter().collect();
    let request = values
        .into_iter()
        .fold(request, |request, (name, value)| request.expression_attribute_values(name, value));
    request.send().await.map(drop).map_err(said)
}

async fn delete(clients: &Clients, job: &Job, receipts: Vec<String>) -> Result<(), String> {
    let entries = receipts.into_iter().enumerate().map(|(index, receipt)| {
        DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(receipt).build()
    });
    let entries = entries.collect::<Result<Vec<_>, _>>().map_err(said)?;
    let request = clients.sqs.delete_message_batch().queue_url(&job.queue_url).set_entries(Some(entries));
    let reply = request.send().await.map_err(said)?;
    if reply.failed.is_empty() { Ok(()) } else { Err("failed to delete messages".to_owned()) }
}
