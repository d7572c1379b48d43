//! S3's own notification form: several records, keys form-encoded (`+` is a space, `%XX` a byte).

use common::transfer::SourceVersion;
use percent_encoding::percent_decode;
use serde_json::Value;

use super::fields::{foreign_source, key, sequencer, short_text, size_bytes, text, version_id};
use super::{Created, Event, Malformed};

pub(super) fn record(value: &Value) -> Event {
    let of = |name: &str| value.get(name).and_then(Value::as_str);
    match (of("eventSource"), of("eventName")) {
        (Some("aws:s3"), Some(name)) if name.trim_start_matches("s3:").starts_with("ObjectCreated:") => {
            created(value).into()
        }
        (Some("aws:s3"), Some(_)) => Event::Ignored("an S3 event other than ObjectCreated"),
        (Some(other), Some(_)) => Event::Malformed(foreign_source("eventSource", other, "aws:s3")),
        _ => Event::Malformed(Malformed::Foreign),
    }
}

fn created(value: &Value) -> Result<Created, Malformed> {
    let encoded = text(value, "/s3/object/key", "s3.object.key")?;
    let source = SourceVersion {
        bucket: short_text(value, "/s3/bucket/name", "s3.bucket.name")?,
        key: key(form_decoded(encoded)?, "s3.object.key")?,
        size_bytes: size_bytes(value, "/s3/object/size", "s3.object.size")?,
        etag: short_text(value, "/s3/object/eTag", "s3.object.eTag")?.trim_matches('"').to_owned(),
        version_id: version_id(value, "/s3/object/versionId", "s3.object.versionId")?,
        sequencer: sequencer(value, "/s3/object/sequencer", "s3.object.sequencer")?,
    };
    Ok(Created { source, uploaded_at: short_text(value, "/eventTime", "eventTime")? })
}

fn form_decoded(text: &str) -> Result<String, Malformed> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8();
    decoded
        .map(Into::into)
        .map_err(|_| Malformed::Field { field: "s3.object.key", expected: "form-encoded UTF-8" })
}
