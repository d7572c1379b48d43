//! What the ledger says, change by change, as the table itself tells it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use common::ledger::{Status, attribute as a};
use simcloud::{Image, ItemChange};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::landed::Landed;

/// One transfer as the ledger has it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) key: String,
    pub(super) source_etag: String,
    pub(super) sequencer: String,
    pub(super) status: Status,
    pub(super) processed_by: Option<String>,
    pub(super) checksum: Option<String>,
    pub(super) error_code: Option<String>,
    pub(super) attempts: u64,
}

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<String, Item>,
    /// Terminal items that were written again.
    reopened: usize,
    /// Transfers whose worker was killed: since when they wait for another.
    orphaned: BTreeMap<String, Instant>,
    recoveries: Vec<Duration>,
}

#[derive(Debug, Default)]
pub(super) struct Watch(RefCell<State>);

impl Watch {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Takes changes in for as long as there is a table.
    pub(super) async fn follow(&self, mut changes: UnboundedReceiver<ItemChange>) {
        while let Some(change) = changes.recv().await {
            self.take(&change);
        }
    }

    fn take(&self, change: &ItemChange) {
        let Some((id, item)) = change.new.as_ref().and_then(read) else { return };
        let mut state = self.0.borrow_mut();
        if item.status.is_terminal()
            && let Some(since) = state.orphaned.remove(&id)
        {
            state.recoveries.push(since.elapsed());
        }
        let before = state.items.insert(id, item);
        state.reopened += usize::from(before.is_some_and(|before| before.status.is_terminal()));
    }

    /// A worker was killed: what it was working on has to be brought to its end by others.
    pub(super) fn killed(&self, worker: &str) {
        let mut state = self.0.borrow_mut();
        let held = state.items.iter().filter(|(_, item)| {
            item.status == Status::Processing && item.processed_by.as_deref() == Some(worker)
        });
        let held: Vec<String> = held.map(|(id, _)| id.clone()).collect();
        let now = Instant::now();
        for id in held {
            state.orphaned.entry(id).or_insert(now);
        }
    }

    /// Whether every version that landed has an item and every item has come to its end.
    pub(super) fn all_ended(&self, landed: &Landed) -> bool {
        let state = self.0.borrow();
        state.items.len() >= landed.count() && state.items.values().all(|item| item.status.is_terminal())
    }

    pub(super) fn items(&self) -> BTreeMap<String, Item> {
        self.0.borrow().items.clone()
    }

    pub(super) fn reopened(&self) -> usize {
        self.0.borrow().reopened
    }

    /// From a SIGKILL to the end of a transfer that the killed worker held; sorted.
    pub(super) fn recoveries(&self) -> Vec<Duration> {
        let mut recoveries = self.0.borrow().recoveries.clone();
        recoveries.sort_unstable();
        recoveries
    }
}

fn read(item: &Image) -> Option<(String, Item)> {
    let text = |name: &str| item.text(name).map(str::to_owned);
    let number = |name: &str| item.number(name)?.parse::<u64>().ok();
    let read = Item {
        key: text(a::KEY)?,
        source_etag: text(a::SOURCE_ETAG)?,
        sequencer: text(a::SEQUENCER)?,
        status: Status::parse(&text(a::STATUS)?)?,
        processed_by: text(a::PROCESSED_BY),
        checksum: text(a::CHECKSUM),
        error_code: text(a::ERROR_CODE),
        attempts: number(a::ATTEMPTS)?,
    };
    Some((text(a::FILE_ID)?, read))
}
