//! The trace's context, in messages and in the ledger: one trace leads from the event to the last ledger write across both queues.
//!
//! Messages carry it twice: as W3C `traceparent` in a message attribute, which is ours to read, and as `AWSTraceHeader`, which AWS's
//! own tools read. A message that has only the latter (EventBridge passes it on) is followed by it.
//!
//! Links say what parents cannot: a transfer's span has one to its event's span where the event became several transfers (the event's
//! span id travels in `tracestate`), and one to the attempt that gave the file back before (its context stands in the ledger).

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::{SpanContext, SpanId, Status, TraceContextExt as _, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{STAGE, semconv, xray};
use crate::queue::{Message, Queue, TRACEPARENT, TRACESTATE};

/// Our member of `tracestate`: the span of the event, where it became several transfers.
const EVENT_MEMBER: &str = "drayage";

/// Whether traces are made: without them nothing is looked up. Nothing else depends on it.
static ON: AtomicBool = AtomicBool::new(false);

pub(super) fn turn_on() {
    ON.store(true, Ordering::Relaxed);
}

fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

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

/// Makes `span` the processing of a message: a child of the span that sent it, or else the beginning of a trace. Its fields
/// `trace_id` and `span_id`, if it has them, get their values, so that every log line within it names the trace.
pub fn follow(span: &Span, message: &Message, queue: &Queue) {
    if !is_on() {
        return;
    }
    if let Some(parent) = sender(message) {
        // Fails only when this span is not exported.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent.clone()));
        if let Some(event) = event_of(&parent) {
            span.add_link_with_attributes(event, vec![KeyValue::new("drayage.link", "event")]);
        }
    }
    semconv::processes(span, message, queue);
    if let Some(context) = context_of(span) {
        tracing::record_all!(span, trace_id = %context.trace_id(), span_id = %context.span_id());
    }
}

fn sender(message: &Message) -> Option<SpanContext> {
    let header = || remote(&xray::traceparent(message.trace_header.as_deref()?)?);
    extracted(&message.attributes).or_else(header)
}

fn extracted(attributes: &BTreeMap<String, String>) -> Option<SpanContext> {
    let context =
        TraceContextPropagator::new().extract_with_context(&Context::new(), &Attributes(attributes));
    Some(context.span().span_context().clone()).filter(SpanContext::is_valid)
}

fn remote(traceparent: &str) -> Option<SpanContext> {
    extracted(&BTreeMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]))
}

fn event_of(sender: &SpanContext) -> Option<SpanContext> {
    let event = SpanId::from_hex(sender.trace_state().get(EVENT_MEMBER)?).ok()?;
    Some(SpanContext::new(sender.trace_id(), event, sender.trace_flags(), true, TraceState::NONE))
        .filter(SpanContext::is_valid)
}

/// A span for sending one message, below `parent`. To be dropped when the message was sent, or was not.
pub fn sending(parent: &Span, queue: &Queue) -> Span {
    if !is_on() {
        return Span::none();
    }
    let span = tracing::info_span!(target: STAGE, parent: parent, "send", otel.kind = "producer");
    semconv::sends(&span, queue);
    span
}

/// Writes `span`'s context into a message's attributes, with its event's span where that became several transfers. When no traces
/// are made nothing is written.
pub fn inject(span: &Span, event: Option<&Span>, attributes: &mut BTreeMap<String, String>) {
    if !is_on() || context_of(span).is_none() {
        return;
    }
    TraceContextPropagator::new().inject_context(&span.context(), &mut AttributesMut(attributes));
    if let Some(event) = event.and_then(context_of) {
        let state = attributes.get(TRACESTATE).and_then(|state| TraceState::from_str(state).ok());
        let state = state.unwrap_or_default().insert(EVENT_MEMBER, event.span_id().to_string());
        attributes.extend(state.ok().map(|state| (TRACESTATE.to_owned(), state.header())));
    }
}

/// The current span's context, as it can be written down.
pub fn current_traceparent() -> Option<String> {
    let context = is_on().then(|| context_of(&Span::current()))??;
    let flags = context.trace_flags().to_u8();
    Some(format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id()))
}

/// Links `span` to what was written down by [`current_traceparent`].
pub fn link(span: &Span, traceparent: &str, relation: &'static str) {
    if is_on()
        && let Some(context) = remote(traceparent)
    {
        span.add_link_with_attributes(context, vec![KeyValue::new("drayage.link", relation)]);
    }
}

/// Says that what `span` stands for has failed, and why: a code. Such spans are kept whatever the sample says.
pub fn failed(span: &Span, code: &str) {
    if is_on() {
        span.set_attribute("error.type", code.to_owned());
        span.set_status(Status::error(code.to_owned()));
    }
}

fn context_of(span: &Span) -> Option<SpanContext> {
    let context = span.context();
    Some(context.span().span_context().clone()).filter(SpanContext::is_valid)
}
