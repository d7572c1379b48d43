//! What went wrong with a request, and what that means. The only place that reads SDK errors.
//!
//! The classes are about what to *do*; the code (AWS's own word) is for people. Messages of AWS errors may quote keys, so they stay
//! out of logs and of the ledger: the operation, the status and the code say enough.

mod cause;

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

pub use self::cause::{Cause, Origin};
use crate::metrics;

/// As much of a code as is kept: it goes into logs and the ledger, and a store may answer anything.
const CODE_CHARS_MAX: usize = 64;

/// What a fault calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Too much at once: wait, and do less. Spends no attempt.
    Throttled,
    /// The network, a timeout, a 5xx, expired credentials: try again. The request may have taken effect. Spends no attempt.
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
    /// AWS's error code, or ours for what never reached AWS (`timeout`, `connection`, `reply`).
    pub code: String,
    pub status: Option<u16>,
    /// What kept the request from AWS, where that is known.
    pub origin: Option<Box<Origin>>,
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
        Self { class, operation, code: code.to_owned(), status: None, origin: None }
    }

    /// From an error of the SDK. Counted: each is read once, where its request was made.
    pub fn of<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let mut fault = Self::read(operation, error);
        fault.origin = origin(error).map(Box::new);
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
                Self { class: of_unreadable(status), status: Some(status), ..local("reply") }
            }
            SdkError::ServiceError(refused) => {
                let status = refused.raw().status().as_u16();
                let code = refused.err().code().unwrap_or_default();
                Self::of_reply(operation, status, code)
            }
            _ => local("unknown"),
        }
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
        Self { class: classify(status, name), operation, code: shown, status: Some(status), origin: None }
    }

    /// Whether the request may have taken effect although it failed.
    pub fn is_uncertain(&self) -> bool {
        self.class == Class::Transient
    }

    /// Whether the reply said no reason: a HEAD's has no body to say it in.
    pub fn has_no_code(&self) -> bool {
        self.status.is_some() && self.code == NO_CODE
    }

    /// Whether waiting and trying again is all that it takes.
    pub fn is_passing(&self) -> bool {
        matches!(self.class, Class::Throttled | Class::Transient | Class::Conflict)
    }
}

/// What kept the request from AWS, or its signature from being taken.
fn origin<E>(error: &SdkError<E, HttpResponse>) -> Option<Origin>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::DispatchFailure(failure) => cause::of(error.source()?, failure.is_timeout()),
        SdkError::TimeoutError(_) => cause::of(error.source()?, true),
        SdkError::ConstructionFailure(_) => cause::of(error.source()?, false),
        SdkError::ServiceError(refused) => {
            let error = refused.err();
            cause::of_refusal(error.code().unwrap_or_default(), error.message().unwrap_or_default())
        }
        _ => None,
    }
}

/// Shown for a reply that named no error.
const NO_CODE: &str = "no code";

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
            // wrong region. Whoever heads asks for the reason (`has_no_code`).
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
