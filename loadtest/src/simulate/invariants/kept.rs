//! L4, the other half: work is not done twice for nothing. A message comes back while somebody works on it only for a reason: its
//! holder died, stood still, was told to stop, gave it back, lost its fence, or could not reach SQS. What S3 and `DynamoDB` do meanwhile
//! is no reason: that is what heartbeats are for.

use simcloud::Event;

use super::{Moment, What};
use crate::simulate::facts::{Facts, Hold, MessageContent, is_worker};
use crate::simulate::faults::Kind;

pub(super) const NAME: &str = "L4 leases are kept";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Event(Event::MessageReceived { queue, number, .. }) = moment.what else { return None };
    let message = past.messages.get(&((*queue).to_owned(), *number))?;
    let MessageContent::Transfer(transfer) = &message.content else { return None };
    let (holder, hold) = message.last_hold().filter(|(holder, _)| is_worker(holder))?;
    if hold.until_ms > past.now_ms {
        return None;
    }
    let item = past.items.get(transfer)?;
    // Whose attempt is under way, and is the only one since that receive.
    let is_at_work = item.status == "processing" && item.is_of(holder) && item.attempts == hold.attempts + 1;
    let is_over = hold.is_struck || past.stopped.contains(holder) || past.told_ms.contains_key(holder);
    (is_at_work && !is_over && !is_excused(past, holder, hold)).then(|| {
        let (late_ms, held_ms) = (past.now_ms - hold.until_ms, past.now_ms - hold.received_ms);
        format!("{holder} works on {transfer} for {held_ms} ms, and let its message go {late_ms} ms ago")
    })
}

fn is_excused(past: &Facts, holder: &str, hold: Hold) -> bool {
    let since_ms = hold.received_ms;
    let gave_it_back = match hold.let_go {
        None => false,
        Some(true) => true,
        // It may have been given back for just as long as a heartbeat asks for, by an attempt that could not write the ledger.
        Some(false) => past.was_cut_off_since(holder, "DynamoDB", since_ms),
    };
    gave_it_back
        || past.stood_still_since(holder, since_ms)
        || past.was_cut_off_since(holder, "SQS", since_ms)
        || past.struck_ms.contains_key(&(holder.to_owned(), Kind::Crash))
}
