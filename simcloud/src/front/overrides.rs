//! `response-…` query parameters of GetObject and HeadObject, which stand in for the object's own headers.
//!
//! The protocol layer refuses what is not ASCII, and an `Expires` that is no date. S3 takes what Latin-1 has.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};

use super::query;
use super::reply::Refusal;

const OVERRIDES: [(&str, HeaderName); 6] = [
    ("response-cache-control", header::CACHE_CONTROL),
    ("response-content-disposition", header::CONTENT_DISPOSITION),
    ("response-content-encoding", header::CONTENT_ENCODING),
    ("response-content-language", header::CONTENT_LANGUAGE),
    ("response-content-type", header::CONTENT_TYPE),
    ("response-expires", header::EXPIRES),
];

/// Takes them off the query.
pub(super) fn take(uri: &mut Uri) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    if !uri.query().is_some_and(|query| query.contains("response-")) {
        return Ok(headers);
    }
    for (parameter, name) in OVERRIDES {
        let Some(text) = query::value(uri, parameter) else { continue };
        headers.insert(name, header_value(&text).ok_or_else(|| unfit(parameter, &text))?);
    }
    query::retain(uri, |name| OVERRIDES.iter().all(|(parameter, _)| *parameter != name));
    Ok(headers)
}

fn header_value(text: &str) -> Option<HeaderValue> {
    let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    HeaderValue::from_bytes(&bytes.ok()?).ok()
}

fn unfit(parameter: &str, text: &str) -> Refusal {
    let message = "Header value cannot be represented using ISO-8859-1.";
    Refusal::new(StatusCode::BAD_REQUEST, "InvalidArgument", message)
        .with("ArgumentName", parameter)
        .with("ArgumentValue", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_leave_the_query_and_become_latin1() {
        let mut uri =
            Uri::from_static("/b/k?response-expires=0&versionId=1&response-content-type=caf%C3%A9+a");
        let headers = take(&mut uri).unwrap();
        assert_eq!(uri, Uri::from_static("/b/k?versionId=1"));
        assert_eq!(headers["expires"], "0");
        assert_eq!(headers["content-type"].as_bytes(), b"caf\xe9 a");
    }

    #[test]
    fn what_latin1_lacks_is_refused() {
        let mut uri = Uri::from_static("/b/k?response-cache-control=%E2%80%94");
        let refusal = take(&mut uri).unwrap_err();
        assert_eq!((refusal.status, refusal.code.as_ref()), (StatusCode::BAD_REQUEST, "InvalidArgument"));
        assert_eq!(refusal.members["ArgumentName"], "response-cache-control");
    }
}
