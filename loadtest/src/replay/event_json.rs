//! Messages for the ingest queue, written by hand: what AWS documents, and no line of the code that reads it.

use std::fmt::Write as _;

use crate::workload::{Form, Poison};

/// What an event says of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) size_bytes: u64,
    pub(super) etag: String,
    pub(super) version_id: Option<String>,
    pub(super) sequencer: Option<String>,
    /// RFC 3339.
    pub(super) time: String,
}

pub(super) fn event(facts: &Facts, form: Form) -> String {
    match form {
        Form::EventBridge => {
            eventbridge(facts, &format!("\"key\":{},", quoted(&facts.key)), &facts.size_bytes.to_string())
        }
        Form::Notification => notification(facts),
        Form::Sns => {
            let inner = event(facts, Form::EventBridge);
            format!(
                "{{\"Type\":\"Notification\",\"MessageId\":\"22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\",\
                 \"TopicArn\":\"arn:aws:sns:us-east-1:000000000000:landing\",\"Message\":{},\
                 \"Timestamp\":{},\"SignatureVersion\":\"1\"}}",
                quoted(&inner),
                quoted(&facts.time)
            )
        }
    }
}

fn eventbridge(facts: &Facts, key_member: &str, size: &str) -> String {
    let version_id = facts.version_id.as_ref().map(|id| format!(",\"version-id\":{}", quoted(id)));
    let sequencer = facts.sequencer.as_ref().map(|text| format!(",\"sequencer\":{}", quoted(text)));
    format!(
        "{{\"version\":\"0\",\"id\":\"17793124-05d4-b198-2fde-7ededc63b103\",\"detail-type\":\"Object Created\",\
         \"source\":\"aws.s3\",\"account\":\"000000000000\",\"time\":{time},\"region\":\"us-east-1\",\
         \"resources\":[{arn}],\"detail\":{{\"version\":\"0\",\"bucket\":{{\"name\":{bucket}}},\
         \"object\":{{{key_member}\"size\":{size},\"etag\":{etag}{version_id}{sequencer}}},\
         \"request-id\":\"N4N7GDK58NMKJ12R\",\"requester\":\"000000000000\",\"source-ip-address\":\"192.0.2.1\",\
         \"reason\":\"PutObject\"}}}}",
        time = quoted(&facts.time),
        arn = quoted(&format!("arn:aws:s3:::{}", facts.bucket)),
        bucket = quoted(&facts.bucket),
        etag = quoted(&facts.etag),
        version_id = version_id.unwrap_or_default(),
        sequencer = sequencer.unwrap_or_default(),
    )
}

fn notification(facts: &Facts) -> String {
    let version_id = facts.version_id.as_ref().map(|id| format!(",\"versionId\":{}", quoted(id)));
    let sequencer = facts.sequencer.as_ref().map(|text| format!(",\"sequencer\":{}", quoted(text)));
    format!(
        "{{\"Records\":[{{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"awsRegion\":\"us-east-1\",\
         \"eventTime\":{time},\"eventName\":\"ObjectCreated:Put\",\"s3\":{{\"s3SchemaVersion\":\"1.0\",\
         \"configurationId\":\"replay\",\"bucket\":{{\"name\":{bucket},\"arn\":{arn}}},\
         \"object\":{{\"key\":{key},\"size\":{size},\"eTag\":{etag}{version_id}{sequencer}}}}}}}]}}",
        time = quoted(&facts.time),
        bucket = quoted(&facts.bucket),
        arn = quoted(&format!("arn:aws:s3:::{}", facts.bucket)),
        key = quoted(&form_encoded(&facts.key)),
        size = facts.size_bytes,
        etag = quoted(&facts.etag),
        version_id = version_id.unwrap_or_default(),
        sequencer = sequencer.unwrap_or_default(),
    )
}

/// What names a poisonous message among all of them.
fn mark(run: &str, number: u64) -> String {
    format!("poison/{run}/{number}/")
}

