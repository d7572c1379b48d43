//! S5, first part: terminal states absorb, and every change is a step of the state table.

use super::{Moment, What};
use crate::simulate::facts::Facts;

pub(super) const NAME: &str = "S5 terminal states absorb";

pub(super) fn broken(_: &Facts, moment: Moment<'_>) -> Option<String> {
    let (old, new) = match moment.what {
        What::Item(old, new) => (old, new),
        What::ItemDeleted(old) => return Some(format!("item {} was deleted", old.id)),
        _ => return None,
    };
    let Some(old) = old else {
        return (new.status != "queued").then(|| format!("item {} began as {}", new.id, new.status));
    };
    if old.is_terminal() {
        return Some(format!("item {} was {} and has changed to {}", new.id, old.status, new.status));
    }
    let is_step = match (old.status.as_str(), new.status.as_str()) {
        ("queued", "processing") | ("processing", "processing" | "queued") => true,
        ("processing", ended) => new.is_terminal() && !ended.is_empty(),
        _ => false,
    };
    (!is_step).then(|| format!("item {} went from {} to {}", new.id, old.status, new.status))
}
