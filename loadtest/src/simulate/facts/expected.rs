//! What must come of a source version, said without the code that is being tested: who gets it, where, through which lane.

use common::transfer::{KEY_BYTES_MAX, Sequencer, SourceVersion, Target, TransferId};

use super::Content;

pub(crate) const LANDING: &str = "landing";
pub(crate) const DELIVERED: &str = "delivered";
pub(crate) const ARCHIVE: &str = "archive";
pub(crate) const BULK_OVER_BYTES: u64 = 300_000;

/// Four tenants. One folder of `acme` goes to two targets. The targets of `globex` and `initech` are encrypted with KMS keys, so equal
/// parts have different ETags. The store copies for `initech`, and for `umbrella` where `auto` says so.
pub(crate) const RULES: &str = r#"
version = 1
[lanes]
default = "fast"
bulk = "bulk"
bulk_over_bytes = 300_000
[[customer]]
id = "acme"
bucket = "landing"
prefix = "acme/"
[[customer]]
id = "globex"
bucket = "landing"
prefix = "globex/"
[[customer]]
id = "initech"
bucket = "landing"
prefix = "initech/"
[[customer]]
id = "umbrella"
bucket = "landing"
prefix = "umbrella/"
[[rule]]
name = "acme"
match.bucket = "landing"
match.prefix = "acme/"
target.bucket = "delivered"
[[rule]]
name = "globex"
match.bucket = "landing"
match.prefix = "globex/"
target.bucket = "delivered"
target.encryption = "sse-kms"
target.kms_key = "alias/globex"
[[rule]]
name = "initech"
match.bucket = "landing"
match.prefix = "initech/"
target.bucket = "delivered"
target.strategy = "server-side"
target.encryption = "sse-kms"
target.kms_key = "alias/initech"
[[rule]]
name = "umbrella"
match.bucket = "landing"
match.prefix = "umbrella/"
target.bucket = "delivered"
target.strategy = "auto"
[[rule]]
name = "audit"
match.bucket = "landing"
match.prefix = "acme/audit/"
target.bucket = "archive"
target.key = "copies/{key}"
"#;

/// One transfer that has to come to its end.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) sequencer: String,
    pub(crate) content: Content,
    pub(crate) target: Target,
    pub(crate) customer: &'static str,
}

/// Whether the file's route leaves it to the worker who copies: itself or the store.
pub(crate) fn is_auto(key: &str) -> bool {
    key.starts_with("umbrella/")
}

/// Whose file it is, and where it goes.
pub(crate) fn targets(key: &str) -> Option<(&'static str, Vec<Target>)> {
    let delivered = || Target { bucket: DELIVERED.to_owned(), key: key.to_owned() };
    let archived = || Target { bucket: ARCHIVE.to_owned(), key: format!("copies/{key}") };
    match key {
        _ if key.starts_with("acme/audit/") => Some(("acme", vec![delivered(), archived()])),
        _ if key.starts_with("acme/") => Some(("acme", vec![delivered()])),
        _ if key.starts_with("globex/") => Some(("globex", vec![delivered()])),
        _ if key.starts_with("initech/") => Some(("initech", vec![delivered()])),
        _ if is_auto(key) => Some(("umbrella", vec![delivered()])),
        _ => None,
    }
}

/// Whether one of the targets cannot have its key, so that the event is parked beside what can be done of it.
pub(crate) fn is_unusable(key: &str) -> bool {
    targets(key).is_some_and(|(_, targets)| targets.iter().any(|target| target.key.len() > KEY_BYTES_MAX))
}

pub(super) fn of(key: &str, content: Content, etag: &str, sequencer: &str) -> Vec<Expected> {
    let Some((customer, targets)) = targets(key) else { return Vec::new() };
    let source = SourceVersion {
        bucket: LANDING.to_owned(),
        key: key.to_owned(),
        size_bytes: content.len_bytes(),
        etag: etag.to_owned(),
        version_id: None,
        sequencer: Sequencer::parse(sequencer).ok(),
    };
    let fitting = targets.into_iter().filter(|target| target.key.len() <= KEY_BYTES_MAX);
    let expected = fitting.map(|target| Expected {
        id: TransferId::derive(&source, &target).as_str().to_owned(),
        key: key.to_owned(),
        sequencer: sequencer.to_owned(),
        content,
        target,
        customer,
    });
    expected.collect()
}
