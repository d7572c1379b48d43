//! Refusals as S3 words them.

use http::{HeaderMap, StatusCode};
use s3s::{S3Error, S3ErrorCode};

/// `code` with a message.
pub(super) fn refuse(code: S3ErrorCode, message: impl Into<String>) -> S3Error {
    S3Error::with_message(code, message.into())
}

/// A code that the protocol layer does not know, with its status.
pub(super) fn custom(status: StatusCode, code: &'static str, message: impl Into<String>) -> S3Error {
    let mut error = refuse(S3ErrorCode::Custom(code.into()), message);
    error.set_status_code(status);
    error
}

pub(super) fn invalid_request(message: impl Into<String>) -> S3Error {
    refuse(S3ErrorCode::InvalidRequest, message)
}

pub(super) fn invalid_argument(message: impl Into<String>) -> S3Error {
    refuse(S3ErrorCode::InvalidArgument, message)
}

/// An option that would change what the request means, and is not there.
pub(super) fn not_implemented(what: &str) -> S3Error {
    refuse(S3ErrorCode::NotImplemented, format!("simcloud does not implement {what}"))
}

/// A condition that S3 itself does not take.
pub(super) fn header_not_implemented(name: &str) -> S3Error {
    refuse(
        S3ErrorCode::NotImplemented,
        format!("A header you provided implies functionality that is not implemented: {name}"),
    )
}

pub(super) fn malformed_xml() -> S3Error {
    refuse(
        S3ErrorCode::MalformedXML,
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

pub(super) fn no_such_bucket() -> S3Error {
    refuse(S3ErrorCode::NoSuchBucket, "The specified bucket does not exist")
}

pub(super) fn no_such_key() -> S3Error {
    refuse(S3ErrorCode::NoSuchKey, "The specified key does not exist.")
}

pub(super) fn no_such_upload() -> S3Error {
    refuse(
        S3ErrorCode::NoSuchUpload,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    )
}

pub(super) fn precondition_failed(condition: &str) -> S3Error {
    refuse(
        S3ErrorCode::PreconditionFailed,
        format!("At least one of the pre-conditions you specified did not hold: {condition}"),
    )
}

/// A conditional Complete of an upload whose key was written or deleted after its start, whatever is there now.
pub(super) fn conditional_request_conflict() -> S3Error {
    refuse(
        S3ErrorCode::ConditionalRequestConflict,
        "The conditional request cannot succeed due to a conflicting operation against this resource.",
    )
}

/// 304: no body, but the headers that a cache needs.
pub(super) fn not_modified(headers: HeaderMap) -> S3Error {
    let mut error = custom(StatusCode::NOT_MODIFIED, "NotModified", "Not Modified");
    error.set_headers(headers);
    error
}

/// A disk that does not do its work.
pub(super) fn disk(error: std::io::Error) -> S3Error {
    report(&error);
    S3Error::internal_error(error)
}

/// The client learns only that it may try again; who runs the cloud can make room, or allow more files.
pub(super) fn report(error: &std::io::Error) {
    tracing::error!(os_error = error.raw_os_error().map(i64::from), %error, "failed to use the disk");
}
