//! Presigned requests: what signs them stands in the query.
//!
//! 1. All of the version's parameters have to be there and well-formed, and the time must not have passed.
//! 2. Version 4: every `x-amz-` header has to be signed.
//! 3. The signature is verified when the cloud knows the secret key.
//! 4. The signing parameters leave the query. The others that S3 reads as headers become headers; a header that is there wins.
//!
//! What is refused, and how, is as recorded on AWS on 2026-02-21.

mod v2;
mod v4;

use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};

use super::query;
use super::reply::Refusal;
use crate::s3::encode_word;

const SIGNING: [&str; 10] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "AWSAccessKeyId",
    "Signature",
    "Expires",
];
/// Further parameters that count as headers, beside those that begin with `x-amz-`.
const HEADERS: [&str; 4] = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

/// What a presigned request is checked against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Check<'a> {
    pub(super) now: SystemTime,
    /// `None`: signatures are not verified.
    pub(super) secret_access_key: Option<&'a str>,
    /// The path as it was sent.
    pub(super) path: &'a str,
}

/// Checks a presigned request, and takes off what signs it. Any other request stays as it is.
pub(super) fn accept(parts: &mut Parts, check: Check<'_>) -> Result<(), Refusal> {
    let pairs: Vec<(String, String)> = query::pairs(parts.uri.query().unwrap_or_default()).collect();
    let has = |names: &[&str]| pairs.iter().any(|(name, _)| names.contains(&name.as_str()));
    if has(&["X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential"]) {
        v4::check(parts, &pairs, check)?;
    } else if has(&["AWSAccessKeyId", "Signature"]) {
        v2::check(parts, &pairs, check)?;
    } else {
        return Ok(());
    }
    for (name, value) in &pairs {
        let lower = name.to_ascii_lowercase();
        if !is_signing(name) && is_header(&lower) && !is_dropped(&lower) {
            add_header(parts, &lower, value);
        }
    }
    query::retain(&mut parts.uri, |name| !is_signing(name) && !is_header(&name.to_ascii_lowercase()));
    Ok(())
}

fn is_signing(name: &str) -> bool {
    SIGNING.contains(&name)
}

fn is_header(name: &str) -> bool {
    name.starts_with("x-amz-") || HEADERS.contains(&name)
}

/// S3 does not compare a body with a checksum in the query.
fn is_dropped(name: &str) -> bool {
    name.starts_with("x-amz-checksum-")
        || matches!(name, "x-amz-sdk-checksum-algorithm" | "x-amz-content-sha256")
}

/// Unlike a header's bytes, those of the query are UTF-8.
fn add_header(parts: &mut Parts, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(encode_word(value))) {
        parts.headers.entry(name).or_insert(value);
    }
}

fn denied(message: &str) -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "AccessDenied", message)
}

fn expired(expires: SystemTime, now: SystemTime) -> Refusal {
    denied("Request has expired").with("Expires", &iso(expires)).with("ServerTime", &iso(now))
}

fn iso(time: SystemTime) -> String {
    let whole = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let time = DateTime::from_secs(i64::try_from(whole).unwrap_or(i64::MAX));
    time.fmt(Format::DateTime).unwrap_or_default()
}

fn mismatch(key: &str, provided: &str, string_to_sign: &str) -> Refusal {
    let message = "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
    Refusal::new(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", message)
        .with("AWSAccessKeyId", key)
        .with("SignatureProvided", provided)
        .with("StringToSign", string_to_sign)
}

/// The first value of a parameter.
fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find_map(|(other, value)| (other == name).then_some(value.as_str()))
}

/// A header's value as it is signed: trimmed, white space folded, repeated ones joined.
fn signed_value(parts: &Parts, name: &str) -> Option<String> {
    if !parts.headers.contains_key(name) {
        return None;
    }
    let values = parts.headers.get_all(name).iter().map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    });
    Some(values.collect::<Vec<_>>().join(","))
}
