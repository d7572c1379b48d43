//! SDK configuration: one place decides endpoint, credentials, TLS, retries and timeouts.
//!
//! With an endpoint of one's own (`drayage local`, tests) everything goes there and nowhere else.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

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
/// One try of a request to DynamoDB or SQS (but a receive): they are small, and something waits for each.
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

fn small_request_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(SMALL_REQUEST_TIMEOUT)
        .build()
}

/// A receive brings its own timeout.
pub fn sqs(config: &SdkConfig) -> aws_sdk_sqs::Client {
    let builder = aws_sdk_sqs::config::Builder::from(config).timeout_config(small_request_timeouts());
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
            .timeout_config(timeouts);
        aws_sdk_sqs::Client::from_conf(builder.build())
    }
}

pub fn dynamodb(config: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let builder = aws_sdk_dynamodb::config::Builder::from(config).timeout_config(small_request_timeouts());
    aws_sdk_dynamodb::Client::from_conf(builder.build())
}

/// S3 for requests that bring their own checksum, or need none: the SDK adds nothing.
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let conf = s3_with(config, RequestChecksumCalculation::WhenRequired);
    aws_sdk_s3::Client::from_conf(conf.build())
}

/// As [`s3`], for requests whose body or whose work takes as long as it takes. The caller sets a deadline of its own for each: the
/// read timeout would count the time that sending a large part needs.
pub fn s3_patient(config: &SdkConfig) -> aws_sdk_s3::Client {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).disable_read_timeout().build();
    let conf = s3_with(config, RequestChecksumCalculation::WhenRequired).timeout_config(timeouts);
    aws_sdk_s3::Client::from_conf(conf.build())
}

/// S3 for bodies whose checksum is known only when they have passed: the SDK sends it behind them, as a trailer.
pub fn s3_with_trailers(config: &SdkConfig) -> aws_sdk_s3::Client {
    let conf = s3_with(config, RequestChecksumCalculation::WhenSupported);
    aws_sdk_s3::Client::from_conf(conf.build())
}

/// Path style with an endpoint of one's own: a loopback address has no bucket hosts.
fn s3_with(config: &SdkConfig, calculation: RequestChecksumCalculation) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::config::Builder::from(config)
        .force_path_style(config.endpoint_url().is_some())
        .request_checksum_calculation(calculation)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
}
