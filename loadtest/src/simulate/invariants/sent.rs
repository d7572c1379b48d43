//! S11, the other half: no service sends a heartbeat, a give-back or a delete for a message once its lease is void. SQS would take it,
//! and hide the message from everybody, show it while another works on it, or delete it under another's hands.
//!
//! What was sent in time and arrives late is the weather's, not the sender's.

use serde_json::Value;

use super::{Moment, What};
use crate::simulate::facts::{Facts, is_service};

pub(super) const NAME: &str = "S11 nothing sent without a lease";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Incoming(incoming) = moment.what else { return None };
    let actor = &*moment.caller.actor;
    let is_change = incoming.operation.starts_with("ChangeMessageVisibility")
        || incoming.operation.starts_with("DeleteMessage");
    if incoming.service != "SQS" || !is_change || !is_service(actor) {
        return None;
    }
    let request: Value = serde_json::from_str(incoming.resource).ok()?;
    let queue = request.get("QueueUrl")?.as_str()?.rsplit('/').next()?;
    let entries = request.get("Entries").and_then(Value::as_array);
    let mut named = entries.map_or_else(|| vec![&request], |entries| entries.iter().collect()).into_iter();
    named.find_map(|entry| {
        let (number, receive_count) = simcloud::receive_of(entry.get("ReceiptHandle")?.as_str()?)?;
        let hold = past.messages.get(&(queue.to_owned(), number))?.hold_of(actor, receive_count)?;
        let late_ms = past.now_ms.checked_sub(hold.leased_until_ms)?;
        let operation = incoming.operation;
        Some(format!(
            "{actor} sent {operation} for message {number} of {queue} {late_ms} ms after its lease had ended"
        ))
    })
}
