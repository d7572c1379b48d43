//! Reading fields of an event, with the checks that every envelope shares.

use common::transfer::{KEY_BYTES_MAX, Sequencer};
use serde_json::Value;

use super::Malformed;

/// Longer than anything that S3 writes into these fields, and short enough for the ledger's keys and items.
const SHORT_BYTES_MAX: usize = 1024;
/// As much of a foreign event source as is shown.
const SOURCE_CHARS_MAX: usize = 64;

pub(super) fn text<'v>(value: &'v Value, pointer: &str, field: &'static str) -> Result<&'v str, Malformed> {
    let text = value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or(Malformed::Field { field, expected: "a non-empty string" })
}

/// Who sent an event that has our envelope and is not S3's: other stores write S3's form under a name of their own. Only its
/// beginning that looks like a name is kept, since the text is a stranger's.
pub(super) fn foreign_source(field: &'static str, found: &str, expected: &'static str) -> Malformed {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '-' | '_' | '/');
    let found = found.chars().take_while(plain).take(SOURCE_CHARS_MAX).collect();
    Malformed::Source { field, found, expected }
}

pub(super) fn short_text(value: &Value, pointer: &str, field: &'static str) -> Result<String, Malformed> {
    short(text(value, pointer, field)?, field)
}

fn short(text: &str, field: &'static str) -> Result<String, Malformed> {
    let fits = text.len() <= SHORT_BYTES_MAX;
    if fits { Ok(text.to_owned()) } else { Err(Malformed::Field { field, expected: "at most 1,024 bytes" }) }
}

fn optional_text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// `null` is the one version of a key in a bucket without versioning, or with versioning suspended. The next put replaces it,
/// so it names no version: ETag and sequencer do.
pub(super) fn version_id(
    value: &Value,
    pointer: &str,
    field: &'static str,
) -> Result<Option<String>, Malformed> {
    let version_id = optional_text(value, pointer).filter(|version_id| *version_id != "null");
    version_id.map(|version_id| short(version_id, field)).transpose()
}

pub(super) fn size_bytes(value: &Value, pointer: &str, field: &'static str) -> Result<u64, Malformed> {
    value
        .pointer(pointer)
        .and_then(Value::as_u64)
        .ok_or(Malformed::Field { field, expected: "a whole number" })
}

pub(super) fn sequencer(
    value: &Value,
    pointer: &str,
    field: &'static str,
) -> Result<Option<Sequencer>, Malformed> {
    let parsed = optional_text(value, pointer).map(Sequencer::parse).transpose();
    parsed.map_err(|_| Malformed::Field { field, expected: "1 to 64 hex digits" })
}

pub(super) fn key(key: String, field: &'static str) -> Result<String, Malformed> {
    let fits = (1..=KEY_BYTES_MAX).contains(&key.len());
    if fits { Ok(key) } else { Err(Malformed::Field { field, expected: "a key of 1 to 1,024 bytes" }) }
}
