//! The event that S3 sends about an object, as EventBridge words it. Pure.

use serde::Serialize;

use super::{ObjectEvent, ObjectEventKind};

/// What every event has around its detail.
#[derive(Debug)]
pub(super) struct Envelope<'a> {
    pub(super) id: &'a str,
    pub(super) account_id: &'a str,
    pub(super) region: &'a str,
    /// ISO 8601, in whole seconds, UTC.
    pub(super) time: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct S3Event<'a> {
    version: &'static str,
    id: &'a str,
    #[serde(rename = "detail-type")]
    detail_type: &'static str,
    source: &'static str,
    account: &'a str,
    time: &'a str,
    region: &'a str,
    resources: [String; 1],
    detail: Detail<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Detail<'a> {
    version: &'static str,
    bucket: Bucket<'a>,
    object: Object<'a>,
    request_id: &'a str,
    requester: &'a str,
    source_ip_address: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_type: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Bucket<'a> {
    name: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Object<'a> {
    /// As it is, not encoded.
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    etag: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<&'a str>,
    sequencer: &'a str,
}

impl<'a> S3Event<'a> {
    pub(super) fn new(event: &'a ObjectEvent, envelope: &Envelope<'a>) -> Self {
        let (detail_type, reason, deletion_type) = words(event);
        let object = Object {
            key: &event.key,
            size: deletion_type.is_none().then_some(event.size_bytes),
            etag: &event.etag,
            version_id: event.version_id.as_deref(),
            sequencer: &event.sequencer,
        };
        Self {
            version: "0",
            id: envelope.id,
            detail_type,
            source: "aws.s3",
            account: envelope.account_id,
            time: envelope.time,
            region: envelope.region,
            resources: [format!("arn:aws:s3:::{}", event.bucket)],
            detail: Detail {
                version: "0",
                bucket: Bucket { name: &event.bucket },
                object,
                request_id: &event.request_id,
                requester: envelope.account_id,
                source_ip_address: "127.0.0.1",
                reason,
                deletion_type,
            },
        }
    }
}

/// Detail type, reason and deletion type. A delete that made a version made a delete marker.
fn words(event: &ObjectEvent) -> (&'static str, &'static str, Option<&'static str>) {
    let created = |reason| ("Object Created", reason, None);
    match event.kind {
        ObjectEventKind::CreatedByPut => created("PutObject"),
        ObjectEventKind::CreatedByCopy => created("CopyObject"),
        ObjectEventKind::CreatedByMultipart => created("CompleteMultipartUpload"),
        ObjectEventKind::Deleted => {
            let how =
                if event.version_id.is_some() { "Delete Marker Created" } else { "Permanently Deleted" };
            ("Object Deleted", "DeleteObject", Some(how))
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    pub(in crate::events) fn put(key: &str) -> ObjectEvent {
        ObjectEvent {
            bucket: "in".into(),
            key: key.into(),
            size_bytes: 5,
            etag: "b1946ac92492d2347c6235b4d2611184".into(),
            version_id: None,
            sequencer: "00617F08299329D189".into(),
            kind: ObjectEventKind::CreatedByPut,
            request_id: "N4N7GDK58NMKJ12R".into(),
        }
    }

    fn shown(event: &ObjectEvent) -> Value {
        let envelope = Envelope {
            id: "i",
            account_id: "000000000000",
            region: "us-east-1",
            time: "2021-11-12T00:00:00Z",
        };
        serde_json::to_value(S3Event::new(event, &envelope)).unwrap()
    }

    #[test]
    fn a_created_object() {
        assert_eq!(
            shown(&put("a b/é+%20")),
            json!({
                "version": "0", "id": "i", "detail-type": "Object Created", "source": "aws.s3",
                "account": "000000000000", "time": "2021-11-12T00:00:00Z", "region": "us-east-1",
                "resources": ["arn:aws:s3:::in"],
                "detail": {
                    "version": "0", "bucket": {"name": "in"},
                    "object": {
                        "key": "a b/é+%20", "size": 5, "etag": "b1946ac92492d2347c6235b4d2611184",
                        "sequencer": "00617F08299329D189",
                    },
                    "request-id": "N4N7GDK58NMKJ12R", "requester": "000000000000",
                    "source-ip-address": "127.0.0.1", "reason": "PutObject",
                },
            })
        );
    }

    #[test]
    fn a_deleted_object_has_no_size() {
        let gone = ObjectEvent { kind: ObjectEventKind::Deleted, ..put("k") };
        let detail = shown(&gone)["detail"].take();
        assert_eq!(detail["deletion-type"], "Permanently Deleted");
        assert_eq!(detail["object"].get("size"), None);
        let marked = ObjectEvent { version_id: Some("v".into()), ..gone };
        assert_eq!(shown(&marked)["detail"]["deletion-type"], "Delete Marker Created");
        assert_eq!(shown(&marked)["detail-type"], "Object Deleted");
        assert_eq!(shown(&marked)["detail"]["object"]["version-id"], "v");
    }
}
