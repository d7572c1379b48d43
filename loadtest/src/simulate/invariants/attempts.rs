//! S5, second part: counts only grow, a claim adds one to `attempts`, and only a claim does. A write of an attempt that is not the
//! newest one changes nothing: what a worker writes while an attempt holds the fence is that attempt's. An attempt that the world
//! made fail is counted as failed.

use super::{Moment, What};
use crate::simulate::facts::{Facts, Item, is_worker};

pub(super) const NAME: &str = "S5 attempts only grow";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Item(Some(old), new) = moment.what else { return None };
    let is_claim = new.attempts != old.attempts;
    let actor = &*moment.caller.actor;
    if is_worker(actor) && !is_claim && !new.is_of(actor) {
        return Some(format!("{actor} has written item {}, whose attempt is of {}", new.id, new.owner));
    }
    if old.status == "processing"
        && is_failure(new)
        && !is_undecided(past, new)
        && new.failed_attempts == old.failed_attempts
        && !is_claim
    {
        return Some(format!(
            "item {} does not count the attempt that ended as {:?}",
            new.id, new.error_code
        ));
    }
    let grew = new.attempts.checked_sub(old.attempts);
    let failed = new.failed_attempts.checked_sub(old.failed_attempts);
    let released = new.released_attempts.checked_sub(old.released_attempts);
    let counts = match (grew, failed, released) {
        (Some(1), Some(0), Some(0)) => new.status == "processing" && new.owner != old.owner,
        (Some(0), Some(0 | 1), Some(0 | 1)) => new.owner == old.owner,
        _ => false,
    };
    (!counts).then(|| {
        let of =
            |item: &Item| (item.attempts, item.failed_attempts, item.released_attempts, item.owner.clone());
        format!("item {} went from {:?} to {:?}", new.id, of(old), of(new))
    })
}

/// Ends that no passing fault explains.
fn is_failure(item: &Item) -> bool {
    let is_code = matches!(
        item.error_code.as_deref(),
        Some("access_denied" | "checksum_mismatch" | "complete_refused" | "unreadable_reply")
    );
    is_code && matches!(item.status.as_str(), "queued" | "failed")
}

/// Where the target refuses the look that comes before a failure, nothing is decided: the attempt ends with that refusal and does not
/// count.
fn is_undecided(past: &Facts, item: &Item) -> bool {
    let claimed_ms = past.claimed_ms.get(&item.id).copied().unwrap_or(0);
    let expected = past.expected.get(&item.id);
    item.status == "queued" && expected.is_some_and(|it| past.was_look_refused_since(it, claimed_ms))
}
