//! What a failed reply itself says: which error it names, and whether AWS sent it at all.
//!
//! Between a client and AWS there may be a proxy, a load balancer or a captive portal, and each of them answers in AWS's place: with
//! HTML, with a redirect, with an empty 404. The status of such an answer says nothing of the object or the queue that was asked for.
//! So only an error that the reply names in AWS's own form is taken for AWS's decision. The SDK is too lenient for that: it makes
//! `NotFound` of an empty 404, and it reads a `<Code>` out of any XML document.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::Headers;

/// What names the request in every reply of AWS's. A proxy that answers by itself has no number to give.
const REQUEST_IDS: [&str; 3] = ["x-amz-request-id", "x-amzn-requestid", "x-amz-id-2"];
/// Where the JSON services name an error beside the body.
const ERROR_HEADERS: [&str; 2] = ["x-amzn-errortype", "x-amzn-query-error"];

/// The error `code` that the SDK read, if the reply really names it.
pub(super) fn named<'c>(code: Option<&'c str>, reply: &HttpResponse) -> Option<&'c str> {
    let code = code.filter(|code| !code.is_empty())?;
    names_an_error(reply).then_some(code)
}

fn names_an_error(reply: &HttpResponse) -> bool {
    if ERROR_HEADERS.iter().any(|name| reply.headers().contains_key(name)) {
        return true;
    }
    let body = reply.body().bytes().unwrap_or_default().trim_ascii_start();
    match body.first() {
        Some(b'<' | 0xEF) => is_xml_error(body),
        // `code` alone is what many a proxy writes, too.
        Some(b'{') => contains(body, b"\"__type\"") || has_request_id(reply.headers()),
        _ => false,
    }
}

/// Whether the document's root is S3's `Error`, or the `ErrorResponse` of the query services.
fn is_xml_error(body: &[u8]) -> bool {
    let mut rest = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body).trim_ascii_start();
    if rest.starts_with(b"<?xml") {
        let Some(end) = rest.windows(2).position(|two| two == b"?>") else { return false };
        rest = rest.get(end + 2..).unwrap_or_default().trim_ascii_start();
    }
    let Some(root) = rest.strip_prefix(b"<Error") else { return false };
    let root = root.strip_prefix(b"Response").unwrap_or(root);
    matches!(root.first(), Some(b'>' | b'/') | Some(b' ' | b'\t' | b'\r' | b'\n'))
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

/// Whether AWS, or a store that speaks its protocol, sent the reply.
pub(super) fn has_request_id(headers: &Headers) -> bool {
    REQUEST_IDS.iter().any(|name| headers.contains_key(name))
}

/// Whether the reply has no body at all, as one to a HEAD has none. A body that was to be streamed is not known.
pub(super) fn is_bodiless(reply: &HttpResponse) -> bool {
    reply.body().bytes().is_some_and(<[u8]>::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::body::SdkBody;

    fn reply(body: &str, headers: &[(&'static str, &'static str)]) -> HttpResponse {
        let mut reply = HttpResponse::new(404.try_into().unwrap(), SdkBody::from(body));
        for (name, value) in headers {
            reply.headers_mut().insert(*name, *value);
        }
        reply
    }

    fn is_named(body: &str, headers: &[(&'static str, &'static str)]) -> bool {
        named(Some("Code"), &reply(body, headers)).is_some()
    }

    #[test]
    fn an_error_in_aws_s_form_is_named() {
        for body in [
            "<Error><Code>NoSuchKey</Code></Error>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code></Error>",
            "\u{feff}<?xml version=\"1.0\"?><Error xmlns=\"x\"><Code>NoSuchKey</Code></Error>",
            "\n<ErrorResponse xmlns=\"x\"><Error><Code>Denied</Code></Error></ErrorResponse>",
            "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\"}",
        ] {
            assert!(is_named(body, &[]), "{body}");
        }
        assert!(is_named("", &[("x-amzn-errortype", "ThrottlingException")]));
        assert!(is_named("{\"code\":\"Busy\"}", &[("x-amzn-requestid", "1")]));
    }

    #[test]
    fn what_a_proxy_writes_names_nothing() {
        for body in [
            "",
            "Not Found",
            "<html><head><title>404</title></head></html>",
            "<!DOCTYPE html><html></html>",
            "<html><Code>NoSuchKey</Code></html>",
            "<?xml version=\"1.0\"?><!DOCTYPE html><html><Code>NoSuchKey</Code></html>",
            "<Errors><Code>NoSuchKey</Code></Errors>",
            "<?xml version=\"1.0\"",
            "{\"code\":\"403\",\"message\":\"Forbidden\"}",
            "[1]",
        ] {
            assert!(!is_named(body, &[]), "{body}");
        }
        assert_eq!(named(None, &reply("<Error></Error>", &[])), None);
        assert_eq!(named(Some(""), &reply("<Error><Code/></Error>", &[])), None);
    }

    #[test]
    fn a_request_id_is_aws_s() {
        assert!(has_request_id(reply("", &[("x-amz-request-id", "1")]).headers()));
        assert!(has_request_id(reply("", &[("x-amzn-requestid", "1")]).headers()));
        assert!(!has_request_id(reply("", &[("via", "1.1 proxy"), ("x-request-id", "1")]).headers()));
    }
}
