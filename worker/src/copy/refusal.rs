//! Why a HEAD was refused.
//!
//! Its reply has no body, and so no code: 400 is an expired token, which passes, as well as an object that is encrypted with a key
//! of its uploader, which does not. A GET of the first byte is refused for the same reason and says it; it needs no other permission.
//! 403 is asked about by nobody: every reason for it is one for a person.

use common::fault::{Class, Fault};

use super::Copier;

impl Copier {
    /// The fault of a HEAD, with its reason.
    pub(super) async fn reason_of(
        &self,
        fault: Fault,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
    ) -> Fault {
        if !fault.has_no_code() || fault.status != Some(400) {
            return fault;
        }
        let get = self
            .client
            .get_object()
            .bucket(bucket)
            .key(key)
            .set_version_id(version_id.map(str::to_owned))
            .range("bytes=0-0");
        match get.send().await.map_err(|error| Fault::of("HeadObject", &error)) {
            // Not refused any more. An object of no bytes has no first one.
            Ok(_) => Fault::new(Class::Transient, "HeadObject", "RefusedOnce"),
            Err(reason) if reason.status == Some(416) => {
                Fault::new(Class::Transient, "HeadObject", "RefusedOnce")
            }
            Err(reason) => reason,
        }
    }
}
