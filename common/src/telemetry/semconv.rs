//! OpenTelemetry's semantic conventions, as far as our spans follow them: messaging (SQS), and AWS requests. Attributes go to spans
//! and not into log lines, which stay short. Keys of objects are in none.

use opentelemetry::{Key, KeyValue, Value};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::queue::{Message, Queue};

const DESTINATION: &str = "messaging.destination.name";
const OPERATION: &str = "messaging.operation.name";

/// `span` is the processing of `message`.
pub(super) fn processes(span: &Span, message: &Message, queue: &Queue) {
    messaging(span, queue, "process");
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let attributes: [(&'static str, Value); 3] = [
        ("messaging.message.id", message.id.clone().into()),
        ("messaging.message.body.size", count(message.body.len()).into()),
        ("drayage.message.receives", i64::from(message.receive_count).into()),
    ];
    set(span, attributes);
}

/// `span` is the sending of a message.
pub(super) fn sends(span: &Span, queue: &Queue) {
    messaging(span, queue, "send");
}

fn messaging(span: &Span, queue: &Queue, operation: &'static str) {
    let attributes: [(&'static str, Value); 5] = [
        ("messaging.system", "aws_sqs".into()),
        ("messaging.operation.type", operation.into()),
        (OPERATION, operation.into()),
        (DESTINATION, queue.name().to_owned().into()),
        ("aws.sqs.queue.url", queue.url().to_owned().into()),
    ];
    set(span, attributes);
}

fn set<const N: usize>(span: &Span, attributes: [(&'static str, Value); N]) {
    for (key, value) in attributes {
        span.set_attribute(Key::new(key), value);
    }
}

/// What the conventions call a span of a queue: `process fast`. Spans are made under names of ours, which log lines show.
pub(super) fn span_name(attributes: &[KeyValue]) -> Option<String> {
    let of = |key: &str| attributes.iter().find(|attribute| attribute.key.as_str() == key);
    Some(format!("{} {}", of(OPERATION)?.value, of(DESTINATION)?.value))
}
