//! S5, third part: an attempt counts as failed only for what the world did to its transfer since it was claimed, not for what an
//! earlier attempt left behind and it should have looked at, nor for what another transfer met. And not once it has sent a publish whose
//! reply it did not get: that file may be there.
//!
//! Where the source has a CRC64NVME, the parts of earlier attempts are not looked at one by one: their sum says whether all of them
//! hold. There, a byte that was flipped since the upload began is a reason.

use super::{Moment, What};
use crate::simulate::facts::{Expected, Facts};

pub(super) const NAME: &str = "S5 failures have a reason";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Item(Some(old), new) = moment.what else { return None };
    if new.failed_attempts == old.failed_attempts {
        return None;
    }
    let actor = &*moment.caller.actor;
    let since_ms = past.claimed_ms.get(&new.id).copied().unwrap_or(0);
    let doubted_ms = past.doubted_ms.get(&(actor.to_owned(), new.id.clone()));
    // Where an earlier attempt has not ended, it may be this worker's too, and the publish that attempt's.
    let ended = new.released_attempts + u64::from(new.status == "failed");
    if new.attempts <= ended && doubted_ms.is_some_and(|doubted_ms| *doubted_ms >= since_ms) {
        return Some(format!(
            "attempt {} of item {} counts as failed for {:?}, and nobody knows whether it has published",
            new.attempts, new.id, new.error_code
        ));
    }
    let is_flipped_since =
        |since_ms: u64| past.flipped_ms.get(&new.id).is_some_and(|flipped_ms| *flipped_ms >= since_ms);
    let expected = past.expected.get(&new.id)?;
    let upload = old.upload_id.as_ref().and_then(|id| past.uploads.get(id));
    let is_flipped_since_its_upload = upload.is_some_and(|upload| is_flipped_since(upload.created_ms));
    let is_explained = match new.error_code.as_deref() {
        Some("access_denied") => past.was_denied_since(expected, since_ms),
        Some("checksum_mismatch") => {
            is_flipped_since(since_ms) || (is_known_by_its_sum(past, expected) && is_flipped_since_its_upload)
        }
        // Equal bytes that another attempt sent once more are as good as its own.
        Some("complete_refused") => is_flipped_since_its_upload,
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

/// Whether only their sum vouches for the parts of earlier attempts.
fn is_known_by_its_sum(past: &Facts, expected: &Expected) -> bool {
    past.version(&expected.key, &expected.sequencer).is_some_and(|version| version.algorithm == "CRC64NVME")
}
