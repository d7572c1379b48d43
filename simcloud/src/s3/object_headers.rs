//! What a request says of an object in headers that S3 keeps, taken from the request as raw bytes.
//!
//! The protocol layer refuses a header value outside ASCII, and a header that is there twice. So the front takes these headers off before
//! it. S3 reads their bytes as Latin-1 and writes them as Latin-1: what a client sends comes back byte for byte, in any encoding.

use std::collections::BTreeMap;

use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, EXPIRES,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::encoded_word;

const SYSTEM: [HeaderName; 6] =
    [CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, EXPIRES];
const METADATA: &str = "x-amz-meta-";
/// A framing of the transfer, not of the object.
const FRAMING: &str = "aws-chunked";

#[derive(Debug, Clone, Default)]
pub(crate) struct ObjectHeaders {
    system: Vec<(HeaderName, String)>,
    /// Names in lower case, without `x-amz-meta-`.
    metadata: BTreeMap<String, String>,
}

impl ObjectHeaders {
    /// Takes them off a request.
    pub(crate) fn take(headers: &mut HeaderMap) -> Self {
        let mut taken = Self::default();
        for name in SYSTEM {
            let text = take_joined(headers, &name);
            let text = if name == CONTENT_ENCODING { without_framing(text) } else { text };
            if !text.is_empty() {
                taken.system.push((name, text));
            }
        }
        let names: Vec<HeaderName> = headers.keys().cloned().collect();
        for name in names {
            let Some(short) = name.as_str().strip_prefix(METADATA).filter(|short| !short.is_empty()) else {
                continue;
            };
            let text = encoded_word::decode(&take_joined(headers, &name));
            taken.metadata.insert(short.to_owned(), text);
        }
        taken
    }

    pub(super) fn take_system(&mut self, name: &HeaderName) -> Option<String> {
        let at = self.system.iter().position(|(other, _)| other == name)?;
        Some(self.system.swap_remove(at).1)
    }

    pub(super) fn take_metadata(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.metadata)
    }
}

/// A header's text; one that is there more than once is joined by commas.
fn take_joined(headers: &mut HeaderMap, name: &HeaderName) -> String {
    let values: Vec<String> =
        headers.get_all(name).iter().map(|value| from_latin1(value.as_bytes().trim_ascii())).collect();
    headers.remove(name);
    values.join(",")
}

/// `Content-Encoding` as S3 keeps it.
fn without_framing(text: String) -> String {
    let is_framing = |encoding: &str| encoding.trim().eq_ignore_ascii_case(FRAMING);
    if !text.split(',').any(is_framing) {
        return text;
    }
    let kept: Vec<&str> = text.split(',').filter(|encoding| !is_framing(encoding)).map(str::trim).collect();
    kept.join(",")
}

pub(super) fn from_latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// A header value. What Latin-1 lacks, which only the fields of a form can hold, becomes a space.
pub(super) fn to_latin1(text: &str) -> Option<HeaderValue> {
    let bytes: Vec<u8> = text.chars().map(|it| u8::try_from(it).unwrap_or(b' ')).collect();
    HeaderValue::from_bytes(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(lines: &[(&'static str, &'static [u8])]) -> ObjectHeaders {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        let taken = ObjectHeaders::take(&mut headers);
        assert!(headers.is_empty());
        taken
    }

    #[test]
    fn any_bytes_come_back() {
        let bytes = b"attachment; filename=\"r\xe9sum\xe9 \xc3\xa9\x80\xff.pdf\"";
        let text = taken(&[("content-disposition", bytes)]).take_system(&CONTENT_DISPOSITION).unwrap();
        assert_eq!(to_latin1(&text).unwrap().as_bytes(), bytes);
        assert_eq!(to_latin1("é—\u{1f600}").unwrap().as_bytes(), b"\xe9  ");
    }

    #[test]
    fn content_encoding_keeps_what_is_not_framing() {
        let encoding =
            |text: &'static [u8]| taken(&[("content-encoding", text)]).take_system(&CONTENT_ENCODING);
        assert_eq!(encoding(b"gzip, aws-chunked").as_deref(), Some("gzip"));
        assert_eq!(encoding(b"AWS-chunked,gzip, br").as_deref(), Some("gzip,br"));
        assert_eq!(encoding(b"gzip,  br").as_deref(), Some("gzip,  br"));
        assert_eq!(encoding(b"aws-chunked"), None);
    }

    #[test]
    fn metadata_is_joined_and_decoded() {
        let lines: [(&str, &[u8]); 4] = [
            ("x-amz-meta-a", b"1"),
            ("x-amz-meta-a", b" 2 "),
            ("x-amz-meta-b", b"=?UTF-8?Q?caf=C3=A9?="),
            ("x-amz-meta-c", b"caf\xe9"),
        ];
        let metadata = taken(&lines).take_metadata();
        assert_eq!(metadata["a"], "1,2");
        assert_eq!((metadata["b"].as_str(), metadata["c"].as_str()), ("café", "café"));
    }
}
