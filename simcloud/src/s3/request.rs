//! What the front keeps of a request for the store, beside what the protocol layer parses.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName};

use super::object_headers::ObjectHeaders;
use crate::front::Trailers;

/// Travels with the request as an HTTP extension.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestContext {
    /// The `x-amz-request-id` of the answer.
    pub(crate) request_id: String,
    /// The SHA-256 of the body that the client signed, as 64 hex digits.
    pub(crate) payload_sha256: Option<String>,
    /// Of the object that the request creates.
    pub(crate) object_headers: ObjectHeaders,
    /// Stand in for the object's own headers in the answer.
    pub(crate) overrides: HeaderMap,
    /// Headers that follow the body; complete when the body has been read.
    pub(crate) trailers: Trailers,
}

impl RequestContext {
    /// The context of a request that came through the front; an empty one otherwise.
    pub(super) fn of(extensions: &mut http::Extensions) -> Self {
        extensions.remove().unwrap_or_default()
    }
    /// A header of the object, from the request's headers or else from the fields of a form.
    pub(super) fn take_system(&mut self, name: &HeaderName, field: Option<String>) -> Option<String> {
        self.object_headers.take_system(name).or(field)
    }

    pub(super) fn take_metadata(&mut self) -> BTreeMap<String, String> {
        self.object_headers.take_metadata()
    }
}
