//! A table's changes, to whoever listens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::attribute::Attribute;
use super::attribute_json::encode;
use super::item::Item;
use super::snapshot::item_line;
use crate::journal::Slot;
use crate::observe::{Event, Observer};

/// One change of one item.
#[derive(Debug, Clone)]
pub struct ItemChange {
    /// The item before; `None` when it was created.
    pub old: Option<Image>,
    /// The item after; `None` when it was deleted.
    pub new: Option<Image>,
}

/// An item as it was at one moment.
#[derive(Debug, Clone)]
pub struct Image(Arc<Item>);

impl Image {
    /// The text of an attribute of type `S`.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.attributes().get(name)? {
            Attribute::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number of an attribute of type `N`, as DynamoDB writes it.
    pub fn number(&self, name: &str) -> Option<String> {
        match self.0.attributes().get(name)? {
            Attribute::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// All attributes by name, in DynamoDB's attribute-value JSON (`{"S": …}`).
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Value)> {
        self.0.attributes().iter().map(|(name, value)| (name.as_str(), encode(value)))
    }
}

/// The listeners of one table name. It outlives the table: one may listen before it is created.
#[derive(Debug)]
pub(super) struct Feed {
    table: String,
    observer: Observer,
    journal: Slot,
    /// Spares a write the lock, and the images, when nobody listens.
    listening: AtomicBool,
    listeners: Mutex<Vec<UnboundedSender<ItemChange>>>,
}

impl Feed {
    pub(super) fn new(table: &str, observer: Observer, journal: Slot) -> Self {
        let (listening, listeners) = Default::default();
        Self { table: table.to_owned(), observer, journal, listening, listeners }
    }

    pub(super) fn subscribe(&self) -> UnboundedReceiver<ItemChange> {
        let (sender, receiver) = unbounded_channel();
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        self.listening.store(true, Ordering::Release);
        receiver
    }

    /// Called within the write's critical section, so that listeners see the writes' order. A write that changes nothing is
    /// no change.
    pub(super) fn publish(&self, old: Option<&Arc<Item>>, new: Option<&Arc<Item>>) {
        if old != new {
            self.journal.write(|| item_line(&self.table, old, new));
        }
        if !(self.listening.load(Ordering::Acquire) || self.observer.is_somebody()) || old == new {
            return;
        }
        let image = |item: &Arc<Item>| Image(Arc::clone(item));
        let change = ItemChange { old: old.map(image), new: new.map(image) };
        self.observer.tell(|| Event::ItemWritten { table: &self.table, change: &change });
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(change.clone()).is_ok());
        self.listening.store(!listeners.is_empty(), Ordering::Release);
    }
}
