//! The MD5 digests by which SDKs check what SQS received and returned.

use std::collections::BTreeMap;

use md5::{Digest, Md5};

use super::message::{AttributeValue, MessageAttribute};

/// The digest of a message body: 32 lowercase hex digits.
pub(super) fn md5_of_body(body: &str) -> String {
    hex(&Md5::digest(body.as_bytes()))
}

/// The digest of message attributes, or `None` if there are none.
///
/// By name, in byte order: name, data type, a transport byte (1 for text, 2 for binary) and value; each text or value is preceded
/// by its length in bytes as four big-endian bytes.
pub(super) fn md5_of_attributes<'a>(
    attributes: impl IntoIterator<Item = (&'a String, &'a MessageAttribute)>,
) -> Option<String> {
    let sorted: BTreeMap<_, _> = attributes.into_iter().collect();
    if sorted.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, attribute) in sorted {
        update_sized(&mut digest, name.as_bytes());
        update_sized(&mut digest, attribute.data_type.as_bytes());
        match &attribute.value {
            AttributeValue::Text(text) => {
                digest.update([1]);
                update_sized(&mut digest, text.as_bytes());
            }
            AttributeValue::Binary(bytes) => {
                digest.update([2]);
                update_sized(&mut digest, bytes);
            }
        }
    }
    Some(hex(&digest.finalize()))
}

fn update_sized(digest: &mut Md5, bytes: &[u8]) {
    let size_bytes = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    digest.update(size_bytes.to_be_bytes());
    digest.update(bytes);
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 0xf)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_digest_that_rfc_1321_gives() {
        assert_eq!(md5_of_body("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    }

    #[test]
    fn attributes_are_digested_by_name_whatever_their_order() {
        let text = |value: &str| MessageAttribute {
            data_type: "String".into(),
            value: AttributeValue::Text(value.into()),
        };
        let (a, b) = (("a".to_owned(), text("1")), ("b".to_owned(), text("2")));
        let forward = md5_of_attributes([(&a.0, &a.1), (&b.0, &b.1)]);
        assert_eq!(forward, md5_of_attributes([(&b.0, &b.1), (&a.0, &a.1)]));
        assert_ne!(forward, md5_of_attributes([(&a.0, &a.1)]));
        assert_eq!(md5_of_attributes([]), None);
    }

    #[test]
    fn a_known_attribute_digest() {
        let name = "timestamp".to_owned();
        let attribute = MessageAttribute {
            data_type: "Number".into(),
            value: AttributeValue::Text("1493147359900".into()),
        };
        assert_eq!(
            md5_of_attributes([(&name, &attribute)]).as_deref(),
            Some("235c5c510d26fb653d073faed50ae77c")
        );
    }
}
