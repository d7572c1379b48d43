//! Logs and traces. Logs are JSON, one object a line, on standard error; traces go out by OTLP when an endpoint is configured, and
//! without one no span is exported.
//!
//! Keys, bodies and credentials stay out of both: a transfer is named by its id, and the ledger knows the rest.

mod context;
mod export;

pub use context::{follow, inject};

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::settings::Shared;

const OURS: [&str; 4] = ["drayage", "drayage_common", "drayage_dispatcher", "drayage_worker"];
const LIBRARIES: [&str; 13] = [
    "aws_config",
    "aws_credential_types",
    "aws_runtime",
    "aws_sdk_dynamodb",
    "aws_sdk_s3",
    "aws_sdk_sqs",
    "aws_sigv4",
    "aws_smithy_http_client",
    "aws_smithy_runtime",
    "aws_smithy_runtime_api",
    "h2",
    "hyper",
    "hyper_util",
];

/// Keeps telemetry going; [`Telemetry::flush`] sends what is still held back.
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

/// Starts logs and traces of this process. Call it once, within the runtime.
///
/// # Errors
/// When the OTLP exporter cannot be built, or telemetry was already started.
pub fn start(
    service: &'static str,
    shared: &Shared,
) -> Result<Telemetry, Box<dyn std::error::Error + Send + Sync>> {
    // What libraries log below a warning may hold whole requests, keys and bodies included: it is not to be had.
    let filter: EnvFilter =
        LIBRARIES.iter().fold(shared.log.clone(), |all, name| all + "," + name + "=warn").parse()?;
    let logs = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(logs.with_filter(filter));
    let provider = match &shared.otlp_endpoint {
        None => None,
        Some(endpoint) => Some(export::provider(service, endpoint, shared.trace_percent)?),
    };
    // Spans are made whatever is logged.
    let ours = Targets::new().with_targets(OURS.map(|name| (name, LevelFilter::INFO)));
    let traces = provider.as_ref().map(|provider| export::layer(service, provider).with_filter(ours));
    registry.with(traces).try_init()?;
    Ok(Telemetry { provider })
}

impl Telemetry {
    /// Sends what is held back, within the exporter's timeout; call it last. The runtime goes on meanwhile: the exporter's
    /// connection lives in it.
    pub async fn flush(&self) {
        let Some(provider) = self.provider.clone() else { return };
        match tokio::task::spawn_blocking(move || provider.shutdown()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "failed to send the last traces"),
            Err(error) => tracing::warn!(%error, "failed to send the last traces"),
        }
    }
}
