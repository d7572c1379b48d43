//! S6: what is visible at a target never falls back to an older version of its source.
//!
//! Others may write and delete there too. What they write is replaced as if it were an older version, and what they delete is not put
//! back: the promise counts from their last change, because the mark that tells versions apart went with it.
//!
//! One way round it is S3's own: a publish is conditional on the ETag that its worker saw, and a newer version may have been
//! published meanwhile whose bytes, and so whose ETag, are the same. No condition tells the two apart; such cases are counted and
//! not held against us.

use simcloud::Event;

use super::{Moment, What};
use crate::simulate::facts::{Facts, LANDING, is_worker, marked};

pub(super) const NAME: &str = "S6 newest wins";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Event(Event::ObjectPublished { bucket, key, metadata, .. }) = moment.what else { return None };
    if *bucket == LANDING || !is_worker(&moment.caller.actor) {
        return None;
    }
    let (transfer, sequencer) = marked(metadata);
    let visible = past.visible(bucket, key)?;
    if visible.sequencer <= sequencer
        || past.is_overtaken_by_same_bytes(moment.caller.request, bucket, key, &sequencer)
    {
        return None;
    }
    Some(format!(
        "transfer {transfer} (sequencer {sequencer}) was published over {} (sequencer {})",
        visible.transfer, visible.sequencer
    ))
}
