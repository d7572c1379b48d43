//! S3's checksums: which there are, how they are computed, combined and written.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::blob_pattern::Run;

/// What a checksum is computed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

/// What a checksum is computed of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    /// Of the object's bytes.
    FullObject,
    /// Of the checksums of its parts; written with `-N` behind it.
    Composite,
}

/// A checksum as S3 shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksum {
    pub(super) algorithm: Algorithm,
    pub(super) kind: Kind,
    /// Base64 of the big-endian value, and `-N` for a composite one.
    pub(super) value: String,
}

impl Checksum {
    /// The value without the number of parts.
    pub(super) fn digest(&self) -> &str {
        self.value.split('-').next().unwrap_or_default()
    }
}

impl Algorithm {
    pub(super) const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// As the API names it: `CRC64NVME`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The header, or trailing header, that carries the value.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    pub(super) fn digest_bytes(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The kind that an upload has when it only names the algorithm.
    pub(super) fn default_kind(self) -> Kind {
        match self {
            Self::Crc64Nvme => Kind::FullObject,
            _ => Kind::Composite,
        }
    }

    /// Whether `kind` exists for this algorithm: SHA sums cannot be combined, CRC64NVME is never composite.
    pub(super) fn allows(self, kind: Kind) -> bool {
        match kind {
            Kind::FullObject => self.crc().is_some(),
            Kind::Composite => self != Self::Crc64Nvme,
        }
    }

    pub(super) fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::FullObject, Self::Composite].into_iter().find(|kind| kind.name() == name)
    }
}

/// A checksum in the making.
pub(super) struct Hasher {
    algorithm: Algorithm,
    state: State,
}

enum State {
    Crc(Box<Crc>),
    Sha1(Sha1),
    Sha256(Sha256),
}

/// A CRC in the making, of bytes and of sums of bytes.
struct Crc {
    algorithm: CrcAlgorithm,
    /// Of all that came before what is in `digest`; `None` when there was nothing.
    before: Option<u64>,
    digest: crc_fast::Digest,
    digest_bytes: u64,
}

impl Crc {
    fn new(algorithm: CrcAlgorithm) -> Self {
        Self { algorithm, before: None, digest: crc_fast::Digest::new(algorithm), digest_bytes: 0 }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.digest_bytes += bytes.len() as u64;
    }

    fn followed_by(&self, next: u64, length: u64) -> u64 {
        self.before.map_or(next, |before| crc_fast::checksum_combine(self.algorithm, before, next, length))
    }

    /// `length` bytes with this CRC follow.
    fn append(&mut self, crc: u64, length: u64) {
        if self.digest_bytes > 0 {
            let digest = std::mem::replace(&mut self.digest, crc_fast::Digest::new(self.algorithm));
            self.before = Some(self.followed_by(digest.finalize(), self.digest_bytes));
            self.digest_bytes = 0;
        }
        self.before = Some(self.followed_by(crc, length));
    }

