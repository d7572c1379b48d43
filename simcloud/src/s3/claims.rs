//! What a client claims of the body it sends, and whether that is true.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use md5::{Digest as _, Md5};
use s3s::{S3ErrorCode, S3Result};
use sha2::Sha256;

use super::blob_pattern::Run;
use super::checksum::{Algorithm, Checksum, Hasher, is_well_formed};
use super::errors::{custom, invalid_request, refuse};
use super::request::RequestContext;

/// Claims about one body.
#[derive(Debug, Default)]
pub(super) struct Claims {
    md5: Option<[u8; 16]>,
    checksum: Option<Claimed>,
    /// Lowercase hex.
    payload_sha256: Option<String>,
    context: RequestContext,
}

#[derive(Debug, Clone)]
struct Claimed {
    algorithm: Algorithm,
    /// `None`: follows the body.
    value: Option<String>,
}

impl Claims {
    pub(super) fn of(
        headers: &HeaderMap,
        content_md5: Option<&str>,
        context: &RequestContext,
    ) -> S3Result<Self> {
        Ok(Self {
            md5: content_md5.map(parse_md5).transpose()?,
            checksum: claimed(headers)?,
            payload_sha256: context.payload_sha256.clone(),
            context: context.clone(),
        })
    }

    /// The algorithm of the client's checksum, if it sends one.
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        self.checksum.as_ref().map(|claimed| claimed.algorithm)
    }

    /// Compares with what came; only once the body has been read.
    fn verify(&self, sums: &Sums, payload_sha256: Option<&str>) -> S3Result<()> {
        if let (Some(claimed), Some(computed)) = (self.md5, sums.md5)
            && claimed != computed
        {
            return Err(refuse(
                S3ErrorCode::BadDigest,
                "The Content-MD5 you specified did not match what we received.",
            ));
        }
        if let Some(claimed) = &self.checksum {
            self.verify_checksum(claimed, sums.as_claimed())?;
        }
        match (&self.payload_sha256, payload_sha256) {
            (Some(claimed), Some(computed)) if !claimed.eq_ignore_ascii_case(computed) => Err(custom(
                http::StatusCode::BAD_REQUEST,
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            )),
            _ => Ok(()),
        }
    }

    fn verify_checksum(&self, claimed: &Claimed, computed: &Checksum) -> S3Result<()> {
        let header = claimed.algorithm.header();
        let Some(value) = claimed.value.clone().or_else(|| self.context.trailers.get(header)) else {
            return Err(custom(
                http::StatusCode::BAD_REQUEST,
                "MalformedTrailerError",
                format!("The trailer {header} is missing."),
            ));
        };
        if !is_well_formed(claimed.algorithm, &value) {
            return Err(invalid_request(format!("Value for {header} header is invalid.")));
        }
        if value != computed.value {
            let name = claimed.algorithm.name();
            return Err(refuse(
                S3ErrorCode::BadDigest,
                format!("The {name} you specified did not match the calculated checksum."),
            ));
        }
        Ok(())
    }
}

fn claimed(headers: &HeaderMap) -> S3Result<Option<Claimed>> {
    let mut found = Algorithm::ALL.into_iter().filter_map(|algorithm| {
        let value = headers.get(algorithm.header())?.to_str().unwrap_or_default();
        Some(Claimed { algorithm, value: Some(value.to_owned()) })
    });
    if let Some(first) = found.next() {
        return match found.next() {
            None => Ok(Some(first)),
            Some(_) => Err(invalid_request(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
            )),
        };
    }
    let trailer = headers.get("x-amz-trailer").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let trailing = trailer.split(',').find_map(|name| {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.header().eq_ignore_ascii_case(name.trim()))
    });
    if let Some(algorithm) = trailing {
        return Ok(Some(Claimed { algorithm, value: None }));
    }
    match headers.contains_key("x-amz-sdk-checksum-algorithm") {
        false => Ok(None),
        true => Err(invalid_request(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
        )),
    }
}

fn parse_md5(value: &str) -> S3Result<[u8; 16]> {
    STANDARD
        .decode(value)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| refuse(S3ErrorCode::InvalidDigest, "The Content-MD5 you specified is not valid."))
}

/// What was computed of a body.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// `None` when nobody needs it.
    pub(super) md5: Option<[u8; 16]>,
    pub(super) checksum: Checksum,
    /// In the client's algorithm, where that is another one.
    pub(super) claimed: Option<Checksum>,
}

impl Sums {
    /// The checksum that the client's claim is about.
    pub(super) fn as_claimed(&self) -> &Checksum {
        self.claimed.as_ref().unwrap_or(&self.checksum)
    }

