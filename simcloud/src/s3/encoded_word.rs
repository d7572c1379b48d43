//! RFC 2047 encoded words, in which S3 returns metadata outside ASCII and takes it.
//!
//! AWS's recorded answers fit the rules of a well-known mail library, down to what it makes of malformed base64:
//! - Text of printable ASCII and tabs goes as it is. Otherwise it becomes words: in Q form when more than half of its characters are
//!   such, in B form when not.
//! - A text too long for one word is halved until each half fits; a space stands between the words.
//! - Words are decoded on the way in, and white space between two of them is dropped. A word that is none is text as it stands.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Longest encoded text of one word, in bytes: 68 without the name of the character set.
const WORD_BYTES_MAX: usize = 68 - "UTF-8".len();

/// `text` as a header value.
pub(crate) fn encode(text: &str) -> String {
    let units = text.encode_utf16();
    let (plain, other): (Vec<u16>, Vec<u16>) = units.partition(|unit| is_plain(*unit));
    if other.is_empty() {
        return text.to_owned();
    }
    let form = if plain.len() > other.len() { Form::Q } else { Form::B };
    let mut words = Vec::new();
    push_words(text, form, &mut words);
    words.join(" ")
}

#[derive(Clone, Copy)]
enum Form {
    Q,
    B,
}

fn is_plain(unit: u16) -> bool {
    matches!(unit, 0x09 | 0x20..=0x7e)
}

fn push_words(text: &str, form: Form, words: &mut Vec<String>) {
    let (letter, encoded) = match form {
        Form::Q => ('Q', quoted(text)),
        Form::B => ('B', STANDARD.encode(text)),
    };
    let middle = middle(text);
    if encoded.len() > WORD_BYTES_MAX && middle > 0 {
        push_words(&text[..middle], form, words);
        push_words(&text[middle..], form, words);
    } else {
        words.push(format!("=?UTF-8?{letter}?{encoded}?="));
    }
}

/// Where the second half begins, counted in UTF-16, between two characters; 0 when there is nothing to halve.
fn middle(text: &str) -> usize {
    let half = text.encode_utf16().count() / 2;
    let mut before = 0;
    for (at, character) in text.char_indices() {
        if before + character.len_utf16() > half {
            return at;
        }
        before += character.len_utf16();
    }
    0
}

fn quoted(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut word, byte| {
        match byte {
            b' ' => word.push('_'),
            b'=' | b'_' | b'?' | ..b' ' | 0x7f.. => {
                let _ = write!(word, "={byte:02X}");
            }
            byte => word.push(char::from(byte)),
        }
        word
    })
}

/// The text that a header value means.
pub(super) fn decode(value: &str) -> String {
    if !value.contains("=?") {
        return value.to_owned();
    }
    let mut text = String::new();
    let mut rest = value;
    let mut after_word = false;
    while !rest.is_empty() {
        let (space, tail) = rest.split_at(rest.len() - rest.trim_start_matches([' ', '\t']).len());
        let (token, tail) = tail.split_at(tail.find([' ', '\t']).unwrap_or(tail.len()));
        let word = decode_word(token);
        if word.is_none() || !after_word {
            text.push_str(space);
        }
        after_word = word.is_some();
        text.push_str(word.as_deref().unwrap_or(token));
        rest = tail;
    }
    text
}

/// `=?charset?form?text?=`; `None` when `token` is no such word.
fn decode_word(token: &str) -> Option<String> {
    let mut fields = token.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (charset, form, encoded) = (fields.next()?, fields.next()?, fields.next()?);
    let bytes = match form {
        "Q" | "q" => unquoted(encoded.as_bytes())?,
        "B" | "b" => from_base64(encoded.as_bytes())?,
        _ => return None,
    };
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" => Some(String::from_utf8_lossy(&bytes).into_owned()),
        "iso-8859-1" => Some(super::object_headers::from_latin1(&bytes)),
        _ => None,
    }
}

fn unquoted(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = encoded.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    Some(bytes)
}

/// As leniently as S3: foreign characters are skipped, and padding in the wrong place counts as six set bits.
fn from_base64(encoded: &[u8]) -> Option<Vec<u8>> {
    let values: Vec<Option<u8>> = encoded
        .iter()
        .filter_map(|byte| match byte {
            b'A'..=b'Z' => Some(Some(byte - b'A')),
            b'a'..=b'z' => Some(Some(byte - b'a' + 26)),
            b'0'..=b'9' => Some(Some(byte - b'0' + 52)),
            b'+' => Some(Some(62)),
            b'/' => Some(Some(63)),
            b'=' => Some(None),
            _ => None,
        })
        .collect();
    let groups = values.chunks_exact(4);
    if !groups.remainder().is_empty() {
        return None;
    }
    let mut bytes = Vec::new();
    for group in groups {
        let bits = group.iter().fold(0_u32, |bits, value| bits << 6 | u32::from(value.unwrap_or(0x3f)));
        let [_, first, second, third] = bits.to_be_bytes();
        match (group[2], group[3]) {
            (None, _) => bytes.push(first),
            (_, None) => bytes.extend([first, second]),
            _ => bytes.extend([first, second, third]),
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_majority_of_the_characters_decides_the_form() {
        assert_eq!(encode("plain = ? _ ~\t"), "plain = ? _ ~\t");
        // Both recorded on AWS on 2026-02-21.
        assert_eq!(encode("ÄMÄZÕÑ S3"), "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=");
        assert_eq!(encode("\u{0}\u{1}\u{2}\u{3}"), "=?UTF-8?B?AAECAw==?=");
        // One half each.
        assert_eq!(encode("aé"), "=?UTF-8?B?YcOp?=");
        assert_eq!(encode("aaé"), "=?UTF-8?Q?aa=C3=A9?=");
    }

    #[test]
    fn a_long_text_is_halved_into_words() {
        let text = format!("{}é", "a".repeat(60));
        let words = format!("=?UTF-8?Q?{}?= =?UTF-8?Q?{}=C3=A9?=", "a".repeat(30), "a".repeat(30));
        assert_eq!(encode(&text), words);
        assert_eq!(decode(&words), text);
    }

    #[test]
    fn words_are_decoded_and_other_text_is_not() {
        assert_eq!(decode("=?UTF-8?Q?actually-ascii?="), "actually-ascii");
        assert_eq!(decode("=?utf-8?b?YWJj?= =?UTF-8?Q?_d?= e"), "abc d e");
        assert_eq!(decode("=?ISO-8859-1?Q?caf=E9?="), "café");
        // What S3 makes of padding in front, recorded on 2026-02-21.
        assert_eq!(decode("=?UTF-8?B?=GGG?="), "\u{fffd}a\u{fffd}");
        for none in
            ["=?", "=?UTF-8?Q?x", "=?UTF-8?X?x?=", "=?UTF-8?Q?=G?=", "=?UTF-8?B?abc?=", "=?KOI8-R?Q?x?="]
        {
            assert_eq!(decode(none), none);
        }
    }

    proptest! {
        #[test]
        fn any_text_survives(text in "[a-z =?_é\u{1f600}\u{1}\u{fffd}]{0,120}") {
            let encoded = encode(&text);
            prop_assert!(encoded.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')));
            if encoded.starts_with("=?UTF-8?") && encoded != text {
                prop_assert_eq!(decode(&encoded), text);
            }
        }
    }
}
