//! PostObject: an upload from a browser's form, which carries its signature in fields of the form.
//!
//! The protocol layer would verify it and refuse whom it does not know. So the fields get names that S3 ignores; the policy stays,
//! and is checked there.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use s3s::Body;

use super::reply::{Refusal, refuse};
use super::target::Service;

/// Longest form, with its file. The protocol layer holds it in memory, too.
const FORM_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Where the file's part begins; what comes after it is no field of ours.
const FILE: &[u8] = b"name=\"file\"";
/// What signs, in both versions, and under which name S3 ignores it.
const SIGNATURES: [(&[u8], &[u8]); 2] = [
    (b"name=\"x-amz-signature\"", b"name=\"x-ignore-signature\""),
    (b"name=\"signature\"", b"name=\"x-ignore-signature\""),
];

/// The form without what signs it.
pub(super) async fn unsigned(headers: &mut HeaderMap, mut body: Body) -> Result<Body, Refusal> {
    let form = body.store_all_limited(FORM_BYTES_MAX).await.map_err(|error| {
        let message = format!("failed to read a form of at most {FORM_BYTES_MAX} bytes: {error}");
        Refusal::new(StatusCode::BAD_REQUEST, "MalformedPOSTRequest", message)
    })?;
    let form = SIGNATURES.into_iter().fold(form, |form, (name, ignored)| renamed(form, name, ignored));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(form.len()));
    Ok(Body::from(form))
}

/// A form that its policy does not allow is denied; the protocol layer takes the policy itself for invalid.
pub(super) async fn denied(mut response: Response<Body>) -> Response<Body> {
    const ANSWER_BYTES_MAX: usize = 64 * 1024;
    if response.status() != StatusCode::BAD_REQUEST {
        return response;
    }
    let body = response.body_mut().store_all_limited(ANSWER_BYTES_MAX).await.unwrap_or_default();
    if find(&body, b"<Code>InvalidPolicyDocument</Code><Message>Policy condition").is_some() {
        let message = "Invalid according to Policy: Policy Condition failed";
        return refuse(Service::S3, &Refusal::new(StatusCode::FORBIDDEN, "AccessDenied", message));
    }
    *response.body_mut() = Body::from(body);
    response
}

fn renamed(form: Bytes, name: &[u8], ignored: &[u8]) -> Bytes {
    let fields = find(&form, FILE).map_or(&form[..], |at| &form[..at]);
    let Some(at) = find(fields, name) else { return form };
    [&form[..at], ignored, &form[at + name.len()..]].concat().into()
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_fields_before_the_file_lose_their_name() {
        let form =
            "; name=\"key\"\r\n; name=\"Signature\"\r\n; name=\"file\"\r\n\r\nname=\"x-amz-signature\"";
        let mut headers = HeaderMap::new();
        let mut body = unsigned(&mut headers, Body::from(form.to_owned())).await.unwrap();
        let body = body.store_all_limited(1000).await.unwrap();
        assert_eq!(body, form.replace("Signature", "x-ignore-signature"));
        assert_eq!(headers[CONTENT_LENGTH], body.len().to_string());
    }
}
