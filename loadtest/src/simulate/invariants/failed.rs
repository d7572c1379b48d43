//! S4: `failed` means that this transfer's object is not visible, and that there was a reason in the world for it.
//!
//! One limit is known and counted: a publish that took effect and was answered 412, as if another transfer were there, at a target that may
//! not be looked at. A worker cannot tell it from a target that a stranger occupies, which must end as `access_denied`.

use super::{Moment, What};
use crate::simulate::facts::{Expected, Facts, Item};

pub(super) const NAME: &str = "S4 failed is true";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Item(old, new) = moment.what else { return None };
    if new.status != "failed" || old.is_some_and(|old| old.status == "failed") {
        return None;
    }
    let expected = past.expected.get(&new.id)?;
    let visible = past.visible(&expected.target.bucket, &expected.target.key);
    if visible.is_some_and(|visible| visible.transfer == new.id) {
        if past.is_published_unseen(&new.id) {
            return None;
        }
        return Some(format!(
            "transfer {} was failed ({:?}) while its object is visible",
            new.id, new.error_code
        ));
    }
    (!is_explained(past, expected, new)).then(|| {
        format!("transfer {} was failed for {:?}, and nothing in the world was so", new.id, new.error_code)
    })
}

/// Whether the world did what the item says, to this transfer.
fn is_explained(past: &Facts, expected: &Expected, item: &Item) -> bool {
    match item.error_code.as_deref() {
        Some("source_missing") => past.ever_deleted.contains(&expected.key),
        Some("access_denied") => past.was_denied_since(expected, 0),
        Some("checksum_mismatch" | "complete_refused") => past.flipped_ms.contains_key(&item.id),
        Some("attempts_vanished") => item.attempts >= 10,
        _ => false,
    }
}
