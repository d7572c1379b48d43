//! A body on its way in: stored, summed up and verified before anything becomes visible.

use futures::StreamExt as _;
use s3s::dto::StreamingBlob;
use s3s::stream::ByteStream as _;
use s3s::{S3ErrorCode, S3Result};

use super::blob::{Blob, Segment};
use super::blob_intake::Intake;
use super::blob_reader::Reader;
use super::blob_writer::Writer;
use super::checksum::Algorithm;
use super::claims::{Claims, Summing, Sums};
use super::errors::{disk, refuse};
use super::store::Store;

/// Largest body of one PutObject or UploadPart, in bytes: 5 GiB.
pub(super) const BODY_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;

/// A body that is whole and as claimed.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) blob: Blob,
    pub(super) sums: Sums,
}

impl Store {
    /// Takes in a body. One that ends before its announced length, or is not as claimed, leaves nothing behind.
    pub(super) async fn receive(
        &self,
        body: Option<StreamingBlob>,
        content_length: Option<i64>,
        claims: &Claims,
        algorithm: Algorithm,
    ) -> S3Result<Received> {
        let announced = announced(body.as_ref(), content_length)?;
        let writer = Writer::new(self.disk.as_ref(), announced);
        let summing = Summing::new(claims, algorithm, self.etags_are_md5());
        let mut intake = Intake::new(writer, summing, self.pattern.get().cloned());
        let mut received = 0;
        if let Some(mut body) = body {
            while let Some(bytes) = body.next().await {
                let bytes = bytes.map_err(|error| {
                    refuse(S3ErrorCode::IncompleteBody, format!("failed to read the body: {error}"))
                })?;
                received += bytes.len() as u64;
                if received > announced {
                    break;
                }
                intake.take(bytes).await.map_err(disk)?;
            }
        }
        if received != announced {
            return Err(refuse(
                S3ErrorCode::IncompleteBody,
                "You did not provide the number of bytes specified by the Content-Length HTTP header",
            ));
        }
        let (blob, summing) = intake.finish().await.map_err(disk)?;
        Ok(Received { blob, sums: summing.finish(claims)? })
    }

    /// With `fast_etags` they come from the checksum, which is computed in any case.
    pub(super) fn etags_are_md5(&self) -> bool {
        !self.fast_etags
    }

    /// Sums up bytes that are here already.
    pub(super) async fn sum_up(&self, blob: &Blob, algorithm: Algorithm, md5: bool) -> S3Result<Sums> {
        let claims = Claims::default();
        let mut summing = Summing::new(&claims, algorithm, md5);
        for segment in blob.segments() {
            if let Segment::Virtual(run) = segment {
                summing.update_run(run);
                continue;
            }
            let mut body = s3s::Body::http_body(Reader::new(Blob::new(vec![segment.clone()])));
            while let Some(bytes) = body.next().await {
                summing.update(&bytes.map_err(|error| disk(std::io::Error::other(error)))?);
            }
        }
        summing.finish(&claims)
    }
}

fn announced(body: Option<&StreamingBlob>, content_length: Option<i64>) -> S3Result<u64> {
    let known = body.map_or(Some(0), |body| body.remaining_length().exact()).map(|length| length as u64);
    let announced =
        content_length.and_then(|length| u64::try_from(length).ok()).or(known).ok_or_else(|| {
            refuse(S3ErrorCode::MissingContentLength, "You must provide the Content-Length HTTP header.")
        })?;
    if announced > BODY_BYTES_MAX {
        return Err(refuse(
            S3ErrorCode::EntityTooLarge,
            "Your proposed upload exceeds the maximum allowed size",
        ));
    }
    Ok(announced)
}
