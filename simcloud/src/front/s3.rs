//! S3 requests on their way to the protocol layer (`s3s`) and back.
//!
//! The protocol layer would verify signatures, and refuse whom it does not know. Here any credentials do, so what signs a request is
//! taken off before it gets there: `Authorization`, what signs a presigned URL (see [`super::presigned`]), and the `aws-chunked` framing.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, HeaderValue, RANGE,
};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use s3s::Body;

use super::Severed;
use super::aws_chunked::{Dechunked, Trailers};
use super::form;
use super::host;
use super::overrides;
use super::presigned::{self, Check};
use super::reply::{self, Refusal};
use super::s3_operation::{Address, address, unknown_subresource};
use super::target::Service;
use crate::fault::Substitute;
use crate::s3::{ObjectHeaders, RequestContext, parse_range};
use crate::{Cloud, Incoming};

const NO_PARTS: &str = "<CompleteMultipartUpload/>";

/// One S3 request, answered under the cloud's own date. (The JSON services' answers have none in process: the SDK takes their
/// `AccessDeniedException` for a wrong clock when the date is not its own, and asks again.)
pub(super) async fn call(cloud: &Cloud, request: Request<Body>) -> Result<Response<Body>, Severed> {
    let mut response = answer(cloud, request).await?;
    let now = DateTime::from_secs(i64::try_from(cloud.inner.clock.unix_ms() / 1000).unwrap_or(i64::MAX));
    if let Some(date) = now.fmt(Format::HttpDate).ok().and_then(|date| HeaderValue::try_from(date).ok()) {
        response.headers_mut().insert(DATE, date);
    }
    Ok(response)
}

/// A fault's `key` is looked for in `bucket/key`.
async fn answer(cloud: &Cloud, request: Request<Body>) -> Result<Response<Body>, Severed> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let at_host = host::to_path_style(&mut parts);
    let request_id = format!("{:016X}", cloud.inner.entropy.u64());
    let Address { operation, resource } = address(&parts.method, &parts.uri, &parts.headers);
    let is_head = parts.method == Method::HEAD;
    let finish = |response| finish(response, is_head, &request_id);

    let firing = cloud.inner.faults.firing(Service::S3, operation, || resource.as_str().into());
    let incoming = Incoming {
        service: Service::S3.name(),
        operation,
        resource: &resource,
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
    };
    let firing = firing.and(cloud.inner.options.observer.request(&incoming));
    let body = if firing.is_received_first() { received(body).await? } else { body };
    match firing.before().await? {
        Some(foreign @ Substitute::Foreign(_)) => {
            return Ok(without_body_of(is_head, firing.refuse(Service::S3, &foreign)));
        }
        Some(refusal) => return Ok(finish(firing.refuse(Service::S3, &refusal))),
        None => {}
    }
    let check = Check {
        now: cloud.inner.clock.now(),
        secret_access_key: cloud.inner.options.secret_access_key.as_deref(),
        path: &path,
    };
    if let Err(refusal) = at_host.and_then(|()| presigned::accept(&mut parts, check)) {
        return Ok(finish(reply::refuse(Service::S3, &refusal)));
    }
    if let Some(name) = unknown_subresource(&parts.uri, !resource.contains('/')) {
        return Ok(finish(reply::refuse(
            Service::S3,
            &Refusal::new(
                StatusCode::NOT_IMPLEMENTED,
                "NotImplemented",
                format!("simcloud does not implement the S3 sub-resource {name}"),
            ),
        )));
    }
    let prepared = match prepare(&mut parts, body, operation, &request_id) {
        Ok(body) if operation == "PostObject" => form::unsigned(&mut parts.headers, body).await,
        prepared => prepared,
    };
    let body = match prepared {
        Ok(body) => firing.alter_request_body(body),
        Err(refusal) => return Ok(finish(reply::refuse(Service::S3, &refusal))),
    };
    let is_empty = parts.headers.get(CONTENT_LENGTH).is_some_and(|length| length.as_bytes() == b"0");
    let body = match operation {
        // To S3 that is a list of no parts; the protocol layer would want a document.
        "CompleteMultipartUpload" if is_empty => {
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(NO_PARTS.len()));
            Body::from(NO_PARTS.to_owned())
        }
        _ => body,
    };
    let response = match cloud.inner.s3.service().call(Request::from_parts(parts, body)).await {
        Ok(response) => response,
        Err(_) => reply::refuse(
            Service::S3,
            &Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalError",
                "We encountered an internal error.",
            ),
        ),
    };
    let response = match operation {
        "GetObjectAttributes" => rewritten(response, bare_etag).await,
        "PostObject" => form::denied(response).await,
        // An object's own bytes, whatever they are.
        "GetObject" => response,
        _ if is_xml(&response) => rewritten(response, referenced).await,
        _ => response,
    };
    // A fault may have put another answer in the place of this one.
    let response = firing.after(Service::S3, finish(response)).await?;
    Ok(without_body_of(is_head, response))
}

/// An answer to a HEAD has no body, whoever sends it.
fn without_body_of(is_head: bool, response: Response<Body>) -> Response<Body> {
    if is_head { response.map(|_| Body::empty()) } else { response }
}

