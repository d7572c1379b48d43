//! The bytes of virtual objects: one block, repeated without end, generated once and never copied.
//!
//! A [`Run`] says where in the repetition some bytes begin and how many they are. Its CRC is combined from those of the block, in as
//! many steps as its length has binary digits. The block's words are numbered by a mixing function that can be undone, so sixteen
//! bytes tell where in the block they are: bytes that come back are recognised whatever their cut.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use crc_fast::{checksum, checksum_combine};

use super::checksum::Algorithm;

/// Length of the block in bytes. It stays in a core's cache, and divides every usual part size.
pub(super) const BLOCK_BYTES: u64 = 1024 * 1024;
const BLOCK_LEN: usize = 1024 * 1024;
const WORD_LEN: usize = 8;
/// Doublings of the block whose CRC is kept: 2^26 blocks are 64 TiB, more than any object has.
const DOUBLINGS: u32 = 27;

/// The block, and what is known of it.
#[derive(Debug)]
pub(super) struct Pattern {
    block: Bytes,
    /// CRCs of 1, 2, 4 … blocks, for each algorithm that is a CRC.
    doublings: [OnceLock<Vec<u64>>; 3],
    read_bytes: AtomicU64,
    written_bytes: AtomicU64,
}

/// So many bytes of the repetition, from `phase` in the block on.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pattern: Arc<Pattern>,
    phase: u64,
    length: u64,
}

impl Pattern {
    pub(super) fn new() -> Self {
        let mut block = Vec::with_capacity(BLOCK_LEN);
        for index in 0..(BLOCK_LEN / WORD_LEN) as u64 {
            block.extend_from_slice(&mixed(index).to_le_bytes());
        }
        Self {
            block: block.into(),
            doublings: Default::default(),
            read_bytes: AtomicU64::new(0),
            written_bytes: AtomicU64::new(0),
        }
    }

    /// Where in the block `bytes` begin, if they are the repetition from there on. `expected` is tried first.
    ///
    /// A slice of the block itself is known by its address: what it refers to never changes. Everything else is compared.
    pub(super) fn recognise(&self, bytes: &Bytes, expected: Option<u64>) -> Option<u64> {
        let offset = bytes.as_ptr().addr().wrapping_sub(self.block.as_ptr().addr());
        if offset < BLOCK_LEN && offset + bytes.len() <= BLOCK_LEN {
            return Some(offset as u64);
        }
        let is_here = |phase: &u64| self.is_at(*phase, bytes);
        expected.filter(is_here).or_else(|| Self::places(bytes).find(is_here))
    }

    /// Where `bytes` would have to begin, by their first words.
    fn places(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
        (0..WORD_LEN).filter_map(|skipped| {
            let word = bytes.get(skipped..skipped + WORD_LEN)?;
            let index = unmixed(u64::from_le_bytes(word.try_into().ok()?));
            let start = index.checked_mul(WORD_LEN as u64).filter(|start| *start < BLOCK_BYTES)?;
            Some((start + BLOCK_BYTES - skipped as u64) % BLOCK_BYTES)
        })
    }

