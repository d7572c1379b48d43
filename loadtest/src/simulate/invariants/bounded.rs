//! S9: when all is quiet, nothing is left over: no message in a queue, no upload that the ledger has known of. And the ledger knows of
//! an upload before the first of its parts is sent.
//!
//! An upload that was created and never noted, because its worker died or lost its lease in between, is known to nobody: those are
//! counted, and are a lifecycle rule's or the reaper's. So are those whose removal was asked for and lost.

use super::{Moment, What};
use crate::simulate::facts::{Facts, is_worker, upload_id};

pub(super) const NAME: &str = "S9 nothing left over";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Incoming(incoming) = moment.what else { return None };
    let is_part = matches!(incoming.operation, "UploadPart" | "UploadPartCopy");
    if !is_part || !is_worker(&moment.caller.actor) {
        return None;
    }
    let id = upload_id(incoming)?;
    let upload = past.uploads.get(id).filter(|upload| !upload.is_noted)?;
    let actor = &moment.caller.actor;
    Some(format!(
        "{actor} sent a part of upload {id} of transfer {}, which the ledger does not know",
        upload.transfer
    ))
}

pub(super) fn broken_at_rest(past: &Facts) -> Option<String> {
    let message = past.messages.iter().find(|((queue, _), it)| !queue.ends_with("-dlq") && !it.is_deleted);
    if let Some(((queue, number), _)) = message {
        return Some(format!("message {number} is left in {queue}"));
    }
    let left =
        past.uploads.iter().find(|(_, upload)| upload.is_open && upload.is_noted && !upload.is_unwanted);
    left.map(|(id, upload)| format!("upload {id} of transfer {} was noted and is left open", upload.transfer))
}
