//! From the bytes of a message to the object events in it. Pure.
//!
//! Four envelopes: an EventBridge event (one object, key raw), an S3 notification (`Records`, keys form-encoded), either of them
//! wrapped by SNS, and `s3:TestEvent`. Parsing is lenient towards fields that AWS may add and strict towards what we act on. The
//! envelope decides how a key is decoded, and it is decoded once.

mod eventbridge;
mod fields;
mod notification;

use common::transfer::SourceVersion;
use serde_json::Value;

/// One object that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    pub source: SourceVersion,
    /// The event's time as it stands there; evidence only.
    pub uploaded_at: String,
}

/// What a message, or one record of it, turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Created(Box<Created>),
    /// Understood, and nothing to do.
    Ignored(&'static str),
    /// Not understood: to be parked with this reason.
    Malformed(Malformed),
}

/// Why a message is not understood. Says where, never what: a body may hold a customer's data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the body is not JSON (line {line}, column {column})")]
    NotJson { line: usize, column: usize },
    #[error("the body is neither an EventBridge event nor an S3 notification")]
    Foreign,
    #[error("{field} is `{found}`: expected `{expected}`")]
    Source { field: &'static str, found: String, expected: &'static str },
    #[error("SNS envelopes within SNS envelopes")]
    Nested,
    #[error("{field} is missing or wrong: expected {expected}")]
    Field { field: &'static str, expected: &'static str },
}

/// All events of one message, at least one.
pub fn parse(body: &str) -> Vec<Event> {
    match serde_json::from_str(body) {
        Ok(value) => envelope(&value, true),
        Err(error) => {
            vec![Event::Malformed(Malformed::NotJson { line: error.line(), column: error.column() })]
        }
    }
}

fn envelope(value: &Value, may_unwrap: bool) -> Vec<Event> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    if let (Some("Notification"), Some(inner)) = (text("Type"), text("Message")) {
        if !may_unwrap {
            return vec![Event::Malformed(Malformed::Nested)];
        }
        return match serde_json::from_str(inner) {
            Ok(inner) => envelope(&inner, false),
            Err(_) => vec![Event::Malformed(Malformed::Foreign)],
        };
    }
    if text("Event") == Some("s3:TestEvent") {
        return vec![Event::Ignored("s3:TestEvent")];
    }
    match value.get("Records").and_then(Value::as_array) {
        Some(records) if !records.is_empty() => records.iter().map(notification::record).collect(),
        Some(_) => {
            vec![Event::Malformed(Malformed::Field { field: "Records", expected: "at least one record" })]
        }
        None => vec![eventbridge::event(value)],
    }
}

impl From<Result<Created, Malformed>> for Event {
    fn from(read: Result<Created, Malformed>) -> Self {
        match read {
            Ok(created) => Self::Created(Box::new(created)),
            Err(malformed) => Self::Malformed(malformed),
        }
    }
}
