//! Whatever arrives, parsing ends with an answer; whatever a key holds, it arrives as it is.

use dispatcher::event::{Event, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bodies::{by_sns, event, notification, record};
use crate::golden::BODIES;

fn any_key() -> impl Strategy<Value = String> {
    let anything = prop::collection::vec(any::<char>(), 1..200).prop_map(String::from_iter);
    let tricky = "[a+%2F5bB /.\\\\\"&]{1,60}|(\\.\\./){1,30}|[\\x00-\\x1f\\x7f]{1,20}|(%[0-9A-F]{2}){1,20}";
    prop_oneof![anything, tricky]
}

/// As S3 encodes keys in its notifications. What is encoded beyond need must not matter.
fn form_encoded(key: &str, plain: &str) -> String {
    let byte = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        _ if byte.is_ascii_alphanumeric() || plain.as_bytes().contains(&byte) => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    key.bytes().map(byte).collect()
}

fn key_of(body: &str) -> Option<String> {
    match parse(body).pop() {
        Some(Event::Created(created)) => Some(created.source.key),
        _ => None,
    }
}

/// Every place in a value, as JSON pointers.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| pointers(member, &format!("{at}/{name}"), all));
        }
        Value::Array(elements) => {
            elements
                .iter()
                .enumerate()
                .for_each(|(nth, element)| pointers(element, &format!("{at}/{nth}"), all));
        }
        _ => {}
    }
}

fn odd_value() -> impl Strategy<Value = Value> {
    let numbers = prop_oneof![Just(json!(-1)), Just(json!(1.5)), Just(json!(u64::MAX)), Just(json!(1e300))];
    let texts = any::<String>().prop_map(Value::from);
    let rest = prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[{}]]))
    ];
    prop_oneof![numbers, texts, rest]
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        prop_assert!(!parse(&text).is_empty());
        prop_assert!(!parse(&by_sns(&text)).is_empty());
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(!parse(&String::from_utf8_lossy(&bytes)).is_empty());
    }

    #[test]
    fn no_damaged_event_makes_the_parser_panic(
        nth in 0..BODIES.len(), at in any::<prop::sample::Index>(), cut in 0usize..40, with in "\\PC{0,3}|[\"{}\\[\\],:\\\\]{1,3}",
    ) {
        let mut body: Vec<char> = BODIES[nth].chars().collect();
        let at = at.index(body.len());
        let end = (at + cut).min(body.len());
        body.splice(at..end, with.chars());
        prop_assert!(!parse(&String::from_iter(body)).is_empty());
    }

    #[test]
    fn no_odd_value_in_any_place_makes_the_parser_panic(
        nth in 0..BODIES.len(), at in any::<prop::sample::Index>(), odd in odd_value(),
    ) {
        let mut body: Value = serde_json::from_str(BODIES[nth]).unwrap();
        let mut places = Vec::new();
        pointers(&body, "", &mut places);
        if let Some(place) = body.pointer_mut(at.get::<String>(&places)) {
            *place = odd;
        }
        prop_assert!(!parse(&body.to_string()).is_empty());
    }

    #[test]
    fn any_key_comes_through_eventbridge_as_it_is(key in any_key()) {
        let body = event(&key, 1);
        prop_assert_eq!(key_of(&body), Some(key.clone()));
        prop_assert_eq!(key_of(&by_sns(&body)), Some(key));
    }

    #[test]
    fn any_key_comes_through_the_form_encoding_of_a_notification(key in any_key(), plain in prop_oneof![Just(""), Just("/-_.*~!'()")]) {
        let encoded = form_encoded(&key, plain);
        let body = notification(&[record(&encoded, 1)]);
        prop_assert_eq!(key_of(&body), Some(key.clone()));
        prop_assert_eq!(key_of(&by_sns(&body)), Some(key));
    }
}

#[test]
fn deep_nesting_is_refused_rather_than_followed() {
    let deep = "[".repeat(100_000);
    assert!(matches!(parse(&deep)[..], [Event::Malformed(_)]));
    let closed = format!("{{\"Records\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    assert!(matches!(parse(&closed)[..], [Event::Malformed(_)]));
}
