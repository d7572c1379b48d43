//! Signature Version 4 in the query.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use time::PrimitiveDateTime;
use time::macros::format_description;

use super::super::hmac::{hex, hmac};
use super::super::reply::Refusal;
use super::{Check, denied, expired, find, mismatch, signed_value};

const REQUIRED: [&str; 6] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
];
const EXPIRES_S_MAX: u64 = 7 * 24 * 60 * 60;
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: AsciiSet = UNRESERVED.remove(b'/');

pub(super) fn check(parts: &Parts, pairs: &[(String, String)], check: Check<'_>) -> Result<(), Refusal> {
    let [algorithm, credential, signature, date, signed_headers, expires] = required(pairs)?;
    if algorithm != "AWS4-HMAC-SHA256" {
        return Err(malformed("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\""));
    }
    let (key, scope) = split_credential(credential).ok_or_else(|| {
        malformed(
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \
             \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
        )
    })?;
    let from = parse_date(date)
        .ok_or_else(|| malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""))?;
    let lasts_s: i64 = expires.parse().map_err(|_| malformed("X-Amz-Expires should be a number"))?;
    let lasts_s = u64::try_from(lasts_s).map_err(|_| malformed("X-Amz-Expires must be non-negative"))?;
    if lasts_s > EXPIRES_S_MAX {
        return Err(malformed(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 \
             seconds",
        ));
    }
    let until = from + Duration::from_secs(lasts_s);
    if check.now > until {
        return Err(expired(until, check.now).with("X-Amz-Expires", expires));
    }
    let signed: Vec<&str> = signed_headers.split(';').collect();
    check_all_signed(parts, &signed)?;
    let Some(secret) = check.secret_access_key else { return Ok(()) };
    let request = canonical_request(parts, pairs, check.path, &signed);
    let string_to_sign =
        format!("{algorithm}\n{date}\n{scope}\n{}", hex(&Sha256::digest(request.as_bytes())));
    let first = format!("AWS4{secret}").into_bytes();
    let signing_key = scope.split('/').fold(first, |key, step| hmac::<Sha256>(&key, step.as_bytes()));
    if hex(&hmac::<Sha256>(&signing_key, string_to_sign.as_bytes())) != *signature {
        return Err(mismatch(key, signature, &string_to_sign).with("CanonicalRequest", &request));
    }
    Ok(())
}

fn required(pairs: &[(String, String)]) -> Result<[&str; 6], Refusal> {
    let missing = || {
        malformed(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, \
             X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        )
    };
    let mut values = [""; 6];
    for (value, name) in values.iter_mut().zip(REQUIRED) {
        *value = find(pairs, name).ok_or_else(missing)?;
    }
    Ok(values)
}

/// Headers that begin with `x-amz-` change what a request means. Of the hash of the body that cannot be said.
fn check_all_signed(parts: &Parts, signed: &[&str]) -> Result<(), Refusal> {
    let is_unsigned =
        |name: &&str| name.starts_with("x-amz-") && *name != "x-amz-content-sha256" && !signed.contains(name);
    let mut unsigned: Vec<&str> =
        parts.headers.keys().map(|name| name.as_str()).filter(is_unsigned).collect();
    if unsigned.is_empty() {
        return Ok(());
    }
    unsigned.sort_unstable();
    let refusal = denied("There were headers present in the request which were not signed");
    Err(refusal.with("HeadersNotSigned", &unsigned.join(", ")))
}

/// The access key id, which may hold slashes, and the scope.
fn split_credential(credential: &str) -> Option<(&str, &str)> {
    let (at, _) = credential.rmatch_indices('/').nth(3)?;
    let (key, scope) = (&credential[..at], &credential[at + 1..]);
    (!key.is_empty() && scope.ends_with("/aws4_request")).then_some((key, scope))
}

fn parse_date(date: &str) -> Option<SystemTime> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    PrimitiveDateTime::parse(date, &format).ok().map(|date| date.assume_utc().into())
}

fn canonical_request(parts: &Parts, pairs: &[(String, String)], path: &str, signed: &[&str]) -> String {
    let path: Vec<u8> = percent_decode_str(path).collect();
    let path = percent_encoding::percent_encode(&path, &PATH);
    let encode = |text: &str| utf8_percent_encode(text, &UNRESERVED).to_string();
    let mut query: Vec<(String, String)> = pairs
        .iter()
        .filter(|(name, _)| name != "X-Amz-Signature")
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    query.sort();
    let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    // A header that was signed may come in the query instead.
    let value = |name: &str| {
        signed_value(parts, name).or_else(|| {
            pairs.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|it| it.1.clone())
        })
    };
    let headers: String =
        signed.iter().filter_map(|name| Some(format!("{name}:{}\n", value(name)?))).collect();
    let payload = value("x-amz-content-sha256")
        .filter(|_| {
            signed.contains(&"x-amz-content-sha256") || !parts.headers.contains_key("x-amz-content-sha256")
        })
        .unwrap_or_else(|| "UNSIGNED-PAYLOAD".to_owned());
    format!("{}\n{path}\n{}\n{headers}\n{}\n{payload}", parts.method, query.join("&"), signed.join(";"))
}

fn malformed(message: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "AuthorizationQueryParametersError", message)
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn dates_and_credentials() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600);
        assert_eq!(parse_date("20130524T000000Z"), Some(at));
        assert_eq!(parse_date("2013-05-24"), None);
        let scope = "20130524/us-east-1/s3/aws4_request";
        assert_eq!(split_credential(&format!("a/b/{scope}")), Some(("a/b", scope)));
        assert_eq!(split_credential(scope), None);
        assert_eq!(split_credential("AKID%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"), None);
    }

    /// The example of AWS's documentation of presigned URLs.
    #[test]
    fn the_documented_example() {
        let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F\
                     aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=\
                     aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        let pairs: Vec<_> = super::super::query::pairs(query).collect();
        let (mut parts, ()) = http::Request::get("/test.txt").body(()).unwrap().into_parts();
        parts.headers.insert(header::HOST, "examplebucket.s3.amazonaws.com".parse().unwrap());
        let code = |secret, path, second: u64| {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600 + second);
            let result = check(&parts, &pairs, Check { now, secret_access_key: secret, path });
            result.err().map(|refusal| refusal.code.into_owned())
        };
        let secret = Some("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        assert_eq!(code(secret, "/test.txt", 86_400), None);
        assert_eq!(code(secret, "/test.txt", 86_401).as_deref(), Some("AccessDenied"));
        assert_eq!(code(secret, "/other.txt", 0).as_deref(), Some("SignatureDoesNotMatch"));
        assert_eq!(code(Some("other"), "/test.txt", 0).as_deref(), Some("SignatureDoesNotMatch"));
        assert_eq!(code(None, "/other.txt", 0), None);
    }
}