    /// The ETag of an object or part with these bytes: its MD5, or, when that was not computed, as many bytes of its checksum, over
    /// and over.
    pub(super) fn etag(&self) -> String {
        match self.md5 {
            Some(md5) => hex(&md5),
            None => {
                let checksum = STANDARD.decode(&self.checksum.value).unwrap_or_default();
                let bytes: Vec<u8> = checksum.iter().copied().cycle().take(16).collect();
                hex(&bytes)
            }
        }
    }
}

/// Computes all that is needed of a body, in one pass.
#[derive(Debug)]
pub(super) struct Summing {
    md5: Option<Md5>,
    checksum: Hasher,
    claimed: Option<Hasher>,
    payload_sha256: Option<Sha256>,
}

impl Summing {
    /// `md5`: whether the ETag needs it; a claimed one is computed in any case.
    pub(super) fn new(claims: &Claims, algorithm: Algorithm, md5: bool) -> Self {
        Self {
            md5: (md5 || claims.md5.is_some()).then(Md5::new),
            checksum: Hasher::new(algorithm),
            claimed: claims.algorithm().filter(|claimed| *claimed != algorithm).map(Hasher::new),
            payload_sha256: claims.payload_sha256.is_some().then(Sha256::new),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        // In pieces that stay in the cache from one sum to the next.
        for piece in bytes.chunks(32 * 1024) {
            self.checksum.update(piece);
            if let Some(claimed) = &mut self.claimed {
                claimed.update(piece);
            }
            if let Some(md5) = &mut self.md5 {
                md5.update(piece);
            }
            if let Some(sha256) = &mut self.payload_sha256 {
                sha256.update(piece);
            }
        }
    }

    /// Whether a run's sums come without reading it.
    pub(super) fn combines(&self) -> bool {
        let hashes = [Some(&self.checksum), self.claimed.as_ref()];
        self.md5.is_none()
            && self.payload_sha256.is_none()
            && hashes.into_iter().flatten().all(Hasher::combines)
    }

    /// A run of the pattern follows.
    pub(super) fn update_run(&mut self, run: &Run) {
        self.checksum.update_run(run);
        if let Some(claimed) = &mut self.claimed {
            claimed.update_run(run);
        }
        if self.md5.is_some() || self.payload_sha256.is_some() {
            for piece in run.pieces() {
                if let Some(md5) = &mut self.md5 {
                    md5.update(&piece);
                }
                if let Some(sha256) = &mut self.payload_sha256 {
                    sha256.update(&piece);
                }
            }
        }
    }

    /// The sums, if the claims agree with them.
    pub(super) fn finish(self, claims: &Claims) -> S3Result<Sums> {
        let sums = Sums {
            md5: self.md5.map(|md5| md5.finalize().into()),
            checksum: self.checksum.finish(),
            claimed: self.claimed.map(Hasher::finish),
        };
        let payload_sha256 = self.payload_sha256.map(|sha256| hex(&sha256.finalize()));
        claims.verify(&sums, payload_sha256.as_deref())?;
        Ok(sums)
    }
}

/// Lowercase hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &'static str, value: &str, md5: Option<&str>, body: &[u8]) -> S3Result<Sums> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        let claims = Claims::of(&headers, md5, &RequestContext::default())?;
        let mut summing = Summing::new(&claims, claims.algorithm().unwrap_or(Algorithm::Crc64Nvme), true);
        summing.update(body);
        summing.finish(&claims)
    }

    fn code(result: S3Result<Sums>) -> String {
        result.unwrap_err().code().as_str().to_owned()
    }

    #[test]
    fn true_claims_pass_and_false_ones_do_not() {
        let crc32 = STANDARD.encode(0xcbf4_3926_u32.to_be_bytes());
        let sums =
            check("x-amz-checksum-crc32", &crc32, Some("JfnnlDI7RTiF9RgfG2JNCw=="), b"123456789").unwrap();
        assert_eq!(sums.etag(), "25f9e794323b453885f5181f1b624d0b");
        assert_eq!(code(check("x-amz-checksum-crc32", &crc32, None, b"12345678")), "BadDigest");
        assert_eq!(code(check("x-amz-checksum-crc32", "AAAA", None, b"")), "InvalidRequest");
        assert_eq!(code(check("x-none", "", Some("AAAA"), b"")), "InvalidDigest");
        assert_eq!(code(check("x-none", "", Some("JfnnlDI7RTiF9RgfG2JNCw=="), b"")), "BadDigest");
        assert_eq!(code(check("x-amz-sdk-checksum-algorithm", "CRC32", None, b"")), "InvalidRequest");
    }

    #[test]
    fn two_checksums_are_one_too_many() {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-checksum-crc32", "AAAAAA==".parse().unwrap());
        headers.insert("x-amz-checksum-sha1", "AAAAAA==".parse().unwrap());
        let error = Claims::of(&headers, None, &RequestContext::default()).unwrap_err();
        assert_eq!(error.code().as_str(), "InvalidRequest");
    }
}