    fn value(&self) -> u64 {
        match self.digest_bytes {
            0 if self.before.is_some() => self.before.unwrap_or_default(),
            length => self.followed_by(self.digest.finalize(), length),
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Hasher {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        let state = match algorithm.crc() {
            Some(crc) => State::Crc(Box::new(Crc::new(crc))),
            None if algorithm == Algorithm::Sha1 => State::Sha1(Sha1::new()),
            None => State::Sha256(Sha256::new()),
        };
        Self { algorithm, state }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Crc(crc) => crc.update(bytes),
            State::Sha1(digest) => digest.update(bytes),
            State::Sha256(digest) => digest.update(bytes),
        }
    }

    /// Whether a run's sum comes without reading it.
    pub(super) fn combines(&self) -> bool {
        self.algorithm.crc().is_some()
    }

    /// A run of the pattern follows: a CRC is combined, anything else reads it.
    pub(super) fn update_run(&mut self, run: &Run) {
        match (&mut self.state, run.crc(self.algorithm)) {
            (State::Crc(crc), Some(sum)) => crc.append(sum, run.length()),
            _ => run.pieces().for_each(|piece| self.update(&piece)),
        }
    }

    /// The checksum of all bytes so far, as one of a full object.
    pub(super) fn finish(self) -> Checksum {
        let value = match self.state {
            State::Crc(crc) => encode_crc(self.algorithm, crc.value()),
            State::Sha1(digest) => STANDARD.encode(digest.finalize()),
            State::Sha256(digest) => STANDARD.encode(digest.finalize()),
        };
        Checksum { algorithm: self.algorithm, kind: Kind::FullObject, value }
    }
}

/// The checksum of a whole object, from those of its parts in order, each with its length in bytes. `None` when they cannot be
/// combined: an unsuitable algorithm, or a part with another one.
pub(super) fn of_parts(algorithm: Algorithm, kind: Kind, parts: &[(&Checksum, u64)]) -> Option<Checksum> {
    if !algorithm.allows(kind) || parts.iter().any(|(checksum, _)| checksum.algorithm != algorithm) {
        return None;
    }
    let value = match kind {
        Kind::FullObject => full_object(algorithm, parts)?,
        Kind::Composite => composite(algorithm, parts)?,
    };
    Some(Checksum { algorithm, kind, value })
}

/// The checksum of a run of the pattern, as one of a full object; `None` when the algorithm is no CRC.
pub(super) fn of_run(algorithm: Algorithm, run: &Run) -> Option<Checksum> {
    let value = encode_crc(algorithm, run.crc(algorithm)?);
    Some(Checksum { algorithm, kind: Kind::FullObject, value })
}

fn full_object(algorithm: Algorithm, parts: &[(&Checksum, u64)]) -> Option<String> {
    let crc = algorithm.crc()?;
    let mut combined = None;
    for (checksum, length) in parts {
        let next = decode_crc(&checksum.value)?;
        combined = Some(match combined {
            None => next,
            Some(before) => crc_fast::checksum_combine(crc, before, next, *length),
        });
    }
    Some(encode_crc(algorithm, combined?))
}

fn composite(algorithm: Algorithm, parts: &[(&Checksum, u64)]) -> Option<String> {
    let mut hasher = Hasher::new(algorithm);
    for (checksum, _) in parts {
        hasher.update(&STANDARD.decode(&checksum.value).ok()?);
    }
    Some(format!("{}-{}", hasher.finish().value, parts.len()))
}

fn encode_crc(algorithm: Algorithm, value: u64) -> String {
    STANDARD.encode(&value.to_be_bytes()[8 - algorithm.digest_bytes()..])
}

/// The raw value of a CRC of any width.
fn decode_crc(value: &str) -> Option<u64> {
    let bytes = STANDARD.decode(value).ok()?;
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}

/// Whether `value` is written as `algorithm`'s checksums are.
pub(super) fn is_well_formed(algorithm: Algorithm, value: &str) -> bool {
    STANDARD.decode(value).is_ok_and(|bytes| bytes.len() == algorithm.digest_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(algorithm: Algorithm, bytes: &[u8]) -> Checksum {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    #[test]
    fn known_values_of_123456789() {
        let of = |algorithm| sum(algorithm, b"123456789").value;
        assert_eq!(of(Algorithm::Crc32), STANDARD.encode(0xcbf4_3926_u32.to_be_bytes()));
        assert_eq!(of(Algorithm::Crc32c), STANDARD.encode(0xe306_9283_u32.to_be_bytes()));
        assert_eq!(of(Algorithm::Crc64Nvme), STANDARD.encode(0xae8b_1486_0a79_9888_u64.to_be_bytes()));
        assert!(is_well_formed(Algorithm::Sha256, &of(Algorithm::Sha256)));
    }

    #[test]
    fn crcs_of_parts_combine_to_that_of_the_whole() {
        let bytes: Vec<u8> = (0..10_000_u32).map(|n| (n * 31 % 251) as u8).collect();
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let sums: Vec<(Checksum, u64)> =
                bytes.chunks(3_333).map(|part| (sum(algorithm, part), part.len() as u64)).collect();
            let parts: Vec<(&Checksum, u64)> = sums.iter().map(|(sum, length)| (sum, *length)).collect();
            assert_eq!(of_parts(algorithm, Kind::FullObject, &parts), Some(sum(algorithm, &bytes)));
        }
    }

    #[test]
    fn runs_and_bytes_mix() {
        let pattern = std::sync::Arc::new(super::super::blob_pattern::Pattern::new());
        let run = Run::new(&pattern, 77, (3 << 20) + 5);
        let bytes: Vec<u8> = run.pieces().collect::<Vec<_>>().concat();
        for algorithm in Algorithm::ALL {
            let mut mixed = Hasher::new(algorithm);
            let mut plain = Hasher::new(algorithm);
            for (before, after) in [(&b"before"[..], &b"after"[..]), (b"", b""), (b"x", b"")] {
                mixed.update(before);
                mixed.update_run(&run);
                mixed.update(after);
                for bytes in [before, &bytes, after] {
                    plain.update(bytes);
                }
            }
            assert_eq!(mixed.finish(), plain.finish(), "{algorithm:?}");
        }
    }

    #[test]
    fn composites_are_sums_of_sums() {
        let part = sum(Algorithm::Sha256, b"part");
        let composite = of_parts(Algorithm::Sha256, Kind::Composite, &[(&part, 4), (&part, 4)]).unwrap();
        assert!(composite.value.ends_with("=-2"));
        assert_eq!(format!("{}-2", composite.digest()), composite.value);
        assert_eq!(of_parts(Algorithm::Sha256, Kind::FullObject, &[(&part, 4)]), None);
        assert_eq!(of_parts(Algorithm::Crc32, Kind::FullObject, &[(&part, 4)]), None);
    }
}
