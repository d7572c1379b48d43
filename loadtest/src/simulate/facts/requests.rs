//! Requests, from their coming in to their answer.

use simcloud::{Caller, Incoming};

use super::{Facts, is_service};
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
        let is_late = matches!(fault, Some(Kind::RequestLate | Kind::Crash));
        self.requests.insert(caller.request, Request { if_match, is_struck, is_late, receiver });
        self.request_count += u64::from(is_service(&caller.actor));
        if let Some(kind) = fault {
            self.struck_ms.insert((actor.clone(), kind), self.now_ms);
        }
        if is_struck {
            self.service_struck_ms.insert((actor, incoming.service.to_owned()), self.now_ms);
        }
        let Some(id) = upload_id(incoming) else { return };
        if incoming.operation == "AbortMultipartUpload"
            && let Some(upload) = self.uploads.get_mut(id)
        {
            upload.is_unwanted = true;
        }
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

/// The upload that a request speaks of.
pub(crate) fn upload_id<'a>(incoming: &Incoming<'a>) -> Option<&'a str> {
    incoming.query.split('&').find_map(|pair| pair.strip_prefix("uploadId="))
}
