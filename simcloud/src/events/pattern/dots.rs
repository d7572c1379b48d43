//! Names with dots. To EventBridge `{"a.b": 1}` and `{"a": {"b": 1}}` are the same, in patterns and in events.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// How deep names are spread out. Deeper ones stay as they are, so that no event makes a value too deep to walk.
const DEPTH_MAX: usize = 128;

/// The event with every name that has dots turned into nested objects.
pub(super) fn spread(event: &Value) -> Cow<'_, Value> {
    if has_dots(event) { Cow::Owned(spread_below(event, 0)) } else { Cow::Borrowed(event) }
}

fn has_dots(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('.') || has_dots(value)),
        Value::Array(elements) => elements.iter().any(has_dots),
        _ => false,
    }
}

fn spread_below(value: &Value, depth: usize) -> Value {
    match value {
        Value::Object(members) => {
            let mut spread = Map::new();
            for (name, value) in members {
                let dots = name.bytes().filter(|byte| *byte == b'.').count();
                let value = spread_below(value, depth + dots + 1);
                if depth + dots < DEPTH_MAX {
                    put(&mut spread, name, value);
                } else {
                    spread.insert(name.clone(), value);
                }
            }
            Value::Object(spread)
        }
        Value::Array(elements) => elements.iter().map(|element| spread_below(element, depth + 1)).collect(),
        leaf => leaf.clone(),
    }
}

fn put(target: &mut Map<String, Value>, name: &str, value: Value) {
    let (name, value) = match name.split_once('.') {
        None => (name, value),
        Some((first, rest)) => {
            let mut inner = Map::new();
            put(&mut inner, rest, value);
            (first, Value::Object(inner))
        }
    };
    let merged = match (target.remove(name), value) {
        (None, value) => value,
        (Some(Value::Object(mut present)), Value::Object(members)) => {
            members.into_iter().for_each(|(name, value)| put(&mut present, &name, value));
            Value::Object(present)
        }
        // Two values of one path: a list of both, of which either may match.
        (Some(present), value) => [present, value]
            .into_iter()
            .flat_map(|value| match value {
                Value::Array(elements) => elements,
                value => vec![value],
            })
            .collect(),
    };
    target.insert(name.to_owned(), merged);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dots_make_objects_and_join_what_is_there() {
        let event = json!({"a.b": 1, "a": {"c.d": [2, {"e.f": 3}]}, "x.": 4});
        let expected = json!({"a": {"b": 1, "c": {"d": [2, {"e": {"f": 3}}]}}, "x": {"": 4}});
        assert_eq!(*spread(&event), expected);
    }

    #[test]
    fn two_values_of_one_path_are_both_kept() {
        assert_eq!(*spread(&json!({"a": {"b": 1}, "a.b": [2, 3]})), json!({"a": {"b": [1, 2, 3]}}));
    }

    #[test]
    fn an_event_without_dots_is_not_copied() {
        let event = json!({"a": {"b": "c.d"}});
        assert!(matches!(spread(&event), Cow::Borrowed(_)));
    }

    #[test]
    fn a_name_of_too_many_dots_stays_one_name() {
        let name = ".".repeat(1_000_000);
        assert!(spread(&json!({ &name: 1 })).get(&name).is_some());
    }
}
