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
pub(super) const REDIRECT: &str = "a website redirect that is no text";
pub(super) const STORAGE_CLASS: &str = "a storage class that no other bucket has";
pub(super) const TAGS: &str = "tags that may not be read";

/// The storage classes that a client may give an object. All others come with the place that an object is in (an Outpost, a directory
/// bucket, a file system, a backup vault): S3 refuses them.
const STORAGE_CLASSES: [&str; 8] = [
    "DEEP_ARCHIVE",
    "GLACIER",
    "GLACIER_IR",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "REDUCED_REDUNDANCY",
    "STANDARD",
    "STANDARD_IA",
];

/// Whether a copy can have the storage class of its source.
pub(super) fn is_carried(storage_class: &str) -> bool {
    STORAGE_CLASSES.contains(&storage_class)
}

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
    fn classes_of_a_place_are_not_carried() {
        use aws_sdk_s3::types::StorageClass;
        let (carried, left): (Vec<_>, Vec<_>) =
            StorageClass::values().iter().copied().partition(|class| is_carried(class));
        assert_eq!(carried, STORAGE_CLASSES);
        assert!(left.contains(&"OUTPOSTS") && left.contains(&"EXPRESS_ONEZONE") && left.contains(&"SNOW"));
        assert!(!is_carried("A_CLASS_OF_THE_FUTURE"));
    }

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
