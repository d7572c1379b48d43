//! What a worker may hold at a time.

const MIB: u64 = 1024 * 1024;

/// What one stream may have in buffers: hyper keeps up to 408 KiB on each side, and TLS records and frames come on top.
pub const STREAM_BYTES: u64 = MIB;
/// Around the bytes of a small object: heads, connection buffers.
const OVERHEAD_BYTES: u64 = 32 * 1024;

/// One part and one whole file side by side.
pub const STREAMS_MIN: usize = 2;
/// Four streams' buffers: a quarter, which is what parts leave to whole files, is enough for one.
pub const BUFFER_BYTES_MIN: u64 = 4 * STREAM_BYTES;

/// A worker's streams, and the bytes that they may have in buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// At least [`STREAMS_MIN`].
    pub streams_max: usize,
    /// At least [`BUFFER_BYTES_MIN`].
    pub buffer_bytes: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { streams_max: 32, buffer_bytes: 32 * MIB }
    }
}

impl Budget {
    pub(super) fn clamped(self) -> Self {
        Self {
            streams_max: self.streams_max.max(STREAMS_MIN),
            buffer_bytes: self.buffer_bytes.max(BUFFER_BYTES_MIN),
        }
    }
}

/// What a file copied in one piece may have in buffers. One that is held in memory is all in them; a longer one streams.
pub fn whole_bytes(size_bytes: u64) -> u64 {
    size_bytes.saturating_add(OVERHEAD_BYTES).min(STREAM_BYTES)
}
