//! What the front keeps of a request for the store, beside what the protocol layer parses.

use crate::front::Trailers;

/// Travels with the request as an HTTP extension.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestContext {
    /// The `x-amz-request-id` of the answer.
    pub(crate) request_id: String,
    /// The SHA-256 of the body that the client signed, as 64 hex digits.
    pub(crate) payload_sha256: Option<String>,
    /// The `Expires` header, verbatim.
    pub(crate) expires: Option<String>,
    /// Headers that follow the body; complete when the body has been read.
    pub(crate) trailers: Trailers,
}

impl RequestContext {
    /// The context of a request that came through the front; an empty one otherwise.
    pub(super) fn of(extensions: &mut http::Extensions) -> Self {
        extensions.remove().unwrap_or_default()
    }
}
