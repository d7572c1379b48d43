//! What has happened in a world so far, as the cloud itself saw it: the past that the invariants are checked against.

mod content;
mod expected;
mod item;
mod message;
mod requests;

use std::collections::{BTreeMap, BTreeSet};

use simcloud::{Caller, Event};

use super::faults::Kind;

pub(super) use content::{BODY_CANARY, Content, KEY_CANARY, SECRET_CANARY};
pub(super) use expected::{ARCHIVE, BULK_OVER_BYTES, Expected, LANDING, RULES, is_auto, is_unusable};
pub(super) use item::Item;
pub(super) use message::{Content as MessageContent, Hold, Meaning, Message};
use requests::Request;
pub(super) use requests::{is_publish, upload_id};

/// One version of a source object.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) content: Content,
    pub(super) etag: String,
    pub(super) sequencer: String,
    /// Of the checksum that its store has.
    pub(super) algorithm: &'static str,
    /// The ids of its transfers.
    pub(super) transfers: Vec<String>,
    pub(super) put_ms: u64,
}

/// What became visible at a target.
#[derive(Debug, Clone)]
pub(super) struct Publication {
    pub(super) transfer: String,
    pub(super) size_bytes: u64,
    pub(super) checksum: String,
    pub(super) etag: String,
    pub(super) sequencer: String,
    /// Somebody else overwrote or deleted it while it was visible.
    pub(super) is_displaced: bool,
}

/// A multipart upload at a target.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) transfer: String,
    pub(super) created_ms: u64,
    pub(super) is_open: bool,
    /// The ledger has known of it.
    pub(super) is_noted: bool,
    /// Its removal has been asked for.
    pub(super) is_unwanted: bool,
}

/// The past.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) now_ms: u64,
    /// Faults that have struck so far.
    pub(super) hits: Vec<u64>,
    /// When a byte of each transfer's bodies was changed last.
    pub(super) flipped_ms: BTreeMap<String, u64>,
    /// When access to each object, by bucket and key, was refused last.
    pub(super) denied_ms: BTreeMap<String, u64>,
    /// When each worker last sent a publish of each transfer whose reply it did not get.
    pub(super) doubted_ms: BTreeMap<(String, String), u64>,
    /// When each kind struck each actor last.
    pub(super) struck_ms: BTreeMap<(String, Kind), u64>,
    /// When a request of each actor to each service was struck last.
    pub(super) service_struck_ms: BTreeMap<(String, String), u64>,
    /// By key, in the order of their sequencers.
    pub(super) sources: BTreeMap<String, Vec<Version>>,
    /// Keys whose newest version has been deleted.
    pub(super) deleted: BTreeSet<String>,
    /// Keys that have been deleted at some time.
    pub(super) ever_deleted: BTreeSet<String>,
    /// What the client is about to put.
    pub(super) intended: BTreeMap<String, Content>,
    pub(super) expected: BTreeMap<String, Expected>,
    pub(super) items: BTreeMap<String, Item>,
    /// When each transfer was claimed last.
    pub(super) claimed_ms: BTreeMap<String, u64>,
    /// When each transfer came to its end.
    pub(super) ended_ms: BTreeMap<String, u64>,
    /// By bucket and key, in order.
    pub(super) published: BTreeMap<(String, String), Vec<Publication>>,
    pub(super) uploads: BTreeMap<String, Upload>,
    pub(super) messages: BTreeMap<(String, u64), Message>,
    /// Bodies that mean something else than they look like, or nothing.
    pub(super) meanings: BTreeMap<String, Meaning>,
    /// Transfers that have been sent to a lane.
    pub(super) sent: BTreeSet<String>,
    /// Bodies that lie, or have lain, in a dead-letter queue.
    pub(super) parked: BTreeSet<String>,
    pub(super) requests: BTreeMap<u64, Request>,
    /// Requests of services so far.
    pub(super) request_count: u64,
    /// Until when each service stands, or stood, still.
    pub(super) paused_until_ms: BTreeMap<String, u64>,
    /// When each service was told to stop.
    pub(super) told_ms: BTreeMap<String, u64>,
    /// Services that ended by themselves, after a stop.
    pub(super) stopped: BTreeSet<String>,
    /// Publishes of an older version over a newer one whose bytes, and so whose ETag, are those that it was to replace: no
    /// condition that S3 has can tell them apart.
    pub(super) same_bytes_overtaken: BTreeSet<(String, String)>,
    /// Transfers that were published by a late request after they had been failed.
    pub(super) failed_then_published: BTreeSet<String>,
    /// Transfers whose own publish was answered by a refusal of its condition.
    pub(super) own_refused: BTreeSet<String>,
    /// Of those, the ones that were failed because no look was allowed that would have found them published.
    pub(super) failed_unseen: BTreeSet<String>,
}

