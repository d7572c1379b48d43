//! Conditional requests: on reading, on the source of a copy, and on writing.

use http::{HeaderMap, HeaderValue};
use s3s::S3Result;
use s3s::dto::{ETagCondition, Timestamp, TimestampFormat};

use super::errors::{no_such_key, not_implemented, not_modified, precondition_failed};
use super::object::Details;

/// The four conditions of a read.
#[derive(Debug, Default)]
pub(super) struct ReadConditions {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<Timestamp>,
    pub(super) if_unmodified_since: Option<Timestamp>,
}

/// What the conditions of a read come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Go,
    /// The condition that does not hold.
    Failed(&'static str),
    NotModified,
}

impl ReadConditions {
    /// A true If-Match outweighs If-Unmodified-Since; If-None-Match, when there is one, alone decides over If-Modified-Since.
    fn verdict(&self, details: &Details) -> Verdict {
        match &self.if_match {
            Some(condition) if !holds(condition, &details.etag) => return Verdict::Failed("If-Match"),
            Some(_) => {}
            None if self
                .if_unmodified_since
                .as_ref()
                .is_some_and(|since| details.last_modified() > *since) =>
            {
                return Verdict::Failed("If-Unmodified-Since");
            }
            None => {}
        }
        match &self.if_none_match {
            Some(condition) if holds(condition, &details.etag) => Verdict::NotModified,
            Some(_) => Verdict::Go,
            None if self
                .if_modified_since
                .as_ref()
                .is_some_and(|since| details.last_modified() <= *since) =>
            {
                Verdict::NotModified
            }
            None => Verdict::Go,
        }
    }

    /// For GET and HEAD: 412, or 304 with the headers of the object.
    pub(super) fn check_read(&self, details: &Details) -> S3Result<()> {
        match self.verdict(details) {
            Verdict::Go => Ok(()),
            Verdict::Failed(condition) => Err(precondition_failed(condition)),
            Verdict::NotModified => Err(not_modified(cache_headers(details))),
        }
    }

    /// For the source of a copy: 412 in every case.
    pub(super) fn check_copy(&self, details: &Details) -> S3Result<()> {
        match self.verdict(details) {
            Verdict::Go => Ok(()),
            Verdict::Failed(condition) => Err(precondition_failed(condition)),
            Verdict::NotModified => Err(precondition_failed("x-amz-copy-source-If-None-Match")),
        }
    }
}

/// The conditions of PutObject, CopyObject, CompleteMultipartUpload and DeleteObject.
#[derive(Debug, Default)]
pub(super) struct WriteConditions {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

impl WriteConditions {
    pub(super) fn is_none(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// Compares with what is there now. S3 knows `If-None-Match: *` and `If-Match: etag`, no more.
    pub(super) fn check(&self, current: Option<&Details>) -> S3Result<()> {
        match &self.if_none_match {
            Some(ETagCondition::Any) if current.is_some() => {
                return Err(precondition_failed("If-None-Match"));
            }
            Some(ETagCondition::ETag(_)) => {
                return Err(not_implemented("If-None-Match with an ETag on a write"));
            }
            _ => {}
        }
        match (&self.if_match, current) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(no_such_key()),
            (Some(condition), Some(details)) if holds(condition, &details.etag) => Ok(()),
            (Some(_), Some(_)) => Err(precondition_failed("If-Match")),
        }
    }
}

fn holds(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(wanted) => wanted.value() == etag,
    }
}

fn cache_headers(details: &Details) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = details.etag().to_http_header() {
        headers.insert(http::header::ETAG, value);
    }
    let mut date = Vec::new();
    if details.last_modified().format(TimestampFormat::HttpDate, &mut date).is_ok()
        && let Ok(value) = HeaderValue::from_bytes(&date)
    {
        headers.insert(http::header::LAST_MODIFIED, value);
    }
    headers
}

#[cfg(test)]
mod tests {
    use s3s::dto::ETag;

    use super::super::checksum::{Algorithm, Checksum, Kind};
    use super::super::object::timestamp;
    use super::super::template::Template;
    use super::*;

    fn object() -> Details {
        Details {
            template: Template::default(),
            etag: "abc".into(),
            size_bytes: 1,
            last_modified_s: 1000,
            version_id: None,
            initiated: None,
            sequencer: "1".into(),
            checksum: Checksum {
                algorithm: Algorithm::Crc64Nvme,
                kind: Kind::FullObject,
                value: String::new(),
            },
            parts: Vec::new(),
        }
    }

    fn etag(value: &str) -> Option<ETagCondition> {
        Some(ETagCondition::ETag(ETag::Strong(value.to_owned())))
    }

    #[test]
    fn reads() {
        let verdict = |conditions: ReadConditions| conditions.verdict(&object());
        let base = ReadConditions::default;
        assert_eq!(verdict(base()), Verdict::Go);
        assert_eq!(verdict(ReadConditions { if_match: etag("no"), ..base() }), Verdict::Failed("If-Match"));
        let outweighed =
            ReadConditions { if_match: etag("abc"), if_unmodified_since: Some(timestamp(1)), ..base() };
        assert_eq!(verdict(outweighed), Verdict::Go);
        assert_eq!(
            verdict(ReadConditions { if_unmodified_since: Some(timestamp(999)), ..base() }),
            Verdict::Failed("If-Unmodified-Since")
        );
        assert_eq!(verdict(ReadConditions { if_none_match: etag("abc"), ..base() }), Verdict::NotModified);
        let decides =
            ReadConditions { if_none_match: etag("no"), if_modified_since: Some(timestamp(2000)), ..base() };
        assert_eq!(verdict(decides), Verdict::Go);
        assert_eq!(
            verdict(ReadConditions { if_modified_since: Some(timestamp(1000)), ..base() }),
            Verdict::NotModified
        );
    }

    #[test]
    fn writes() {
        let code = |if_match, if_none_match, current: Option<&Details>| {
            let checked = WriteConditions { if_match, if_none_match }.check(current);
            checked.err().map(|error| error.code().as_str().to_owned())
        };
        let object = object();
        assert_eq!(code(None, Some(ETagCondition::Any), None), None);
        assert_eq!(
            code(None, Some(ETagCondition::Any), Some(&object)).as_deref(),
            Some("PreconditionFailed")
        );
        assert_eq!(code(None, etag("abc"), Some(&object)).as_deref(), Some("NotImplemented"));
        assert_eq!(code(etag("abc"), None, Some(&object)), None);
        assert_eq!(code(etag("no"), None, Some(&object)).as_deref(), Some("PreconditionFailed"));
        assert_eq!(code(etag("abc"), None, None).as_deref(), Some("NoSuchKey"));
    }
}
