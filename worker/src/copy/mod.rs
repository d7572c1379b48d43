//! The copy: one source version to one target, streamed, verified, published under a condition.
//!
//! - up to [`BUFFERED_BYTES_MAX`]: one GET into memory, one PUT with the checksum of what was read;
//! - up to [`SINGLE_PUT_BYTES_MAX`]: one GET streamed into one PUT, its checksum behind it;
//! - everything else: multipart, parts streamed from ranged GETs, their CRC64NVMEs combined for Complete.
//!
//! A route may have the store copy by itself instead: see `server_side`.
//!
//! In each streaming way the *store* compares the bytes with a checksum before it publishes them, and refuses wrong ones. Publishing is
//! conditional (`If-None-Match: *`, or `If-Match` on what we saw there), so a stale worker cannot overwrite a newer version.

pub mod checksum;
mod complete;
mod facts;
mod fidelity;
mod floor;
pub mod marker;
mod metadata;
mod multipart;
mod part;
mod passage;
pub mod plan;
pub(crate) mod publish;
mod refusal;
mod resume;
mod server_side;
mod single;
mod source;
mod trailing;
mod unheard;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use common::aws;
use common::ledger::Upload;
use common::transfer::Transfer;

use self::server_side::{Hands, Stop, Way};
use crate::outcome::{End, Outcome};
use crate::pace::Pace;
pub use crate::pace::{BUFFER_BYTES_MIN, Budget, STREAMS_MIN};

pub use self::single::THROTTLES_MAX;

pub use self::server_side::ServerSide;

/// Objects up to this size are held in memory: their PUT can be sent again by the SDK.
pub const BUFFERED_BYTES_MAX: u64 = 256 * 1024;
/// Objects up to this size may go in one PUT.
pub const SINGLE_PUT_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The parts of an upload with one of these ends are not to be used again.
const CHECKSUM_MISMATCH: &str = "checksum_mismatch";
const COMPLETE_REFUSED: &str = "complete_refused";

/// How the copy works.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Preferred part size; larger objects get larger parts.
    pub part_bytes: u64,
    /// Parts of one object in flight.
    pub parts_in_flight: usize,
    /// Of all copies together.
    pub budget: Budget,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { part_bytes: 8 * 1024 * 1024, parts_in_flight: 4, budget: Budget::default() }
    }
}

/// Copies transfers; clones share the client.
#[derive(Debug, Clone)]
pub struct Copier {
    client: Client,
    /// For requests with a deadline of their own.
    patient: Client,
    /// For the GETs whose bodies are copied: paced.
    reading: Client,
    /// For the PUTs and parts that are copied: paced, with a floor and a deadline of their own.
    sending: Client,
    pace: Pace,
    tuning: Tuning,
    server_side: ServerSide,
    hands: Hands,
}

impl Copier {
    pub fn new(config: &SdkConfig, tuning: Tuning) -> Self {
        Self {
            client: aws::s3(config),
            patient: aws::s3_patient(config),
            reading: aws::s3_reading(config),
            sending: aws::s3_sending(config),
            pace: Pace::new(tuning.budget),
            tuning,
            server_side: ServerSide::default(),
            hands: Hands::Ours,
        }
    }

    /// With other limits for server-side copies than AWS's.
    #[must_use]
    pub fn with_server_side(self, server_side: ServerSide) -> Self {
        Self { server_side, ..self }
    }

    /// Copies one transfer. `earlier` is the multipart upload that an attempt before left; `note` writes a new upload down before
    /// the first part is sent, and ends the attempt when the fence is lost.
    pub async fn copy(
        &self,
        transfer: &Transfer,
        earlier: Option<Upload>,
        note: impl AsyncFn(&Upload) -> Result<(), End>,
    ) -> Outcome {
        let (strategy, is_resumed) = (transfer.options.strategy, earlier.is_some());
        if server_side::is_single(strategy, transfer.source.size_bytes, is_resumed) {
            return Outcome::clean(Box::pin(self.single(transfer)).await);
        }
        let facts = match self.head_source(transfer).await {
            Ok(facts) => facts,
            Err(end) => return Outcome { result: Err(end), left: earlier }.tidied(self, transfer).await,
        };
        let limit_bytes = self.server_side.copy_object_bytes_max;
        match server_side::way(strategy, facts.size_bytes, facts.own, is_resumed, limit_bytes) {
            Way::Parts => self.multipart(transfer, &facts, earlier, note).await,
            Way::CopyParts => {
                let outcome = self.with_the_stores_hands().multipart(transfer, &facts, earlier, note).await;
                server_side::on_the_stores_word(outcome, facts.own)
            }
            Way::CopyObject => match Box::pin(self.copy_object(transfer, &facts)).await {
                Err(Stop::Refused(fault)) if server_side::streams_instead(strategy, &fault) => {
                    tracing::debug!(%fault, "the store does not copy the object; streaming it");
                    self.multipart(transfer, &facts, None, note).await
                }
                copied => Outcome::clean(copied.map_err(End::from)),
            },
        }
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
