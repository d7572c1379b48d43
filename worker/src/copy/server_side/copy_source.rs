//! The value of `x-amz-copy-source`. Pure.

use std::fmt::Write as _;

use common::transfer::SourceVersion;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in a key. Everything else is escaped: a raw `?` would begin a version id, a `+` could be read as a space, and
/// most characters cannot stand in a header at all.
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// `bucket/key`, with the version where there is one.
pub(super) fn copy_source(source: &SourceVersion) -> String {
    let mut header = format!("{}/{}", source.bucket, utf8_percent_encode(&source.key, KEY));
    if let Some(version_id) = &source.version_id {
        let _ = write!(header, "?versionId={}", utf8_percent_encode(version_id, KEY));
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(key: &str, version_id: Option<&str>) -> String {
        copy_source(&SourceVersion {
            bucket: "landing".into(),
            key: key.into(),
            size_bytes: 1,
            etag: "e".into(),
            version_id: version_id.map(Into::into),
            sequencer: None,
        })
    }

    #[test]
    fn hostile_keys_and_versions_are_escaped() {
        assert_eq!(header("a/b.csv", None), "landing/a/b.csv");
        assert_eq!(
            header("a b+c%2F?versionId=x", Some("v+1")),
            "landing/a%20b%2Bc%252F%3FversionId%3Dx?versionId=v%2B1"
        );
        assert_eq!(header("../\u{fc}\n\u{ffff}//", None), "landing/../%C3%BC%0A%EF%BF%BF//");
    }

    proptest! {
        #[test]
        fn every_key_is_a_header_and_comes_back(key in any::<String>()) {
            let header = header(&key, None);
            prop_assert!(header.bytes().all(|b| b.is_ascii_graphic() && b != b'?'));
            let decoded = percent_encoding::percent_decode_str(&header).decode_utf8().unwrap();
            prop_assert_eq!(decoded.strip_prefix("landing/"), Some(key.as_str()));
        }
    }
}
