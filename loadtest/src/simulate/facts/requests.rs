//! Requests, from their coming in to their answer.

use simcloud::{Caller, Incoming};

use super::{Expected, Facts, LANDING, is_service};
use crate::simulate::faults::Kind;

/// A request that is on its way.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `If-Match`, without quotes.
    pub(crate) if_match: Option<String>,
    /// It may arrive long after its sender has given it up.
    pub(crate) is_struck: bool,
    /// It has yet to take effect, and will, whatever becomes of its sender.
    pub(crate) is_late: bool,
    /// Who waits for messages by it.
    pub(crate) receiver: Option<String>,
}

impl Facts {
    /// Notes a request that came in.
    pub(crate) fn incoming(&mut self, caller: &Caller, incoming: &Incoming<'_>, fault: Option<Kind>) {
        let header = |name: &str| incoming.headers.get(name)?.to_str().ok();
        let if_match = header("if-match").map(|etag| etag.trim_matches('"').to_owned());
        let (actor, is_struck) = (caller.actor.to_string(), fault.is_some_and(|kind| !kind.spares_request()));
        let receiver = (incoming.operation == "ReceiveMessage").then(|| actor.clone());
        let is_late = fault.is_some_and(Kind::is_late);
        self.requests.insert(caller.request, Request { if_match, is_struck, is_late, receiver });
        self.request_count += u64::from(is_service(&caller.actor));
        if let Some(kind) = fault {
            self.struck_ms.insert((actor.clone(), kind), self.now_ms);
        }
        if is_struck {
            self.service_struck_ms.insert((actor, incoming.service.to_owned()), self.now_ms);
        }
        if let Some(kind) = fault {
            self.struck(&caller.actor, incoming, kind);
        }
        let Some(id) = upload_id(incoming) else { return };
        if incoming.operation == "AbortMultipartUpload"
            && let Some(upload) = self.uploads.get_mut(id)
        {
            upload.is_unwanted = true;
        }
    }

    /// Notes whom a fault of an S3 request may have made fail.
    fn struck(&mut self, actor: &str, incoming: &Incoming<'_>, kind: Kind) {
        let now_ms = self.now_ms;
        match kind {
            Kind::RequestFlipped | Kind::BodyFlipped => {
                for transfer in self.transfers_of(incoming) {
                    self.flipped_ms.insert(transfer, now_ms);
                }
            }
            Kind::LookRefused => {
                self.denied_ms.insert(incoming.resource.to_owned(), now_ms);
            }
            Kind::AccessDenied => {
                let (_, key) = incoming.resource.split_once('/').unwrap_or_default();
                self.denied_ms.insert(format!("{LANDING}/{key}"), now_ms);
            }
            Kind::OwnPublishRefused => self.own_refused.extend(self.published_by(incoming)),
            Kind::DoubtBehindRefusedLook | Kind::ForeignAnswer => {
                if kind == Kind::DoubtBehindRefusedLook {
                    self.denied_ms.insert(incoming.resource.to_owned(), now_ms);
                }
                // A publish whose body was flipped on its way from the source publishes nothing: its sender breaks it off, or the store refuses
                // it. There is no doubt about it, whatever the answer is.
                if let Some(transfer) = self.published_by(incoming)
                    && !self.flipped_ms.contains_key(&transfer)
                {
                    self.doubted_ms.insert((actor.to_owned(), transfer), now_ms);
                }
            }
            _ => {}
        }
    }

    /// The transfers whose bytes a request reads or carries. A GET names the version by its ETag.
    fn transfers_of(&self, incoming: &Incoming<'_>) -> Vec<String> {
        if let Some(upload) = upload_id(incoming).and_then(|id| self.uploads.get(id)) {
            return vec![upload.transfer.clone()];
        }
        if let Some(transfer) = published_transfer(incoming) {
            return vec![transfer];
        }
        let header = |name: &str| incoming.headers.get(name)?.to_str().ok();
        let etag = header("if-match").map(|etag| etag.trim_matches('"'));
        let versions = incoming.resource.split_once('/').and_then(|(_, key)| self.sources.get(key));
        let read = versions.into_iter().flatten().filter(|version| etag.is_none_or(|it| it == version.etag));
        read.flat_map(|version| version.transfers.iter().cloned()).collect()
    }

    /// Whose object a request would make visible.
    pub(crate) fn published_by(&self, incoming: &Incoming<'_>) -> Option<String> {
        if !is_publish(incoming.operation) {
            return None;
        }
        let by_upload = || Some(self.uploads.get(upload_id(incoming)?)?.transfer.clone());
        published_transfer(incoming).or_else(by_upload)
    }

    /// Whether access to a transfer's source or target was refused since then.
    pub(crate) fn was_denied_since(&self, expected: &Expected, since_ms: u64) -> bool {
        let source = format!("{LANDING}/{}", expected.key);
        self.was_refused_since(&source, since_ms) || self.was_look_refused_since(expected, since_ms)
    }

    /// Whether nobody was allowed to look at a transfer's target since then.
    pub(crate) fn was_look_refused_since(&self, expected: &Expected, since_ms: u64) -> bool {
        self.was_refused_since(&format!("{}/{}", expected.target.bucket, expected.target.key), since_ms)
    }

    fn was_refused_since(&self, object: &str, since_ms: u64) -> bool {
        self.denied_ms.get(object).is_some_and(|denied_ms| *denied_ms >= since_ms)
    }

    /// Whether anything has gone wrong for an actor since then, or it stood still at that time or after.
    pub(crate) fn was_struck_since(&self, actor: &str, since_ms: u64) -> bool {
        let struck = self.struck_ms.iter().filter(|((of, kind), _)| of == actor && !kind.spares_request());
        self.stood_still_since(actor, since_ms)
            || struck.into_iter().any(|(_, struck_ms)| *struck_ms >= since_ms)
    }

    pub(crate) fn stood_still_since(&self, actor: &str, since_ms: u64) -> bool {
        self.paused_until_ms.get(actor).is_some_and(|until_ms| *until_ms >= since_ms)
    }

    /// Whether a request of an actor to a service was struck since then.
    pub(crate) fn was_cut_off_since(&self, actor: &str, service: &str, since_ms: u64) -> bool {
        let struck_ms = self.service_struck_ms.get(&(actor.to_owned(), service.to_owned()));
        struck_ms.is_some_and(|struck_ms| *struck_ms >= since_ms)
    }

    /// Whether a receive of an actor is open.
    pub(crate) fn is_receiving(&self, actor: &str) -> bool {
        self.requests.values().any(|request| request.receiver.as_deref() == Some(actor))
    }

    /// Nothing can come of a request any more.
    pub(super) fn answered(&mut self, caller: &Caller) {
        self.requests.remove(&caller.request);
    }
}

/// Whether requests of this kind make an object visible.
pub(crate) fn is_publish(operation: &str) -> bool {
    matches!(operation, "PutObject" | "CopyObject" | "CompleteMultipartUpload")
}

/// The transfer in the mark that a request carries.
fn published_transfer(incoming: &Incoming<'_>) -> Option<String> {
    let mark = incoming.headers.get("x-amz-meta-drayage")?.to_str().ok()?;
    mark.split(';').nth(1).map(str::to_owned)
}

/// The upload that a request speaks of.
pub(crate) fn upload_id<'a>(incoming: &Incoming<'a>) -> Option<&'a str> {
    incoming.query.split('&').find_map(|pair| pair.strip_prefix("uploadId="))
}
