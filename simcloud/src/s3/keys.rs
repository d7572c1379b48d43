//! Object keys: which there can be, and how lists spell them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::{S3ErrorCode, S3Result};

use super::errors::refuse;

/// Longest key, in bytes of UTF-8.
const KEY_BYTES_MAX: usize = 1024;

/// What `encoding-type=url` leaves as it is, beside letters and digits.
const URL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');

/// Any UTF-8 is a key; it is taken as it is, dot segments, slashes and control characters included.
pub(super) fn check(key: &str) -> S3Result<()> {
    match key.len() <= KEY_BYTES_MAX {
        true => Ok(()),
        false => Err(refuse(S3ErrorCode::KeyTooLongError, "Your key is too long")),
    }
}

/// How a list spells names: as they are, or so that XML can carry any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    Plain,
    Url,
}

impl Spelling {
    pub(super) fn of(encoding_type: Option<&s3s::dto::EncodingType>) -> S3Result<Self> {
        match encoding_type.map(s3s::dto::EncodingType::as_str) {
            None => Ok(Self::Plain),
            Some("url") => Ok(Self::Url),
            Some(_) => Err(super::errors::invalid_argument("Invalid Encoding Method specified in Request")),
        }
    }

    pub(super) fn write(self, name: &str) -> String {
        match self {
            Self::Plain => name.to_owned(),
            Self::Url => utf8_percent_encode(name, URL).to_string().replace("%20", "+"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_spelling_is_form_encoding_with_slashes() {
        assert_eq!(Spelling::Url.write("a b+c/ü%\u{1}"), "a+b%2Bc/%C3%BC%25%01");
        assert_eq!(Spelling::Plain.write("a b"), "a b");
    }

    #[test]
    fn keys_have_a_length() {
        assert!(check(&"k".repeat(1024)).is_ok());
        assert!(check(&"ü".repeat(513)).is_err());
    }
}
