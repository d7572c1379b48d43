//! Reading fields of an event, with the checks that every envelope shares.

use common::transfer::{KEY_BYTES_MAX, Sequencer};
use serde_json::Value;

use super::Malformed;

pub(super) fn text<'v>(value: &'v Value, pointer: &str, field: &'static str) -> Result<&'v str, Malformed> {
    let text = value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or(Malformed::Field { field, expected: "a non-empty string" })
}

pub(super) fn optional_text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

pub(super) fn size_bytes(value: &Value, pointer: &str, field: &'static str) -> Result<u64, Malformed> {
    value.pointer(pointer).and_then(Value::as_u64).ok_or(Malformed::Field { field, expected: "a whole number" })
}

pub(super) fn sequencer(value: &Value, pointer: &str, field: &'static str) -> Result<Option<Sequencer>, Malformed> {
    let parsed = optional_text(value, pointer).map(|text| Sequencer::parse(&text)).transpose();
    parsed.map_err(|_| Malformed::Field { field, expected: "1 to 64 hex digits" })
}

pub(super) fn key(key: String, field: &'static str) -> Result<String, Malformed> {
    let fits = (1..=KEY_BYTES_MAX).contains(&key.len());
    if fits { Ok(key) } else { Err(Malformed::Field { field, expected: "a key of 1 to 1,024 bytes" }) }
}
