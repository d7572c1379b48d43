//! The copy: one source version to one target, streamed, verified, published under a condition.
//!
//! - up to [`BUFFERED_BYTES_MAX`]: one GET into memory, one PUT with the checksum of what was read;
//! - up to [`SINGLE_PUT_BYTES_MAX`]: one GET streamed into one PUT, its checksum behind it;
//! - everything else: multipart, parts streamed from ranged GETs, their CRC64NVMEs combined for Complete.
//!
//! In each way the *store* compares the bytes with a checksum before it publishes them, and refuses wrong ones. Publishing is
//! conditional (`If-None-Match: *`, or `If-Match` on what we saw there), so a stale worker cannot overwrite a newer version.

mod checksum;
mod complete;
mod facts;
mod marker;
mod multipart;
mod part;
mod passage;
pub mod plan;
mod publish;
mod single;
mod source;
mod trailing;

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use common::aws;
use common::ledger::Upload;
use common::transfer::Transfer;
use tokio::sync::Semaphore;

use crate::outcome::{End, Outcome};

/// Objects up to this size are held in memory: their PUT can be sent again by the SDK.
pub const BUFFERED_BYTES_MAX: u64 = 256 * 1024;
/// Objects up to this size may go in one PUT.
pub const SINGLE_PUT_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// What a part or a small object may take at the least: slower bodies are given up and read again.
const FLOOR_BYTES_PER_SECOND: u64 = 32 * 1024;
/// Allowed on top of that.
const BODY_PATIENCE: Duration = Duration::from_secs(60);

/// The parts of an upload with one of these ends are not to be used again.
const CHECKSUM_MISMATCH: &str = "checksum_mismatch";
const COMPLETE_REFUSED: &str = "complete_refused";

/// Parts in flight of one worker, over all its copies: what bounds its memory.
const STREAMS_MAX: usize = 32;

/// How the copy works.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Preferred part size; larger objects get larger parts.
    pub part_bytes: u64,
    /// Parts of one object in flight.
    pub parts_in_flight: usize,
}

/// Copies transfers; clones share the client.
#[derive(Debug, Clone)]
pub struct Copier {
    client: Client,
    /// For requests with a deadline of their own.
    patient: Client,
    streams: Arc<Semaphore>,
    tuning: Tuning,
}

impl Copier {
    pub fn new(config: &SdkConfig, tuning: Tuning) -> Self {
        Self {
            client: aws::s3(config),
            patient: aws::s3_patient(config),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            tuning,
        }
    }

    /// Copies one transfer. `earlier` is the multipart upload that an attempt before left; `note` writes a new upload down before
    /// the first part is sent, and ends the attempt when the fence is lost.
    pub async fn copy(
        &self,
        transfer: &Transfer,
        earlier: Option<Upload>,
        note: impl AsyncFn(&Upload) -> Result<(), End>,
    ) -> Outcome {
        if earlier.is_none() && transfer.source.size_bytes <= SINGLE_PUT_BYTES_MAX {
            return Outcome::clean(Box::pin(self.single(transfer)).await);
        }
        let facts = match self.head_source(transfer).await {
            Ok(facts) => facts,
            Err(end) => return Outcome { result: Err(end), left: earlier }.tidied(self, transfer).await,
        };
        self.multipart(transfer, &facts, earlier, note).await
    }

    /// Removes the upload that an attempt before left and no attempt will go on with.
    pub async fn discard(&self, transfer: &Transfer, earlier: &Upload) {
        self.abort_upload(transfer, &earlier.id).await;
    }
}

impl Outcome {
    /// Removes an upload that is of no use after this outcome. One that fails for now, or for good but for the verdict to say, is
    /// left: a permission that comes back must not cost nine thousand parts.
    pub(crate) async fn tidied(self, copier: &Copier, transfer: &Transfer) -> Self {
        let useless = match &self.result {
            Ok(_) | Err(End::Superseded(_)) => true,
            Err(End::Failed(reason)) => reason.code == CHECKSUM_MISMATCH || reason.code == COMPLETE_REFUSED,
            Err(_) => false,
        };
        match self.left {
            Some(upload) if useless => {
                copier.discard(transfer, &upload).await;
                Self::clean(self.result)
            }
            left => Self { left, ..self },
        }
    }
}

/// The longest that moving so many bytes may take.
fn body_deadline(bytes: u64) -> Duration {
    BODY_PATIENCE + Duration::from_secs(bytes / FLOOR_BYTES_PER_SECOND)
}
