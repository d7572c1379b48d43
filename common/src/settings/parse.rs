//! Parsers of single values. An error says what was expected.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// The exit status for a wrong configuration (BSD's `EX_USAGE`).
pub const EX_USAGE: u8 = 64;

/// A whole number within bounds.
///
/// # Errors
/// What was expected.
pub fn bounded<T>(text: &str, range: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + std::fmt::Display,
{
    let expected = || format!("expected a whole number from {} to {}", range.start(), range.end());
    text.parse().ok().filter(|value| range.contains(value)).ok_or_else(expected)
}

/// Whole seconds within bounds.
///
/// # Errors
/// What was expected.
pub fn seconds(text: &str, range: RangeInclusive<u64>) -> Result<Duration, String> {
    bounded(text, range).map(Duration::from_secs).map_err(|expected| format!("{expected} seconds"))
}

/// A number of bytes, with an optional `KiB`, `MiB` or `GiB`.
///
/// # Errors
/// What was expected.
pub fn bytes(text: &str, range: RangeInclusive<u64>) -> Result<u64, String> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("", 0)];
    let read = units.into_iter().find_map(|(unit, shift)| {
        let number: u64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
        number.checked_mul(1 << shift)
    });
    let expected = || format!("expected {} to {} bytes, such as 8388608 or 8MiB", range.start(), range.end());
    read.filter(|bytes| range.contains(bytes)).ok_or_else(expected)
}

/// A URL to send requests to.
///
/// # Errors
/// What was expected.
pub fn endpoint_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains(char::is_whitespace) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err("expected a URL that begins with http:// or https://".to_owned()),
    }
}

/// What is logged, as `tracing`'s filters say it.
///
/// # Errors
/// What was expected.
pub fn log_filter(text: &str) -> Result<String, String> {
    let known = text.parse::<tracing_subscriber::filter::EnvFilter>();
    known.map(|_| text.to_owned()).map_err(|_| "expected a filter such as info or debug".to_owned())
}

/// A comma-separated list, not empty.
///
/// # Errors
/// What was expected.
pub fn list(text: &str) -> Result<Vec<String>, String> {
    let entries: Vec<String> = text.split(',').map(|entry| entry.trim().to_owned()).collect();
    if entries.iter().any(String::is_empty) {
        Err("expected names separated by commas".to_owned())
    } else {
        Ok(entries)
    }
}

/// `name=value` pairs separated by commas; no name twice.
///
/// # Errors
/// What was expected.
pub fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut all = BTreeMap::new();
    for entry in list(text)? {
        let pair = entry.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
        let (name, value) = pair.ok_or("expected name=value pairs separated by commas")?;
        if all.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(format!("{name} is given twice"));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_binary_units() {
        assert_eq!(bytes("8MiB", 0..=u64::MAX), Ok(8 << 20));
        assert_eq!(bytes("5 GiB", 0..=u64::MAX), Ok(5 << 30));
        assert_eq!(bytes("17", 0..=u64::MAX), Ok(17));
        for bad in ["", "8MB", "-1", "MiB", "99999999999GiB"] {
            assert!(bytes(bad, 0..=u64::MAX).is_err(), "{bad}");
        }
        assert!(bytes("1", 2..=3).is_err());
    }

    #[test]
    fn pairs_are_complete_and_unique() {
        assert_eq!(pairs("a=1, b=x=y").unwrap().get("b").map(String::as_str), Some("x=y"));
        for bad in ["", "a", "a=", "=1", "a=1,,b=2", "a=1,a=2"] {
            assert!(pairs(bad).is_err(), "{bad}");
        }
    }
}
