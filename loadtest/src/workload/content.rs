//! A file's bytes: a stamp, then randomness from a place that depends on it. Made again at any time, never kept.

use bytes::Bytes;

/// Bytes are taken from this much randomness.
const BLOCK_BYTES: usize = 1 << 20;

#[derive(Debug, Clone)]
pub(crate) struct Content {
    block: Bytes,
}

impl Content {
    pub(crate) fn new(seed: u64) -> Self {
        let mut block = vec![0; BLOCK_BYTES];
        fastrand::Rng::with_seed(seed).fill(&mut block);
        Self { block: block.into() }
    }

    /// The bytes that `number` stands for; files with different numbers differ, unless they are shorter than the stamp (8 bytes).
    pub(crate) fn bytes(&self, number: u64, len_bytes: u64) -> Bytes {
        let len = usize::try_from(len_bytes).unwrap_or(0);
        let mut content = Vec::with_capacity(len);
        content.extend_from_slice(&number.to_be_bytes());
        let mut from = (number.wrapping_mul(7_919) % BLOCK_BYTES as u64) as usize;
        while content.len() < len {
            let piece = self.block.slice(from..);
            content.extend_from_slice(&piece[..piece.len().min(len - content.len())]);
            from = 0;
        }
        content.truncate(len);
        content.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_is_the_same_bytes() {
        let content = Content::new(1);
        for len_bytes in [0, 1, 8, 9, 4_096, (1 << 20) + 5, (5 << 20) - 1] {
            let bytes = content.bytes(77, len_bytes);
            assert_eq!(bytes.len() as u64, len_bytes);
            assert_eq!(bytes, Content::new(1).bytes(77, len_bytes));
            assert!(len_bytes < 8 || bytes != content.bytes(78, len_bytes));
        }
    }
}
