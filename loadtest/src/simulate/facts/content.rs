//! Bytes that cost nothing to make: every object is a slice of one pool.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::check::Checksum;

/// Stands in every key, body and secret, so that any of them in a log or in the ledger is seen.
pub(crate) const KEY_CANARY: &str = "k3y-c4n4ry";
pub(crate) const BODY_CANARY: &str = "b0dy-c4n4ry";
pub(crate) const SECRET_CANARY: &str = "s3cret-c4n4ry";

/// The largest object, and room to begin it at different places.
const POOL_BYTES: usize = OBJECT_BYTES_MAX + 4096 * 64;
pub(crate) const OBJECT_BYTES_MAX: usize = 12 << 20;

/// An object's bytes: where they lie in the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    offset: usize,
    len: usize,
    /// The sum in base64 is made when it is asked for; here is what decides equality.
    crc: u64,
}

impl Content {
    /// `variant` makes contents of one length differ.
    pub(crate) fn new(len: usize, variant: usize) -> Self {
        let offset = (variant % 4096) * 64;
        let mut content = Self { offset, len: len.min(OBJECT_BYTES_MAX), crc: 0 };
        let mut sum = Checksum::new();
        sum.update(&content.bytes());
        content.crc = sum.value();
        content
    }

    pub(crate) fn bytes(self) -> Bytes {
        pool().slice(self.offset..self.offset + self.len)
    }

    pub(crate) fn len_bytes(self) -> u64 {
        self.len as u64
    }

    /// CRC64NVME as S3 writes it.
    pub(crate) fn checksum(self) -> String {
        Checksum::text_of(self.crc)
    }
}

fn pool() -> &'static Bytes {
    static POOL: OnceLock<Bytes> = OnceLock::new();
    POOL.get_or_init(|| {
        let mut bytes = vec![0; POOL_BYTES];
        fastrand::Rng::with_seed(0x706f_6f6c).fill(&mut bytes);
        for chunk in bytes.chunks_exact_mut(256) {
            for (slot, byte) in chunk.iter_mut().zip(BODY_CANARY.bytes()) {
                *slot = byte;
            }
        }
        Bytes::from(bytes)
    })
}
