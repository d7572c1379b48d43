//! What went wrong with a request, and what that means. The only place that reads SDK errors.
//!
//! The classes are about what to *do*; the code (AWS's own word) is for people. Messages of AWS errors may quote keys, so they stay
//! out of logs and of the ledger: the operation, the status and the code say enough.
//!
//! Only an error that the reply names decides anything for good. An answer that names none is either not AWS's, or AWS's and not to be
//! read; both have a code of their own, and both may pass.

mod reply;

use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::metrics;

/// As much of a code as is kept: it goes into logs and the ledger, and a store may answer anything.
const CODE_CHARS_MAX: usize = 64;

/// What a fault calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Too much at once: wait, and do less. Spends no attempt.
    Throttled,
    /// The network, a timeout, a 5xx, expired credentials, an answer that is not AWS's or cannot be read: try again. The request may
    /// have taken effect.
    Transient,
    /// A condition of ours did not hold (412, ConditionalCheckFailed).
    Precondition,
    /// Somebody else was doing the same at that moment (409): start that step again.
    Conflict,
    /// What was named is not there (404 and its kin).
    Missing,
    /// Not allowed (401, 403). May be a policy that is being rolled out: tried a few times.
    Denied,
    /// The bytes that arrived were not those that were sent, as a checksum shows.
    Corrupt,
    /// The object is archived and must be restored first.
    Archived,
    /// Anything else that the service refuses: our request is wrong.
    Invalid,
}

/// One failed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub class: Class,
    pub operation: &'static str,
    /// AWS's error code, or ours where AWS named none (`timeout`, `connection`, `reply`, `not_an_aws_answer`, `unreadable_reply`).
    pub code: String,
    pub status: Option<u16>,
}

