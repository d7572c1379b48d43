//! Where every transfer stands, from the changes of the ledger's items.

use std::collections::BTreeMap;

use common::ledger::{Status, attribute as a};
use serde::Serialize;
use simcloud::{Image, ItemChange};
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

/// The transfers that were seen; of those that have come to their end only the number, unless they are wanted.
#[derive(Debug, Default)]
pub(super) struct Board {
    lines: BTreeMap<String, Line>,
    keeps_ended: bool,
    ended: usize,
}

impl Board {
    /// One that knows every transfer until the end; the memory that it takes grows with them.
    pub(super) fn of_all() -> Self {
        Self { keeps_ended: true, ..Self::default() }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.values()
    }

    /// Transfers that have come to their end, and all.
    pub(super) fn counts(&self) -> (usize, usize) {
        let forgotten = if self.keeps_ended { 0 } else { self.ended };
        (self.ended, forgotten + self.lines.len())
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

    /// Takes a change in and shows it.
    pub(super) fn apply(&mut self, change: &ItemChange, display: &Display) {
        let Some(line) = change.new.as_ref().and_then(Line::read) else { return };
        let ended_before = change.old.as_ref().and_then(status).is_some_and(|status| status.is_terminal());
        let ends_now = line.status.is_terminal() && !ended_before;
        if ends_now {
            self.ended += 1;
        }
        let ended = ends_now.then(|| line.clone());
        if self.keeps_ended || !line.status.is_terminal() {
            self.lines.insert(line.file_id.clone(), line);
        } else {
            self.lines.remove(&line.file_id);
        }
        match ended {
            Some(line) => display.ended(&line, self.counts()),
            None => display.moved(self.counts()),
        }
    }
}

fn status(item: &Image) -> Option<Status> {
    Status::parse(item.text(a::STATUS)?)
}

impl Line {
    fn read(item: &Image) -> Option<Self> {
        let text = |name: &str| item.text(name).map(str::to_owned);
        let number = |name: &str| item.number(name)?.parse::<u64>().ok();
        Some(Self {
            file_id: text(a::FILE_ID)?,
            source_bucket: text(a::SOURCE_BUCKET)?,
            key: text(a::KEY)?,
            destination_bucket: text(a::DESTINATION_BUCKET)?,
            destination_key: text(a::DESTINATION_KEY)?,
            file_size: number(a::FILE_SIZE)?,
            status: status(item)?,
            attempts: number(a::ATTEMPTS)?,
            processing_time_ms: number(a::PROCESSING_TIME_MS),
            processed_by: text(a::PROCESSED_BY),
            checksum_crc64nvme: text(a::CHECKSUM),
            error_message: text(a::ERROR_MESSAGE),
            source_etag: text(a::SOURCE_ETAG)?,
        })
    }
}
