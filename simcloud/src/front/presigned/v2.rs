//! Signature Version 2 in the query.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use http::request::Parts;
use sha1::Sha1;

use super::super::hmac::hmac;
use super::super::reply::Refusal;
use super::{Check, denied, expired, find, mismatch, signed_value};

/// Parameters that are part of what is signed.
const SUBRESOURCES: [&str; 26] = [
    "accelerate",
    "acl",
    "cors",
    "delete",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "partNumber",
    "policy",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

pub(super) fn check(parts: &Parts, pairs: &[(String, String)], check: Check<'_>) -> Result<(), Refusal> {
    let (Some(key), Some(provided), Some(expires)) =
        (find(pairs, "AWSAccessKeyId"), find(pairs, "Signature"), find(pairs, "Expires"))
    else {
        return Err(denied(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
        ));
    };
    let until: u64 = expires.parse().map_err(|_| denied("Invalid date (should be seconds since epoch)"))?;
    let until = SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_secs(until))
        .ok_or_else(|| denied("Invalid date (should be seconds since epoch)"))?;
    if check.now > until {
        return Err(expired(until, check.now));
    }
    let Some(secret) = check.secret_access_key else { return Ok(()) };
    let string_to_sign = string_to_sign(parts, pairs, expires);
    let signature = hmac::<Sha1>(secret.as_bytes(), string_to_sign.as_bytes());
    if base64::engine::general_purpose::STANDARD.encode(signature) != provided {
        return Err(mismatch(key, provided, &string_to_sign));
    }
    Ok(())
}

/// Headers may come in the query instead. The path names the bucket, also of a virtual-hosted request.
fn string_to_sign(parts: &Parts, pairs: &[(String, String)], expires: &str) -> String {
    let value = |name: &str| {
        let in_query =
            || pairs.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|it| it.1.clone());
        signed_value(parts, name).or_else(in_query).unwrap_or_default()
    };
    let mut amz: BTreeMap<String, String> = BTreeMap::new();
    let names = parts.headers.keys().map(|name| name.as_str().to_owned());
    for name in names.chain(pairs.iter().map(|(name, _)| name.to_ascii_lowercase())) {
        if name.starts_with("x-amz-") {
            amz.insert(name.clone(), value(&name));
        }
    }
    let amz: String = amz.into_iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let mut selected: Vec<String> = pairs
        .iter()
        .filter(|(name, _)| SUBRESOURCES.contains(&name.as_str()))
        .map(|(name, value)| if value.is_empty() { name.clone() } else { format!("{name}={value}") })
        .collect();
    selected.sort();
    let question = if selected.is_empty() { "" } else { "?" };
    format!(
        "{}\n{}\n{}\n{expires}\n{amz}{}{question}{}",
        parts.method,
        value("content-md5"),
        value("content-type"),
        parts.uri.path(),
        selected.join("&")
    )
}
