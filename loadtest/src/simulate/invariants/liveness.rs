//! L1–L5: what must happen, and within what.

use std::time::Duration;

use simcloud::Event;

use super::{Moment, What};
use crate::simulate::facts::{Facts, MessageContent, is_service};

/// L1: from the end of the faults until every transfer has ended and every queue is empty. The longest wait is that of a message
/// that was given back with a backoff of five minutes.
pub(crate) const QUIET_WITHIN: Duration = Duration::from_secs(1_200);

/// L3: receives of a message that nobody understands. It is parked at its first receive; each further one is a crash's, a pause's or
/// a lost reply's doing.
const POISON_RECEIVES_MAX: u32 = 40;
pub(super) const POISON: &str = "L3 poison is bounded";

pub(super) fn poison_broken(past: &Facts) -> Option<String> {
    let poison = past.messages.values().filter(|message| message.content == MessageContent::Poison);
    let most = poison.map(|message| message.receives).max()?;
    (most > POISON_RECEIVES_MAX)
        .then(|| format!("a message that nobody understands was received {most} times"))
}

pub(crate) const IN_TIME: &str = "L2 a stop ends in time";
/// For how long a struck request, with its retries, may hold up what comes after it.
const AFTERMATH_MS: u64 = 60_000;

/// Copies that run are given up in time, whatever S3 does. Only what may follow from a ledger or a queue that could not be reached, or
/// from standing still, may outlast the grace period; and after a second signal, which shortens it, a receive that is still open, because
/// nobody would give back what a dropped one brings.
pub(super) fn cut_short(past: &Facts, actor: &str) -> Option<String> {
    let told_ms = past.told_ms.get(actor)?;
    let since_ms = told_ms.saturating_sub(AFTERMATH_MS);
    let is_excused = past.stood_still_since(actor, *told_ms)
        || past.is_receiving(actor)
        || ["DynamoDB", "SQS"].into_iter().any(|service| past.was_cut_off_since(actor, service, since_ms));
    (!is_excused).then(|| {
        format!("{actor} had not ended {} ms after it was told to stop", past.now_ms.saturating_sub(*told_ms))
    })
}

/// L2, the other half: what a service that was told to stop takes all the same, it ends or gives back before its own end.
pub(super) const STOPPED: &str = "L2 a stopped service hides nothing";

/// What it had asked for brought messages before its end. Where a request was struck since, or the service stood still, it may not
/// have been able to give them back.
pub(super) fn hidden_after_stop(past: &Facts, actor: &str) -> Option<String> {
    let told_ms = past.told_ms.get(actor)?;
    past.messages.iter().find_map(|((queue, number), message)| {
        let hold = message.hold(actor, past.now_ms)?;
        let excused = hold.is_struck || past.was_struck_since(actor, hold.received_ms);
        (hold.received_ms > *told_ms && !excused).then(|| {
            let left_ms = hold.until_ms - past.now_ms;
            format!("{actor} has ended, and hides message {number} of {queue} for {left_ms} ms more")
        })
    })
}

/// What it had asked for may not take a message after its end, because nobody would give it back.
pub(super) fn taken_after_stop(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Event(Event::MessageReceived { queue, number, .. }) = moment.what else { return None };
    let actor = &*moment.caller.actor;
    let is_struck = past.requests.get(&moment.caller.request).is_none_or(|request| request.is_struck);
    (is_service(actor) && past.stopped.contains(actor) && !is_struck)
        .then(|| format!("{actor} had ended, and took message {number} of {queue}"))
}

/// L4: requests of all services together for so many transfers, whatever the weather; polls of idle queues count by time.
pub(crate) fn requests_max(transfers: usize, pollers: usize, simulated: Duration) -> u64 {
    let polls = simulated.as_secs() * pollers as u64;
    400 * (transfers as u64 + 5) + polls
}

/// L2: a stopped service ends by itself within its grace period; when requests were answered it is not even near it.
pub(crate) fn stopped_in_time(took: Duration, grace_period: Duration) -> Option<String> {
    (took > grace_period).then(|| format!("a stopped service took {took:?} of its {grace_period:?}"))
}
