//! The look at the end: every byte, every item, every queue, every upload.
//!
//! A process that is killed between creating an upload and noting it, or a reply to CreateMultipartUpload that is lost, leaves an
//! upload that nobody knows: `drayage reap` is there for these, so it runs first. It is given no least age, since nothing is at work
//! any more. What it leaves is left over.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::types::QueueAttributeName;
use common::aws;
use common::fault::Fault;
use common::ledger::Status;
use serde::Serialize;
use worker::reap::{Reaper, Rules};

use super::traffic::{DELIVERED, Traffic};
use super::watch::Watch;
use crate::error::Error;

/// What is not as it must be. Examples are named, all are counted.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Findings {
    /// Keys whose newest version is not delivered.
    pub(super) lost: Vec<String>,
    /// Keys with bytes that are no version's.
    pub(super) wrong_bytes: Vec<String>,
    /// Items that say what is not so.
    pub(super) untruthful: Vec<String>,
    /// Uploads that nobody had noted, and that the reaper has removed: no fault.
    pub(super) reaped_uploads: u64,
    /// Uploads that are left, and messages.
    pub(super) uploads: Vec<String>,
    pub(super) messages: BTreeMap<String, u64>,
    /// Objects that nobody put in.
    pub(super) foreign: Vec<String>,
}

impl Findings {
    pub(super) fn is_clean(&self) -> bool {
        self.lost.is_empty()
            && self.wrong_bytes.is_empty()
            && self.untruthful.is_empty()
            && self.uploads.is_empty()
            && self.foreign.is_empty()
            && self.messages.values().all(|count| *count == 0)
    }
}

pub(super) async fn look(config: &SdkConfig, traffic: &Traffic, watch: &Watch) -> Result<Findings, Error> {
    let mut findings = Findings::default();
    bytes(&aws::s3(config), traffic, &mut findings).await?;
    items(traffic, watch, &mut findings);
    reap(config, &mut findings).await?;
    uploads(&aws::s3(config), &mut findings).await?;
    messages(&aws::sqs(config), &mut findings).await?;
    Ok(findings)
}

async fn bytes(s3: &aws_sdk_s3::Client, traffic: &Traffic, findings: &mut Findings) -> Result<(), Error> {
    let versions = traffic.versions();
    let mut pages = s3.list_objects_v2().bucket(DELIVERED).into_paginator().send();
    let mut there = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| Error::failed_to("list", Fault::of("ListObjectsV2", &error)))?;
        there.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
    }
    findings.foreign = there.iter().filter(|key| !versions.contains_key(*key)).cloned().collect();
    for (key, versions) in &versions {
        let Some(newest) = versions.last() else { continue };
        let got = s3.get_object().bucket(DELIVERED).key(key).send().await;
        let Ok(got) = got else {
            findings.lost.push(key.clone());
            continue;
        };
        let body = got.body.collect().await;
        let body = body.map_err(|error| Error::failed_to("read what was delivered", error))?.into_bytes();
        if body == traffic.content(newest.number, newest.len_bytes) {
            continue;
        }
        let older =
            |version: &&super::traffic::Version| body == traffic.content(version.number, version.len_bytes);
        match versions.iter().find(older) {
            Some(_) => findings.lost.push(key.clone()),
            None => findings.wrong_bytes.push(key.clone()),
        }
    }
    Ok(())
}

fn items(traffic: &Traffic, watch: &Watch, findings: &mut Findings) {
    let versions = traffic.versions();
    let mut newest_completed = BTreeMap::new();
    for (id, item) in watch.items() {
        let mut lie = |what: &str| findings.untruthful.push(format!("{id}: {what}"));
        let Some(version) = traffic.version(&item.key, &item.source_etag) else {
            lie("is of no version that was put");
            continue;
        };
        let newest = versions.get(&item.key).and_then(|versions| versions.last());
        let is_newest = newest.is_some_and(|newest| newest.number == version.number);
        match item.status {
            Status::Completed if item.checksum.as_deref() != Some(version.checksum.as_str()) => {
                lie("is completed with another checksum than was put");
            }
            Status::Completed if is_newest => {
                newest_completed.insert(item.key.clone(), ());
            }
            Status::Completed => {}
            Status::Superseded if !is_newest => {}
            // Versions without bytes are alike: only their keys' newest one counts.
            Status::Superseded if version.len_bytes == 0 => {}
            Status::Superseded => lie("is superseded and the newest version"),
            Status::Failed => lie(&format!("failed ({})", item.error_code.as_deref().unwrap_or("no code"))),
            status => lie(&format!("is left {status} after {} attempts", item.attempts)),
        }
    }
    for key in versions.keys().filter(|key| !newest_completed.contains_key(*key)) {
        findings.untruthful.push(format!("the newest version of {key} is not completed"));
    }
    if watch.reopened() > 0 {
        findings.untruthful.push(format!("{} items were written after their end", watch.reopened()));
    }
}

async fn reap(config: &SdkConfig, findings: &mut Findings) -> Result<(), Error> {
    let rules = Rules { older_than: Duration::ZERO, initiator: None };
    let swept = Reaper::new(config, topology::TABLE, rules).sweep(DELIVERED, |_| {}).await;
    findings.reaped_uploads = swept.counts.aborted;
    match swept.stopped_by {
        Some(fault) => Err(Error::failed_to("reap uploads", fault)),
        None => Ok(()),
    }
}

async fn uploads(s3: &aws_sdk_s3::Client, findings: &mut Findings) -> Result<(), Error> {
    let listed = s3.list_multipart_uploads().bucket(DELIVERED).send().await;
    let listed =
        listed.map_err(|error| Error::failed_to("list", Fault::of("ListMultipartUploads", &error)))?;
    findings.uploads = listed
        .uploads()
        .iter()
        .map(|upload| {
            format!("{} {}", upload.key().unwrap_or_default(), upload.upload_id().unwrap_or_default())
        })
        .collect();
    Ok(())
}

async fn messages(sqs: &aws_sdk_sqs::Client, findings: &mut Findings) -> Result<(), Error> {
    let queues = topology::LANES.into_iter().chain([topology::INGEST]);
    for queue in queues.flat_map(|queue| [queue.to_owned(), format!("{queue}-dlq")]) {
        let url = sqs.get_queue_url().queue_name(&queue).send().await;
        let url = url.map_err(|error| Error::failed_to("find a queue", Fault::of("GetQueueUrl", &error)))?;
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let shown = sqs
            .get_queue_attributes()
            .queue_url(url.queue_url().unwrap_or_default())
            .set_attribute_names(Some(names.to_vec()))
            .send()
            .await
            .map_err(|error| Error::failed_to("count messages", Fault::of("GetQueueAttributes", &error)))?;
        let count =
            shown.attributes().into_iter().flatten().filter_map(|(_, count)| count.parse::<u64>().ok());
        findings.messages.insert(queue, count.sum());
    }
    Ok(())
}
