//! How a replay hears that a transfer has come to its end.
//!
//! `drayage local` that we started says so, a line each. Of any other pipeline the ledger is asked, over its index by status: the ids
//! of what has ended since a little before the last look, then the items that are new.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use common::clock::{WallClock, format_stamp};
use common::fault::Fault;
use common::ledger::attribute as a;
use common::ledger::{BY_STATUS, STATUS_SHARDS, Status};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use tokio::time::{MissedTickBehavior, interval};

use super::aws::Aws;
use super::oracle::Told;
use crate::error::Error;
use crate::local::Local;

const LOOKS: Duration = Duration::from_millis(500);
/// An index is behind its table, and clocks differ: each look goes so far back.
const OVERLAP: Duration = Duration::from_secs(20);
/// What is remembered of former looks: longer than the overlap.
const REMEMBERED_LOOKS: u64 = 120;
const QUERIES_IN_FLIGHT: usize = 8;
/// Items of one BatchGetItem.
const ITEMS_MAX: usize = 100;

/// A transfer's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) told: Told,
    pub(super) worker: Option<String>,
    /// How long ago it was, when the source says.
    pub(super) age: Duration,
}

#[derive(Debug)]
pub(super) enum Source {
    Local(Box<Local>),
    Ledger(Looks),
}

/// What former looks have found.
#[derive(Debug, Default)]
pub(super) struct Looks {
    seen: BTreeMap<String, u64>,
    look: u64,
}

#[derive(Debug, Deserialize)]
struct Line {
    file_id: String,
    key: String,
    file_size: u64,
    status: String,
    destination_bucket: String,
    destination_key: String,
    processed_by: Option<String>,
    checksum_crc64nvme: Option<String>,
    error_message: Option<String>,
}

impl Source {
    pub(super) async fn follow(&mut self, aws: &Aws, each: impl Fn(End)) -> Result<Infallible, Error> {
        match self {
            Self::Local(local) => loop {
                let line = local.next_line().await?;
                each(read_line(&line)?);
            },
            Self::Ledger(looks) => {
                let mut since = stamp_before(OVERLAP);
                let mut ticks = interval(LOOKS);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                loop {
                    ticks.tick().await;
                    let next = stamp_before(OVERLAP);
                    for end in looks.look(aws, &since).await? {
                        each(end);
                    }
                    since = next;
                }
            }
        }
    }
}

fn read_line(text: &str) -> Result<End, Error> {
    let line: Line = serde_json::from_str(text)
        .map_err(|error| Error::failed_to("read a line of drayage local", error))?;
    let told = Told {
        file_id: line.file_id,
        key: line.key,
        size_bytes: line.file_size,
        status: line.status,
        target: (line.destination_bucket, line.destination_key),
        checksum: line.checksum_crc64nvme,
        error: line.error_message,
    };
    Ok(End { told, worker: line.processed_by, age: Duration::ZERO })
}

fn stamp_before(age: Duration) -> String {
    format_stamp(WallClock::System.now() - age)
}

impl Looks {
    async fn look(&mut self, aws: &Aws, since: &str) -> Result<Vec<End>, Error> {
        let statuses = [Status::Completed, Status::Superseded, Status::Failed];
        let shards = statuses
            .into_iter()
            .flat_map(|status| (0..STATUS_SHARDS).map(move |shard| format!("{status}#{shard}")));
        let ids: Vec<Vec<String>> = stream::iter(shards.map(|shard| ended_since(aws, shard, since)))
            .buffer_unordered(QUERIES_IN_FLIGHT)
            .try_collect()
            .await?;
        self.look += 1;
        let look = self.look;
        let known = &mut self.seen;
        let mut fresh = BTreeSet::new();
        for id in ids.into_iter().flatten() {
            if known.insert(id.clone(), look).is_none() {
                fresh.insert(id);
            }
        }
        known.retain(|_, seen| *seen + REMEMBERED_LOOKS > look);
        let fresh: Vec<String> = fresh.into_iter().collect();
        let mut ends = Vec::new();
        for ids in fresh.chunks(ITEMS_MAX) {
            ends.extend(items(aws, ids).await?);
        }
        Ok(ends)
    }
}

