//! Carries a verdict out: ledger first, then the message.
//!
//! A crash after the ledger's write and before the message's end brings the message back; its claim finds the transfer over and
//! the message is ended then. A crash before the ledger's write brings it back too; the next attempt finds what was published.

use std::time::Duration;

use common::backoff::{self, Delays};
use common::fault::Fault;
use common::ledger::{Held, Ledger, Reason, Written};
use common::queue::{Message, Queue};
use tokio::time::Instant;

use crate::acks::Acks;
use crate::lease::Lease;
use crate::verdict::Verdict;

/// Tries of one ledger write, over about ten seconds. The lease is kept meanwhile.
pub const TRIES_MAX: usize = 6;

/// What settling needs.
#[derive(Debug, Clone)]
pub(crate) struct Settler {
    pub(crate) ledger: Ledger,
    pub(crate) queue: Queue,
    pub(crate) acks: Acks,
}

/// What came of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// The ledger says it.
    Recorded,
    /// The ledger could not be written.
    Unrecorded,
    FenceLost,
    LeaseLost,
}

/// What is to become of a message.
enum Disposition<'r> {
    Delete,
    Park(&'r Reason),
    GiveBack(Duration),
    Leave,
}

impl Settler {
    /// Ends an attempt that holds the fence, and says what came of its verdict. `started` is when the claim was made.
    pub(crate) async fn settle(
        &self,
        message: &Message,
        lease: Lease,
        held: &Held<'_>,
        verdict: &Verdict,
        started: Instant,
    ) -> Settled {
        let (settled, disposition) = tokio::select! {
            biased;
            () = lease.lost() => (Settled::LeaseLost, Disposition::Leave),
            recorded = self.record(message, held, verdict, started) => recorded,
        };
        self.dispose(message, lease, disposition).await;
        settled
    }

    async fn record<'v>(
        &self,
        message: &Message,
        held: &Held<'_>,
        verdict: &'v Verdict,
        started: Instant,
    ) -> (Settled, Disposition<'v>) {
        let took = started.elapsed();
        let delay = backoff::delay_for(backoff::RELEASE, message.receive_count.saturating_sub(1));
        let (written, disposition) = match verdict {
            Verdict::Complete(completion) => {
                let write = async || self.ledger.complete(held, completion, took).await;
                (written(write).await, Disposition::Delete)
            }
            Verdict::Supersede(reason) => {
                let write = async || self.ledger.supersede(held, reason, took).await;
                (written(write).await, Disposition::Delete)
            }
            Verdict::Fail(reason) => {
                let write = async || self.ledger.fail(held, reason, took).await;
                (written(write).await, Disposition::Park(reason))
            }
            Verdict::Release { reason, spent, keep_upload, at_once } => {
                let write = async || self.ledger.release(held, reason, *spent, *keep_upload).await;
                let delay = if *at_once { Duration::ZERO } else { delay };
                (written(write).await, Disposition::GiveBack(delay))
            }
            Verdict::Leave => return (Settled::LeaseLost, Disposition::Leave),
        };
        match written {
            Ok(Written::Done) => {
                log(verdict, held.fence, took);
                (Settled::Recorded, disposition)
            }
            // Another attempt holds the fence: the file is its business now, and this message comes back to find it done.
            Ok(Written::Lost) => {
                tracing::warn!("another attempt holds the fence; leaving the file to it");
                (Settled::FenceLost, Disposition::Leave)
            }
            Err(fault) => {
                tracing::error!(%fault, "failed to write the ledger; giving the message back");
                (Settled::Unrecorded, Disposition::GiveBack(delay))
            }
        }
    }

    /// Ends a message without a ledger write of this attempt's.
    pub(crate) async fn delete(&self, message: &Message, lease: Lease) {
        self.dispose(message, lease, Disposition::Delete).await;
    }

    pub(crate) async fn park(&self, message: &Message, lease: Lease, reason: &Reason) {
        self.dispose(message, lease, Disposition::Park(reason)).await;
    }

    pub(crate) async fn give_back(&self, message: &Message, lease: Lease, delay: Duration) {
        self.dispose(message, lease, Disposition::GiveBack(delay)).await;
    }

    async fn dispose(&self, message: &Message, lease: Lease, disposition: Disposition<'_>) {
        match disposition {
            // Without a receipt nothing is sent: the message comes back, and is found done then.
            Disposition::Delete => {
                if let Some(receipt) = lease.end().await {
                    self.acks.delete(receipt).await;
                }
            }
            Disposition::Park(reason) => {
                tracing::warn!(code = reason.code, reason = reason.message, "parking the message");
                let parked = self.queue.send_to_dead_letters(message, reason).await;
                match (parked, lease.end().await) {
                    (Ok(()), Some(receipt)) => self.acks.delete(receipt).await,
                    // It comes back after its visibility timeout and is parked then, if need be once more.
                    (Ok(()), None) => {}
                    (Err(fault), _) => tracing::error!(%fault, "failed to park a message"),
                }
            }
            Disposition::GiveBack(delay) => {
                if let Some(receipt) = lease.end().await {
                    self.queue.give_back(vec![(receipt, delay)]).await;
                }
            }
            Disposition::Leave => drop(lease),
        }
    }
}

async fn written(write: impl AsyncFn() -> Result<Written, Fault>) -> Result<Written, Fault> {
    let mut delays = Delays::new(backoff::REQUEST);
    let mut tries = 1;
    loop {
        match write().await {
            Err(fault) if fault.is_passing() && tries < TRIES_MAX => {
                tracing::warn!(%fault, tries, "failed to write the ledger; trying again");
                tries += 1;
                tokio::time::sleep(delays.next_delay()).await;
            }
            ended => return ended,
        }
    }
}

fn log(verdict: &Verdict, attempt: u64, took: Duration) {
    let processing_time_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match verdict {
        Verdict::Complete(completion) => {
            tracing::info!(attempt, processing_time_ms, verified_by = completion.verified_by, "completed");
        }
        Verdict::Supersede(reason) => {
            tracing::info!(attempt, code = reason.code, reason = reason.message, "superseded");
        }
        Verdict::Fail(reason) => {
            tracing::error!(attempt, code = reason.code, reason = reason.message, "failed");
        }
        Verdict::Release { reason, spent, .. } => {
            tracing::warn!(attempt, code = reason.code, reason = reason.message, spent, "released");
        }
        Verdict::Leave => {}
    }
}
