//! CRC64NVME: of bytes as they pass, and of a whole from its parts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, Digest, checksum, checksum_combine};

const ALGORITHM: CrcAlgorithm = CrcAlgorithm::Crc64Nvme;

/// A full-object CRC64NVME.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crc64(u64);

impl Crc64 {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(checksum(ALGORITHM, bytes))
    }

    /// As S3 writes it: base64 of the big-endian value. `None` for anything else, a composite value (`…-3`) included.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        Some(Self(u64::from_be_bytes(bytes.try_into().ok()?)))
    }

    /// The checksum of these bytes followed by `len_bytes` others whose checksum is `next`.
    #[must_use]
    pub(super) fn followed_by(self, next: Self, len_bytes: u64) -> Self {
        Self(checksum_combine(ALGORITHM, self.0, next.0, len_bytes))
    }
}

impl std::fmt::Display for Crc64 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&STANDARD.encode(self.0.to_be_bytes()))
    }
}

/// A CRC64NVME in the making.
#[derive(Debug)]
pub(super) struct Running(Digest);

impl Running {
    pub(super) fn new() -> Self {
        Self(Digest::new(ALGORITHM))
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn value(&self) -> Crc64 {
        Crc64(self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_the_checksum_that_s3_gives() {
        // The catalogue's check value for CRC-64/NVME.
        assert_eq!(Crc64::of(b"123456789"), Crc64(0xae8b_1486_0a79_9888));
        assert_eq!(Crc64::of(b"123456789").to_string(), "rosUhgp5mIg=");
        assert_eq!(Crc64::parse("rosUhgp5mIg="), Some(Crc64::of(b"123456789")));
        for bad in ["", "rosUhgp5mIg=-2", "AAAA", "rosUhgp5mIg"] {
            assert_eq!(Crc64::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parts_combine_to_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..600), cuts in proptest::collection::vec(0usize..600, 0..5)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            cuts.push(bytes.len());
            let (mut whole, mut at) = (Crc64::of(b""), 0);
            for cut in cuts {
                let mut running = Running::new();
                running.update(&bytes[at..cut]);
                whole = whole.followed_by(running.value(), (cut - at) as u64);
                at = cut;
            }
            prop_assert_eq!(whole, Crc64::of(&bytes));
        }
    }
}