async fn ended_since(aws: &Aws, shard: String, since: &str) -> Result<Vec<String>, Error> {
    let mut pages = aws
        .dynamodb
        .query()
        .table_name(&aws.place.table)
        .index_name(BY_STATUS)
        .key_condition_expression("#shard = :shard AND #updated >= :since")
        .expression_attribute_names("#shard", a::STATUS_SHARD)
        .expression_attribute_names("#updated", a::UPDATED)
        .expression_attribute_values(":shard", AttributeValue::S(shard))
        .expression_attribute_values(":since", AttributeValue::S(since.to_owned()))
        .into_paginator()
        .items()
        .send();
    let mut ids = Vec::new();
    while let Some(item) = pages.next().await {
        let item = item.map_err(|error| Error::failed_to("ask the ledger", Fault::of("Query", &error)))?;
        ids.extend(item.get(a::FILE_ID).and_then(|id| id.as_s().ok()).cloned());
    }
    Ok(ids)
}

async fn items(aws: &Aws, ids: &[String]) -> Result<Vec<End>, Error> {
    let keys = ids.iter().map(|id| HashMap::from([(a::FILE_ID.to_owned(), AttributeValue::S(id.clone()))]));
    let keys = KeysAndAttributes::builder().set_keys(Some(keys.collect())).consistent_read(true).build();
    let keys = keys.map_err(|error| Error::failed_to("ask the ledger", error))?;
    let mut wanted = Some(HashMap::from([(aws.place.table.clone(), keys)]));
    let mut ends = Vec::new();
    while let Some(ask) = wanted.take().filter(|ask| !ask.is_empty()) {
        let got = aws.dynamodb.batch_get_item().set_request_items(Some(ask)).send().await;
        let got =
            got.map_err(|error| Error::failed_to("ask the ledger", Fault::of("BatchGetItem", &error)))?;
        let all = got.responses.unwrap_or_default().into_values().flatten();
        ends.extend(all.filter_map(|item| read_item(&item)));
        wanted = got.unprocessed_keys;
    }
    Ok(ends)
}

fn read_item(item: &HashMap<String, AttributeValue>) -> Option<End> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let told = Told {
        file_id: text(a::FILE_ID)?,
        key: text(a::KEY)?,
        size_bytes: item.get(a::FILE_SIZE)?.as_n().ok()?.parse().ok()?,
        status: text(a::STATUS)?,
        target: (text(a::DESTINATION_BUCKET)?, text(a::DESTINATION_KEY)?),
        checksum: text(a::CHECKSUM),
        error: text(a::ERROR_MESSAGE),
    };
    let ended = text(a::TRANSFERRED).unwrap_or_default();
    let age = age(&WallClock::System.stamp(), &ended).unwrap_or_default();
    Some(End { told, worker: text(a::PROCESSED_BY), age })
}

/// How long before `now` a stamp is; stamps of the ledger, a day apart at most. What lies ahead (clocks differ) is now.
fn age(now: &str, then: &str) -> Option<Duration> {
    const DAY_MS: u64 = 86_400_000;
    let of_day_ms = |stamp: &str| {
        let (_, time) = stamp.strip_suffix('Z')?.split_once('T')?;
        let mut parts = time.split([':', '.']).map(|part| part.parse::<u64>().ok());
        let [hour, minute, second, ms] = [parts.next()??, parts.next()??, parts.next()??, parts.next()??];
        Some(((hour * 60 + minute) * 60 + second) * 1_000 + ms)
    };
    let ms = (of_day_ms(now)? + DAY_MS - of_day_ms(then)?) % DAY_MS;
    Some(if ms < DAY_MS / 2 { Duration::from_millis(ms) } else { Duration::ZERO })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_cross_midnight_and_are_never_negative() {
        let of = |now, then| age(now, then).map(|age| age.as_millis());
        assert_eq!(of("2026-11-25T10:00:01.250Z", "2026-11-25T10:00:00.900Z"), Some(350));
        assert_eq!(of("2026-11-26T00:00:00.100Z", "2026-11-25T23:59:59.900Z"), Some(200));
        assert_eq!(of("2026-11-25T10:00:00.000Z", "2026-11-25T10:00:00.900Z"), Some(0));
        assert_eq!(of("2026-11-25T10:00:00.000Z", ""), None);
    }

    #[test]
    fn a_line_is_an_end() {
        let line = r#"{"file_id":"f","source_bucket":"landing","key":"k","destination_bucket":"delivered",
            "destination_key":"k2","file_size":7,"status":"completed","attempts":1,"processed_by":"worker-1",
            "checksum_crc64nvme":"AAA="}"#;
        let end = read_line(line).unwrap();
        assert_eq!((end.worker.as_deref(), end.told.size_bytes), (Some("worker-1"), 7));
        assert_eq!(end.told.target, ("delivered".to_owned(), "k2".to_owned()));
        assert!(read_line("{}").is_err());
    }
}
