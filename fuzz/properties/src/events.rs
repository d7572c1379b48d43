//! The event parser: any body is understood, ignored or malformed, and always in the same way.

use common::transfer::{KEY_BYTES_MAX, Target, TransferId};
use dispatcher::event::{Event, Malformed, parse};
use serde_json::{Value, json};

/// - at least one event, each `Created`, `Ignored` or `Malformed`, and what is created fits S3 and the ledger;
/// - ids are stable: the same events come from the body parsed again, written anew, and wrapped by SNS;
/// - a reason holds nothing of the body.
pub fn events(data: &[u8]) {
    let body = String::from_utf8_lossy(data);
    let events = parse(&body);
    assert!(!events.is_empty());
    for event in &events {
        match event {
            Event::Created(created) => {
                let source = &created.source;
                assert!((1..=KEY_BYTES_MAX).contains(&source.key.len()));
                assert!(!source.bucket.is_empty() && source.bucket.len() <= 1024);
                assert!(!source.etag.starts_with('"') && !source.etag.ends_with('"'));
                assert!(source.version_id.as_deref().is_none_or(|id| !id.is_empty() && id != "null"));
                let target = Target { bucket: "delivered".to_owned(), key: source.key.clone() };
                let id = TransferId::derive(source, &target);
                assert_eq!(TransferId::parse(id.as_str()), Ok(id));
            }
            Event::Ignored(why) => assert!(!why.is_empty()),
            Event::Malformed(why) => assert!(why.to_string().len() < 200),
        }
    }
    assert_eq!(parse(&body), events);
    let Ok(value) = serde_json::from_str::<Value>(&body) else {
        assert!(matches!(events[..], [Event::Malformed(Malformed::NotJson { .. })]));
        return;
    };
    assert_eq!(parse(&value.to_string()), events);
    let is_wrapped = value.get("Type").and_then(Value::as_str) == Some("Notification")
        && value.get("Message").is_some_and(Value::is_string);
    let wrapped = parse(&json!({ "Type": "Notification", "Message": body }).to_string());
    match is_wrapped {
        true => assert_eq!(wrapped, [Event::Malformed(Malformed::Nested)]),
        false => assert_eq!(wrapped, events),
    }
}
