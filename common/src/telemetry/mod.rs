//! Logs, traces and metrics. Logs are JSON, one object a line, on standard error; traces and metrics go out by OTLP when an endpoint
//! is configured, and without one no span is made and nothing is counted.
//!
//! Keys, bodies and credentials stay out of all of them: a transfer is named by its id, and the ledger knows the rest.

mod context;
mod export;
mod keep;
mod semconv;
pub mod xray;

pub use context::{current_traceparent, failed, follow, inject, link, sending};

use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Metadata;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{EnvFilter, FilterExt, FilterFn, LevelFilter, ParseError};
use tracing_subscriber::layer::{Filter, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::settings::Shared;
use crate::{metrics, output};

const OURS: [&str; 5] = ["drayage", "drayage_common", "drayage_dispatcher", "drayage_worker", STAGE];
const LIBRARIES: [&str; 14] = [
    "aws_config",
    "aws_credential_types",
    "aws_runtime",
    "aws_sdk_dynamodb",
    "aws_sdk_ecs",
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
/// Where the SDK makes a span for each request: service and operation, and nothing of what is in it.
const REQUESTS: [&str; 3] =
    ["aws_sdk_dynamodb::operation::", "aws_sdk_s3::operation::", "aws_sdk_sqs::operation::"];

/// The target of spans that only traces show: a log line names its transfer and not the stage that it is in, and without an
/// endpoint to export to these spans are never made.
pub const STAGE: &str = "drayage_stage";

/// Keeps telemetry going; [`Telemetry::flush`] sends what is still held back.
#[derive(Debug)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
}

/// Starts logs, traces and metrics of this process. Call it once, within the runtime. `instance` tells this process from the others of
/// its service; without one, it is a random one.
///
/// # Errors
/// When an OTLP exporter cannot be built, or telemetry was already started.
pub fn start(
    service: &'static str,
    instance: Option<&str>,
    shared: &Shared,
) -> Result<Telemetry, Box<dyn std::error::Error + Send + Sync>> {
    let logs = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(|| output::Log);
    let registry = tracing_subscriber::registry().with(logs.with_filter(logged(&shared.log)?));
    let Some(endpoint) = &shared.export.endpoint else {
        registry.try_init()?;
        return Ok(Telemetry { traces: None, metrics: None });
    };
    let instance = instance.map_or_else(|| format!("{:08x}", fastrand::u32(..)), str::to_owned);
    let resource = export::resource(service, &instance, shared.access.region.as_deref());
    let meter = if shared.export.metrics {
        let customers_max = shared.export.metric_customers;
        let (meter, instruments) =
            export::meter(resource.clone(), endpoint, shared.export.metrics_interval, customers_max)?;
        metrics::install(instruments);
        Some(meter)
    } else {
        None
    };
    let tracer = shared
        .export
        .traces
        .then(|| export::tracer(resource, endpoint, shared.export.trace_percent))
        .transpose()?;
    match &tracer {
        Some(tracer) => {
            let layer = export::layer(service, tracer).with_filter(traced(shared.export.trace_requests));
            registry.with(layer).try_init()?;
            context::turn_on();
        }
        None => registry.try_init()?,
    }
    Ok(Telemetry { traces: tracer, metrics: meter })
}

/// What logs show: what `log` asks for, but for stages, and for what libraries say below a warning. That may hold whole requests, keys
/// and bodies included.
fn logged<S>(log: &str) -> Result<impl Filter<S> + use<S>, ParseError> {
    let asked: EnvFilter = log.parse()?;
    let may_be_shown = FilterFn::new(|metadata| match crate_of(metadata) {
        STAGE => false,
        name => *metadata.level() <= LevelFilter::WARN || !LIBRARIES.contains(&name),
    });
    Ok(FilterExt::<S>::and(asked, may_be_shown.with_max_level_hint(LevelFilter::TRACE)))
}

fn crate_of<'m>(metadata: &Metadata<'m>) -> &'m str {
    metadata.target().split("::").next().unwrap_or_default()
}

/// What traces show, whatever is logged: our own spans and events, and on demand the SDK's spans of requests. Its events are not to be
/// had: they hold keys.
fn traced(requests: bool) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    let most = if requests { LevelFilter::DEBUG } else { LevelFilter::INFO };
    let is_ours = |metadata: &Metadata<'_>| {
        *metadata.level() <= LevelFilter::INFO && OURS.contains(&crate_of(metadata))
    };
    FilterFn::new(move |metadata| {
        let is_request =
            || metadata.is_span() && REQUESTS.iter().any(|module| metadata.target().starts_with(module));
        is_ours(metadata) || requests && is_request()
    })
    .with_max_level_hint(most)
}

impl Telemetry {
    /// Sends what is held back, within the exporter's timeout; call it last. The runtime goes on meanwhile: the exporters'
    /// connections live in it.
    pub async fn flush(&self) {
        let traces = self.traces.clone().map(|provider| blocking(move || provider.shutdown()));
        let metrics = self.metrics.clone().map(|provider| blocking(move || provider.shutdown()));
        let (traces, metrics) = futures::future::join(or_nothing(traces), or_nothing(metrics)).await;
        for (what, ended) in [("traces", traces), ("metrics", metrics)] {
            if let Err(error) = ended {
                tracing::warn!(error, "failed to send the last {what}");
            }
        }
    }
}

/// On a thread of its own, because it waits.
async fn blocking(
    shutdown: impl FnOnce() -> opentelemetry_sdk::error::OTelSdkResult + Send + 'static,
) -> Result<(), String> {
    let ended = tokio::task::spawn_blocking(shutdown).await;
    ended.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

async fn or_nothing(work: Option<impl Future<Output = Result<(), String>>>) -> Result<(), String> {
    match work {
        Some(work) => work.await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tracing::Subscriber;
    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::Context;

    /// The targets of the events that get through.
    #[derive(Debug, Clone, Default)]
    struct Shown(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Shown {
        fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(event.metadata().target().to_owned());
        }
    }

    #[test]
    fn what_a_library_says_below_a_warning_is_not_to_be_had() {
        for log in
            ["trace", "warn,aws_smithy_runtime::client=trace,drayage_worker=trace", "[attempt]=trace,trace"]
        {
            let shown = Shown::default();
            let filtered = shown.clone().with_filter(logged(log).unwrap());
            tracing::subscriber::with_default(tracing_subscriber::registry().with(filtered), || {
                let _attempt = tracing::error_span!("attempt").entered();
                tracing::trace!(target: "aws_smithy_runtime::client::http", "a request, with its key");
                tracing::debug!(target: "hyper_util::client", "connecting");
                tracing::warn!(target: "aws_config::imds", "slow");
                tracing::trace!(target: "drayage_worker::copy", "a part");
                tracing::info!(target: STAGE, "a stage");
            });
            assert_eq!(*shown.0.lock().unwrap(), ["aws_config::imds", "drayage_worker::copy"], "{log}");
        }
    }
}
