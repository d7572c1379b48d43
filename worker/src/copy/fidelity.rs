//! What a source has that a copy cannot carry, and what the route makes of that. Pure.
//!
//! Only what a GET or HEAD shows is judged. Retention and holds could be set on a copy, and are not on purpose: a lock that cannot be
//! lifted is for the owner of the target to put there, by the bucket's default retention.

use common::ledger::Reason;
use common::transfer::Fidelity;

use crate::outcome::End;

pub(super) const RETENTION: &str = "an object lock's retention";
pub(super) const LEGAL_HOLD: &str = "a legal or event hold";
pub(super) const METADATA: &str = "metadata that no header can hold";
pub(super) const EXPIRES: &str = "an Expires that is no date";
pub(super) const TAGS: &str = "tags that may not be read";

/// Lets a copy go on without what is in `left`, or not.
///
/// # Errors
/// [`End::Permanent`] when the route is strict and something is left.
pub(super) fn judge(fidelity: Fidelity, left: &[&'static str]) -> Result<(), End> {
    if left.is_empty() {
        return Ok(());
    }
    let what = left.join(", ");
    if fidelity == Fidelity::Strict {
        let message = format!("the route is strict and the source has what a copy cannot carry: {what}");
        return Err(End::Permanent(Reason::new("cannot_carry", message)));
    }
    tracing::warn!(left = what, "copying without what a copy cannot carry");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strict_route_minds() {
        assert_eq!(judge(Fidelity::Strict, &[]), Ok(()));
        assert_eq!(judge(Fidelity::BestEffort, &[RETENTION]), Ok(()));
        let Err(End::Permanent(reason)) = judge(Fidelity::Strict, &[RETENTION, TAGS]) else {
            panic!("copied")
        };
        assert_eq!(reason.code, "cannot_carry");
        assert!(
            reason.message.ends_with("an object lock's retention, tags that may not be read"),
            "{reason:?}"
        );
    }
}
