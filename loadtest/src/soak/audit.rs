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

use super::landed::Landed;
use super::traffic::{DELIVERED, Traffic, Version};
use super::watch::{Item, Watch};
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
    /// Files that the client's SDK put twice, because the first reply was late or lost: no fault.
    pub(super) put_again: usize,
    /// Uploads that no transfer had noted, and that the reaper has removed: no fault.
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

pub(super) async fn look(
    config: &SdkConfig,
    traffic: &Traffic,
    landed: &Landed,
    watch: &Watch,
) -> Result<Findings, Error> {
    let mut findings =
        Findings { put_again: landed.count().saturating_sub(traffic.put_so_far()), ..Findings::default() };
    bytes(&aws::s3(config), traffic, &mut findings).await?;
    let put = |item: &Item| traffic.version(&item.key, &item.source_etag);
    findings.untruthful = untruthful(&watch.items(), put, landed);
    if watch.reopened() > 0 {
        findings.untruthful.push(format!("{} items were written after their end", watch.reopened()));
    }
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
        let older = |version: &&Version| body == traffic.content(version.number, version.len_bytes);
        match versions.iter().find(older) {
            Some(_) => findings.lost.push(key.clone()),
            None => findings.wrong_bytes.push(key.clone()),
        }
    }
    Ok(())
}

/// What items say that is not so. `put` knows the version that the client put, `landed` which version of a key is its newest.
fn untruthful(
    items: &BTreeMap<String, Item>,
    put: impl Fn(&Item) -> Option<Version>,
    landed: &Landed,
) -> Vec<String> {
    let mut lies = Vec::new();
    let mut keys: BTreeMap<String, bool> = landed.keys().into_iter().map(|key| (key, false)).collect();
    for (id, item) in items {
        let mut lie = |what: &str| lies.push(format!("{id}: {what}"));
        let newest_completed = keys.entry(item.key.clone()).or_default();
        let Some(version) = put(item) else {
            lie("is of no version that was put");
            continue;
        };
        let is_newest = landed.is_newest(&item.key, &item.sequencer);
        match item.status {
            Status::Completed if item.checksum.as_deref() != Some(version.checksum.as_str()) => {
                lie("is completed with another checksum than was put");
            }
            Status::Completed => *newest_completed |= is_newest,
            Status::Superseded if !is_newest => {}
            Status::Superseded => lie("is superseded and the newest version"),
            Status::Failed => lie(&format!("failed ({})", item.error_code.as_deref().unwrap_or("no code"))),
            status => lie(&format!("is left {status} after {} attempts", item.attempts)),
        }
    }
    let missing = keys.into_iter().filter(|(_, newest_completed)| !newest_completed);
    lies.extend(missing.map(|(key, _)| format!("the newest version of {key} is not completed")));
    lies
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

#[cfg(test)]
mod tests {
    use super::*;

    fn item(status: Status, sequencer: &str) -> Item {
        Item {
            key: "k".to_owned(),
            source_etag: "e".to_owned(),
            sequencer: sequencer.to_owned(),
            status,
            processed_by: None,
            checksum: Some("sum".to_owned()),
            error_code: None,
            attempts: 1,
        }
    }

    fn lies(landed: &[&str], items: &[(&str, Status, &str)]) -> Vec<String> {
        let known = Landed::default();
        landed.iter().for_each(|sequencer| known.note("k", sequencer));
        let items = items.iter().map(|(id, status, sequencer)| ((*id).to_owned(), item(*status, sequencer)));
        let put = |_: &Item| Some(Version { number: 1, len_bytes: 1, checksum: "sum".to_owned() });
        untruthful(&items.collect(), put, &known)
    }

    #[test]
    fn of_a_file_that_was_put_twice_the_older_may_be_superseded() {
        let items = [("a", Status::Superseded, "01"), ("b", Status::Completed, "02")];
        assert_eq!(lies(&["01", "02"], &items), Vec::<String>::new());
    }

    #[test]
    fn the_newest_version_may_not_be_superseded_and_must_be_completed() {
        let items = [("a", Status::Completed, "01"), ("b", Status::Superseded, "02")];
        let expected =
            ["b: is superseded and the newest version", "the newest version of k is not completed"];
        assert_eq!(lies(&["01", "02"], &items), expected);
    }

    #[test]
    fn a_failure_and_another_checksum_are_lies() {
        let mut wrong = item(Status::Completed, "01");
        wrong.checksum = Some("other".to_owned());
        let known = Landed::default();
        known.note("k", "01");
        let put = |_: &Item| Some(Version { number: 1, len_bytes: 1, checksum: "sum".to_owned() });
        let items = BTreeMap::from([("a".to_owned(), wrong), ("b".to_owned(), item(Status::Failed, "01"))]);
        assert_eq!(untruthful(&items, put, &known).len(), 3);
    }
}
