//! S10: no key, no body and no credential in logs; no body and no credential in the ledger.

use super::{Moment, What};
use crate::simulate::facts::{BODY_CANARY, KEY_CANARY, SECRET_CANARY};

pub(super) const NAME: &str = "S10 no secret told";

pub(super) fn broken(moment: Moment<'_>) -> Option<String> {
    let What::Item(_, new) = moment.what else { return None };
    // The key stands in its two attributes, and nowhere else.
    let canaries = [KEY_CANARY, BODY_CANARY, SECRET_CANARY];
    let found = new.texts.iter().find(|text| canaries.iter().any(|canary| text.contains(canary)))?;
    Some(format!("item {} tells {found}", new.id))
}

/// The line of a log that tells something.
pub(crate) fn leaked(log: &str) -> Option<String> {
    let canaries = [KEY_CANARY, BODY_CANARY, SECRET_CANARY];
    let line = log.lines().find(|line| canaries.iter().any(|canary| line.contains(canary)))?;
    Some(format!("a log line tells a key, a body or a secret: {line}"))
}
