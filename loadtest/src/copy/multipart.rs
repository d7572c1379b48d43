//! Multipart uploads over the raw client.

use bytes::Bytes;
use http::Method;

use super::http::{Http, etag};

/// An upload in progress.
#[derive(Debug)]
pub(super) struct Upload {
    /// `/bucket/key`.
    path: String,
    id: String,
}

/// A part that the server has.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) number: usize,
    pub(super) etag: String,
}

impl Upload {
    pub(super) fn part_path(&self, number: usize) -> String {
        format!("{}?partNumber={number}&uploadId={}", self.path, self.id)
    }
}

/// Begins an upload whose checksum is that of the whole object, which the server computes for every contender.
pub(super) async fn create(http: &Http, bucket: &str, key: &str) -> Result<Upload, String> {
    let path = format!("/{bucket}/{key}");
    let headers = [("x-amz-checksum-algorithm", "CRC64NVME"), ("x-amz-checksum-type", "FULL_OBJECT")];
    let (_, body) = http.call(Method::POST, &format!("{path}?uploads"), &headers, Bytes::new()).await?;
    let body = String::from_utf8_lossy(&body);
    let id = element(&body, "UploadId").ok_or_else(|| "the reply has no upload id".to_owned())?;
    Ok(Upload { path, id })
}

pub(super) async fn send_part(
    http: &Http,
    upload: &Upload,
    number: usize,
    bytes: Bytes,
) -> Result<Sent, String> {
    let (headers, _) = http.call(Method::PUT, &upload.part_path(number), &[], bytes).await?;
    Ok(Sent { number, etag: etag(&headers)? })
}

/// Publishes the object; its ETag.
pub(super) async fn complete(http: &Http, upload: &Upload, sent: &mut [Sent]) -> Result<String, String> {
    sent.sort_by_key(|part| part.number);
    let parts: String = sent
        .iter()
        .map(|Sent { number, etag }| {
            format!("<Part><PartNumber>{number}</PartNumber><ETag>\"{etag}\"</ETag></Part>")
        })
        .collect();
    let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    let path = format!("{}?uploadId={}", upload.path, upload.id);
    let (_, body) = http.call(Method::POST, &path, &[], body.into()).await?;
    let body = String::from_utf8_lossy(&body);
    // The reply to this request may be an error with status 200.
    let etag = element(&body, "ETag").ok_or_else(|| format!("failed to complete an upload: {body}"))?;
    Ok(etag.replace("&quot;", "").replace('"', ""))
}

/// The text of the first element of a name.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_elements_text_is_found() {
        assert_eq!(element("<a><UploadId>x1</UploadId></a>", "UploadId"), Some("x1".to_owned()));
        assert_eq!(element("<a><UploadId>x1", "UploadId"), None);
    }
}
