//! SDK configuration: one place decides endpoint, credentials, TLS, retries and timeouts.
//!
//! With an endpoint of one's own (`drayage local`, tests) everything goes there and nowhere else.

mod headers;
mod sender;

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_s3::config::retry::{ClassifyRetry, RetryAction, RetryPartition};
use aws_sdk_s3::config::{
    RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use self::headers::RawHeaders;
pub use self::headers::escaped;
pub use self::sender::Sender;
use crate::fault;

/// How to reach AWS.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// `None`: from the environment, as every AWS tool finds it.
    pub region: Option<String>,
    /// `None`: AWS itself.
    pub endpoint_url: Option<String>,
    /// `None`: from the environment or the task's role.
    pub credentials: Option<Credentials>,
    /// `None`: over TCP, TLS by rustls with ring.
    pub http_client: Option<SharedHttpClient>,
}

/// Tries of one request inside the SDK. Small, because the SDK's retry budget is shared by a client: what fails longer is tried
/// again by us, with the message released.
const ATTEMPTS_MAX: u32 = 4;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From sending a request to the head of its reply, its body included.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// One try of a request to DynamoDB or SQS (but a receive): they are small, and something waits for each. It covers the reply's body
/// too, so there is nothing left for the SDK's protection from stalled streams to do.
const SMALL_REQUEST_TIMEOUT: Duration = Duration::from_secs(8);

impl Access {
    /// The shared configuration. Build each role's clients from it with [`dynamodb`], [`sqs`] and [`s3`].
    pub async fn load(&self) -> SdkConfig {
        let http_client = self.http_client.clone().unwrap_or_else(tcp_client);
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX);
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client)
            .retry_config(retries)
            .timeout_config(timeouts);
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(endpoint_url) = &self.endpoint_url {
            loader = loader.endpoint_url(endpoint_url);
        }
        if let Some(credentials) = &self.credentials {
            loader = loader.credentials_provider(credentials.clone());
        }
        loader.load().await
    }
}

fn tcp_client() -> SharedHttpClient {
    use aws_smithy_http_client::{Builder, tls};
    Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https()
}

/// What bounds one try of a small request.
pub fn small_request_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(SMALL_REQUEST_TIMEOUT)
        .build()
}

/// A receive brings its own timeout.
pub fn sqs(config: &SdkConfig) -> aws_sdk_sqs::Client {
    let builder = aws_sdk_sqs::config::Builder::from(config)
        .timeout_config(small_request_timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .interceptor(Sender);
    aws_sdk_sqs::Client::from_conf(builder.build())
}

impl Access {
    /// SQS for heartbeats: connections of their own, and no retries inside the SDK, whose retry budget is shared with the work. A
    /// heartbeat that does not answer in `patience` is given up, so that the next one can be sent while the lease still holds.
    pub fn sqs_for_heartbeats(&self, config: &SdkConfig, patience: Duration) -> aws_sdk_sqs::Client {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(patience).operation_attempt_timeout(patience).build();
        let builder = aws_sdk_sqs::config::Builder::from(config)
            .http_client(self.http_client.clone().unwrap_or_else(tcp_client))
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .interceptor(Sender);
        aws_sdk_sqs::Client::from_conf(builder.build())
    }
}

pub fn dynamodb(config: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let builder = aws_sdk_dynamodb::config::Builder::from(config)
        .timeout_config(small_request_timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .interceptor(Sender);
    aws_sdk_dynamodb::Client::from_conf(builder.build())
}

/// S3 for requests that bring their own checksum, or need none: the SDK adds nothing.
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let conf = s3_with(config, RequestChecksumCalculation::WhenRequired);
    aws_sdk_s3::Client::from_conf(conf.build())
}

/// As [`s3`], for requests whose work takes as long as it takes (Complete, CopyObject). The caller sets a deadline of its own for
/// each: S3 may say nothing for minutes, or a space now and then, which the SDK's read timeout and its protection from stalled
/// streams would both take for a store that hangs.
pub fn s3_patient(config: &SdkConfig) -> aws_sdk_s3::Client {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).disable_read_timeout().build();
    let conf = s3_with(config, RequestChecksumCalculation::WhenRequired)
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    aws_sdk_s3::Client::from_conf(conf.build())
}

/// As [`s3`], for the GETs whose bodies are copied. Whoever uses it paces itself:
///
/// - A throttle comes back at once and is not tried again by the SDK: it would wait inside, unknown to the pace, and on a retry
///   budget that all S3 clients of a process share (500 tokens, 5 a throttle, 14 any other failure). A brown-out would spend it,
///   and a Complete would have no retry left. What else may pass is still tried again, on a budget of these clients' own.
/// - The SDK's stalled-stream protection is off: it gives up below one byte a second and not before. The caller has a floor of its
///   own for what passes.
///
/// An error's body is read by the SDK, before the caller has anything to pace: that is within the timeout of a try, which ends where a
/// body to copy begins.
pub fn s3_reading(config: &SdkConfig) -> aws_sdk_s3::Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_attempt_timeout(READ_TIMEOUT)
        .build();
    aws_sdk_s3::Client::from_conf(s3_paced(config).timeout_config(timeouts).build())
}

/// As [`s3_reading`], for the PUTs and parts that are copied. The caller sets a deadline, as with [`s3_patient`].
pub fn s3_sending(config: &SdkConfig) -> aws_sdk_s3::Client {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).disable_read_timeout().build();
    aws_sdk_s3::Client::from_conf(s3_paced(config).timeout_config(timeouts).build())
}

fn s3_paced(config: &SdkConfig) -> aws_sdk_s3::config::Builder {
    s3_with(config, RequestChecksumCalculation::WhenRequired)
        .retry_classifier(ThrottlesComeBack)
        .retry_partition(RetryPartition::custom("s3-bodies").build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// Leaves throttles to the caller.
#[derive(Debug)]
struct ThrottlesComeBack;

impl ClassifyRetry for ThrottlesComeBack {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let status = context.response().map(|response| response.status().as_u16());
        if status.is_some_and(fault::is_throttle) {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "ThrottlesComeBack"
    }
}

/// S3 for bodies whose checksum is known only when they have passed: the SDK sends it behind them, as a trailer.
pub fn s3_with_trailers(config: &SdkConfig) -> aws_sdk_s3::Client {
    let conf = s3_with(config, RequestChecksumCalculation::WhenSupported);
    aws_sdk_s3::Client::from_conf(conf.build())
}

/// Path style with an endpoint of one's own: a loopback address has no bucket hosts.
fn s3_with(config: &SdkConfig, calculation: RequestChecksumCalculation) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::config::Builder::from(config)
        .interceptor(Sender)
        .interceptor(RawHeaders)
        .force_path_style(config.endpoint_url().is_some())
        .request_checksum_calculation(calculation)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
}
