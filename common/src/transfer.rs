//! The noun everything is about: one version of one object on its way to one target.

use std::fmt;

use sha2::{Digest, Sha256};

mod bucket;
mod options;
mod sequencer;

pub use bucket::check_bucket_name;
pub use options::{CopyOptions, Encryption, Fidelity, Strategy, TagPolicy, is_kms_key};
pub use sequencer::{Sequencer, SequencerError};

/// The longest object key that S3 takes, in bytes of UTF-8.
pub const KEY_BYTES_MAX: usize = 1024;

/// One version of one object in a source bucket, as its event described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceVersion {
    pub bucket: String,
    /// Verbatim: never normalised, never decoded a second time.
    pub key: String,
    pub size_bytes: u64,
    /// Without quotes.
    pub etag: String,
    /// Absent on buckets without versioning.
    pub version_id: Option<String>,
    /// Orders the versions of one key. Absent only in events that S3 did not write.
    pub sequencer: Option<Sequencer>,
}

/// Where a transfer publishes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub bucket: String,
    pub key: String,
}

/// Names a transfer for ever: derived from the source version and the target, so that every duplicate of an event, whoever
/// dispatches it, speaks of the same transfer. 40 lowercase hex digits (160 bits of SHA-256).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(String);

impl TransferId {
    /// Fields go in with their lengths, so that no two different sets of fields read the same.
    pub fn derive(source: &SourceVersion, target: &Target) -> Self {
        let mut hash = Sha256::new();
        let mut field = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        field("drayage transfer 1");
        field(&source.bucket);
        field(&source.key);
        if let Some(version_id) = &source.version_id {
            field("version");
            field(version_id);
        } else {
            // Equal bytes put twice have equal ETags; the sequencer keeps the two versions apart.
            field("etag");
            field(&source.etag);
            field(source.sequencer.as_ref().map_or("", Sequencer::as_str));
        }
        field(&target.bucket);
        field(&target.key);
        Self(hex(&hash.finalize()[..20]))
    }

    /// Takes back an id that was written down.
    ///
    /// # Errors
    /// The text itself, when it is not 40 lowercase hex digits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fits = text.len() == 40 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if fits { Ok(Self(text.to_owned())) } else { Err(text.to_owned()) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which of `count` shards this transfer falls into: even, because the id is a hash.
    pub fn shard(&self, count: u32) -> u32 {
        let head = self.0.get(..8).and_then(|head| u32::from_str_radix(head, 16).ok()).unwrap_or(0);
        head % count.max(1)
    }
}

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names a source key across its versions: sequencers may be compared only where this is equal. 16 hex digits.
pub fn source_key_hash(source: &SourceVersion) -> String {
    let mut hash = Sha256::new();
    hash.update((source.bucket.len() as u64).to_be_bytes());
    hash.update(source.bucket.as_bytes());
    hash.update(source.key.as_bytes());
    hex(&hash.finalize()[..8])
}

/// One version of one object on its way to one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    pub id: TransferId,
    pub source: SourceVersion,
    pub target: Target,
    /// From our configuration, never from the event.
    pub customer: String,
    /// The name of the rule that asked for it.
    pub rule: String,
    pub options: CopyOptions,
    /// The event's time, RFC 3339. Evidence only: nothing decides on it.
    pub uploaded_at: String,
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> SourceVersion {
        SourceVersion {
            bucket: "landing".into(),
            key: "a/b.csv".into(),
            size_bytes: 7,
            etag: "abc".into(),
            version_id: None,
            sequencer: Some(Sequencer::parse("0055AED6DCD90281E5").unwrap()),
        }
    }

    fn target() -> Target {
        Target { bucket: "delivered".into(), key: "a/b.csv".into() }
    }

    #[test]
    fn the_id_is_stable_across_builds() {
        assert_eq!(
            TransferId::derive(&source(), &target()).as_str(),
            "739f9e00503d95fb6ca17240a564d736d8bedd76"
        );
    }

    #[test]
    fn every_field_that_names_the_version_or_the_target_changes_the_id() {
        let id = TransferId::derive(&source(), &target());
        let variants = [
            SourceVersion { bucket: "landing2".into(), ..source() },
            SourceVersion { key: "a/b.csvx".into(), ..source() },
            SourceVersion { etag: "abd".into(), ..source() },
            SourceVersion { version_id: Some("v1".into()), ..source() },
            SourceVersion { sequencer: None, ..source() },
        ];
        for variant in &variants {
            assert_ne!(TransferId::derive(variant, &target()), id, "{variant:?}");
        }
        assert_ne!(TransferId::derive(&source(), &Target { bucket: "x".into(), ..target() }), id);
        assert_ne!(TransferId::derive(&source(), &Target { key: "x".into(), ..target() }), id);
        // The size is a property of the version, not a part of its name.
        assert_eq!(TransferId::derive(&SourceVersion { size_bytes: 8, ..source() }, &target()), id);
    }

    #[test]
    fn moving_bytes_between_fields_changes_the_id() {
        let ab = SourceVersion { bucket: "a".into(), key: "bc".into(), ..source() };
        let abc = SourceVersion { bucket: "ab".into(), key: "c".into(), ..source() };
        assert_ne!(TransferId::derive(&ab, &target()), TransferId::derive(&abc, &target()));
        assert_ne!(source_key_hash(&ab), source_key_hash(&abc));
    }

    #[test]
    fn only_forty_lowercase_hex_digits_are_an_id() {
        let id = TransferId::derive(&source(), &target());
        assert_eq!(TransferId::parse(id.as_str()), Ok(id));
        for bad in ["", "abc", &"A".repeat(40), &"g".repeat(40), &"a".repeat(41)] {
            assert!(TransferId::parse(bad).is_err(), "{bad}");
        }
    }
}
