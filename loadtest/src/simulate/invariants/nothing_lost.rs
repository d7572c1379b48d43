//! S2: nothing is lost and nothing comes that nobody asked for: every event ends in a terminal state or parked, and once all is
//! quiet the target has the newest version.

use super::{Moment, What};
use crate::simulate::facts::{Expected, Facts, Version, is_unusable};

pub(super) const NAME: &str = "S2 nothing lost";

/// Nothing unexpected, and `superseded` only when there is something newer.
pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Item(old, new) = moment.what else { return None };
    let Some(expected) = past.expected.get(&new.id) else {
        return Some(format!("the ledger has an item {} that no event asked for", new.id));
    };
    let becomes = |status: &str| new.status == status && old.is_none_or(|old| old.status != status);
    let newest = past.newest(&expected.key)?;
    if becomes("superseded") && newest.sequencer <= expected.sequencer {
        return Some(format!(
            "transfer {} of the newest version was superseded ({:?})",
            new.id, new.error_code
        ));
    }
    None
}

pub(super) fn broken_at_rest(past: &Facts) -> Option<String> {
    past.expected.values().find_map(|expected| ended(past, expected)).or_else(|| {
        past.sources
            .iter()
            .find_map(|(key, versions)| parked(past, key).or_else(|| delivered(past, key, versions.last()?)))
    })
}

fn ended(past: &Facts, expected: &Expected) -> Option<String> {
    let id = &expected.id;
    match past.items.get(id) {
        None => Some(format!("transfer {id} has no item: its event was lost")),
        Some(item) if !item.is_terminal() => Some(format!("transfer {id} is still {}", item.status)),
        Some(item) if item.status == "failed" => {
            let parked =
                past.messages.values().any(|message| message.content.is_transfer(id) && message.is_parked);
            (!parked).then(|| format!("transfer {id} has failed and is in no dead-letter queue"))
        }
        Some(_) => None,
    }
}

/// An event of which a target could not be made is parked.
fn parked(past: &Facts, key: &str) -> Option<String> {
    if !is_unusable(key) {
        return None;
    }
    let about = past.messages.values().filter(|message| message.content.is_event_of(key));
    let parked = about.into_iter().any(|message| message.is_parked);
    (!parked).then(|| format!("the event of a key of {} bytes was not parked", key.len()))
}

fn delivered(past: &Facts, key: &str, newest: &Version) -> Option<String> {
    newest.transfers.iter().find_map(|id| {
        let (expected, item) = (past.expected.get(id)?, past.items.get(id)?);
        let target = (expected.target.bucket.clone(), expected.target.key.clone());
        if item.status != "completed" || past.same_bytes_overtaken.contains(&target) {
            return None;
        }
        // It was there, and somebody else wrote or deleted it: what comes to lie there then is not promised.
        let published = past.published.get(&target).map(Vec::as_slice).unwrap_or_default();
        if published.iter().any(|it| it.transfer == *id && it.is_displaced) {
            return None;
        }
        match past.visible(&target.0, &target.1) {
            Some(visible) if visible.transfer == *id => None,
            Some(visible) => {
                Some(format!("{key:?} was completed by {id}, and its target has {}", visible.transfer))
            }
            None => Some(format!("{key:?} was completed by {id}, and its target has nothing")),
        }
    })
}
