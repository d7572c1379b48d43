//! What the ledger says, change by change.

use std::collections::BTreeMap;

use common::ledger::{Status, attribute};
use simcloud::ItemChange;
use tokio::sync::mpsc::UnboundedReceiver;

use super::yard::Yard;

/// The ledger's changes from now on.
pub(crate) struct Watch(UnboundedReceiver<ItemChange>);

/// An item as a change left it, all its attributes as text.
#[derive(Debug)]
pub(crate) struct Item(BTreeMap<String, String>);

impl Yard {
    pub(crate) fn watch(&self) -> Watch {
        Watch(self.world.cloud.item_changes(topology::TABLE))
    }
}

impl Watch {
    /// The next change that leaves an item in `status`.
    pub(crate) async fn until(&mut self, status: Status) -> Item {
        loop {
            let item = Item::of(&self.0.recv().await.unwrap());
            if item.text(attribute::STATUS) == status.as_str() {
                return item;
            }
        }
    }

    /// What has changed so far.
    pub(crate) fn so_far(&mut self) -> Vec<Item> {
        std::iter::from_fn(|| self.0.try_recv().ok()).map(|change| Item::of(&change)).collect()
    }
}

impl Item {
    fn of(change: &ItemChange) -> Self {
        let attributes = change.new.iter().flat_map(|image| image.attributes()).map(|(name, value)| {
            let text = value.get("S").or_else(|| value.get("N")).and_then(|value| value.as_str());
            (name.to_owned(), text.unwrap_or_default().to_owned())
        });
        Self(attributes.collect())
    }

    /// Empty when it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Zero when it is not there.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or(0)
    }
}
