//! S4: `failed` means that this transfer's object is not visible, and that there was a reason in the world for it.

use super::{Moment, What};
use crate::simulate::facts::{Facts, Item};

pub(super) const NAME: &str = "S4 failed is true";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Item(old, new) = moment.what else { return None };
    if new.status != "failed" || old.is_some_and(|old| old.status == "failed") {
        return None;
    }
    let expected = past.expected.get(&new.id)?;
    let visible = past.visible(&expected.target.bucket, &expected.target.key);
    if visible.is_some_and(|visible| visible.transfer == new.id) {
        return Some(format!(
            "transfer {} was failed ({:?}) while its object is visible",
            new.id, new.error_code
        ));
    }
    (!is_explained(past, &expected.key, new)).then(|| {
        format!("transfer {} was failed for {:?}, and nothing in the world was so", new.id, new.error_code)
    })
}

/// Whether the world did what the item says.
fn is_explained(past: &Facts, key: &str, item: &Item) -> bool {
    use crate::simulate::faults::Kind;
    let hit = |kind: Kind| past.hits.get(kind.index()).is_some_and(|hits| *hits > 0);
    match item.error_code.as_deref() {
        Some("source_missing") => past.ever_deleted.contains(key),
        Some("access_denied") => hit(Kind::AccessDenied),
        Some("checksum_mismatch") => hit(Kind::BodyFlipped) || hit(Kind::RequestFlipped),
        Some("attempts_vanished") => item.attempts >= 10,
        _ => false,
    }
}
