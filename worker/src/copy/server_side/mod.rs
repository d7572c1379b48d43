//! Server-side copies: the store moves the bytes, and none of them pass through the worker.
//!
//! - `choice` (pure) decides which strategy a file gets, and after which refusals `auto` streams instead;
//! - `object` copies up to 5 GiB in one CopyObject, which is the commit point;
//! - `part` is UploadPartCopy in place of GET and UploadPart: the upload around it (create, note, resume, Complete) is the streaming
//!   one's, so parts of both kinds may stand in one upload;
//! - `copy_source` (pure) names the source version in a header.
//!
//! The source is pinned as for streaming, and publishing is under the same conditions. What differs is the checksum: here it is the
//! store's alone, computed while it copied, and compared with the source's own CRC64NVME where there is one. A CopyObject shows the
//! copy before its checksum can be compared; one that differs fails the attempt, and the next one replaces it.

mod choice;
mod copy_source;
mod object;
mod part;

pub(super) use choice::{Way, is_single, streams_instead, way};
pub(super) use object::Stop;

use std::time::Duration;

use common::ledger::Completion;

use super::checksum::Own;
use super::plan::PART_BYTES_MAX;
use super::{Copier, Tuning};
use crate::outcome::Outcome;

/// S3's limit for the source of one CopyObject: 5 GiB, as for a part.
const COPY_OBJECT_BYTES_MAX: u64 = PART_BYTES_MAX;

/// Where one request ends and parts begin.
#[derive(Debug, Clone, Copy)]
pub struct ServerSide {
    /// Larger objects are copied by parts.
    pub copy_object_bytes_max: u64,
    /// Preferred part size. Large, because no byte comes here and a part costs one request; not S3's 5 GiB, because parts are copied
    /// side by side, and a request that fails is repeated whole.
    pub part_bytes: u64,
}

impl Default for ServerSide {
    fn default() -> Self {
        Self { copy_object_bytes_max: COPY_OBJECT_BYTES_MAX, part_bytes: 256 * 1024 * 1024 }
    }
}

/// Who moves the bytes of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hands {
    Ours,
    TheStores,
}

/// What the ledger says where the store computed the checksum and the source had none to compare it with.
pub(super) const BY_STORE: &str = "crc64nvme-by-store";

/// What a copy inside the store takes at the least, in a request that may send nothing for minutes.
const FLOOR_BYTES_PER_SECOND: u64 = 8 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(120);

impl Copier {
    /// The same copier, whose parts the store copies.
    pub(super) fn with_the_stores_hands(&self) -> Self {
        let tuning = Tuning { part_bytes: self.server_side.part_bytes, ..self.tuning };
        Self { hands: Hands::TheStores, tuning, ..self.clone() }
    }
}

/// The outcome of an upload whose parts the store copied: without a checksum of the source's, its own word is all there is.
pub(super) fn on_the_stores_word(outcome: Outcome, own: Option<Own>) -> Outcome {
    let is_compared = own.and_then(Own::crc64).is_some();
    let result = outcome.result.map(|completion| match completion.verified_by {
        "size" => completion,
        _ if is_compared => completion,
        _ => Completion { verified_by: BY_STORE, ..completion },
    });
    Outcome { result, ..outcome }
}

/// The longest that the store may take for so many bytes.
fn deadline(bytes: u64) -> Duration {
    PATIENCE + Duration::from_secs(bytes / FLOOR_BYTES_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::copy::plan::{OBJECT_BYTES_MAX, PARTS_MAX, Plan};

    #[test]
    fn what_one_request_cannot_do_is_cut_into_few_parts() {
        let limits = ServerSide::default();
        let count = |size_bytes| Plan::new(size_bytes, limits.part_bytes).unwrap().parts().count();
        assert_eq!(count(limits.copy_object_bytes_max + 1), 21);
        assert_eq!(count(OBJECT_BYTES_MAX) as u64, PARTS_MAX);
    }

    #[test]
    fn a_copy_of_5_gib_has_minutes() {
        assert_eq!(deadline(0), PATIENCE);
        assert_eq!(deadline(COPY_OBJECT_BYTES_MAX), PATIENCE + Duration::from_secs(640));
    }
}
