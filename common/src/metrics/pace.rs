//! What is told of a worker's budget.

use std::sync::atomic::Ordering;

use super::installed;

/// Where the budget stands: streams under way and at most, streams that wait, bytes in use and at most.
pub fn pace(streams: (usize, usize), waiting: usize, bytes: (u64, u64)) {
    let Some(metrics) = installed() else { return };
    let pace = &metrics.pace;
    for (level, value) in [
        (&pace.streams, streams.0 as u64),
        (&pace.streams_max, streams.1 as u64),
        (&pace.waiting, waiting as u64),
        (&pace.bytes, bytes.0),
        (&pace.bytes_max, bytes.1),
    ] {
        level.store(value, Ordering::Relaxed);
    }
}
