//! Identifiers from a seed.

use std::sync::{Mutex, PoisonError};

/// A seeded source of identifiers, shared by all services of a cloud.
#[derive(Debug)]
pub(crate) struct Entropy(Mutex<fastrand::Rng>);

impl Entropy {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    pub(crate) fn u64(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).u64(..)
    }

    /// `len` random bytes as lowercase hex (`2 * len` characters).
    pub(crate) fn hex(&self, len: usize) -> String {
        use std::fmt::Write as _;
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (0..len).fold(String::with_capacity(len * 2), |mut text, _| {
            let _ = write!(text, "{:02x}", rng.u8(..));
            text
        })
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&self) -> String {
        let (a, b) = (self.u64(), self.u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | ((b >> 48) & 0x3fff),
            b & 0xffff_ffff_ffff
        )
    }
}