impl Class {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::Precondition => "precondition",
            Self::Conflict => "conflict",
            Self::Missing => "missing",
            Self::Denied => "denied",
            Self::Corrupt => "corrupt",
            Self::Archived => "archived",
            Self::Invalid => "invalid",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.code)?;
        if let Some(status) = self.status {
            write!(f, " (HTTP {status})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// A fault that we found ourselves.
    pub fn new(class: Class, operation: &'static str, code: &str) -> Self {
        Self { class, operation, code: code.to_owned(), status: None }
    }

    /// From an error of the SDK. Counted: each is read once, where its request was made.
    pub fn of<E: ProvideErrorMetadata>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self {
        let fault = Self::read(operation, error);
        metrics::requests::failed(&fault);
        fault
    }

    fn read<E: ProvideErrorMetadata>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self {
        let local = |code: &str| Self::new(Class::Transient, operation, code);
        match error {
            SdkError::TimeoutError(_) => local("timeout"),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => local("timeout"),
            // A body that could not be read while it was being sent ends here too: that is the source's fault, and transient.
            SdkError::DispatchFailure(_) => local("connection"),
            SdkError::ConstructionFailure(_) => Self::new(Class::Invalid, operation, "request"),
            SdkError::ResponseError(raw) => {
                let status = raw.raw().status().as_u16();
                Self { class: of_unreadable(status), status: Some(status), ..local(BROKEN_OFF) }
            }
            SdkError::ServiceError(refused) => {
                let status = refused.raw().status().as_u16();
                match reply::named(refused.err().code(), refused.raw()) {
                    Some(code) => Self::of_reply(operation, status, code),
                    None => Self::without_code(operation, status, refused.raw()),
                }
            }
            _ => local("unknown"),
        }
    }

    /// From a reply that names no error. Its status decides only where AWS sent it and it could not say more: a HEAD has no body.
    fn without_code(operation: &'static str, status: u16, raw: &HttpResponse) -> Self {
        let is_aws = reply::has_request_id(raw.headers());
        let is_bodiless = reply::is_bodiless(raw);
        let (class, code) = match status {
            // S3 may send an empty 200 to a publish: that passes, like the error that it stands for.
            200..=299 if is_aws && is_bodiless && !is_without_body(operation) => (Class::Transient, EMPTY),
            200..=299 => (Class::Transient, unusable(is_aws)),
            _ if !is_aws => (of_a_stranger(status), NOT_AWS),
            _ if is_bodiless && operation.starts_with("Head") => (classify(status, ""), NO_CODE),
            _ => (of_unreadable(status), NO_CODE),
        };
        Self { status: Some(status), ..Self::new(class, operation, code) }
    }

    /// A successful reply without what it must have, or to another question than ours. `is_aws`: whether it has a request id.
    pub fn unusable(operation: &'static str, is_aws: bool) -> Self {
        Self::new(Class::Transient, operation, unusable(is_aws))
    }

    /// A successful reply to a publish that says nothing of it. S3 sends such replies in place of an error: what is visible decides.
    pub fn empty(operation: &'static str, is_aws: bool) -> Self {
        Self::new(Class::Transient, operation, if is_aws { EMPTY } else { NOT_AWS })
    }

    /// From a status and an error code, as a batch's entry carries them. Counted.
    pub fn from_reply(operation: &'static str, status: u16, code: &str) -> Self {
        let fault = Self::of_reply(operation, status, code);
        metrics::requests::failed(&fault);
        fault
    }

    fn of_reply(operation: &'static str, status: u16, code: &str) -> Self {
        // SQS words some codes in the query protocol's way: `AWS.SimpleQueueService.NonExistentQueue`.
        let name = code.rsplit('#').next().unwrap_or(code);
        let name = name.strip_prefix("AWS.SimpleQueueService.").unwrap_or(name);
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let shown: String = name.chars().filter(plain).take(CODE_CHARS_MAX).collect();
        let shown = if shown.is_empty() { NO_CODE.to_owned() } else { shown };
        Self { class: classify(status, name), operation, code: shown, status: Some(status) }
    }

    /// Whether the request may have taken effect although it failed.
    pub fn is_uncertain(&self) -> bool {
        self.class == Class::Transient
    }

    /// Whether an error was named, by AWS or by us. What a reply without one says (its status) decides nothing for good.
    pub fn is_named(&self) -> bool {
        !matches!(self.code.as_str(), NO_CODE | EMPTY | BROKEN_OFF | NOT_AWS | UNREADABLE)
    }

    /// Whether AWS answered, and its answer cannot be read. It may pass, but it is no network's fault: it counts as a failed attempt.
    pub fn is_unreadable(&self) -> bool {
        self.code == UNREADABLE
    }

    /// The fault of a publish that may have taken effect, where nobody can look: an attempt with such an end has not failed.
    #[must_use]
    pub fn in_doubt(self) -> Self {
        let code = if self.is_unreadable() { IN_DOUBT.to_owned() } else { self.code };
        let class = if matches!(self.class, Class::Throttled | Class::Conflict) {
            self.class
        } else {
            Class::Transient
        };
        Self { class, code, ..self }
    }

    /// Whether waiting and trying again is all that it takes.
    pub fn is_passing(&self) -> bool {
        matches!(self.class, Class::Throttled | Class::Transient | Class::Conflict)
    }
}

/// AWS's reply named no error.
const NO_CODE: &str = "no code";
/// AWS's reply was a success without a word.
const EMPTY: &str = "empty_reply";
/// The reply broke off.
const BROKEN_OFF: &str = "reply";
/// A proxy, a load balancer or a captive portal answered in AWS's place.
const NOT_AWS: &str = "not_an_aws_answer";
/// AWS's reply was a success, and cannot be read: a header or a document that the client does not understand.
pub const UNREADABLE: &str = "unreadable_reply";
/// The reply to a publish could not be read, and the target may not be looked at.
const IN_DOUBT: &str = "publish_in_doubt";

/// Operations whose success says all it has to say in headers.
fn is_without_body(operation: &str) -> bool {
    matches!(operation, "HeadObject" | "PutObject" | "UploadPart")
}

fn unusable(is_aws: bool) -> &'static str {
    if is_aws { UNREADABLE } else { NOT_AWS }
}

/// Whether a status without a code means that too much is asked.
pub(crate) fn is_throttle(status: u16) -> bool {
    matches!(status, 429 | 503)
}

/// Of a reply that broke off, or cannot be read: a condition that did not hold is known by its status alone. What 4xx means otherwise,
/// only its code says (an expired token is 400 or 403).
fn of_unreadable(status: u16) -> Class {
    match status {
        412 => Class::Precondition,
        _ if is_throttle(status) => Class::Throttled,
        _ => Class::Transient,
    }
}

/// Of an answer that is not AWS's: whoever sent it wants less asked, or it passes.
fn of_a_stranger(status: u16) -> Class {
    if is_throttle(status) { Class::Throttled } else { Class::Transient }
}

