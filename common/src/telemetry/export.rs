//! Traces and metrics by OTLP.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider};
use tracing_opentelemetry::OpenTelemetryLayer;

use super::keep::{Keep, Recording};
use super::xray::XrayIds;
use crate::metrics::Metrics;

pub(super) type ExportError = Box<dyn std::error::Error + Send + Sync>;

/// Who exports. What `OTEL_RESOURCE_ATTRIBUTES` says of the deployment is added by the SDK.
pub(super) fn resource(service: &'static str, instance: &str, region: Option<&str>) -> Resource {
    let region = region.map(|region| KeyValue::new("cloud.region", region.to_owned()));
    Resource::builder()
        .with_service_name(service)
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("service.instance.id", instance.to_owned()))
        .with_attribute(KeyValue::new("cloud.provider", "aws"))
        .with_attributes(region)
        .build()
}

/// Exports spans in the background, in batches. An endpoint that does not answer costs spans, never work.
pub(super) fn tracer(
    resource: Resource,
    endpoint: &str,
    percent: u8,
) -> Result<SdkTracerProvider, ExportError> {
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    // What an upstream service decided holds for the whole trace.
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(f64::from(percent) / 100.0)));
    Ok(SdkTracerProvider::builder()
        .with_span_processor(Keep::new(BatchSpanProcessor::builder(exporter).build()))
        .with_sampler(Recording(sampler))
        .with_id_generator(XrayIds::default())
        .with_resource(resource)
        .build())
}

/// Exports metrics in the background, every `interval` and at the end.
pub(super) fn meter(
    resource: Resource,
    endpoint: &str,
    interval: Duration,
    customers_max: usize,
) -> Result<(SdkMeterProvider, Metrics), ExportError> {
    let exporter = MetricExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
    let reader = PeriodicReader::builder(exporter).with_interval(interval).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).with_resource(resource).build();
    let metrics = Metrics::new(&provider.meter("drayage"), customers_max);
    Ok((provider, metrics))
}

pub(super) fn layer<S>(
    service: &'static str,
    provider: &SdkTracerProvider,
) -> OpenTelemetryLayer<S, SdkTracer>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    // Where in the code, on which thread and how long it was polled says little of a file, and has a cost for each span and each poll. Nothing here
    // asks for OpenTelemetry's current context: spans know theirs.
    tracing_opentelemetry::layer()
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_tracer(provider.tracer(service))
}

#[cfg(test)]
mod tests {
    use opentelemetry::Key;

    use super::*;

    #[test]
    fn each_process_is_told_from_the_others_of_its_service() {
        let resource = resource("drayage-worker", "worker-7", Some("eu-central-1"));
        for (key, value) in [
            ("service.name", "drayage-worker"),
            ("service.instance.id", "worker-7"),
            ("service.version", env!("CARGO_PKG_VERSION")),
            ("cloud.region", "eu-central-1"),
        ] {
            assert_eq!(resource.get(&Key::new(key)), Some(value.into()), "{key}");
        }
    }
}
