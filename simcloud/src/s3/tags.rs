//! Object tags: their limits, and the `x-amz-tagging` header.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use s3s::dto::Tag;
use s3s::{S3ErrorCode, S3Result};

use super::errors::{custom, invalid_argument, malformed_xml, refuse};

const TAGS_MAX: usize = 10;
/// Longest name of a tag, in characters.
const NAME_CHARS_MAX: usize = 128;
/// Names that AWS keeps for itself.
const SYSTEM_PREFIX: &str = "aws:";
/// Longest value of a tag, in characters.
const VALUE_CHARS_MAX: usize = 256;

/// `name=value&…`, form-encoded: a comma can only come percent-encoded.
pub(super) fn parse_header(header: &str) -> S3Result<BTreeMap<String, String>> {
    let malformed = || {
        invalid_argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
        )
    };
    if header.contains(',') {
        return Err(malformed());
    }
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned);
        decoded.map_err(|_| malformed())
    };
    let mut tags = Vec::new();
    for pair in header.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if tags.iter().any(|(earlier, _)| *earlier == name) {
            return Err(malformed());
        }
        tags.push((name, value));
    }
    check(tags)
}

/// The tags of a `<Tagging>` document, each with both its members.
pub(super) fn of_set(set: Vec<Tag>) -> S3Result<BTreeMap<String, String>> {
    let tags: Option<Vec<_>> = set.into_iter().map(|tag| tag.key.zip(tag.value)).collect();
    check(tags.ok_or_else(malformed_xml)?)
}

pub(super) fn to_set(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(name, value)| Tag { key: Some(name.clone()), value: Some(value.clone()) }).collect()
}

fn check(tags: Vec<(String, String)>) -> S3Result<BTreeMap<String, String>> {
    let invalid = |message: &str| Err(refuse(S3ErrorCode::InvalidTag, message));
    if tags.len() > TAGS_MAX {
        return Err(custom(
            http::StatusCode::BAD_REQUEST,
            "BadRequest",
            "Object tags cannot be greater than 10",
        ));
    }
    let mut checked = BTreeMap::new();
    for (name, value) in tags {
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || !name.chars().all(is_allowed) {
            return invalid("The TagKey you have provided is invalid");
        }
        if name.starts_with(SYSTEM_PREFIX) {
            return invalid("Your TagKey cannot be prefixed with aws:");
        }
        if value.chars().count() > VALUE_CHARS_MAX || !value.chars().all(is_allowed) {
            return invalid("The TagValue you have provided is invalid");
        }
        if checked.insert(name, value).is_some() {
            return invalid("Cannot provide multiple Tags with the same key");
        }
    }
    Ok(checked)
}

/// AWS documents a short list of signs; of the others, only the comma is known to be refused.
fn is_allowed(c: char) -> bool {
    c != ','
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_form_encoded() {
        let tags = parse_header("a=1&b%20c=x+y&empty").unwrap();
        let expected = [("a", "1"), ("b c", "x y"), ("empty", "")];
        assert_eq!(tags, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn a_document_names_both_members_of_a_tag() {
        let tag = |key: Option<&str>, value: Option<&str>| {
            of_set(vec![Tag { key: key.map(Into::into), value: value.map(Into::into) }])
        };
        assert!(tag(Some("a:b/c@é"), Some("")).is_ok());
        for (key, value) in [(None, Some("v")), (Some("k"), None)] {
            assert_eq!(tag(key, value).unwrap_err().code(), &S3ErrorCode::MalformedXML);
        }
    }

    #[test]
    fn limits() {
        let many: Vec<String> = (0..11).map(|n| format!("k{n}=v")).collect();
        assert!(parse_header(&many[..10].join("&")).is_ok());
        assert_eq!(parse_header(&many.join("&")).unwrap_err().code().as_str(), "BadRequest");
        for malformed in ["a=1&a=2", "a=1,b=2"] {
            assert_eq!(parse_header(malformed).unwrap_err().code(), &S3ErrorCode::InvalidArgument);
        }
        for invalid in ["a%2Cb=1", "a=1%2C2", "aws:a=1", "=1"] {
            assert_eq!(parse_header(invalid).unwrap_err().code(), &S3ErrorCode::InvalidTag, "{invalid}");
        }
        assert!(parse_header(&format!("{}=v", "n".repeat(129))).is_err());
        assert!(parse_header(&format!("n={}", "v".repeat(257))).is_err());
    }
}
