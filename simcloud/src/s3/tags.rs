//! Object tags: their limits, and the `x-amz-tagging` header.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use s3s::dto::Tag;
use s3s::{S3ErrorCode, S3Result};

use super::errors::{custom, invalid_argument, refuse};

const TAGS_MAX: usize = 10;
/// Longest name of a tag, in characters.
const NAME_CHARS_MAX: usize = 128;
/// Longest value of a tag, in characters.
const VALUE_CHARS_MAX: usize = 256;

/// `name=value&…`, form-encoded.
pub(super) fn parse_header(header: &str) -> S3Result<BTreeMap<String, String>> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned);
        decoded.map_err(|_| {
            invalid_argument(
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
            )
        })
    };
    let mut tags = Vec::new();
    for pair in header.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        tags.push((decode(name)?, decode(value)?));
    }
    check(tags)
}

/// The tags of a `<Tagging>` document.
pub(super) fn of_set(set: Vec<Tag>) -> S3Result<BTreeMap<String, String>> {
    check(set.into_iter().map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())).collect())
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
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return invalid("The TagKey you have provided is invalid");
        }
        if value.chars().count() > VALUE_CHARS_MAX {
            return invalid("The TagValue you have provided is invalid");
        }
        if checked.insert(name, value).is_some() {
            return invalid("Cannot provide multiple Tags with the same key");
        }
    }
    Ok(checked)
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
    fn limits() {
        let many: Vec<String> = (0..11).map(|n| format!("k{n}=v")).collect();
        assert!(parse_header(&many[..10].join("&")).is_ok());
        assert_eq!(parse_header(&many.join("&")).unwrap_err().code().as_str(), "BadRequest");
        assert_eq!(parse_header("a=1&a=2").unwrap_err().code(), &S3ErrorCode::InvalidTag);
        assert!(parse_header(&format!("{}=v", "n".repeat(129))).is_err());
        assert!(parse_header(&format!("n={}", "v".repeat(257))).is_err());
    }
}
