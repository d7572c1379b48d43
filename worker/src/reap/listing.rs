//! A page of ListMultipartUploads, with the store's own time.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::types::EncodingType;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use common::fault::{Class, Fault};
use percent_encoding::percent_decode;

use super::decide::Listed;

const OPERATION: &str = "ListMultipartUploads";

/// Where a page begins: after this upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    key: String,
    upload_id: Option<String>,
}

#[derive(Debug)]
pub(super) struct Page {
    /// When the store wrote the reply, by its own clock.
    pub(super) at: DateTime,
    pub(super) uploads: Vec<Listed>,
    pub(super) next: Option<Marker>,
}

/// Keys come form-encoded, because XML cannot carry every key.
pub(super) async fn page(
    s3: &Client,
    bucket: &str,
    prefix: Option<&str>,
    page_uploads: i32,
    after: Option<&Marker>,
) -> Result<Page, Fault> {
    let date = ReplyDate::default();
    let request = s3
        .list_multipart_uploads()
        .bucket(bucket)
        .set_prefix(prefix.map(str::to_owned))
        .max_uploads(page_uploads)
        .encoding_type(EncodingType::Url)
        .set_key_marker(after.map(|marker| marker.key.clone()))
        .set_upload_id_marker(after.and_then(|marker| marker.upload_id.clone()));
    let reply = request.customize().interceptor(date.clone()).send().await;
    let reply = reply.map_err(|error| Fault::of(OPERATION, &error))?;
    // Without it nothing tells how old an upload is.
    let at = date.taken().ok_or_else(|| Fault::new(Class::Invalid, OPERATION, "NoDate"))?;
    let is_encoded = reply.encoding_type() == Some(&EncodingType::Url);
    let decode = |key: &str| if is_encoded { form_decoded(key) } else { Ok(key.to_owned()) };
    let mut uploads = Vec::with_capacity(reply.uploads().len());
    for upload in reply.uploads() {
        let (Some(key), Some(upload_id)) = (upload.key(), upload.upload_id()) else { return Err(garbled()) };
        let initiator = upload.initiator().and_then(|initiator| initiator.id()).unwrap_or_default();
        uploads.push(Listed {
            key: decode(key)?,
            upload_id: upload_id.to_owned(),
            initiated: upload.initiated().copied(),
            initiator: initiator.to_owned(),
        });
    }
    let next = if reply.is_truncated() == Some(true) {
        let key = decode(reply.next_key_marker().ok_or_else(garbled)?)?;
        let next = Marker { key, upload_id: reply.next_upload_id_marker().map(str::to_owned) };
        // A store that stands still would be asked for ever.
        Some(next).filter(|next| after != Some(next)).ok_or_else(garbled).map(Some)?
    } else {
        None
    };
    Ok(Page { at, uploads, next })
}

fn garbled() -> Fault {
    Fault::new(Class::Transient, OPERATION, "reply")
}

fn form_decoded(text: &str) -> Result<String, Fault> {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8().map(Into::into).map_err(|_| garbled())
}

/// Keeps the `Date` of a reply, which the SDK does not hand out. Of several tries the last one counts.
#[derive(Debug, Clone, Default)]
struct ReplyDate(Arc<Mutex<Option<DateTime>>>);

impl ReplyDate {
    fn taken(&self) -> Option<DateTime> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for ReplyDate {
    fn name(&self) -> &'static str {
        "ReplyDate"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_verbatim() {
        assert_eq!(form_decoded("a+b%2Bc/%C3%BC%25%01").unwrap(), "a b+c/ü%\u{1}");
        assert_eq!(form_decoded("%FF").unwrap_err(), garbled());
    }
}
