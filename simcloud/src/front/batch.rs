//! A batch of which some entries fail: SQS answers such a one with 200, and each entry has a result of its own.

use bytes::Bytes;
use serde_json::{Value, json};

/// A batch that was taken apart.
#[derive(Debug)]
pub(super) struct Withheld {
    /// The request with the entries that go on; `None` when no entry does.
    pub(super) rest: Option<Bytes>,
    /// As they stand in an answer's `Failed`.
    pub(super) failures: Vec<Value>,
}

/// Takes the entries whose places are set bits out of a batch. What is no batch goes on whole.
pub(super) fn withhold(request: &Bytes, places: u64) -> Withheld {
    let whole = || Withheld { rest: Some(request.clone()), failures: Vec::new() };
    let Ok(mut value) = serde_json::from_slice::<Value>(request) else { return whole() };
    let Some(entries) = value.get_mut("Entries").and_then(Value::as_array_mut) else { return whole() };
    let mut place = 0;
    let mut failures = Vec::new();
    entries.retain(|entry| {
        let goes_on = place >= u64::BITS || places & (1 << place) == 0;
        place += 1;
        if !goes_on {
            let id = entry.get("Id").cloned().unwrap_or_default();
            let message = "We encountered an internal error. Please try again.";
            failures
                .push(json!({ "Id": id, "SenderFault": false, "Code": "InternalError", "Message": message }));
        }
        goes_on
    });
    let rest = (!entries.is_empty()).then(|| Bytes::from(value.to_string()));
    Withheld { rest, failures }
}

/// The answer to a batch of which no entry went on.
pub(super) fn nothing_done() -> Value {
    json!({ "Successful": [], "Failed": [] })
}

/// `answer` with more failed entries.
pub(super) fn with_failures(mut answer: Value, failures: Vec<Value>) -> Value {
    match answer.get_mut("Failed").and_then(Value::as_array_mut) {
        Some(failed) => failed.extend(failures),
        None if failures.is_empty() => {}
        None => answer["Failed"] = Value::Array(failures),
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Bytes {
        Bytes::from(json!({ "QueueUrl": "q", "Entries": [{ "Id": "a" }, { "Id": "b" }] }).to_string())
    }

    fn ids(values: &Value) -> Vec<&str> {
        values.as_array().into_iter().flatten().filter_map(|entry| entry["Id"].as_str()).collect()
    }

    #[test]
    fn the_entries_at_set_bits_fail_and_the_others_go_on() {
        let withheld = withhold(&batch(), 0b10);
        let rest: Value = serde_json::from_slice(&withheld.rest.unwrap()).unwrap();
        assert_eq!(ids(&rest["Entries"]), ["a"]);
        assert_eq!(rest["QueueUrl"], "q");
        let answer = with_failures(json!({ "Successful": [{ "Id": "a" }] }), withheld.failures);
        assert_eq!((ids(&answer["Successful"]), ids(&answer["Failed"])), (vec!["a"], vec!["b"]));
    }

    #[test]
    fn nothing_goes_on_when_every_entry_fails() {
        let withheld = withhold(&batch(), u64::MAX);
        assert!(withheld.rest.is_none());
        assert_eq!(ids(&with_failures(nothing_done(), withheld.failures)["Failed"]), ["a", "b"]);
    }

    #[test]
    fn what_is_no_batch_goes_on_whole() {
        for request in ["{\"QueueUrl\":\"q\"}", "no JSON"] {
            let withheld = withhold(&Bytes::from(request), u64::MAX);
            assert_eq!(withheld.rest.as_deref(), Some(request.as_bytes()));
            assert!(withheld.failures.is_empty());
        }
    }
}
