//! What travels from dispatcher to worker: the only contract between the two.
//!
//! A message body is `{"v":1,"transfer":{…}}` in ASCII: S3 keys may hold characters that SQS refuses in a body (U+FFFF, most
//! control characters), so everything outside printable ASCII is a `\u` escape. Fields that a reader does not know are skipped, so
//! that a newer dispatcher may add some; a version it does not know is an error, so that a change of meaning is never guessed at.
//! A new option that must not be overlooked therefore wants the workers brought up to date before the dispatchers.

mod ascii;
mod options;
mod v1;

use serde::Deserialize;

use crate::transfer::Transfer;

/// The version that [`encode`] writes.
pub const VERSION: u64 = 1;

/// Why a body is no transfer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The text says where, never what: a body may hold a customer's data.
    #[error("not a transfer: invalid JSON at line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error("not a transfer: no version field `v`")]
    NoVersion,
    #[error("a transfer of version {0}, and this worker reads only version {VERSION}")]
    UnknownVersion(u64),
    #[error("a version {VERSION} transfer whose {field} is invalid: expected {expected}")]
    Invalid { field: &'static str, expected: &'static str },
    #[error(
        "a version {VERSION} transfer that does not have the fields of one (line {line}, column {column})"
    )]
    Shape { line: usize, column: usize },
    #[error("the transfer's id does not belong to its source and target")]
    WrongId,
}

#[derive(Deserialize)]
struct Envelope {
    v: Option<u64>,
}

/// The body for one transfer.
pub fn encode(transfer: &Transfer) -> String {
    ascii::to_json(&v1::Message::from(transfer))
}

/// Takes a body apart again.
///
/// # Errors
/// A [`WireError`] for every text that [`encode`] of this version cannot have written.
pub fn decode(body: &str) -> Result<Transfer, WireError> {
    // A struct could be read from an array too, by position: that is not this form.
    if !body.trim_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok() {
        return Err(WireError::NoVersion);
    }
    let envelope: Envelope = serde_json::from_str(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => WireError::NoVersion,
        _ => WireError::NotJson { line: error.line(), column: error.column() },
    })?;
    match envelope.v {
        None => Err(WireError::NoVersion),
        Some(VERSION) => {
            let message: v1::Message = serde_json::from_str(body)
                .map_err(|error| WireError::Shape { line: error.line(), column: error.column() })?;
            message.into_transfer()
        }
        Some(other) => Err(WireError::UnknownVersion(other)),
    }
}
