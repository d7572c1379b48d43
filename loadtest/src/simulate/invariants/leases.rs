//! S11: nothing is published by a request that was sent after the lease was lost: whoever sends a PutObject, a
//! CopyObject or a CompleteMultipartUpload still holds a message of that transfer, as SQS sees it. Nor is the upload removed that the next attempt
//! will go on with: before the transfer has ended, that takes a lease too.

use super::{Moment, What};
use crate::simulate::facts::{Facts, MessageContent, is_worker, upload_id};

pub(super) const NAME: &str = "S11 no publish without a lease";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Incoming(incoming) = moment.what else { return None };
    let actor = &*moment.caller.actor;
    if incoming.service != "S3" || !is_worker(actor) {
        return None;
    }
    let transfer = match incoming.operation {
        "PutObject" | "CopyObject" | "CompleteMultipartUpload" => past.published_by(incoming)?,
        "AbortMultipartUpload" => {
            let id = upload_id(incoming)?;
            let transfer = past.uploads.get(id)?.transfer.clone();
            let item = past.items.get(&transfer)?;
            if item.is_terminal() || item.upload_id.as_deref() != Some(id) {
                return None;
            }
            transfer
        }
        _ => return None,
    };
    let about = past.messages.values().filter(|it| it.content == MessageContent::Transfer(transfer.clone()));
    let until_ms = about.filter_map(|message| message.held_until_ms(actor)).max();
    match until_ms {
        Some(until_ms) if until_ms > past.now_ms => None,
        Some(until_ms) => Some(format!(
            "{actor} sent {} for {transfer} {} ms after its lease had ended",
            incoming.operation,
            past.now_ms - until_ms
        )),
        None => Some(format!("{actor} sent {} for {transfer} and never had its message", incoming.operation)),
    }
}
