//! Where every transfer stands, from the changes of the ledger's items.

use std::collections::BTreeMap;

use common::ledger::{Status, attribute as a};
use serde::Serialize;
use serde_json::Value;
use simcloud::ItemChange;
use tokio::sync::mpsc;

use super::display::Display;

/// One transfer as the ledger has it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Line {
    pub(super) file_id: String,
    pub(super) source_bucket: String,
    pub(super) key: String,
    pub(super) destination_bucket: String,
    pub(super) destination_key: String,
    pub(super) file_size: u64,
    #[serde(serialize_with = "as_text")]
    pub(super) status: Status,
    pub(super) attempts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) processing_time_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) processed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checksum_crc64nvme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error_message: Option<String>,
    #[serde(skip)]
    pub(super) source_etag: String,
}

fn as_text<S: serde::Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.as_str())
}

/// All transfers that were seen.
#[derive(Debug, Default)]
pub(super) struct Board {
    lines: BTreeMap<String, Line>,
    ended: usize,
}

impl Board {
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.values()
    }

    /// Transfers that have come to their end, and all.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.ended, self.lines.len())
    }

    /// Shows transfers as they come to their ends, until nothing changes the ledger any more.
    pub(super) async fn follow(
        &mut self,
        mut changes: mpsc::UnboundedReceiver<ItemChange>,
        display: &Display,
    ) {
        while let Some(change) = changes.recv().await {
            self.apply(&change, display);
        }
    }

    /// Takes a change in and shows it. The transfer as it now stands, if it has just come to its end.
    pub(super) fn apply(&mut self, change: &ItemChange, display: &Display) -> Option<&Line> {
        let line = change.new.as_ref().and_then(Line::read)?;
        let ends = line.status.is_terminal();
        let file_id = line.file_id.clone();
        let before = self.lines.insert(file_id.clone(), line);
        let ended_before = before.is_some_and(|before| before.status.is_terminal());
        let now = self.lines.get(&file_id)?;
        if ends && !ended_before {
            self.ended += 1;
            display.ended(now, self.counts());
            return Some(now);
        }
        display.moved(self.counts());
        None
    }
}

impl Line {
    fn read(item: &BTreeMap<String, Value>) -> Option<Self> {
        let text = |name: &str| Some(item.get(name)?.get("S")?.as_str()?.to_owned());
        let number = |name: &str| item.get(name)?.get("N")?.as_str()?.parse::<u64>().ok();
        Some(Self {
            file_id: text(a::FILE_ID)?,
            source_bucket: text(a::SOURCE_BUCKET)?,
            key: text(a::KEY)?,
            destination_bucket: text(a::DESTINATION_BUCKET)?,
            destination_key: text(a::DESTINATION_KEY)?,
            file_size: number(a::FILE_SIZE)?,
            status: Status::parse(&text(a::STATUS)?)?,
            attempts: number(a::ATTEMPTS)?,
            processing_time_ms: number(a::PROCESSING_TIME_MS),
            processed_by: text(a::PROCESSED_BY),
            checksum_crc64nvme: text(a::CHECKSUM),
            error_message: text(a::ERROR_MESSAGE),
            source_etag: text(a::SOURCE_ETAG)?,
        })
    }
}
