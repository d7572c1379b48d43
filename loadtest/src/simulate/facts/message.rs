//! A message in a queue, and what it means.

use std::collections::BTreeMap;

use common::wire;
use serde_json::Value;

use super::is_service;

/// What a body that the client or the gremlin made up stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// These versions, by key and sequencer.
    Events(Vec<(String, String)>),
    /// Nothing that anybody understands.
    Poison,
}

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Transfer(String),
    Events(Vec<(String, String)>),
    Poison,
}

impl Content {
    pub(crate) fn is_transfer(&self, id: &str) -> bool {
        matches!(self, Self::Transfer(transfer) if transfer == id)
    }

    pub(crate) fn is_event_of(&self, key: &str) -> bool {
        matches!(self, Self::Events(events) if events.iter().any(|(of, _)| of == key))
    }
}

#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) body: String,
    pub(crate) group: Option<String>,
    pub(crate) content: Content,
    pub(crate) is_deleted: bool,
    /// It lies, or has lain, in a dead-letter queue.
    pub(crate) is_parked: bool,
    /// Receives by services.
    pub(crate) receives: u32,
    receive_count: u32,
    until_ms: u64,
    /// For how long its receive hid it.
    hidden_ms: u64,
    /// The receive that each receiver made last.
    holds: BTreeMap<String, Hold>,
}

/// One receive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hold {
    pub(crate) receive_count: u32,
    pub(crate) received_ms: u64,
    /// Until when it holds, as SQS sees it.
    pub(crate) until_ms: u64,
    /// Its reply may not have come.
    pub(crate) is_struck: bool,
    /// Of its transfer, before it.
    pub(crate) attempts: u64,
    /// Whether the last change of its visibility asked for another time than the receive; `None` before any change.
    pub(crate) let_go: Option<bool>,
    /// Until when its lease lasts at the most: its own give-back, which ends the work, does not shorten it.
    pub(crate) leased_until_ms: u64,
}

impl Message {
    pub(super) fn new(queue: &str, body: &str, group: Option<&str>, meaning: Option<Meaning>) -> Self {
        let content = match meaning {
            Some(Meaning::Poison) => Content::Poison,
            Some(Meaning::Events(events)) => Content::Events(events),
            None if queue.starts_with("ingest") => event(body).map_or(Content::Poison, Content::Events),
            None => match wire::decode(body) {
                Ok(transfer) => Content::Transfer(transfer.id.as_str().to_owned()),
                Err(_) => Content::Poison,
            },
        };
        Self {
            body: body.to_owned(),
            group: group.map(str::to_owned),
            content,
            is_deleted: false,
            is_parked: queue.ends_with("-dlq"),
            receives: 0,
            receive_count: 0,
            until_ms: 0,
            hidden_ms: 0,
            holds: BTreeMap::new(),
        }
    }

    pub(super) fn received(&mut self, actor: &str, hold: Hold) {
        self.receives += u32::from(is_service(actor));
        (self.receive_count, self.until_ms) = (hold.receive_count, hold.until_ms);
        self.hidden_ms = hold.until_ms.saturating_sub(hold.received_ms);
        self.holds.insert(actor.to_owned(), hold);
    }

    /// Any receipt of a message changes its visibility, also that of an earlier receive. Then the message may come back although its
    /// holder has let nothing go.
    pub(super) fn hidden(&mut self, receive_count: u32, now_ms: u64, until_ms: u64) {
        self.until_ms = until_ms;
        let is_heartbeat = until_ms.saturating_sub(now_ms) == self.hidden_ms;
        let newest = self.receive_count;
        for hold in self.holds.values_mut() {
            if hold.receive_count == receive_count {
                (hold.until_ms, hold.let_go) = (until_ms, Some(!is_heartbeat));
                if is_heartbeat {
                    hold.leased_until_ms = hold.leased_until_ms.max(until_ms);
                }
            } else if hold.receive_count == newest {
                hold.let_go = Some(true);
            }
        }
    }

    /// The receive that `actor` made with this count, if no later one of its own came after it.
    pub(crate) fn hold_of(&self, actor: &str, receive_count: u32) -> Option<Hold> {
        self.holds.get(actor).copied().filter(|hold| hold.receive_count == receive_count)
    }

    /// The newest receive, and whose it was.
    pub(crate) fn last_hold(&self) -> Option<(&str, Hold)> {
        let newest = self.holds.iter().find(|(_, hold)| hold.receive_count == self.receive_count);
        newest.map(|(actor, hold)| (actor.as_str(), *hold))
    }

    /// What `actor` hides from all others now.
    pub(crate) fn hold(&self, actor: &str, now_ms: u64) -> Option<Hold> {
        let hold = self.holds.get(actor).copied()?;
        let holds = !self.is_deleted && hold.receive_count == self.receive_count && hold.until_ms > now_ms;
        holds.then_some(hold)
    }

    /// Until when `actor` held, or holds, it; `None` if it never received it.
    pub(crate) fn held_until_ms(&self, actor: &str) -> Option<u64> {
        self.holds.get(actor).map(|hold| hold.until_ms)
    }
}

/// Key and sequencer of an EventBridge event.
fn event(body: &str) -> Option<Vec<(String, String)>> {
    let event: Value = serde_json::from_str(body).ok()?;
    let object = event.get("detail")?.get("object")?;
    let text = |name: &str| object.get(name)?.as_str().map(str::to_owned);
    Some(vec![(text("key")?, text("sequencer")?)])
}
