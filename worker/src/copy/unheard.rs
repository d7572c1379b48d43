//! What an attempt has sent to be published without learning what came of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use common::fault::{Class, Fault};

use crate::outcome::End;

/// Once a publish of an attempt may have taken effect, nothing that follows in it is a failure: a file that is there would be told as
/// failed. The next attempt finds out, from what is at the target.
#[derive(Debug, Default)]
pub(super) struct Unheard(Option<Fault>);

impl Unheard {
    /// A publish came to `fault`, after the SDK had sent it as often as `tries` tell.
    pub(super) fn note(&mut self, fault: &Fault, tries: &Tries) {
        // A refusal at the second try says nothing of the first one, whose reply was lost.
        if tries.is_again() {
            self.0 = Some(fault.clone().in_doubt());
        } else if fault.class == Class::Throttled || fault.is_uncertain() {
            self.0 = Some(fault.clone());
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// How the attempt ends.
    pub(super) fn end(self, end: End) -> End {
        match (end, self.0) {
            (End::Failed(_) | End::Permanent(_), Some(fault)) => End::Passing(fault.in_doubt()),
            // A reply that cannot be read counts as a failure, unless it hides what came of the publish. The publish's own hides nothing
            // here: the target was looked at after it.
            (End::Passing(last), Some(fault)) if last.is_unreadable() && last != fault => {
                End::Passing(fault.in_doubt())
            }
            (end, _) => end,
        }
    }
}

/// How often the SDK has sent one request.
#[derive(Debug, Clone, Default)]
pub(super) struct Tries(Arc<AtomicU32>);

impl Tries {
    fn is_again(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Tries {
    fn name(&self) -> &'static str {
        "Tries"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
