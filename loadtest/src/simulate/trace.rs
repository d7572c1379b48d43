//! The trace of one seed: a hash of everything that happened, and the same as text when somebody wants to read it.

use std::fmt::{self, Write as _};

use simcloud::{Caller, Event, Incoming};

use super::faults::Kind;
use crate::output::out;

/// FNV-1a over every line. Two runs of a seed that differ anywhere differ here.
#[derive(Debug)]
pub(super) struct Trace {
    hash: u64,
    prints: bool,
    line: String,
}

impl Trace {
    pub(super) fn new(prints: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, prints, line: String::new() }
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn line(&mut self, at_ms: u64, actor: &str, what: fmt::Arguments<'_>) {
        self.line.clear();
        let _ = write!(self.line, "{:>9.3} {actor:<15} {what}", at_ms as f64 / 1e3);
        for byte in self.line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.prints {
            out(&self.line);
        }
    }

    pub(super) fn incoming(
        &mut self,
        at_ms: u64,
        caller: &Caller,
        incoming: &Incoming<'_>,
        fault: Option<Kind>,
    ) {
        // A JSON body's members have no order; only the queue's name is taken from it.
        let resource = match incoming.service {
            "S3" => incoming.resource,
            _ => queue_name(incoming.resource).unwrap_or_default(),
        };
        let (service, operation, number) = (incoming.service, incoming.operation, caller.request);
        match fault {
            None => self.line(
                at_ms,
                &caller.actor,
                format_args!("#{number} {service} {operation} {}", resource.escape_debug()),
            ),
            Some(kind) => self.line(
                at_ms,
                &caller.actor,
                format_args!(
                    "#{number} {service} {operation} {} *** {}",
                    resource.escape_debug(),
                    kind.name()
                ),
            ),
        }
    }

    pub(super) fn event(&mut self, at_ms: u64, caller: &Caller, event: &Event<'_>) {
        let number = caller.request;
        match event {
            Event::Answered { status } => {
                self.line(at_ms, &caller.actor, format_args!("#{number} answered {status}"));
            }
            Event::ItemWritten { change, .. } => {
                let text = |name: &str| {
                    let of = |image: &simcloud::Image| {
                        image.text(name).map(str::to_owned).or_else(|| image.number(name))
                    };
                    change.new.as_ref().and_then(of).unwrap_or_default()
                };
                let (id, status, attempts) = (text("file_id"), text("status"), text("attempts"));
                let why = text("error_code");
                self.line(
                    at_ms,
                    &caller.actor,
                    format_args!("#{number} item {id} is {status}, attempt {attempts} {why}"),
                );
            }
            Event::MessageSent { queue, number: message, body, .. } => {
                let id = common::wire::decode(body).map(|transfer| transfer.id.to_string());
                let about = id.unwrap_or_default();
                self.line(
                    at_ms,
                    &caller.actor,
                    format_args!("#{number} message {message} sent to {queue} {about}"),
                );
            }
            other => self.line(at_ms, &caller.actor, format_args!("#{number} {}", shown(other))),
        }
    }
}

fn shown(event: &Event<'_>) -> String {
    match event {
        Event::ObjectPublished { bucket, key, size_bytes, sequencer, etag, metadata, .. } => {
            let mark = metadata.get("drayage").map(String::as_str).unwrap_or_default();
            format!(
                "object {bucket}/{} is visible: {size_bytes} bytes, etag {etag}, sequencer {sequencer} {mark}",
                key.escape_debug()
            )
        }
        Event::ObjectDeleted { bucket, key } => format!("object {bucket}/{} is deleted", key.escape_debug()),
        Event::UploadCreated { upload_id, .. } => format!("upload {upload_id} created"),
        Event::UploadCompleted { upload_id } => format!("upload {upload_id} completed"),
        Event::UploadAborted { upload_id } => format!("upload {upload_id} aborted"),
        Event::MessageReceived { queue, number, receive_count, until_ms } => {
            format!("message {number} of {queue} received the {receive_count}. time, hidden until {until_ms}")
        }
        Event::VisibilityChanged { queue, number, receive_count, until_ms } => {
            format!("message {number} of {queue} (receive {receive_count}) is hidden until {until_ms}")
        }
        Event::MessageDeleted { queue, number } => format!("message {number} of {queue} deleted"),
        Event::MessageGivenUp { queue, .. } => format!("a message of {queue} given up"),
        Event::Answered { .. } | Event::ItemWritten { .. } | Event::MessageSent { .. } => String::new(),
    }
}

/// The last part of a JSON request's `QueueUrl`.
fn queue_name(body: &str) -> Option<&str> {
    let (_, rest) = body.split_once("\"QueueUrl\":\"")?;
    rest.split('"').next()?.rsplit('/').next()
}
