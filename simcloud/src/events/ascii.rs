//! JSON in ASCII: the same value, in characters that every queue takes.
//!
//! A message body may not hold U+FFFE, U+FFFF and most control characters, an object key may, and serde_json writes the first two
//! as they are. In valid JSON such characters only occur within strings, where `\uXXXX` means the same.

use std::fmt::Write as _;

/// `json`, which must be valid JSON, with everything outside printable ASCII escaped.
pub(super) fn ascii_json(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        match c {
            ' '..='~' | '\t' | '\n' | '\r' => ascii.push(c),
            _ => {
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(ascii, "\\u{unit:04x}");
                }
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_outside_printable_ascii_is_escaped() {
        let json = serde_json::to_string("a\u{ffff}\u{7f}é😀\u{1}\"").unwrap();
        assert_eq!(ascii_json(&json), r#""a\uffff\u007f\u00e9\ud83d\ude00\u0001\"""#);
    }

    proptest! {
        #[test]
        fn the_value_is_the_same(key in any::<String>(), value in any::<String>()) {
            let value = serde_json::json!({ key: value, "edge": "\u{fffe}\u{ffff}\u{7f}\u{0}" });
            let ascii = ascii_json(&value.to_string());
            prop_assert!(ascii.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&ascii).unwrap(), value);
        }
    }
}
