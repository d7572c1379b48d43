//! Message bodies, made by hand.

use serde_json::{Value, json};

/// An EventBridge event about an object in `landing`.
pub(crate) fn event(key: &str, size_bytes: u64) -> String {
    let object = json!({
        "key": key, "size": size_bytes, "etag": "b1946ac92492d2347c6235b4d2611184", "sequencer": "617f08299329d189",
    });
    let detail =
        json!({ "version": "0", "bucket": { "name": "landing" }, "object": object, "reason": "PutObject" });
    let event = json!({
        "version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103", "detail-type": "Object Created",
        "source": "aws.s3", "time": "2026-11-12T00:00:00Z", "detail": detail,
    });
    event.to_string()
}

/// A record of an S3 notification about an object in `landing`; its key as it stands there.
pub(crate) fn record(encoded_key: &str, size_bytes: u64) -> Value {
    let object = json!({
        "key": encoded_key, "size": size_bytes, "eTag": "b1946ac92492d2347c6235b4d2611184",
        "sequencer": "0055AED6DCD90281E5",
    });
    json!({
        "eventVersion": "2.1", "eventSource": "aws:s3", "eventTime": "2026-11-12T00:00:00.000Z",
        "eventName": "ObjectCreated:Put", "s3": { "bucket": { "name": "landing" }, "object": object },
    })
}

pub(crate) fn notification(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

/// The body as SNS would wrap it.
pub(crate) fn by_sns(body: &str) -> String {
    json!({ "Type": "Notification", "MessageId": "22b80b92", "Message": body }).to_string()
}
