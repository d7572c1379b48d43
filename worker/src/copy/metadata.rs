//! A value of user metadata: as it stands in a header, and as S3 keeps it. Pure.
//!
//! A header holds ASCII. S3 keeps any text: what it is sent as an RFC 2047 encoded word (`=?UTF-8?Q?caf=C3=A9?=`) it decodes before it
//! stores it, and text that ASCII cannot hold it encodes so in its replies. It encodes nothing else: an encoded word that decodes to
//! plain ASCII is what was stored. A copy has the same text as its source, so it is decoded by the same rule and encoded again. Bytes
//! above 127 that come as they are, from a store that does not encode, are UTF-8 or else ISO-8859-1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::aws;

/// RFC 2047 has at most 75 characters in a word, of which 12 are its frame: 45 bytes in base64.
const WORD_BYTES_MAX: usize = 45;

/// The text that S3 keeps, of a header's value.
pub(super) fn stored(header: &str) -> String {
    if let Some(text) = aws::escaped(header) {
        return text.to_owned();
    }
    match decoded(header) {
        Some(text) if !is_plain(&text) => text,
        _ => header.to_owned(),
    }
}

/// The header's value that makes S3 keep `text`.
pub(super) fn header(text: &str) -> String {
    if is_plain(text) && !text.contains("=?") {
        return text.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, more) = rest.split_at(rest.floor_char_boundary(WORD_BYTES_MAX));
        words.push(format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
        rest = more;
    }
    words.join(" ")
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
}

/// `None` when it is no encoded word, or one that is malformed. White space between words is theirs.
fn decoded(header: &str) -> Option<String> {
    if !header.contains("=?") {
        return None;
    }
    let words = header.split_ascii_whitespace().map(word);
    words.collect::<Option<Vec<_>>>().and_then(|words| String::from_utf8(words.concat()).ok())
}

/// The bytes of one encoded word.
fn word(word: &str) -> Option<Vec<u8>> {
    let mut fields = word.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (charset, encoding, text) = (fields.next()?, fields.next()?, fields.next()?);
    if !charset.eq_ignore_ascii_case("utf-8") || text.contains('?') {
        return None;
    }
    match encoding {
        "B" | "b" => STANDARD.decode(text).ok(),
        "Q" | "q" => quoted(text.as_bytes()),
        _ => None,
    }
}

fn quoted(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let (high, low) = (rest.next().and_then(digit)?, rest.next().and_then(digit)?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => *other,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_s3_encoded_is_decoded() {
        for (header, text) in [
            (
                "=?UTF-8?Q?test=5F=E2=80=94=5Ffile%E2%80%94=5F=C3=A9=5F2=3F.pdf?=",
                "test_\u{2014}_file%E2%80%94_\u{e9}_2?.pdf",
            ),
            ("=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=", "\u{c4}M\u{c4}Z\u{d5}\u{d1} S3"),
            ("=?UTF-8?B?AAECAw==?=", "\0\u{1}\u{2}\u{3}"),
            ("=?UTF-8?B?77+977+9?=", "\u{fffd}\u{fffd}"),
            ("=?UTF-8?Q?=C3=A9?= =?utf-8?b?w6k=?=", "\u{e9}\u{e9}"),
        ] {
            assert_eq!(stored(header), text);
        }
    }

    #[test]
    fn what_s3_would_not_have_encoded_is_what_was_stored() {
        for text in [
            "plain text",
            "",
            "=?UTF-8?Q?actually-ascii?=",
            "=?UTF-8?B?YWJj?=",
            "=?UTF-8?B?=GGG?=",
            "=?UTF-8?Q?=C3?=",
            "=?UTF-8?Q?=C?=",
            "=?KOI8-R?Q?=C3?=",
            "=?UTF-8?X?=C3=A9?=",
            "a =?UTF-8?Q?=C3=A9?=",
            "=?",
            "\u{e9} as it is",
        ] {
            assert_eq!(stored(text), text);
        }
        assert_eq!(stored("\u{fdd0}caf\u{e9}"), "caf\u{e9}");
    }

    #[test]
    fn a_header_is_ascii_and_plain_text_is_left_alone() {
        assert_eq!(header("owner=acme; ok?"), "owner=acme; ok?");
        assert_eq!(header("caf\u{e9}"), "=?UTF-8?B?Y2Fmw6k=?=");
        assert_eq!(header("=?UTF-8?B?YWJj?="), "=?UTF-8?B?PT9VVEYtOD9CP1lXSmo/PQ==?=");
        assert!(header(&"\u{e9}".repeat(900)).split(' ').all(|word| word.len() <= 75));
    }

    proptest! {
        #[test]
        fn a_copy_has_the_text_of_its_source(text in "([ -~]|[\\x00-\\x1f]|\u{e9}|\u{2014}|\u{1f451}|=\\?UTF-8\\?Q\\?|\\?=){0,120}") {
            let header = header(&text);
            prop_assert!(is_plain(&header));
            // What a store that takes the header keeps: encoded words are decoded, whatever is in them.
            let kept = decoded(&header).unwrap_or_else(|| header.clone());
            prop_assert_eq!(&kept, &text);
        }

        #[test]
        fn any_header_can_be_read(text in "\\PC{0,60}|(=\\?UTF-8\\?[QB]\\?[A-Za-z0-9=_?]{0,20}\\?=){0,3}") {
            stored(&text);
        }
    }
}