/// The body, read to its end. A client that goes away before that has sent nothing that could be applied.
async fn received(mut body: Body) -> Result<Body, Severed> {
    const REQUEST_BYTES_MAX: usize = 64 * 1024 * 1024;
    body.store_all_limited(REQUEST_BYTES_MAX).await.map(Body::from).map_err(|_| Severed)
}

fn is_xml(response: &Response<Body>) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == b"application/xml")
}

/// An answer whose text is put right after the protocol layer has written it.
async fn rewritten(mut response: Response<Body>, rewrite: fn(&str) -> String) -> Response<Body> {
    const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
    let body = response.body_mut().store_all_limited(ANSWER_BYTES_MAX).await.unwrap_or_default();
    let text = rewrite(&String::from_utf8_lossy(&body));
    response.headers_mut().remove(CONTENT_LENGTH);
    *response.body_mut() = Body::from(text);
    response
}

/// GetObjectAttributes is the one answer whose ETag has no quotes; the protocol layer writes them everywhere.
fn bare_etag(text: &str) -> String {
    referenced(&text.replace("<ETag>\"", "<ETag>").replace("\"</ETag>", "</ETag>"))
}

/// Keys may hold characters that XML cannot; S3 writes them as character references.
fn referenced(text: &str) -> String {
    use std::fmt::Write as _;
    let odd = |c: char| matches!(c, '\u{1}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if !text.contains(odd) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len() + 64), |mut written, c| {
        if odd(c) {
            let _ = write!(written, "&#x{:x};", u32::from(c));
        } else {
            written.push(c);
        }
        written
    })
}

/// Every answer names its request; an answer to HEAD has no body, not even when it is an error.
fn finish(mut response: Response<Body>, is_head: bool, request_id: &str) -> Response<Body> {
    if is_head {
        if !response.status().is_success() {
            response.headers_mut().remove(CONTENT_LENGTH);
        }
        *response.body_mut() = Body::empty();
    }
    if is_head && response.status() == StatusCode::OK && response.headers().contains_key(CONTENT_RANGE) {
        // As for the GET; the protocol layer knows only 200 for a HEAD.
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    if response.status() == StatusCode::NOT_MODIFIED {
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(http::header::CONTENT_TYPE);
    }
    if let Ok(value) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert("x-amz-id-2", value.clone());
        response.headers_mut().insert("x-amz-request-id", value);
    }
    response
}

/// Takes off what signs and frames the request, and what the protocol layer would refuse; keeps for the store what it needs of that.
fn prepare(parts: &mut Parts, body: Body, operation: &str, request_id: &str) -> Result<Body, Refusal> {
    parts.headers.remove(AUTHORIZATION);
    if parts.headers.get(RANGE).is_some_and(|value| value.to_str().ok().and_then(parse_range).is_none()) {
        // S3 answers a range that it does not understand, or more than one, with the whole object.
        parts.headers.remove(RANGE);
    }
    let object_headers = match operation {
        "PutObject" | "CreateMultipartUpload" | "CopyObject" => ObjectHeaders::take(&mut parts.headers),
        _ => ObjectHeaders::default(),
    };
    let overrides = match operation {
        "GetObject" | "HeadObject" => overrides::take(&mut parts.uri)?,
        _ => HeaderMap::new(),
    };
    let trailers = Trailers::default();
    let declared = take_text(&mut parts.headers, "x-amz-content-sha256");
    let framed = declared.as_deref().is_some_and(|value| value.starts_with("STREAMING-"));
    let body = if framed { dechunk(&mut parts.headers, body, trailers.clone())? } else { body };
    parts.extensions.insert(RequestContext {
        request_id: request_id.to_owned(),
        payload_sha256: declared.filter(|value| !framed && value.len() == 64),
        object_headers,
        overrides,
        trailers,
    });
    Ok(body)
}

fn dechunk(headers: &mut HeaderMap, body: Body, trailers: Trailers) -> Result<Body, Refusal> {
    let length: u64 = take_text(headers, "x-amz-decoded-content-length")
        .and_then(|value| value.parse().ok())
        .ok_or_else(|| {
            Refusal::new(
                StatusCode::LENGTH_REQUIRED,
                "MissingContentLength",
                "You must provide the Content-Length HTTP header.",
            )
        })?;
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    // Of an object it is kept already; of a part it says no more.
    headers.remove(CONTENT_ENCODING);
    Ok(Body::http_body(Dechunked::new(body, length, trailers)))
}

fn take_text(headers: &mut HeaderMap, name: &str) -> Option<String> {
    headers.remove(name)?.to_str().ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_frames_has_the_length_of_its_payload() {
        let mut headers = HeaderMap::new();
        headers.insert("content-encoding", HeaderValue::from_static("aws-chunked"));
        headers.insert("x-amz-decoded-content-length", HeaderValue::from_static("3"));
        dechunk(&mut headers, Body::empty(), Trailers::default()).unwrap();
        assert_eq!((headers.len(), headers["content-length"].as_bytes()), (1, &b"3"[..]));
    }
}