/// A message that no reader may take for an event.
pub(super) fn poison(run: &str, number: u64, poison: Poison) -> String {
    let facts = Facts {
        bucket: "landing".to_owned(),
        key: mark(run, number),
        size_bytes: 1,
        etag: mark(run, number),
        version_id: None,
        sequencer: Some("00617F08299329D189".to_owned()),
        time: "2026-01-01T00:00:00Z".to_owned(),
    };
    match poison {
        Poison::Truncated => {
            let whole = event(&facts, Form::EventBridge);
            whole.get(..whole.len() - 40).unwrap_or_default().to_owned()
        }
        Poison::Foreign => {
            format!(
                "{{\"source\":\"com.example.orders\",\"detail-type\":\"Order Placed\",\"detail\":{{\"id\":{}}}}}",
                quoted(&facts.key)
            )
        }
        Poison::KeyMissing => eventbridge(&facts, "", "1"),
        Poison::SizeIsText => eventbridge(&facts, &format!("\"key\":{},", quoted(&facts.key)), "\"1\""),
        Poison::NoRecords => format!("{{\"Records\":[],\"note\":{}}}", quoted(&facts.key)),
        Poison::Words => format!("please copy {}, thank you", facts.key),
    }
}

/// The number of a run's poisonous message.
pub(super) fn poison_number(run: &str, body: &str) -> Option<u64> {
    let head = format!("poison/{run}/");
    let rest = body.get(body.find(&head)? + head.len()..)?;
    rest.split_once('/')?.0.parse().ok()
}

/// A JSON string. What is not ASCII is escaped, as many writers do.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
    out
}

/// As S3 writes keys into its notifications: a space is `+`, everything but these is `%XX`.
fn form_encoded(key: &str) -> String {
    key.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
                out.push(byte.into());
            }
            b' ' => out.push('+'),
            _ => drop(write!(out, "%{byte:02X}")),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn facts() -> Facts {
        Facts {
            bucket: "landing".into(),
            key: "été/a b+c\"%\\\u{1f600}".into(),
            size_bytes: 7,
            etag: "abc".into(),
            version_id: Some("v1".into()),
            sequencer: Some("0A".into()),
            time: "2026-01-01T00:00:00.123Z".into(),
        }
    }

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_forms_are_json_and_say_the_same() {
        let bridge = read(&event(&facts(), Form::EventBridge));
        let object = &bridge["detail"]["object"];
        assert_eq!((object["key"].as_str(), object["size"].as_u64()), (Some(&*facts().key), Some(7)));
        assert_eq!((object["version-id"].as_str(), object["sequencer"].as_str()), (Some("v1"), Some("0A")));
        let record = read(&event(&facts(), Form::Notification))["Records"][0].take();
        assert_eq!(record["s3"]["object"]["key"], "%C3%A9t%C3%A9/a+b%2Bc%22%25%5C%F0%9F%98%80");
        assert_eq!(record["s3"]["object"]["sequencer"], "0A");
        let sns = read(&event(&facts(), Form::Sns));
        assert_eq!(read(sns["Message"].as_str().unwrap()), bridge);
    }

    #[test]
    fn what_is_absent_is_left_out() {
        let facts = Facts { version_id: None, sequencer: None, ..facts() };
        for form in Form::ALL {
            let text = event(&facts, form);
            assert!(
                !text.contains("ersion-id") && !text.contains("versionId") && !text.contains("sequencer"),
                "{text}"
            );
        }
    }

    #[test]
    fn poison_is_known_by_its_number() {
        for kind in Poison::ALL {
            let body = poison("r1", 42, kind);
            assert_eq!(poison_number("r1", &body), Some(42), "{body}");
            assert_eq!(poison_number("r2", &body), None, "{body}");
        }
        assert_eq!(poison_number("r1", "something else"), None);
    }
}
