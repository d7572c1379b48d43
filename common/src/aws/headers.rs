//! Headers that hold bytes which are no UTF-8, carried through the SDK.
//!
//! HTTP allows any byte above 127 in a header's value, S3 keeps such bytes in `Content-Disposition` and its like, and gives them back as
//! they came. The SDK's values are strings: it refuses the whole reply for one such byte (and panics for one in `Expires`), and it cannot
//! send one. So:
//!
//! 1. A reply's value that is no UTF-8 becomes a string that only this file understands, see [`escape`]. It goes through outputs and
//!    inputs like any other.
//! 2. A request's value of that form becomes the bytes again, before the request is signed. The SDK's signer signs strings and passes
//!    over it, so such a header is sent unsigned. S3 demands a signature of `Host` and of `x-amz-…` only: the latter can have no such
//!    value, and whoever builds a request keeps to that.
//!
//! A header that comes twice is one value with a comma in it; the SDK would refuse that reply, too.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::config_bag::ConfigBag;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Begins an escaped value: a noncharacter, which no text holds.
const ESCAPED: char = '\u{fdd0}';
/// What an object carries as text.
const TEXTS: [&str; 7] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
    "x-amz-website-redirect-location",
];
const METADATA: &str = "x-amz-meta-";

/// A header's value as a string. What is no UTF-8 is escaped: a mark, and a character below 256 for each byte.
fn escape(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if !text.starts_with(ESCAPED) => text.to_owned(),
        _ => std::iter::once(ESCAPED).chain(value.iter().map(|byte| char::from(*byte))).collect(),
    }
}

/// The characters of an escaped value, one for each byte: as ISO-8859-1 has them. `None` for any other value.
pub fn escaped(value: &str) -> Option<&str> {
    value.strip_prefix(ESCAPED)
}

fn unescape(value: &str) -> Option<Vec<u8>> {
    escaped(value)?.chars().map(|char| u8::try_from(char).ok()).collect()
}

/// Carries such values through a client of the SDK.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawHeaders;

#[dyn_dispatch_hint]
impl Intercept for RawHeaders {
    fn name(&self) -> &'static str {
        "RawHeaders"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        readable(context.response_mut().headers_mut());
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        raw(context.request_mut().headers_mut())
    }
}

fn is_text(name: &str) -> bool {
    name.starts_with(METADATA) || TEXTS.contains(&name)
}

fn readable(headers: &mut Headers) {
    let mut odd: Vec<(String, Vec<u8>)> = Vec::new();
    let mut earlier = "";
    for (name, value) in headers.iter_bytes().filter(|(name, _)| is_text(name)) {
        // All values of one name come in a row.
        if (name == earlier || !value.is_ascii()) && odd.last().is_none_or(|(last, _)| last != name) {
            odd.push((name.to_owned(), headers.get_all_bytes(name).collect::<Vec<_>>().join(&b',')));
        }
        earlier = name;
    }
    for (name, value) in odd {
        headers.insert(name, escape(&value));
    }
}

/// # Errors
/// Never: what is a header's value here was one before.
fn raw(headers: &mut Headers) -> Result<(), BoxError> {
    if !headers.iter().any(|(_, value)| value.starts_with(ESCAPED)) {
        return Ok(());
    }
    let mut raw = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.iter_bytes() {
        let bytes = std::str::from_utf8(value).ok().and_then(unescape);
        let value = HeaderValue::from_bytes(bytes.as_deref().unwrap_or(value))?;
        raw.append(HeaderName::try_from(name)?, value);
    }
    *headers = Headers::try_from(raw)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(pairs: &[(&'static str, &[u8])]) -> Headers {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
        }
        Headers::try_from(map).unwrap()
    }

    fn read(pairs: &[(&'static str, &[u8])]) -> Headers {
        let mut headers = headers(pairs);
        readable(&mut headers);
        headers
    }

    #[test]
    fn text_stays_as_it_is() {
        for value in ["plain", "", "=?UTF-8?Q?=C3=A9?=", "t\u{e9}xt", "\u{1f451}"] {
            assert_eq!(read(&[("content-type", value.as_bytes())]).get("content-type"), Some(value));
            assert_eq!(escaped(value), None);
        }
    }

    #[test]
    fn a_header_that_comes_twice_is_one_value() {
        let headers = read(&[
            ("x-amz-meta-a", b"1"),
            ("etag", b"e"),
            ("x-amz-meta-a", b"\xe9"),
            ("x-amz-meta-b", b"2"),
        ]);
        assert_eq!(headers.len(), 3);
        assert_eq!(headers.get("x-amz-meta-a").and_then(escaped), Some("1,\u{e9}"));
        assert_eq!((headers.get("etag"), headers.get("x-amz-meta-b")), (Some("e"), Some("2")));
        assert_eq!(
            read(&[("cache-control", b"a"), ("cache-control", b"b")]).get("cache-control"),
            Some("a,b")
        );
    }

    #[test]
    fn only_what_an_object_carries_is_touched() {
        let headers = read(&[("x-amz-expiration", b"\xe9")]);
        assert_eq!(headers.get_bytes("x-amz-expiration"), Some(b"\xe9".as_slice()));
    }

    proptest! {
        #[test]
        fn bytes_come_out_as_they_went_in(value in proptest::collection::vec(prop_oneof![Just(b'a'), 0x80..=0xffu8], 1..20)) {
            for value in [value.clone(), ["\u{fdd0}".as_bytes(), &value].concat()] {
                let mut headers = read(&[("content-disposition", &value), ("x-other", b"x")]);
                prop_assert!(headers.get("content-disposition").is_some());
                raw(&mut headers).unwrap();
                prop_assert_eq!(headers.get_bytes("content-disposition"), Some(value.as_slice()));
                prop_assert_eq!(headers.get("x-other"), Some("x"));
            }
        }
    }
}
