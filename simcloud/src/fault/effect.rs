//! What a fault does to a request.

use std::time::Duration;

use super::gate::{Gate, Latch};

/// What a fault does. "Applied" means that the service did what was asked.
#[derive(Debug, Clone)]
pub enum Effect {
    /// The connection ends before the request is applied.
    DropBefore,
    /// The request is applied, then the connection ends.
    DropAfter,
    /// The request waits this long before it is applied.
    Delay(Duration),
    /// The request is applied, and its answer waits this long.
    DelayAnswer(Duration),
    /// This error, without applying the request.
    Respond { status: u16, code: String, message: String },
    /// The request is applied, then this error.
    RespondAfter { status: u16, code: String, message: String },
    /// The connection ends after so many bytes of the response body.
    TruncateBody { after_bytes: u64 },
    /// One byte of the response body is another one. Nothing happens to a body that ends before it.
    FlipByte { at: u64 },
    /// One byte of the request body (without its transfer framing) is another one.
    FlipRequestByte { at: u64 },
    /// After so many bytes of the response body nothing comes any more, for ever.
    StallBody { after_bytes: u64 },
    /// The response body comes at this rate, however fast it is read. S3 only.
    Trickle { bytes_per_second: u64 },
    /// The service reads the request body at this rate. S3 only.
    TrickleRequest { bytes_per_second: u64 },
    /// 200 with an `<Error>` body (`InternalError`), without applying the request: CompleteMultipartUpload does that.
    OkWithErrorBody,
    /// The request is applied, then 200 with an `<Error>` body.
    OkWithErrorBodyAfter,
    /// 200 with an empty body, without applying the request.
    EmptyOk,
    /// The request is applied, then 200 with an empty body.
    EmptyOkAfter,
    /// The response has this header, whatever the service says: for what AWS may answer and simcloud has no state for.
    ResponseHeader { name: String, value: Vec<u8> },
    /// A proxy, a load balancer or a captive portal answers in the service's place, without applying the request: the answer is no
    /// service's, and names no request.
    Intercept { status: u16, content_type: String, body: String },
    /// The request is applied, and its answer is replaced in the same way.
    InterceptAfter { status: u16, content_type: String, body: String },
    /// Of a batch, the entries whose place is a set bit are not applied, and the answer names them as failed by the service
    /// (`InternalError`). SQS batches only.
    FailEntries { places: u64 },
    /// The request waits at a [`crate::Gate`]; made by `Faults::gate`.
    #[doc(hidden)]
    Hold(Latch),
    /// S3 receives all of the request, and applies it when the gate opens; made by [`Effect::applied_late`].
    #[doc(hidden)]
    AppliedLate(Latch),
}

impl Effect {
    /// An error instead of the service's answer: any status, code and message.
    pub fn respond(status: u16, code: &str, message: &str) -> Self {
        Self::Respond { status, code: code.to_owned(), message: message.to_owned() }
    }

    /// An error after the service has applied the request.
    pub fn respond_after(status: u16, code: &str, message: &str) -> Self {
        Self::RespondAfter { status, code: code.to_owned(), message: message.to_owned() }
    }

    /// A header of the response. HTTP allows bytes that are no text.
    pub fn response_header(name: &str, value: impl AsRef<[u8]>) -> Self {
        Self::ResponseHeader { name: name.to_owned(), value: value.as_ref().to_vec() }
    }

    /// An answer that is no AWS service's, in place of the service's.
    pub fn intercept(status: u16, content_type: &str, body: &str) -> Self {
        Self::Intercept { status, content_type: content_type.to_owned(), body: body.to_owned() }
    }

    /// The same, after the service has applied the request.
    pub fn intercept_after(status: u16, content_type: &str, body: &str) -> Self {
        Self::InterceptAfter { status, content_type: content_type.to_owned(), body: body.to_owned() }
    }

    /// S3 receives the whole request, so its client may die meanwhile. It applies the request when the gate opens or is dropped. S3 only.
    pub fn applied_late() -> (Self, Gate) {
        let latch = Latch::closed();
        (Self::AppliedLate(latch.clone()), Gate(latch))
    }

    /// S3's throttle: 503 SlowDown.
    pub fn slow_down() -> Self {
        Self::respond(503, "SlowDown", "Please reduce your request rate.")
    }

    /// The throttle of the JSON services: 400 ThrottlingException.
    pub fn throttled() -> Self {
        Self::respond(400, "ThrottlingException", "Rate exceeded")
    }

    /// 500 InternalError, as S3 says it.
    pub fn internal_error() -> Self {
        Self::respond(500, "InternalError", "We encountered an internal error. Please try again.")
    }

    /// The name under which a firing is counted.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::DropBefore => "DropBefore",
            Self::DropAfter => "DropAfter",
            Self::Delay(_) => "Delay",
            Self::DelayAnswer(_) => "DelayAnswer",
            Self::Respond { .. } => "Respond",
            Self::RespondAfter { .. } => "RespondAfter",
            Self::TruncateBody { .. } => "TruncateBody",
            Self::FlipByte { .. } => "FlipByte",
            Self::FlipRequestByte { .. } => "FlipRequestByte",
            Self::StallBody { .. } => "StallBody",
            Self::Trickle { .. } => "Trickle",
            Self::TrickleRequest { .. } => "TrickleRequest",
            Self::OkWithErrorBody => "OkWithErrorBody",
            Self::OkWithErrorBodyAfter => "OkWithErrorBodyAfter",
            Self::EmptyOk => "EmptyOk",
            Self::EmptyOkAfter => "EmptyOkAfter",
            Self::ResponseHeader { .. } => "ResponseHeader",
            Self::Intercept { .. } => "Intercept",
            Self::InterceptAfter { .. } => "InterceptAfter",
            Self::FailEntries { .. } => "FailEntries",
            Self::Hold(_) => "Gate",
            Self::AppliedLate(_) => "AppliedLate",
        }
    }
}
