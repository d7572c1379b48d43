//! S1: every object that becomes visible equals one version of its source, and lies where that version belongs.

use simcloud::Event;

use super::{Moment, What};
use crate::simulate::facts::{Facts, LANDING, is_worker, marked};

pub(super) const NAME: &str = "S1 no wrong bytes";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Event(Event::ObjectPublished {
        bucket, key, size_bytes, algorithm, checksum, metadata, ..
    }) = moment.what
    else {
        return None;
    };
    if *bucket == LANDING || !is_worker(&moment.caller.actor) {
        return None;
    }
    let (transfer, sequencer) = marked(metadata);
    let Some(expected) = past.expected.get(&transfer) else {
        return Some(format!(
            "an object was published at {bucket}/{key:?} for transfer {transfer:?}, which nothing asked for"
        ));
    };
    if (expected.target.bucket.as_str(), expected.target.key.as_str()) != (*bucket, *key) {
        return Some(format!(
            "transfer {transfer} was published at {bucket}/{key:?}, which is not its target"
        ));
    }
    if expected.sequencer != sequencer {
        return Some(format!(
            "transfer {transfer} was published with sequencer {sequencer}, not {}",
            expected.sequencer
        ));
    }
    let right = (expected.content.len_bytes(), expected.content.checksum());
    let published = (*size_bytes, (*checksum).to_owned());
    if *algorithm != "CRC64NVME" || right != published {
        return Some(format!(
            "transfer {transfer} published {published:?} by {algorithm}: the source has {right:?}"
        ));
    }
    None
}
