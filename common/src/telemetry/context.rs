//! W3C trace context in message attributes, so that one trace leads from the event to the last ledger write across both queues.

use std::collections::BTreeMap;

use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

struct Attributes<'a>(&'a BTreeMap<String, String>);

impl Extractor for Attributes<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

struct AttributesMut<'a>(&'a mut BTreeMap<String, String>);

impl Injector for AttributesMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        // SQS refuses empty attribute values; an empty tracestate says nothing anyway.
        if !value.is_empty() {
            self.0.insert(key.to_owned(), value);
        }
    }
}

/// Makes `span` a child of the context that the attributes carry; without a valid one it begins a trace.
pub fn follow(span: &Span, attributes: &BTreeMap<String, String>) {
    if attributes.contains_key(crate::queue::TRACEPARENT) {
        let context = TraceContextPropagator::new().extract(&Attributes(attributes));
        if context.span().span_context().is_valid() {
            // Fails only when nothing exports traces.
            let _ = span.set_parent(context);
        }
    }
}

/// Writes `span`'s context into the attributes. When no traces are made there is none, and nothing is written.
pub fn inject(span: &Span, attributes: &mut BTreeMap<String, String>) {
    let context = span.context();
    if context.span().span_context().is_valid() {
        TraceContextPropagator::new().inject_context(&context, &mut AttributesMut(attributes));
    }
}
