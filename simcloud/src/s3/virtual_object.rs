//! Virtual objects: of any size up to S3's limit, with bytes that are generated where they are read.
//!
//! Such an object is as one that was uploaded in parts of 5 GiB: it has parts, a multipart ETag and a checksum, all of them computed
//! from those of the pattern's block and not by reading it, and its event is that of a completed upload. What is written back is
//! recognised (see `blob_intake`) and not kept either. ETags are made from the parts' CRCs, as with `fast_etags`; a store without
//! `fast_etags` reads every byte of an *incoming* part for its MD5, recognised or not.

use s3s::{S3ErrorCode, S3Result};

use super::blob::{Blob, Segment};
use super::blob_pattern::{Pattern, Run};
use super::checksum::{Algorithm, Checksum, Kind, of_parts, of_run};
use super::claims::Sums;
use super::complete::etag;
use super::errors::{invalid_argument, not_implemented, refuse};
use super::keys;
use super::object::{Details, PartSummary};
use super::receive::BODY_BYTES_MAX;
use super::store::Store;
use super::template::Template;
use crate::events::ObjectEventKind;

const PARTS_MAX: u64 = 10_000;

/// Which checksum a virtual object has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VirtualChecksum {
    /// The CRC64NVME of the full object.
    FullObject,
    /// A composite one (CRC32 of the parts' CRC32s), which says nothing of the whole.
    Composite,
}

/// A virtual object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualObject {
    /// Without quotes.
    pub etag: String,
    pub size_bytes: u64,
    /// Of its bytes, whichever checksum it shows.
    pub crc64nvme: String,
}

/// Bytes of virtual objects that have moved so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VirtualTraffic {
    /// Sent in answers to GetObject.
    pub read_bytes: u64,
    /// Came in, in parts and objects, and were recognised.
    pub written_bytes: u64,
}

impl Store {
    pub(super) fn put_virtual_object(
        &self,
        bucket: &str,
        key: &str,
        size_bytes: u64,
        checksum: VirtualChecksum,
    ) -> S3Result<VirtualObject> {
        if self.disk.is_some() {
            return Err(not_implemented("virtual objects in a cloud with a data_dir"));
        }
        if size_bytes > BODY_BYTES_MAX * PARTS_MAX {
            return Err(refuse(
                S3ErrorCode::EntityTooLarge,
                "Your proposed upload exceeds the maximum allowed size",
            ));
        }
        keys::check(key)?;
        let bucket = self.bucket(bucket, None)?;
        let pattern = self.pattern.get_or_init(|| std::sync::Arc::new(Pattern::new()));
        let whole = Run::new(pattern, 0, size_bytes);
        let (algorithm, kind) = match checksum {
            VirtualChecksum::FullObject => (Algorithm::Crc64Nvme, Kind::FullObject),
            VirtualChecksum::Composite => (Algorithm::Crc32, Kind::Composite),
        };
        let sum =
            |run: &Run| of_run(algorithm, run).ok_or_else(|| invalid_argument("a virtual object has a CRC"));
        // Every part but the last has the same bytes: 5 GiB are a whole number of blocks.
        let (count, last_bytes) = match size_bytes.div_ceil(BODY_BYTES_MAX) {
            0 => (1, 0),
            count => (count, size_bytes - (count - 1) * BODY_BYTES_MAX),
        };
        let full = (BODY_BYTES_MAX, sum(&whole.slice(0..BODY_BYTES_MAX.min(size_bytes)))?);
        let last = (last_bytes, sum(&whole.slice(0..last_bytes))?);
        let parts: Vec<PartSummary> = (1..=count)
            .zip(1..)
            .map(|(index, number)| {
                let (size_bytes, checksum) = if index == count { last.clone() } else { full.clone() };
                PartSummary { number, size_bytes, checksum }
            })
            .collect();
        let etags: Vec<String> = parts
            .iter()
            .map(|part| Sums { md5: None, checksum: part.checksum.clone(), claimed: None }.etag())
            .collect();
        let sums: Vec<(&Checksum, u64)> =
            parts.iter().map(|part| (&part.checksum, part.size_bytes)).collect();
        let of_whole = match kind {
            Kind::FullObject => Some(sum(&whole)?),
            Kind::Composite => of_parts(algorithm, kind, &sums),
        };
        let checksum = of_whole.ok_or_else(|| invalid_argument("a virtual object has a checksum"))?;
        let crc64nvme =
            of_run(Algorithm::Crc64Nvme, &whole).map(|checksum| checksum.value).unwrap_or_default();
        let etag = etag(etags.iter().map(|etag| &**etag));
        let version = bucket.publish(key, |_| {
            let details = Details {
                template: Template::default(),
                etag: etag.clone(),
                size_bytes,
                last_modified_s: self.now_s(),
                sequencer: self.next_sequencer(),
                version_id: self.new_version_id(&bucket),
                initiated: None,
                checksum,
                parts,
            };
            Ok((details, Blob::new(vec![Segment::Virtual(whole)])))
        })?;
        self.tell(&bucket, key, &version.details, ObjectEventKind::CreatedByMultipart, "virtual");
        Ok(VirtualObject { etag, size_bytes, crc64nvme })
    }

    pub(super) fn virtual_traffic(&self) -> VirtualTraffic {
        let (read_bytes, written_bytes) =
            self.pattern.get().map(|pattern| pattern.traffic()).unwrap_or_default();
        VirtualTraffic { read_bytes, written_bytes }
    }
}
