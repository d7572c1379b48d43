//! Checksums: of bytes as they pass, and of a whole from its parts. CRC64NVME always, for the target; beside it the source's own
//! algorithm, where that is another CRC, so that what is delivered is what was uploaded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, Digest, checksum_combine};

const ALGORITHM: CrcAlgorithm = CrcAlgorithm::Crc64Nvme;

/// A full-object CRC64NVME.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crc64(u64);

impl Crc64 {
    #[cfg(test)]
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(crc_fast::checksum(ALGORITHM, bytes))
    }

    /// As S3 writes it: base64 of the big-endian value. `None` for anything else, a composite value (`…-3`) included.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        Some(Self(u64::from_be_bytes(bytes.try_into().ok()?)))
    }

    /// The checksum of these bytes followed by `len_bytes` others whose checksum is `next`.
    #[must_use]
    pub(super) fn followed_by(self, next: Self, len_bytes: u64) -> Self {
        Self(multiply(power_of_x(len_bytes), self.0) ^ next.0)
    }
}

/// CRC64NVME's polynomial as its registers hold it: the highest bit is x⁰.
const POLYNOMIAL: u64 = 0x9a6c_9329_ac4b_c9b5;
const X_TO_THE_0: u64 = 1 << 63;

/// The product of two polynomials, modulo the CRC's.
fn multiply(a: u64, b: u64) -> u64 {
    let (mut product, mut shifted) = (0, b);
    for bit in (0..u64::BITS).rev() {
        product ^= shifted & (a >> bit & 1).wrapping_neg();
        shifted = (shifted >> 1) ^ (POLYNOMIAL & (shifted & 1).wrapping_neg());
    }
    product
}

/// What so many zero bytes multiply a CRC by. The library builds matrices for it, which takes about as long as the checksum of all of
/// a part's bytes.
fn power_of_x(len_bytes: u64) -> u64 {
    let (mut power, mut squared, mut rest) = (X_TO_THE_0, X_TO_THE_0 >> 8, len_bytes);
    while rest > 0 {
        if rest & 1 == 1 {
            power = multiply(power, squared);
        }
        squared = multiply(squared, squared);
        rest >>= 1;
    }
    power
}

impl std::fmt::Display for Crc64 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&STANDARD.encode(self.0.to_be_bytes()))
    }
}

/// The checksum that a source's own store has of the whole object, in the uploader's algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    Crc64Nvme(Crc64),
    Crc32(u32),
    Crc32c(u32),
}

impl Own {
    /// Full-object values only, as S3 writes them. `None` for anything else.
    pub fn parse(crc64_nvme: Option<&str>, crc32: Option<&str>, crc32c: Option<&str>) -> Option<Self> {
        let short = |text: &str| Some(u32::from_be_bytes(STANDARD.decode(text).ok()?.try_into().ok()?));
        let long = crc64_nvme.and_then(Crc64::parse).map(Self::Crc64Nvme);
        let long = long.or_else(|| crc32c.and_then(short).map(Self::Crc32c));
        long.or_else(|| crc32.and_then(short).map(Self::Crc32))
    }

    /// The CRC64NVME, if it is one.
    pub(super) fn crc64(self) -> Option<Crc64> {
        match self {
            Self::Crc64Nvme(value) => Some(value),
            Self::Crc32(_) | Self::Crc32c(_) => None,
        }
    }

    fn algorithm(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc64Nvme(_) => None,
            Self::Crc32(_) => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c(_) => Some(CrcAlgorithm::Crc32Iscsi),
        }
    }

    /// Whether bytes with these sums are those that the store vouches for. Sums without the algorithm in question say nothing.
    pub(super) fn fits(self, sums: Sums) -> Option<bool> {
        match self {
            Self::Crc64Nvme(value) => Some(value == sums.crc64),
            Self::Crc32(value) | Self::Crc32c(value) => sums.short.map(|short| short == u64::from(value)),
        }
    }
}

/// What was computed of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) crc64: Crc64,
    /// In the source's own algorithm, where that is another one and is known.
    pub(super) short: Option<u64>,
}

impl Sums {
    pub(super) fn of(bytes: &[u8], own: Option<Own>) -> Self {
        let mut running = Running::new(own);
        running.update(bytes);
        running.value()
    }

    /// The sums of these bytes followed by `len_bytes` others whose sums are `next`.
    #[must_use]
    pub(super) fn followed_by(self, next: Self, len_bytes: u64, own: Option<Own>) -> Self {
        let combine = |algorithm| Some(checksum_combine(algorithm, self.short?, next.short?, len_bytes));
        Self {
            crc64: self.crc64.followed_by(next.crc64, len_bytes),
            short: own.and_then(Own::algorithm).and_then(combine),
        }
    }
}

/// Sums in the making.
#[derive(Debug)]
pub(super) struct Running {
    crc64: Digest,
    short: Option<Digest>,
}

impl Running {
    /// `own` decides what is computed beside the CRC64NVME.
    pub(super) fn new(own: Option<Own>) -> Self {
        Self { crc64: Digest::new(ALGORITHM), short: own.and_then(Own::algorithm).map(Digest::new) }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.crc64.update(bytes);
        if let Some(short) = &mut self.short {
            short.update(bytes);
        }
    }

    pub(super) fn value(&self) -> Sums {
        Sums { crc64: Crc64(self.crc64.finalize()), short: self.short.as_ref().map(Digest::finalize) }
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

    #[test]
    fn a_sources_own_checksum_is_read_in_any_crc() {
        // The catalogue's check values.
        let crc32 = Own::parse(None, Some("y/Q5Jg=="), None).unwrap();
        let crc32c = Own::parse(None, None, Some("4waSgw==")).unwrap();
        for own in [crc32, crc32c, Own::Crc64Nvme(Crc64::of(b"123456789"))] {
            assert_eq!(own.fits(Sums::of(b"123456789", Some(own))), Some(true), "{own:?}");
            assert_eq!(own.fits(Sums::of(b"123456780", Some(own))), Some(false), "{own:?}");
        }
        assert_eq!(crc32.fits(Sums::of(b"123456789", None)), None);
        assert_eq!(Own::parse(None, Some("y/Q5Jg==-2"), None), None);
    }

    #[test]
    fn long_parts_combine_as_the_library_says() {
        for len_bytes in [1, 1 << 20, 8 << 20, (5 << 30) - 1, 50_000_000_000_000] {
            let (first, next) = (Crc64::of(b"first"), Crc64::of(b"next"));
            let expected = checksum_combine(ALGORITHM, first.0, next.0, len_bytes);
            assert_eq!(first.followed_by(next, len_bytes), Crc64(expected), "{len_bytes}");
        }
    }

    proptest! {
        #[test]
        fn parts_combine_to_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..600), cuts in proptest::collection::vec(0usize..600, 0..5)) {
            for own in [None, Some(Own::Crc32(0)), Some(Own::Crc32c(0))] {
                let mut cuts: Vec<usize> = cuts.iter().map(|cut| (*cut).min(bytes.len())).collect();
                cuts.sort_unstable();
                cuts.push(bytes.len());
                let (mut whole, mut at) = (Sums::of(b"", own), 0);
                for cut in cuts {
                    whole = whole.followed_by(Sums::of(&bytes[at..cut], own), (cut - at) as u64, own);
                    at = cut;
                }
                prop_assert_eq!(whole, Sums::of(&bytes, own));
            }
        }
    }
}
