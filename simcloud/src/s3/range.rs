//! Byte ranges: of GET and HEAD (`Range`), and of UploadPartCopy (`x-amz-copy-source-range`).

use std::ops::Range;

/// One range, before the length of the object is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// `bytes=first-`, `bytes=first-last`: inclusive.
    From { first: u64, last: Option<u64> },
    /// `bytes=-length`: the last bytes.
    Last { length: u64 },
}

/// A single well-formed range; `None` for everything else, which S3 ignores.
pub(crate) fn parse(header: &str) -> Option<Asked> {
    let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Longer than any object: as far as the end.
        true => Some(text.parse().unwrap_or(i64::MAX as u64).min(i64::MAX as u64)),
        false => None,
    };
    match (first.trim(), last.trim()) {
        ("", "") => None,
        ("", length) => Some(Asked::Last { length: number(length)? }),
        (first, "") => Some(Asked::From { first: number(first)?, last: None }),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Asked::From { first, last: Some(last) })
        }
    }
}

/// The bytes that `asked` means in an object of `length` bytes; `None` when there are none (416 InvalidRange).
pub(super) fn resolve(asked: Asked, length: u64) -> Option<Range<u64>> {
    match asked {
        Asked::From { first, .. } if first >= length => None,
        Asked::From { first, last } => {
            Some(first..last.map_or(length, |last| last.saturating_add(1).min(length)))
        }
        Asked::Last { length: 0 } => None,
        Asked::Last { .. } if length == 0 => None,
        Asked::Last { length: tail } => Some(length.saturating_sub(tail)..length),
    }
}

/// `Content-Range` of a part of an object.
pub(super) fn content_range(range: &Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", range.start, range.end.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_ranges() {
        assert_eq!(parse("bytes=0-4"), Some(Asked::From { first: 0, last: Some(4) }));
        assert_eq!(parse("bytes=5-"), Some(Asked::From { first: 5, last: None }));
        assert_eq!(parse("bytes=-3"), Some(Asked::Last { length: 3 }));
        for ignored in ["bytes=", "bytes=-", "bytes=4-2", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "0-1"] {
            assert_eq!(parse(ignored), None, "{ignored}");
        }
    }

    #[test]
    fn ranges_within_an_object() {
        let of = |text, length| resolve(parse(text).unwrap(), length);
        assert_eq!(of("bytes=0-4", 10), Some(0..5));
        assert_eq!(of("bytes=8-99", 10), Some(8..10));
        assert_eq!(of("bytes=-99", 10), Some(0..10));
        assert_eq!(of("bytes=10-", 10), None);
        assert_eq!(of("bytes=-0", 10), None);
        assert_eq!(of("bytes=-1", 0), None);
        assert_eq!(of("bytes=0-0", 0), None);
        assert_eq!(content_range(&(8..10), 10), "bytes 8-9/10");
    }
}
