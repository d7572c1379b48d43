//! What the three batch operations share: the rules for a batch as a whole, and the reply's two lists.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::errors::{batch_failure, missing_parameter};
use crate::api::{ApiError, ApiResult};

const ENTRIES_MAX: usize = 10;

/// The entries of a batch by their ids, in order; the batch as a whole is sound.
pub(super) fn entries(request: &mut Map<String, Value>) -> Result<Vec<(String, Value)>, ApiError> {
    let Some(Value::Array(entries)) = request.remove("Entries") else {
        return Err(missing_parameter("Entries"));
    };
    if entries.is_empty() {
        return Err(ApiError::bad("EmptyBatchRequest", "There should be at least one entry in the request."));
    }
    if entries.len() > ENTRIES_MAX {
        let message = format!(
            "Maximum number of entries per request are {ENTRIES_MAX}. You have sent {}.",
            entries.len()
        );
        return Err(ApiError::bad("TooManyEntriesInBatchRequest", message));
    }
    let entries: Vec<_> = entries
        .into_iter()
        .map(|entry| {
            let id = entry.get("Id").and_then(Value::as_str).unwrap_or_default().to_owned();
            (id, entry)
        })
        .collect();
    let mut ids = BTreeSet::new();
    for (id, _) in &entries {
        if !is_valid_id(id) {
            return Err(ApiError::bad(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
                 It can be at most 80 letters long.",
            ));
        }
        if !ids.insert(id) {
            return Err(ApiError::bad("BatchEntryIdsNotDistinct", format!("Id {id} repeated.")));
        }
    }
    Ok(entries)
}

fn is_valid_id(id: &str) -> bool {
    (1..=80).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Applies `apply` to each entry; the refused ones are listed, the others not held up.
pub(super) fn each<T>(
    entries: Vec<(String, T)>,
    mut apply: impl FnMut(T) -> Result<Map<String, Value>, ApiError>,
) -> ApiResult {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, entry) in entries {
        match apply(entry) {
            Ok(mut members) => {
                members.insert("Id".to_owned(), id.into());
                successful.push(Value::Object(members));
            }
            Err(error) => failed.push(batch_failure(&id, &error)),
        }
    }
    // A list of none is left out.
    let lists = [("Successful", successful), ("Failed", failed)];
    let lists = lists.into_iter().filter(|(_, entries)| !entries.is_empty());
    Ok(lists.map(|(name, entries)| (name.to_owned(), Value::from(entries))).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(ids: &[&str]) -> String {
        let entries: Vec<_> = ids.iter().map(|id| json!({"Id": id})).collect();
        let mut request = Map::from_iter([("Entries".to_owned(), entries.into())]);
        super::entries(&mut request).map_or_else(|error| error.code.into_owned(), |_| "sound".to_owned())
    }

    #[test]
    fn a_batch_is_judged_as_a_whole() {
        let long = "i".repeat(81);
        assert_eq!(code(&["a", "b-_9"]), "sound");
        assert_eq!(code(&[]), "EmptyBatchRequest");
        assert_eq!(code(&["a"; 11]), "TooManyEntriesInBatchRequest");
        assert_eq!(code(&["a", "a"]), "BatchEntryIdsNotDistinct");
        assert_eq!(code(&[&long[1..]]), "sound");
        for id in ["", "a b", "é", &long] {
            assert_eq!(code(&[id]), "InvalidBatchEntryId", "{id}");
        }
    }

    #[test]
    fn a_refused_entry_does_not_hold_up_the_others() {
        let entries = vec![("good".to_owned(), json!(1)), ("bad".to_owned(), json!(2))];
        let reply = each(entries, |entry| {
            if entry == json!(1) { Ok(Map::new()) } else { Err(ApiError::bad("MessageNotInflight", "no")) }
        });
        let reply = reply.unwrap();
        assert_eq!(reply["Successful"], json!([{"Id": "good"}]));
        assert_eq!(reply["Failed"][0]["Id"], "bad");
        assert_eq!(reply["Failed"][0]["SenderFault"], true);
        assert_eq!(reply["Failed"][0]["Code"], "AWS.SimpleQueueService.MessageNotInflight");
        let reply = each(vec![("a".to_owned(), ())], |()| Ok(Map::new())).unwrap();
        assert_eq!(reply, json!({"Successful": [{"Id": "a"}]}));
    }
}