    fn is_at(&self, phase: u64, mut bytes: &[u8]) -> bool {
        let mut at = index(phase % BLOCK_BYTES);
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK_LEN - at));
            if self.block[at..at + now.len()] != *now {
                return false;
            }
            (at, bytes) = (0, later);
        }
        true
    }

    /// The CRCs of 1, 2, 4 … blocks; `None` for an algorithm that is no CRC.
    fn doublings(&self, algorithm: Algorithm) -> Option<&[u64]> {
        let crc = algorithm.crc()?;
        let kept = self.doublings.get(algorithm as usize)?;
        Some(kept.get_or_init(|| {
            let mut next = checksum(crc, &self.block);
            let double = |power: u32| {
                let this = next;
                next = checksum_combine(crc, this, this, BLOCK_BYTES << power);
                this
            };
            (0..DOUBLINGS).map(double).collect()
        }))
    }

    /// Bytes that left in answers to GetObject, and bytes that came in and were recognised.
    pub(super) fn traffic(&self) -> (u64, u64) {
        (self.read_bytes.load(Ordering::Relaxed), self.written_bytes.load(Ordering::Relaxed))
    }

    pub(super) fn count_written(&self, bytes: u64) {
        self.written_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Run {
    pub(super) fn new(pattern: &Arc<Pattern>, phase: u64, length: u64) -> Self {
        Self { pattern: Arc::clone(pattern), phase: phase % BLOCK_BYTES, length }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn phase(&self) -> u64 {
        self.phase
    }

    /// The place in the block of what would follow.
    pub(super) fn next_phase(&self) -> u64 {
        (self.phase + self.length % BLOCK_BYTES) % BLOCK_BYTES
    }

    /// There are so many more bytes.
    pub(super) fn extend(&mut self, more: u64) {
        self.length += more;
    }

    /// The part of the run within `range`, which counts from its start.
    pub(super) fn slice(&self, range: Range<u64>) -> Self {
        Self::new(&self.pattern, self.phase + range.start % BLOCK_BYTES, range.end - range.start)
    }

    /// The bytes from `at` to the end of the block or of the run.
    pub(super) fn piece(&self, at: u64) -> Bytes {
        let start = index((self.phase + at % BLOCK_BYTES) % BLOCK_BYTES);
        let length = usize::try_from(self.length - at).unwrap_or(BLOCK_LEN).min(BLOCK_LEN - start);
        self.pattern.block.slice(start..start + length)
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = Bytes> + '_ {
        let mut at = 0;
        std::iter::from_fn(move || {
            let piece = (at < self.length).then(|| self.piece(at))?;
            at += piece.len() as u64;
            Some(piece)
        })
    }

    pub(super) fn count_read(&self, bytes: u64) {
        self.pattern.read_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The run's CRC; `None` for an algorithm that is no CRC.
    pub(super) fn crc(&self, algorithm: Algorithm) -> Option<u64> {
        let (crc, doublings) = (algorithm.crc()?, self.pattern.doublings(algorithm)?);
        let head = self.piece(0);
        let mut sum = checksum(crc, &head);
        let rest = self.length - head.len() as u64;
        let blocks = rest / BLOCK_BYTES;
        for (power, doubled) in (0..).zip(doublings) {
            if (blocks >> power) & 1 == 1 {
                sum = checksum_combine(crc, sum, *doubled, BLOCK_BYTES << power);
            }
        }
        let tail = &self.pattern.block[..index(rest % BLOCK_BYTES)];
        Some(if tail.is_empty() {
            sum
        } else {
            checksum_combine(crc, sum, checksum(crc, tail), tail.len() as u64)
        })
    }
}

/// A place in the block; it is smaller than any `usize`.
fn index(phase: u64) -> usize {
    usize::try_from(phase).unwrap_or(0)
}

// SplitMix64's finaliser and its inverse.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mixed(index: u64) -> u64 {
    let z = index.wrapping_add(STEP);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn unmixed(word: u64) -> u64 {
    let z = word ^ (word >> 31) ^ (word >> 62);
    let z = z.wrapping_mul(0x3196_42b2_d24d_8ec3);
    let z = z ^ (z >> 27) ^ (z >> 54);
    let z = z.wrapping_mul(0x96de_1b17_3f11_9089);
    (z ^ (z >> 30) ^ (z >> 60)).wrapping_sub(STEP)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static PATTERN: LazyLock<Arc<Pattern>> = LazyLock::new(|| Arc::new(Pattern::new()));

    fn bytes(run: &Run) -> Vec<u8> {
        run.pieces().collect::<Vec<_>>().concat()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn words_lead_back_to_their_place(index: u64) {
            prop_assert_eq!(unmixed(mixed(index)), index);
        }

        #[test]
        fn a_run_has_the_crc_of_its_bytes(phase in 0..BLOCK_BYTES, length in 0..5 * BLOCK_BYTES) {
            let run = Run::new(&PATTERN, phase, length);
            let all = bytes(&run);
            prop_assert_eq!(all.len() as u64, length);
            for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
                prop_assert_eq!(run.crc(algorithm), Some(checksum(algorithm.crc().unwrap(), &all)));
            }
        }

        #[test]
        fn what_comes_back_is_recognised_and_nothing_else(
            phase in 0..BLOCK_BYTES,
            length in 15..2 * BLOCK_BYTES,
            flip in any::<prop::sample::Index>(),
        ) {
            let pattern = &*PATTERN;
            let mut copied = bytes(&Run::new(pattern, phase, length));
            let came = Bytes::from(copied.clone());
            prop_assert_eq!(pattern.recognise(&came, None), Some(phase));
            prop_assert_eq!(pattern.recognise(&came, Some(phase)), Some(phase));
            let at = flip.index(copied.len());
            copied[at] ^= 1;
            prop_assert_eq!(pattern.recognise(&Bytes::from(copied), Some(phase)), None);
        }

        #[test]
        fn slices_follow_one_another(phase in 0..BLOCK_BYTES, length in 0..4 * BLOCK_BYTES, cut in any::<prop::sample::Index>()) {
            let run = Run::new(&PATTERN, phase, length);
            let cut = cut.index(usize::try_from(length).unwrap() + 1) as u64;
            let (first, second) = (run.slice(0..cut), run.slice(cut..length));
            prop_assert_eq!(first.next_phase(), second.phase);
            prop_assert_eq!([bytes(&first), bytes(&second)].concat(), bytes(&run));
        }
    }

    #[test]
    fn slices_of_the_block_are_known_by_their_address() {
        let pattern = &*PATTERN;
        let piece = Run::new(pattern, 7, 100).piece(3);
        assert_eq!(pattern.recognise(&piece.slice(1..4), None), Some(11));
        // Three bytes from elsewhere say nothing of where they are.
        assert_eq!(pattern.recognise(&Bytes::copy_from_slice(&piece[1..4]), None), None);
        assert_eq!(pattern.recognise(&Bytes::copy_from_slice(&piece[1..4]), Some(11)), Some(11));
    }
}