impl Facts {
    /// Whether a transfer's object is visible, its publish was answered as if another's were, and its target was not to be looked at.
    pub(super) fn is_published_unseen(&self, transfer: &str) -> bool {
        let Some(expected) = self.expected.get(transfer) else { return false };
        let visible = self.visible(&expected.target.bucket, &expected.target.key);
        visible.is_some_and(|visible| visible.transfer == transfer)
            && self.own_refused.contains(transfer)
            && self.was_look_refused_since(expected, 0)
    }

    pub(super) fn newest(&self, key: &str) -> Option<&Version> {
        self.sources.get(key).and_then(|versions| versions.last())
    }

    /// Whether a version of it goes, or went, through the bulk lane.
    pub(super) fn is_bulk(&self, key: &str) -> bool {
        let is_large = |version: &Version| version.content.len_bytes() > BULK_OVER_BYTES;
        self.sources.get(key).is_some_and(|versions| versions.iter().any(is_large))
    }

    pub(super) fn version(&self, key: &str, sequencer: &str) -> Option<&Version> {
        self.sources.get(key)?.iter().find(|version| version.sequencer == sequencer)
    }

    /// What a worker has published and is still there.
    pub(super) fn visible(&self, bucket: &str, key: &str) -> Option<&Publication> {
        let all = self.published.get(&(bucket.to_owned(), key.to_owned()))?;
        all.last().filter(|last| !last.is_displaced)
    }

    /// Somebody else has written or deleted the target's key.
    fn displaced(&mut self, bucket: &str, key: &str) {
        let all = self.published.get_mut(&(bucket.to_owned(), key.to_owned()));
        if let Some(last) = all.and_then(|all| all.last_mut()) {
            last.is_displaced = true;
        }
    }

    /// Whether `request`, which publishes a version older than the visible one, was to replace an even older version whose bytes, and
    /// so whose ETag, are those of the visible one.
    pub(super) fn is_overtaken_by_same_bytes(
        &self,
        request: u64,
        bucket: &str,
        key: &str,
        sequencer: &str,
    ) -> bool {
        let published = self.published.get(&(bucket.to_owned(), key.to_owned()));
        let Some((visible, earlier)) = published.and_then(|all| all.split_last()) else { return false };
        let if_match = self.requests.get(&request).and_then(|request| request.if_match.as_deref());
        if_match == Some(visible.etag.as_str())
            && earlier.iter().any(|old| old.etag == visible.etag && old.sequencer.as_str() < sequencer)
    }

    /// Notes what happened. The invariants have been checked before.
    pub(super) fn note(&mut self, caller: &Caller, event: &Event<'_>, items: Option<(Option<Item>, Item)>) {
        match *event {
            Event::ObjectPublished { bucket: LANDING, key, etag, sequencer, algorithm, .. } => {
                self.put(key, etag, sequencer, algorithm);
            }
            Event::ObjectPublished { bucket, key, .. } if !is_worker(&caller.actor) => {
                self.displaced(bucket, key);
            }
            Event::ObjectPublished { bucket, key, size_bytes, etag, checksum, metadata, .. } => {
                let (transfer, sequencer) = marked(metadata);
                let publication = Publication {
                    transfer,
                    size_bytes,
                    checksum: checksum.to_owned(),
                    etag: etag.to_owned(),
                    sequencer,
                    is_displaced: false,
                };
                if self.is_overtaken_by_same_bytes(caller.request, bucket, key, &publication.sequencer)
                    && self.visible(bucket, key).is_some_and(|it| it.sequencer > publication.sequencer)
                {
                    self.same_bytes_overtaken.insert((bucket.to_owned(), key.to_owned()));
                }
                if self.items.get(&publication.transfer).is_some_and(|item| item.status == "failed") {
                    self.failed_then_published.insert(publication.transfer.clone());
                }
                self.published.entry((bucket.to_owned(), key.to_owned())).or_default().push(publication);
            }
            Event::ObjectDeleted { bucket: LANDING, key } => {
                self.deleted.insert(key.to_owned());
                self.ever_deleted.insert(key.to_owned());
            }
            Event::ObjectDeleted { bucket, key } => self.displaced(bucket, key),
            Event::UploadCreated { bucket, key, upload_id, metadata } => {
                let (transfer, _) = marked(metadata);
                let (bucket, key) = (bucket.to_owned(), key.to_owned());
                let upload = Upload {
                    bucket,
                    key,
                    transfer,
                    created_ms: self.now_ms,
                    is_open: true,
                    is_noted: false,
                    is_unwanted: false,
                };
                self.uploads.insert(upload_id.to_owned(), upload);
            }
            Event::UploadCompleted { upload_id } | Event::UploadAborted { upload_id } => {
                if let Some(upload) = self.uploads.get_mut(upload_id) {
                    upload.is_open = false;
                }
            }
            Event::ItemWritten { .. } => {
                if let Some((old, new)) = items {
                    if old.is_some_and(|old| old.attempts < new.attempts) {
                        self.claimed_ms.insert(new.id.clone(), self.now_ms);
                    }
                    if let Some(upload) = new.upload_id.as_ref().and_then(|id| self.uploads.get_mut(id)) {
                        upload.is_noted = true;
                    }
                    if new.status == "failed" && self.is_published_unseen(&new.id) {
                        self.failed_unseen.insert(new.id.clone());
                    }
                    if new.is_terminal() {
                        self.ended_ms.entry(new.id.clone()).or_insert(self.now_ms);
                    }
                    self.items.insert(new.id.clone(), new);
                }
            }
            Event::MessageSent { queue, number, body, group } => self.sent(queue, number, body, group),
            Event::MessageReceived { queue, number, receive_count, until_ms } => {
                let is_struck = self.requests.get(&caller.request).is_none_or(|request| request.is_struck);
                let Some(message) = self.messages.get_mut(&(queue.to_owned(), number)) else { return };
                let attempts = match &message.content {
                    MessageContent::Transfer(id) => self.items.get(id).map_or(0, |item| item.attempts),
                    _ => 0,
                };
                let hold = Hold {
                    receive_count,
                    received_ms: self.now_ms,
                    until_ms,
                    is_struck,
                    attempts,
                    let_go: None,
                    leased_until_ms: until_ms,
                };
                message.received(&caller.actor, hold);
            }
            Event::VisibilityChanged { queue, number, receive_count, until_ms } => {
                if let Some(message) = self.messages.get_mut(&(queue.to_owned(), number)) {
                    message.hidden(receive_count, self.now_ms, until_ms);
                }
            }
            Event::MessageDeleted { queue, number } => {
                if let Some(message) = self.messages.get_mut(&(queue.to_owned(), number)) {
                    message.is_deleted = true;
                }
            }
            Event::MessageGivenUp { body, .. } => {
                self.parked.insert(body.to_owned());
            }
            Event::Answered { .. } => self.answered(caller),
        }
    }

