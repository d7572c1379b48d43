//! Tells the SDK that a request's body is framed already: see [`super::passage`].

use aws_runtime::auth::PayloadSigningOverride;
use aws_sdk_s3::config::ConfigBag;
use aws_sdk_s3::config::Intercept;
use aws_sdk_s3::config::RuntimeComponents;
use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::error::BoxError;

use super::passage::{TRAILER, framed_len};

/// Sets the headers of one framed body, and how the request is signed: everything but the payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trailing {
    /// Of the bytes inside the frame.
    pub(super) len_bytes: u64,
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Trailing {
    fn name(&self) -> &'static str {
        "Trailing"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        headers.insert("content-length", framed_len(self.len_bytes).to_string());
        headers.insert("x-amz-decoded-content-length", self.len_bytes.to_string());
        headers.insert("x-amz-trailer", TRAILER);
        headers.insert("x-amz-sdk-checksum-algorithm", "CRC64NVME");
        // Beside the object's own encoding, which stays.
        headers.append("content-encoding", "aws-chunked");
        config.interceptor_state().store_put(PayloadSigningOverride::StreamingUnsignedPayloadTrailer);
        Ok(())
    }
}
