use proptest::prelude::*;
use serde_json::{Value, json};

use super::EventPattern;

#[expect(clippy::needless_pass_by_value, reason = "reads better at the call")]
fn matches(pattern: Value, event: Value) -> bool {
    EventPattern::parse(&pattern.to_string()).unwrap().matches(&event)
}

fn reason(pattern: &str) -> String {
    EventPattern::parse(pattern).map(|_| ()).unwrap_err()
}

fn object_created(key: &str, size: u64) -> Value {
    json!({
        "source": "aws.s3", "detail-type": "Object Created",
        "detail": {"bucket": {"name": "in"}, "object": {"key": key, "size": size}, "tags": ["a", "b"], "none": null},
        "resources": ["arn:aws:s3:::in"],
    })
}

#[expect(clippy::needless_pass_by_value, reason = "reads better at the call")]
fn key_matches(operator: Value, key: &str) -> bool {
    matches(json!({"detail": {"object": {"key": [operator]}}}), object_created(key, 1))
}

#[test]
fn all_fields_must_match_and_one_alternative_of_each() {
    let pattern = json!({"source": ["aws.s3"], "detail": {"bucket": {"name": ["other", "in"]}}});
    assert!(matches(pattern.clone(), object_created("k", 1)));
    assert!(!matches(json!({"source": ["aws.ec2"]}), object_created("k", 1)));
    assert!(!matches(pattern, json!({"source": "aws.s3"})));
}

#[test]
fn a_list_in_the_event_matches_by_any_element() {
    assert!(matches(json!({"detail": {"tags": ["b", "z"]}}), object_created("k", 1)));
    assert!(!matches(json!({"detail": {"tags": ["z"]}}), object_created("k", 1)));
    let people = json!({"who": [{"name": "a", "age": 1}, {"name": "b", "age": 2}]});
    assert!(matches(json!({"who": {"name": ["a"], "age": [1]}}), people.clone()));
    assert!(!matches(json!({"who": {"name": ["a"], "age": [2]}}), people), "of one element, not of two");
}

#[test]
fn exact_values_keep_their_type() {
    assert!(matches(json!({"detail": {"none": [null]}}), object_created("k", 1)));
    assert!(!matches(json!({"a": [1]}), json!({"a": "1"})));
    assert!(
        matches(json!({"a": [300]}), json!({"a": 300.0})) && matches(json!({"a": [3e2]}), json!({"a": 300}))
    );
    assert!(!matches(json!({"a": [{"anything-but": [300]}]}), json!({"a": 300.0})));
    assert!(!matches(json!({"a": [9_007_199_254_740_993_u64]}), json!({"a": 9_007_199_254_740_992_u64})));
    assert!(matches(json!({"a": [true, 1]}), json!({"a": 1})));
}

#[test]
fn a_dot_in_a_name_goes_down_one_level() {
    let nested = json!({"detail": {"state": {"status": "running"}}});
    let dotted = json!({"detail": {"state.status": "running"}});
    for pattern in [
        json!({"detail": {"state.status": ["running"]}}),
        json!({"detail": {"state": {"status": ["running"]}}}),
        json!({"detail.state": {"status": ["running"]}}),
        json!({"detail.state.status": ["running"]}),
    ] {
        assert!(matches(pattern.clone(), nested.clone()) && matches(pattern, dotted.clone()));
    }
    let deeper = json!({"detail": {"state.status": {"status": ["running"]}}});
    assert!(!matches(deeper.clone(), nested) && !matches(deeper, dotted));
    let list = json!({"detail": {"a": {"b-c": {"list": ["y", "x1"]}}}});
    assert!(matches(json!({"detail": {"a.b-c": {"list": [{"prefix": "x"}]}}}), list));
}

#[test]
fn texts() {
    assert!(
        key_matches(json!({"prefix": "in/"}), "in/a.csv")
            && !key_matches(json!({"prefix": "in/"}), "out/in/")
    );
    assert!(key_matches(json!({"prefix": {"equals-ignore-case": "IN/"}}), "in/a.csv"));
    assert!(
        key_matches(json!({"suffix": ".csv"}), "a.csv") && !key_matches(json!({"suffix": ".csv"}), "a.CSV")
    );
    assert!(key_matches(json!({"suffix": {"equals-ignore-case": ".csv"}}), "a.CSV"));
    assert!(key_matches(json!({"equals-ignore-case": "ÄB"}), "äb"));
    assert!(key_matches(json!({"wildcard": "in/*.csv"}), "in/x/y.csv"));
}

#[test]
fn anything_but() {
    assert!(
        !key_matches(json!({"anything-but": "a"}), "a") && key_matches(json!({"anything-but": "a"}), "b")
    );
    assert!(!key_matches(json!({"anything-but": ["a", "b"]}), "b"));
    assert!(!key_matches(json!({"anything-but": {"prefix": "tmp/"}}), "tmp/x"));
    assert!(!key_matches(json!({"anything-but": {"suffix": [".tmp", ".part"]}}), "x.part"));
    assert!(key_matches(json!({"anything-but": {"wildcard": "*.tmp"}}), "x.csv"));
    assert!(
        !matches(json!({"missing": [{"anything-but": "a"}]}), json!({})),
        "what is not there is no value"
    );
}

#[test]
fn numbers_and_ranges() {
    let size = |operator: Value, size| {
        matches(json!({"detail": {"object": {"size": [{"numeric": operator}]}}}), object_created("k", size))
    };
    assert!(size(json!([">", 0, "<=", 5]), 5) && !size(json!([">", 0, "<=", 5]), 0));
    assert!(size(json!(["=", 3.0]), 3) && !size(json!(["<", 3]), 3) && size(json!([">=", 3]), 3));
}

