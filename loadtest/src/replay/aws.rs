//! The AWS that a replay speaks to, and the few requests that it makes of it.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, Delete, ObjectIdentifier};
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use bytes::Bytes;
use common::aws::{self, Access};
use common::fault::{Class, Fault};
use common::ledger::attribute as a;

use super::event_json::Facts;
use super::options::Place;
use crate::check::Checksum;
use crate::error::Error;

/// Where requests go, and what things are called there.
#[derive(Debug)]
pub(super) struct Aws {
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    pub(super) dynamodb: aws_sdk_dynamodb::Client,
    pub(super) place: Place,
    ingest_url: String,
    /// The ingest queue's dead-letter queue.
    parked_url: String,
}

/// What stands at a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) size_bytes: u64,
    /// Of the bytes that were read, or as the store computed it.
    pub(super) checksum: String,
}

async fn config(place: &Place, endpoint_url: &str) -> SdkConfig {
    let is_here = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    let is_here = is_here.iter().any(|here| endpoint_url.starts_with(here));
    let access = Access {
        region: Some(place.region.clone()),
        endpoint_url: Some(endpoint_url.to_owned()),
        credentials: is_here.then(|| Credentials::new("local", "local", None, None, "loadtest")),
        http_client: None,
    };
    access.load().await
}

impl Aws {
    /// # Errors
    /// When there is no such ingest queue, or it has no dead-letter queue.
    pub(super) async fn reach(place: &Place, endpoint_url: &str) -> Result<Self, Error> {
        let config = config(place, endpoint_url).await;
        let sqs = aws::sqs(&config);
        let ingest_url = queue_url(&sqs, &place.ingest).await?;
        let parked = dead_letters(&sqs, &place.ingest, &ingest_url).await?;
        let parked_url = queue_url(&sqs, &parked).await?;
        Ok(Self {
            s3: aws::s3(&config),
            sqs,
            dynamodb: aws::dynamodb(&config),
            place: place.clone(),
            ingest_url,
            parked_url,
        })
    }

    /// The store compares what it gets with the checksum.
    pub(super) async fn put(&self, key: &str, body: Bytes, checksum: &str) -> Result<(), Fault> {
        let put = self.s3.put_object().bucket(&self.place.landing).key(key).checksum_crc64_nvme(checksum);
        let sent = put.body(ByteStream::from(body)).send().await;
        sent.map(drop).map_err(|error| Fault::of("PutObject", &error))
    }