fn classify(status: u16, code: &str) -> Class {
    match code {
        // A KMS key that is disabled, pending or denied: somebody has to set it right, and may be doing so.
        kms if kms.starts_with("KMS.") && !kms.contains("Throttl") && status < 500 => Class::Denied,
        "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "ProvisionedThroughputExceededException"
        | "LimitExceededException"
        | "OverLimit"
        | "KmsThrottled"
        | "KMS.ThrottlingException" => Class::Throttled,
        "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalServerException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "TokenRefreshRequired"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "IncompleteBody"
        | "IDPCommunicationError" => Class::Transient,
        "PreconditionFailed" | "ConditionalCheckFailedException" => Class::Precondition,
        "ConditionalRequestConflict" | "OperationAborted" | "TransactionConflictException" => Class::Conflict,
        "NoSuchKey"
        | "NoSuchBucket"
        | "NoSuchVersion"
        | "NoSuchUpload"
        | "NotFound"
        | "QueueDoesNotExist"
        | "NonExistentQueue"
        | "ResourceNotFoundException" => Class::Missing,
        "AccessDenied"
        | "AccessDeniedException"
        | "AllAccessDisabled"
        | "AccountProblem"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "AuthorizationHeaderMalformed"
        | "InvalidToken"
        | "PermanentRedirect"
        | "TemporaryRedirect" => Class::Denied,
        "BadDigest" | "XAmzContentChecksumMismatch" | "XAmzContentSHA256Mismatch" => Class::Corrupt,
        "InvalidObjectState" | "ObjectNotInActiveTierError" => Class::Archived,
        // 501: the same request will be refused tomorrow.
        "NotImplemented" => Class::Invalid,
        _ => match status {
            _ if is_throttle(status) => Class::Throttled,
            408 | 500..=599 => Class::Transient,
            // A HEAD has no body to say more in: 400 is a wrong or expired token, or a key that the store does not have; a redirect is a
            // wrong region. Whoever heads asks for the reason (`is_named`).
            301 | 307 | 400 if code.is_empty() => Class::Denied,
            401 | 403 => Class::Denied,
            404 => Class::Missing,
            409 => Class::Conflict,
            412 | 304 => Class::Precondition,
            // A 200 that carries an error which the SDK could not name.
            200..=299 => Class::Transient,
            _ => Class::Invalid,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: u16, code: &str) -> Class {
        Fault::from_reply("GetObject", status, code).class
    }

    #[test]
    fn codes_come_before_statuses() {
        assert_eq!(class(503, "SlowDown"), Class::Throttled);
        assert_eq!(class(400, "ThrottlingException"), Class::Throttled);
        assert_eq!(class(400, "RequestTimeout"), Class::Transient);
        assert_eq!(class(400, "ExpiredToken"), Class::Transient);
        assert_eq!(class(403, "RequestTimeTooSkewed"), Class::Transient);
        assert_eq!(class(403, "InvalidObjectState"), Class::Archived);
        assert_eq!(class(400, "BadDigest"), Class::Corrupt);
        assert_eq!(class(501, "NotImplemented"), Class::Invalid);
        assert_eq!(class(400, "KMS.DisabledException"), Class::Denied);
        assert_eq!(class(400, "KMS.ThrottlingException"), Class::Throttled);
        assert_eq!(class(500, "KMS.KMSInternalException"), Class::Transient);
        assert_eq!(class(403, "ObjectNotInActiveTierError"), Class::Archived);
        assert_eq!(class(400, "com.amazonaws.dynamodb.v20120810#ThrottlingException"), Class::Throttled);
        assert_eq!(class(400, "AWS.SimpleQueueService.NonExistentQueue"), Class::Missing);
    }

    #[test]
    fn replies_without_a_code_go_by_their_status() {
        assert_eq!(class(404, ""), Class::Missing);
        assert_eq!(class(403, ""), Class::Denied);
        assert_eq!(class(412, ""), Class::Precondition);
        assert_eq!(class(500, ""), Class::Transient);
        assert_eq!(class(400, ""), Class::Denied);
        assert_eq!(class(301, ""), Class::Denied);
        assert_eq!(class(418, ""), Class::Invalid);
        assert_eq!(Fault::from_reply("HeadObject", 404, "").to_string(), "HeadObject: no code (HTTP 404)");
    }

    /// A reply with a body and headers, as the SDK gives it when it found `code`.
    fn replied(status: u16, code: Option<&str>, body: &'static str, headers: &[&'static str]) -> Fault {
        replied_to("HeadObject", status, code, body, headers)
    }

    fn replied_to(
        operation: &'static str,
        status: u16,
        code: Option<&str>,
        body: &'static str,
        headers: &[&'static str],
    ) -> Fault {
        let mut raw =
            HttpResponse::new(status.try_into().unwrap(), aws_smithy_types::body::SdkBody::from(body));
        for name in headers {
            raw.headers_mut().insert(*name, "1");
        }
        let mut error = aws_smithy_types::error::ErrorMetadata::builder();
        if let Some(code) = code {
            error = error.code(code);
        }
        Fault::of(operation, &SdkError::service_error(error.build(), raw))
    }

    const HTML: &str = "<html><Code>NoSuchKey</Code></html>";
    const REQUEST_ID: &[&str] = &["x-amz-request-id"];

    #[test]
    fn an_answer_that_is_not_aws_s_decides_nothing() {
        for status in
            [200, 204, 301, 302, 304, 307, 400, 401, 403, 404, 405, 409, 411, 412, 413, 418, 500, 502]
        {
            // The SDK makes `NotFound` of an empty 404, and reads a code out of any XML.
            for (code, body) in [(None, ""), (Some("NotFound"), ""), (None, HTML), (Some("NoSuchKey"), HTML)]
            {
                let fault = replied(status, code, body, &["via"]);
                assert_eq!((fault.class, &*fault.code), (Class::Transient, NOT_AWS), "{status} {body}");
                assert!(
                    !fault.is_named() && !fault.is_unreadable() && fault.is_uncertain(),
                    "{status} {body}"
                );
            }
        }
        assert_eq!(replied(503, None, HTML, &[]).class, Class::Throttled);
        assert_eq!(replied(429, None, "", &[]).class, Class::Throttled);
        assert_eq!(replied(404, None, HTML, &[]).to_string(), "HeadObject: not_an_aws_answer (HTTP 404)");
    }

    #[test]
    fn a_bodiless_reply_of_aws_s_goes_by_its_status_and_is_not_named() {
        for (status, class) in [(404, Class::Missing), (403, Class::Denied), (412, Class::Precondition)] {
            let fault = replied(status, Some("NotFound"), "", REQUEST_ID);
            assert_eq!((fault.class, &*fault.code, fault.is_named()), (class, NO_CODE, false), "{status}");
        }
        // With a body that names nothing, only what it cannot mean otherwise.
        assert_eq!(replied(404, None, HTML, REQUEST_ID).class, Class::Transient);
        assert_eq!(replied(412, None, HTML, REQUEST_ID).class, Class::Precondition);
        assert!(!replied(412, None, HTML, REQUEST_ID).is_named());
    }

    #[test]
    fn a_success_that_cannot_be_read_is_aws_s_or_it_is_not() {
        let unreadable = replied(200, None, "{", REQUEST_ID);
        assert_eq!((unreadable.class, &*unreadable.code), (Class::Transient, UNREADABLE));
        assert!(unreadable.is_unreadable() && unreadable.is_uncertain() && !unreadable.is_named());
        assert_eq!(replied(200, None, "", REQUEST_ID).code, UNREADABLE, "a HEAD has no body");
        assert_eq!(replied_to("CompleteMultipartUpload", 200, None, "", REQUEST_ID).code, EMPTY);
        let named = replied(200, Some("InternalError"), "<Error><Code>InternalError</Code></Error>", &[]);
        assert_eq!((named.class, &*named.code), (Class::Transient, "InternalError"));
    }

    #[test]
    fn a_publish_in_doubt_is_never_a_failed_attempt() {
        for (fault, code) in [
            (Fault::unusable("PutObject", true), IN_DOUBT),
            (Fault::unusable("PutObject", false), NOT_AWS),
            (Fault::new(Class::Denied, "PutObject", "AccessDenied"), "AccessDenied"),
        ] {
            let fault = fault.in_doubt();
            assert_eq!((fault.class, &*fault.code), (Class::Transient, code));
            assert!(!fault.is_unreadable());
        }
    }

    #[test]
    fn a_reply_that_cannot_be_read_has_a_status_still() {
        let read = |status: u16| {
            let broken = std::io::Error::other("broke off");
            let raw = HttpResponse::new(status.try_into().unwrap(), aws_smithy_types::body::SdkBody::empty());
            let error: SdkError<aws_smithy_types::error::ErrorMetadata, _> =
                SdkError::response_error(broken, raw);
            let fault = Fault::of("PutObject", &error);
            assert_eq!(fault.status, Some(status));
            fault.class
        };
        assert_eq!(read(412), Class::Precondition);
        assert_eq!(read(503), Class::Throttled);
        assert_eq!([200, 400, 403, 404, 500].map(read), [Class::Transient; 5]);
    }

    #[test]
    fn a_code_is_kept_plain_and_short() {
        let long = format!("Slow\n{{}} Down{}", "x".repeat(1_000));
        let code = Fault::from_reply("GetObject", 400, &long).code;
        assert!(code.starts_with("SlowDownxxx") && code.len() == CODE_CHARS_MAX, "{code}");
    }
}
