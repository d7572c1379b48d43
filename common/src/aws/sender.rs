//! What every client does beside its requests: it says who sends them, and counts them.
//!
//! Who sends a request: one constant in every `User-Agent`, so that access logs and CloudTrail name us.
//!
//! The SDK would describe itself, the machine and the features in use, in two headers of which one is signed, anew for every
//! request: a twentieth of what a small file costs.

use aws_runtime::user_agent::UserAgentInterceptor;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, disable_interceptor, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::metrics::requests;

const USER_AGENT: &str = concat!("drayage/", env!("CARGO_PKG_VERSION"), " aws-sdk-rust");

/// Puts the constant in the place of the SDK's own words, and counts requests.
#[derive(Debug, Clone, Copy)]
pub struct Sender;

#[dyn_dispatch_hint]
impl Intercept for Sender {
    fn name(&self) -> &'static str {
        "Sender"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config
            .interceptor_state()
            .store_put(disable_interceptor::<UserAgentInterceptor>("we name ourselves"));
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context.request_mut().headers_mut().insert("user-agent", USER_AGENT);
        Ok(())
    }

    /// Each try is a request that was sent.
    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(request) = config.load::<Metadata>() {
            let response = context.response();
            let status = response.map(|response| response.status().as_u16());
            let body = response.and_then(|response| response.body().bytes());
            requests::sent(request.service(), request.name(), status, body);
        }
        Ok(())
    }
}
