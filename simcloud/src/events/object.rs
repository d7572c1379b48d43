//! The event that S3 sends about an object, as EventBridge words it. Pure.

use serde::Serialize;

use super::{Cause, ObjectEvent, ObjectEventKind};

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
    #[serde(skip_serializing_if = "Option::is_none")]
    source_ip_address: Option<&'static str>,
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
        let (detail_type, reason, deletion_type) = words(event.kind);
        // What S3 does by itself comes from nowhere.
        let is_our_own = matches!(
            event.kind,
            ObjectEventKind::Deleted(Cause::Lifecycle)
                | ObjectEventKind::DeleteMarkerCreated(Cause::Lifecycle)
        );
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
                requester: if is_our_own { "s3.amazonaws.com" } else { envelope.account_id },
                source_ip_address: (!is_our_own).then_some("127.0.0.1"),
                reason,
                deletion_type,
            },
        }
    }
}

/// Detail type, reason and deletion type.
fn words(kind: ObjectEventKind) -> (&'static str, &'static str, Option<&'static str>) {
    let created = |reason| ("Object Created", reason, None);
    let deleted = |cause, how| match cause {
        Cause::Request => ("Object Deleted", "DeleteObject", Some(how)),
        Cause::Lifecycle => ("Object Deleted", "Lifecycle Expiration", Some(how)),
    };
    match kind {
        ObjectEventKind::CreatedByPut => created("PutObject"),
        ObjectEventKind::CreatedByPost => created("POST Object"),
        ObjectEventKind::CreatedByCopy => created("CopyObject"),
        ObjectEventKind::CreatedByMultipart => created("CompleteMultipartUpload"),
        ObjectEventKind::Deleted(cause) => deleted(cause, "Permanently Deleted"),
        ObjectEventKind::DeleteMarkerCreated(cause) => deleted(cause, "Delete Marker Created"),
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
    fn a_deleted_object_has_neither_size_nor_etag() {
        let kind = ObjectEventKind::Deleted(Cause::Request);
        let gone = ObjectEvent { kind, etag: String::new(), ..put("k") };
        let detail = shown(&gone)["detail"].take();
        assert_eq!(
            (&detail["reason"], &detail["deletion-type"]),
            (&json!("DeleteObject"), &json!("Permanently Deleted"))
        );
        for absent in ["size", "etag", "version-id"] {
            assert_eq!(detail["object"].get(absent), None, "{absent}");
        }
    }

    #[test]
    fn a_delete_marker_is_a_version() {
        let kind = ObjectEventKind::DeleteMarkerCreated(Cause::Request);
        let event = shown(&ObjectEvent { kind, version_id: Some("v".into()), ..put("k") });
        assert_eq!(event["detail-type"], "Object Deleted");
        assert_eq!(event["detail"]["deletion-type"], "Delete Marker Created");
        assert_eq!(event["detail"]["object"]["version-id"], "v");
    }

    #[test]
    fn what_a_lifecycle_rule_deletes_has_no_address() {
        let detail =
            shown(&ObjectEvent { kind: ObjectEventKind::Deleted(Cause::Lifecycle), ..put("k") })["detail"]
                .take();
        assert_eq!(
            (&detail["reason"], &detail["requester"]),
            (&json!("Lifecycle Expiration"), &json!("s3.amazonaws.com"))
        );
        assert_eq!(detail.get("source-ip-address"), None);
    }

    #[test]
    fn reasons_of_creation() {
        let reason = |kind| shown(&ObjectEvent { kind, ..put("k") })["detail"]["reason"].take();
        assert_eq!(reason(ObjectEventKind::CreatedByPost), "POST Object");
        assert_eq!(reason(ObjectEventKind::CreatedByCopy), "CopyObject");
        assert_eq!(reason(ObjectEventKind::CreatedByMultipart), "CompleteMultipartUpload");
    }
}