    /// Reads every byte of what was delivered. `None` when nothing was.
    pub(super) async fn read(&self, key: &str) -> Result<Option<Found>, Fault> {
        let got = self.s3.get_object().bucket(&self.place.delivered).key(key).send().await;
        let mut body = match got.map_err(|error| Fault::of("GetObject", &error)) {
            Ok(got) => got.body,
            Err(fault) if fault.class == Class::Missing => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let (mut checksum, mut size_bytes) = (Checksum::new(), 0);
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|_| Fault::new(Class::Transient, "GetObject", "BodyEnded"))?;
            checksum.update(&piece);
            size_bytes += piece.len() as u64;
        }
        Ok(Some(Found { size_bytes, checksum: checksum.text() }))
    }

    /// Asks the store for size and checksum of what was delivered.
    pub(super) async fn look(&self, key: &str) -> Result<Option<Found>, Fault> {
        let head = self.s3.head_object().bucket(&self.place.delivered).key(key);
        let got = head.checksum_mode(ChecksumMode::Enabled).send().await;
        match got.map_err(|error| Fault::of("HeadObject", &error)) {
            Ok(got) => Ok(Some(Found {
                size_bytes: got.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or(0),
                checksum: got.checksum_crc64_nvme().unwrap_or_default().to_owned(),
            })),
            Err(fault) if fault.class == Class::Missing => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Removes sources and targets of the same keys.
    pub(super) async fn remove(&self, keys: &[String]) -> Result<(), Fault> {
        let failed = |code: &'static str| Fault::new(Class::Invalid, "DeleteObjects", code);
        let each = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build());
        let each = each.collect::<Result<Vec<_>, _>>().map_err(|_| failed("request"))?;
        let delete = Delete::builder().set_objects(Some(each)).quiet(true).build();
        let delete = delete.map_err(|_| failed("request"))?;
        for bucket in [&self.place.landing, &self.place.delivered] {
            let sent = self.s3.delete_objects().bucket(bucket).delete(delete.clone()).send().await;
            let sent = sent.map_err(|error| Fault::of("DeleteObjects", &error))?;
            if !sent.errors().is_empty() {
                return Err(failed("some"));
            }
        }
        Ok(())
    }

    /// Every key under a prefix, a page at a time.
    pub(super) async fn keys(
        &self,
        bucket: &str,
        prefix: &str,
        mut each: impl FnMut(&str),
    ) -> Result<(), Error> {
        let mut pages = self.s3.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                Error::failed_to(format!("list {bucket}"), Fault::of("ListObjectsV2", &error))
            })?;
            page.contents().iter().filter_map(|object| object.key()).for_each(&mut each);
        }
        Ok(())
    }

    pub(super) async fn send(&self, body: String) -> Result<(), Fault> {
        let sent = self.sqs.send_message().queue_url(&self.ingest_url).message_body(body).send().await;
        sent.map(drop).map_err(|error| Fault::of("SendMessage", &error))
    }

    /// Some of what was parked.
    pub(super) async fn parked(&self) -> Result<Vec<Message>, Fault> {
        let poll = self.sqs.receive_message().queue_url(&self.parked_url);
        let got = poll.max_number_of_messages(10).wait_time_seconds(1).send().await;
        Ok(got.map_err(|error| Fault::of("ReceiveMessage", &error))?.messages.unwrap_or_default())
    }

    pub(super) async fn delete_parked(&self, message: &Message) -> Result<(), Fault> {
        let receipt = message.receipt_handle().unwrap_or_default();
        let sent = self.sqs.delete_message().queue_url(&self.parked_url).receipt_handle(receipt).send().await;
        sent.map(drop).map_err(|error| Fault::of("DeleteMessage", &error))
    }

    /// What the event of a transfer's version said, as the ledger has kept it.
    pub(super) async fn facts(&self, file_id: &str) -> Result<Option<Facts>, Fault> {
        let key = AttributeValue::S(file_id.to_owned());
        let got = self.dynamodb.get_item().table_name(&self.place.table).key(a::FILE_ID, key).send().await;
        let got = got.map_err(|error| Fault::of("GetItem", &error))?;
        Ok(got.item().and_then(facts))
    }

    /// Messages in every queue, visible or not, by queue.
    pub(super) async fn messages(&self) -> Result<Vec<(String, u64)>, Error> {
        let mut counts = Vec::new();
        for queue in std::iter::once(&self.place.ingest).chain(&self.place.lanes) {
            let url = queue_url(&self.sqs, queue).await?;
            let parked = dead_letters(&self.sqs, queue, &url).await?;
            let parked_url = queue_url(&self.sqs, &parked).await?;
            for (name, url) in [(queue.clone(), url), (parked, parked_url)] {
                counts.push((name, count(&self.sqs, &url).await?));
            }
        }
        Ok(counts)
    }
}

fn facts(item: &HashMap<String, AttributeValue>) -> Option<Facts> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    Some(Facts {
        bucket: text(a::SOURCE_BUCKET)?,
        key: text(a::KEY)?,
        size_bytes: item.get(a::FILE_SIZE)?.as_n().ok()?.parse().ok()?,
        etag: text(a::SOURCE_ETAG)?,
        version_id: text(a::SOURCE_VERSION_ID),
        sequencer: text(a::SEQUENCER),
        time: text(a::UPLOADED)?,
    })
}

async fn queue_url(sqs: &aws_sdk_sqs::Client, queue: &str) -> Result<String, Error> {
    let got = sqs.get_queue_url().queue_name(queue).send().await;
    let got = got.map_err(|error| {
        Error::failed_to(format!("find the queue {queue}"), Fault::of("GetQueueUrl", &error))
    })?;
    Ok(got.queue_url.unwrap_or_default())
}

async fn attribute(
    sqs: &aws_sdk_sqs::Client,
    url: &str,
    names: Vec<QueueAttributeName>,
) -> Result<HashMap<QueueAttributeName, String>, Error> {
    let got = sqs.get_queue_attributes().queue_url(url).set_attribute_names(Some(names)).send().await;
    let got =
        got.map_err(|error| Error::failed_to("look at a queue", Fault::of("GetQueueAttributes", &error)))?;
    Ok(got.attributes.unwrap_or_default())
}

async fn count(sqs: &aws_sdk_sqs::Client, url: &str) -> Result<u64, Error> {
    let names = vec![
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    ];
    let got = attribute(sqs, url, names).await?;
    Ok(got.values().filter_map(|count| count.parse::<u64>().ok()).sum())
}

/// The name of a queue's dead-letter queue.
async fn dead_letters(sqs: &aws_sdk_sqs::Client, queue: &str, url: &str) -> Result<String, Error> {
    let got = attribute(sqs, url, vec![QueueAttributeName::RedrivePolicy]).await?;
    let policy = got.get(&QueueAttributeName::RedrivePolicy);
    let policy = policy.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let arn = policy.as_ref().and_then(|policy| policy.get("deadLetterTargetArn")?.as_str());
    let name = arn.and_then(|arn| arn.rsplit(':').next()).map(str::to_owned);
    name.ok_or_else(|| Error::Failed(format!("the queue {queue} has no dead-letter queue")))
}
