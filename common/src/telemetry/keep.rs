//! Sampling by trace, except that failures are kept whatever the sample says.
//!
//! A span of a trace that is not in the sample is recorded all the same and held here until the process's part of the trace, a
//! message's span with everything below it, has ended. If one of these spans has failed, all of them are exported; else none is.
//! What another process did in the same trace, and has thrown away by then, is not to be had: the part that failed has the trace's
//! id, its parent's, and the transfer's, which the logs and the ledger have too.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceId,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    Sampler, SamplingDecision, SamplingResult, ShouldSample, Span, SpanData, SpanProcessor,
};

use super::semconv::span_name;

/// Messages whose spans are held at a time; further ones outside of the sample are not held.
const ROOTS_MAX: usize = 4_096;
/// Spans held for one message: a file of thousands of parts has as many requests.
const SPANS_MAX: usize = 256;

/// Records what `0` would drop.
#[derive(Debug, Clone)]
pub(super) struct Recording(pub(super) Sampler);

impl ShouldSample for Recording {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let mut sampled = self.0.should_sample(parent, trace_id, name, kind, attributes, links);
        if sampled.decision == SamplingDecision::Drop {
            sampled.decision = SamplingDecision::RecordOnly;
        }
        sampled
    }
}

/// Passes on what is in the sample, and what has failed.
#[derive(Debug)]
pub(super) struct Keep<P> {
    next: P,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// The message's span of each span under way.
    root_of: HashMap<SpanId, SpanId>,
    by_root: HashMap<SpanId, Part>,
}

/// One message's spans that have ended.
#[derive(Debug, Default)]
struct Part {
    spans: Vec<SpanData>,
    failed: bool,
}

impl<P> Keep<P> {
    pub(super) fn new(next: P) -> Self {
        Self { next, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// `parent`: the span above it in this process.
    fn begin(&mut self, id: SpanId, parent: Option<SpanId>) {
        let root = match parent {
            Some(parent) => self.root_of.get(&parent).copied(),
            None if self.by_root.len() < ROOTS_MAX => {
                self.by_root.insert(id, Part::default());
                Some(id)
            }
            None => None,
        };
        if let Some(root) = root {
            self.root_of.insert(id, root);
        }
    }

    /// What is to be exported now.
    fn end(&mut self, span: SpanData) -> Vec<SpanData> {
        let id = span.span_context.span_id();
        let Some(root) = self.root_of.remove(&id) else { return Vec::new() };
        let Some(part) = self.by_root.get_mut(&root) else { return Vec::new() };
        part.failed |= matches!(span.status, Status::Error { .. });
        // The message's own span is the one that says what it was.
        if id == root || part.spans.len() < SPANS_MAX {
            part.spans.push(span);
        }
        let ended = if id == root { self.by_root.remove(&root) } else { None };
        ended.filter(|part| part.failed).map(|part| part.spans).unwrap_or_default()
    }
}

impl<P: SpanProcessor> SpanProcessor for Keep<P> {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        if !span.span_context().is_sampled() {
            let parent = cx.span().span_context().clone();
            let local = parent.is_valid() && !parent.is_remote();
            self.held().begin(span.span_context().span_id(), local.then(|| parent.span_id()));
        }
        self.next.on_start(span, cx);
    }

    fn on_end(&self, mut span: SpanData) {
        if let Some(name) = span_name(&span.attributes) {
            span.name = Cow::Owned(name);
        }
        if span.span_context.is_sampled() {
            return self.next.on_end(span);
        }
        let kept = self.held().end(span);
        for span in kept {
            self.next.on_end(as_sampled(span));
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

/// Exporters take sampled spans only. The attribute keeps whoever counts by the sampling ratio from counting these.
fn as_sampled(mut span: SpanData) -> SpanData {
    let old = &span.span_context;
    span.span_context = SpanContext::new(
        old.trace_id(),
        old.span_id(),
        old.trace_flags().with_sampled(true),
        old.is_remote(),
        old.trace_state().clone(),
    );
    span.attributes.push(KeyValue::new("drayage.kept", "failure"));
    span
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use opentelemetry::trace::{TraceFlags, TraceState, Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;

    /// What was passed on.
    #[derive(Debug, Clone, Default)]
    struct Sink(Arc<Mutex<Vec<SpanData>>>);

    impl SpanProcessor for Sink {
        fn on_start(&self, _span: &mut Span, _cx: &Context) {}

        fn on_end(&self, span: SpanData) {
            self.0.lock().unwrap().push(span);
        }

        fn force_flush(&self) -> OTelSdkResult {
            Ok(())
        }

        fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
            Ok(())
        }
    }

    impl Sink {
        fn names(&self) -> Vec<String> {
            self.0.lock().unwrap().iter().map(|span| span.name.to_string()).collect()
        }
    }

    fn provider(sampler: Sampler) -> (SdkTracerProvider, Sink) {
        let sink = Sink::default();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(Keep::new(sink.clone()))
            .with_sampler(Recording(Sampler::ParentBased(Box::new(sampler))))
            .build();
        (provider, sink)
    }

    /// A message's span with one below it, as a child of a span elsewhere. `fails`: the one below has failed.
    fn message(provider: &SdkTracerProvider, parent: u64, name: &'static str, fails: bool) {
        let tracer = provider.tracer("test");
        let trace_id = TraceId::from(7_u128);
        let sender =
            SpanContext::new(trace_id, SpanId::from(parent), TraceFlags::NOT_SAMPLED, true, TraceState::NONE);
        let root = tracer.start_with_context(name, &Context::new().with_remote_span_context(sender));
        let cx = Context::new().with_span(root);
        let mut below = tracer.start_with_context("below", &cx);
        if fails {
            below.set_status(Status::error("why"));
        }
        below.end();
        cx.span().end();
    }

    #[test]
    fn a_message_outside_of_the_sample_is_exported_only_when_it_has_failed() {
        let (provider, sink) = provider(Sampler::AlwaysOff);
        message(&provider, 1, "good", false);
        assert_eq!(sink.names(), [""; 0]);
        message(&provider, 2, "bad", true);
        assert_eq!(sink.names(), ["below", "bad"]);
        assert!(sink.0.lock().unwrap().iter().all(|span| span.span_context.is_sampled()));
    }

    #[test]
    fn messages_of_one_trace_do_not_share_a_fate() {
        let (provider, sink) = provider(Sampler::AlwaysOff);
        let tracer = provider.tracer("test");
        let open = tracer.start_with_context("still open", &Context::new());
        message(&provider, 1, "bad", true);
        drop(open);
        assert_eq!(sink.names(), ["below", "bad"]);
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut held = Held::default();
        for id in 1..=ROOTS_MAX as u64 + 5 {
            held.begin(SpanId::from(id), None);
        }
        assert_eq!(held.by_root.len(), ROOTS_MAX, "bounded");
        held.begin(SpanId::from(99_999), Some(SpanId::from(ROOTS_MAX as u64 + 1)));
        assert_eq!(
            held.root_of.len(),
            ROOTS_MAX,
            "what is below a message that is not held is not held either"
        );
    }

    #[test]
    fn the_sample_passes_at_once() {
        let (provider, sink) = provider(Sampler::AlwaysOn);
        provider.tracer("test").start("root").end();
        assert_eq!(sink.names(), ["root"]);
    }
}