    fn put(&mut self, key: &str, etag: &str, sequencer: &str, algorithm: &'static str) {
        self.deleted.remove(key);
        let Some(content) = self.intended.get(key).copied() else { return };
        let mut transfers = Vec::new();
        for expected in expected::of(key, content, etag, sequencer) {
            transfers.push(expected.id.clone());
            self.expected.insert(expected.id.clone(), expected);
        }
        let (etag, sequencer) = (etag.to_owned(), sequencer.to_owned());
        self.sources.entry(key.to_owned()).or_default().push(Version {
            content,
            etag,
            sequencer,
            algorithm,
            transfers,
            put_ms: self.now_ms,
        });
    }

    fn sent(&mut self, queue: &str, number: u64, body: &str, group: Option<&str>) {
        if queue.ends_with("-dlq") {
            self.parked.insert(body.to_owned());
        }
        let meaning = self.meanings.get(body).cloned();
        let message = Message::new(queue, body, group, meaning);
        if let (MessageContent::Transfer(id), false) = (&message.content, queue.ends_with("-dlq")) {
            self.sent.insert(id.clone());
        }
        self.messages.insert((queue.to_owned(), number), message);
    }
}

impl Facts {
    /// Everything that was asked for has ended, no queue holds a message, and nothing is under way that may yet bring one: a late send
    /// arrives when its sender has long sent again.
    pub(super) fn is_quiet(&self) -> bool {
        let ended = |id: &String| self.items.get(id).is_some_and(Item::is_terminal);
        self.expected.keys().all(ended)
            && self.messages.iter().all(|((queue, _), it)| it.is_deleted || queue.ends_with("-dlq"))
            && !self.requests.values().any(|request| request.is_late && request.receiver.is_none())
    }
}

/// Transfer id and sequencer of an object's mark.
pub(super) fn marked(metadata: &BTreeMap<String, String>) -> (String, String) {
    let mark = metadata.get("drayage").map(String::as_str).unwrap_or_default();
    let mut fields = mark.split(';').skip(1);
    let transfer = fields.next().unwrap_or_default().to_owned();
    (transfer, fields.nth(1).unwrap_or_default().to_owned())
}

/// Workers and dispatchers are what is being tested; the others only make a world for them.
pub(super) fn is_service(actor: &str) -> bool {
    is_worker(actor) || is_dispatcher(actor)
}

pub(super) fn is_worker(actor: &str) -> bool {
    actor.starts_with("worker-")
}

pub(super) fn is_dispatcher(actor: &str) -> bool {
    actor.starts_with("dispatcher-")
}