#[test]
fn existence_is_of_leaves() {
    assert!(matches(json!({"a": [{"exists": true}]}), json!({"a": null})));
    assert!(!matches(json!({"a": [{"exists": true}]}), json!({"a": {"b": 1}})));
    assert!(matches(json!({"a": {"b": [{"exists": false}]}}), json!({})));
    assert!(!matches(json!({"a": {"b": [{"exists": false}]}}), json!({"a": {"b": 1}})));
}

#[test]
fn either_at_any_level() {
    let pattern = json!({"source": ["aws.s3"], "detail": {"$or": [
        {"object": {"size": [{"numeric": [">", 100]}]}},
        {"object": {"key": [{"suffix": ".urgent"}]}},
    ]}});
    assert!(matches(pattern.clone(), object_created("x", 101)));
    assert!(matches(pattern.clone(), object_created("x.urgent", 1)));
    assert!(!matches(pattern, object_created("x", 1)));
}

#[test]
fn an_invalid_pattern_is_refused_with_its_place() {
    for (pattern, expected) in [
        ("{", "at the pattern's text"),
        ("[]", "must be a JSON object\n at the top"),
        ("{}", "Empty objects are not allowed\n at the top"),
        (r#"{"source": "aws.s3"}"#, "\"source\" must be an object or an array\n at source"),
        (r#"{"source": []}"#, "Empty arrays are not allowed\n at source"),
        (r#"{"detail": {"key": [{"prefix": 1}]}}"#, "prefix match pattern must be a string\n at detail.key"),
        (r#"{"a": [{"almost": "x"}]}"#, "Unrecognized match type almost\n at a"),
        (r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#, "Only one key allowed in match expression\n at a"),
        (r#"{"a": [{"numeric": ["<", 5, ">", 0]}]}"#, "A numeric range must be"),
        (r#"{"a": [{"numeric": [">", 5, "<", 5]}]}"#, "Bottom must be less than top\n at a"),
        (r#"{"a": [{"exists": "yes"}]}"#, "exists match pattern must be either true or false\n at a"),
        (r#"{"a": [{"anything-but": null}]}"#, "Value of anything-but must be"),
        (r#"{"a": [{"anything-but": [null, "x"]}]}"#, "Inside anything but list, start|null|boolean"),
        (r#"{"a": [{"anything-but": []}]}"#, "Empty arrays are not allowed\n at a"),
        (r#"{"a": [{"anything-but": {"prefix": ""}}]}"#, "Null prefix/suffix not allowed\n at a"),
        (r#"{"a": [{"anything-but": {"suffix": ["x", ""]}}]}"#, "Null prefix/suffix not allowed\n at a"),
        (
            r#"{"a": [{"anything-but": {"suffix": [1]}}]}"#,
            "prefix/suffix match pattern must be a string\n at a",
        ),
        (
            r#"{"a": [{"anything-but": {"prefix": {"equals-ignore-case": "x"}}}]}"#,
            "Value of anything-but must be an array or single string/number value.\n at a",
        ),
        (
            r#"{"a": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}"#,
            "Unsupported anything-but pattern: cidr\n at a",
        ),
        (r#"{"a": [{"numeric": 10}]}"#, "Value of numeric must be an array.\n at a"),
        (r#"{"a": [{"numeric": []}]}"#, "must be one or two comparisons\n at a"),
        (r#"{"a": [{"numeric": [">", 0, "<"]}]}"#, "Value of < must be numeric\n at a"),
        (r#"{"a": [{"numeric": [">", 0, ">", 1]}]}"#, "Bad numeric range operator: >\n at a"),
        (r#"{"a": [{"cidr": "10.0.0.0"}]}"#, "Malformed CIDR, one '/' required\n at a"),
        (r#"{"a": [{"cidr": 10}]}"#, "cidr match pattern must be a string\n at a"),
        (r#"{"a": [["b"]]}"#, "Match value must be"),
        (r#"{"$or": [{"a": [1]}]}"#, "at least two objects in an $or\n at $or"),
        (r#"{"a": [{"wildcard": "x**"}]}"#, "Consecutive wildcard characters are not allowed\n at a"),
    ] {
        let reason = reason(pattern);
        assert!(reason.contains(expected), "{pattern}: {reason}");
    }
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..3).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ]
}

fn event() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 16, 3, |inner| {
        prop::collection::btree_map("[abc]", inner, 1..4).prop_map(|map| json!(map))
    })
}

/// The pattern that asks for exactly the leaves that `event` has.
fn literal(event: &Value) -> Value {
    match event {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), literal(value))).collect(),
        leaf => json!([leaf]),
    }
}

proptest! {
    #[test]
    fn an_event_matches_the_pattern_made_of_it(inner in event()) {
        let event = json!({"top": inner});
        prop_assert!(matches(literal(&event), event));
    }

    #[test]
    fn a_value_is_itself_or_anything_but_itself(wanted in leaf(), found in leaf()) {
        let event = json!({"a": found});
        let same = matches(json!({"a": [wanted]}), event.clone());
        prop_assert_eq!(same, wanted == found);
        if wanted.is_string() || wanted.is_number() {
            prop_assert_eq!(matches(json!({"a": [{"anything-but": wanted}]}), event), !same);
        }
    }

    #[test]
    fn something_exists_or_does_not(inner in event(), name in "[abc]") {
        let exists = |wanted: bool| matches(json!({&name: [{"exists": wanted}]}), inner.clone());
        prop_assert_ne!(exists(true), exists(false));
    }

    #[test]
    fn parsing_never_panics(text in r#"[\[\]{}":,a0$or\-. ]{0,40}"#) {
        let _ = EventPattern::parse(&text);
    }
}
