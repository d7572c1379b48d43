//! S5, third part: an attempt counts as failed only for what the world did to it since it was claimed, not for what an earlier attempt
//! left behind and it should have looked at.
//!
//! Where the source has a CRC64NVME, the parts of earlier attempts are not looked at one by one: their sum says whether all of them
//! hold. There, a byte that was flipped since the upload began is a reason.

use super::{Moment, What};
use crate::simulate::facts::{Facts, Item};
use crate::simulate::faults::Kind;

pub(super) const NAME: &str = "S5 failures have a reason";

const FLIPS: [Kind; 2] = [Kind::BodyFlipped, Kind::RequestFlipped];

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Item(Some(old), new) = moment.what else { return None };
    if new.failed_attempts == old.failed_attempts {
        return None;
    }
    let actor = &*moment.caller.actor;
    let since_ms = past.claimed_ms.get(&new.id).copied().unwrap_or(0);
    let struck = |kind: Kind| {
        past.struck_ms.get(&(actor.to_owned(), kind)).is_some_and(|struck_ms| *struck_ms >= since_ms)
    };
    let is_explained = match new.error_code.as_deref() {
        Some("access_denied") => struck(Kind::AccessDenied),
        Some("checksum_mismatch") => FLIPS.into_iter().any(struck) || is_known_by_its_sum(past, old),
        // Equal bytes that another attempt sent once more are as good as its own.
        Some("complete_refused") => is_flipped_since_its_upload(past, old),
        // For good, whatever the attempt met: S4 looks at these.
        _ => new.status == "failed",
    };
    (!is_explained).then(|| {
        format!(
            "attempt {} of item {} counts as failed for {:?}, and nothing of the kind happened to it",
            new.attempts, new.id, new.error_code
        )
    })
}

/// Whether only their sum vouches for the parts of the upload, and a byte was flipped since it began.
fn is_known_by_its_sum(past: &Facts, item: &Item) -> bool {
    let version = past.expected.get(&item.id).and_then(|it| past.version(&it.key, &it.sequencer));
    version.is_some_and(|version| version.algorithm == "CRC64NVME") && is_flipped_since_its_upload(past, item)
}

fn is_flipped_since_its_upload(past: &Facts, item: &Item) -> bool {
    let Some(upload) = item.upload_id.as_ref().and_then(|id| past.uploads.get(id)) else { return false };
    let struck = |((_, kind), struck_ms): (&(String, Kind), &u64)| {
        FLIPS.contains(kind) && *struck_ms >= upload.created_ms
    };
    past.struck_ms.iter().any(struck)
}
