//! EventBridge's form: one object, its key raw.

use common::transfer::SourceVersion;
use serde_json::Value;

use super::fields::{foreign_source, key, sequencer, short_text, size_bytes, text, version_id};
use super::{Created, Event, Malformed};

pub(super) fn event(value: &Value) -> Event {
    let of = |name: &str| value.get(name).and_then(Value::as_str);
    match (of("source"), of("detail-type")) {
        // All reasons: PutObject, POST Object, CopyObject, CompleteMultipartUpload.
        (Some("aws.s3"), Some("Object Created")) => created(value).into(),
        (Some("aws.s3"), Some(_)) => Event::Ignored("an S3 event other than Object Created"),
        (Some(other), Some(_)) => Event::Malformed(foreign_source("source", other, "aws.s3")),
        _ => Event::Malformed(Malformed::Foreign),
    }
}

fn created(value: &Value) -> Result<Created, Malformed> {
    let source = SourceVersion {
        bucket: short_text(value, "/detail/bucket/name", "detail.bucket.name")?,
        key: key(text(value, "/detail/object/key", "detail.object.key")?.to_owned(), "detail.object.key")?,
        size_bytes: size_bytes(value, "/detail/object/size", "detail.object.size")?,
        etag: short_text(value, "/detail/object/etag", "detail.object.etag")?.trim_matches('"').to_owned(),
        version_id: version_id(value, "/detail/object/version-id", "detail.object.version-id")?,
        sequencer: sequencer(value, "/detail/object/sequencer", "detail.object.sequencer")?,
    };
    Ok(Created { source, uploaded_at: short_text(value, "/time", "time")? })
}
