//! Why a HEAD was refused.
//!
//! Its reply has no body, and so names no error. 400 is an expired token, which passes, as well as an object that is encrypted with a
//! key of its uploader, which does not. 404 may be a proxy's. A GET of the first byte is refused for the same reason and says it; it
//! needs no other permission. So nothing is decided for good before the GET has named an error.

use common::fault::{Class, Fault};

use super::Copier;

/// An object that a HEAD was refused for.
#[derive(Debug, Clone)]
pub(super) struct Refused<'o> {
    pub(super) bucket: &'o str,
    pub(super) key: &'o str,
    pub(super) version_id: Option<&'o str>,
    /// The `If-Match` of the HEAD.
    pub(super) if_match: Option<String>,
}

impl Copier {
    /// The fault of a HEAD, with its reason.
    pub(super) async fn reason_of(&self, fault: Fault, refused: Refused<'_>) -> Fault {
        let is_refusal = fault.status.is_some_and(|status| (300..500).contains(&status));
        if fault.is_named() || !is_refusal || fault.class == Class::Throttled {
            return fault;
        }
        let get = self
            .client
            .get_object()
            .bucket(refused.bucket)
            .key(refused.key)
            .set_version_id(refused.version_id.map(str::to_owned))
            .set_if_match(refused.if_match)
            .range("bytes=0-0");
        match get.send().await.map_err(|error| Fault::of("GetObject", &error)) {
            // An object of no bytes has no first one.
            Err(reason) if reason.status != Some(416) => reason,
            // AWS refused the HEAD alone: who may GET is to be let HEAD by a person.
            _ if fault.class == Class::Denied && fault.status == Some(403) => fault,
            // Not refused any more.
            _ => Fault::new(Class::Transient, "HeadObject", "RefusedOnce"),
        }
    }
}
