//! One attempt: from a message to its end.
//!
//! 1. decode — what is no transfer is parked;
//! 2. claim — the fence; a transfer that is over ends the message;
//! 3. copy — stopped by a lost lease, a hand-over or a shutdown, whichever comes first;
//! 4. verdict (pure);
//! 5. settle — ledger, then message.
//!
//! A crash anywhere brings the message back after its visibility timeout; what each step leaves is said where it happens.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::backoff;
use common::fault::Fault;
use common::lane::Lane;
use common::ledger::{Claim, Held, Ledger, Reason, Record, Status, Upload, Written};
use common::metrics::{self, AttemptOutcome, Guard};
use common::queue::Message;
use common::shutdown::Shutdown;
use common::transfer::Transfer;
use common::{telemetry, wire};
use tokio::time::Instant;
use tracing::{Instrument as _, Span};

use crate::copy::Copier;
use crate::copy::publish::Unseen;
use crate::ended::Ended;
use crate::lease::Lease;
use crate::outcome::{End, Outcome};
use crate::settle::{Settled, Settler};
use crate::spans;
use crate::verdict::{Verdict, verdict};

/// Attempts that may vanish without a word (their workers died, or were cut off) before the file is held to be the cause.
const VANISHED_ATTEMPTS_MAX: u64 = 10;
/// The same for a file with an upload under way: its progress outlives its workers, and the largest files outlive many.
const VANISHED_ATTEMPTS_OF_UPLOAD_MAX: u64 = 50;

/// How long the last request of an attempt that ended without a word is waited for before a file is failed: S3 knows no fence, and an
/// attempt that has lost its own may be publishing at this moment.
const UNHEARD_PUBLISH_MAX: Duration = Duration::from_secs(10);

/// Who this worker is. Every attempt's owner is `worker_id.boot/number`, and no two are alike.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) worker_id: String,
    /// New at every start.
    pub(crate) boot: u64,
    pub(crate) attempts: AtomicU64,
}

impl Identity {
    fn next_owner(&self) -> String {
        let number = self.attempts.fetch_add(1, Ordering::Relaxed);
        format!("{}.{:08x}/{number}", self.worker_id, self.boot)
    }
}

/// What an attempt needs; one for each lane.
#[derive(Debug)]
pub(crate) struct Attempts {
    pub(crate) lane: Lane,
    pub(crate) identity: std::sync::Arc<Identity>,
    pub(crate) ledger: Ledger,
    pub(crate) copier: Copier,
    pub(crate) settler: Settler,
    pub(crate) shutdown: Shutdown,
    pub(crate) failed_attempts_max: u32,
}

impl Attempts {
    /// Works on one message until it is ended, given back, or somebody else's.
    pub(crate) async fn run(&self, message: Message, lease: Lease) {
        let _in_flight = metrics::in_flight(&self.settler.queue, 1);
        metrics::counted(self.attempt(message, lease)).await;
    }

    async fn attempt(&self, message: Message, lease: Lease) {
        let decoded = wire::decode(&message.body);
        let span = spans::attempt(decoded.as_ref().ok(), &message, &self.lane);
        telemetry::follow(&span, &message, &self.settler.queue);
        let ended = match decoded {
            Ok(transfer) => {
                let ended = Box::pin(self.transfer(message, lease, &transfer)).instrument(span.clone()).await;
                if let Some(state) = ended.state() {
                    metrics::state(&transfer, &self.lane, state);
                }
                ended
            }
            Err(error) => {
                let reason = Reason::new("malformed_transfer", error.to_string());
                self.settler.park(&message, lease, &reason).instrument(span.clone()).await;
                Ended::of(AttemptOutcome::Parked, &reason)
            }
        };
        if ended.is_failure() {
            telemetry::failed(&span, &ended.reason);
        }
        ended.count_guards();
        metrics::attempt(&self.lane, ended.outcome, &ended.reason);
    }

    async fn transfer(&self, message: Message, lease: Lease, transfer: &Transfer) -> Ended {
        let owner = self.identity.next_owner();
        let claimed = tokio::select! {
            biased;
            () = lease.lost() => return Ended::lease_lost(),
            claimed = self.claim(transfer, &owner).instrument(spans::claim(&self.ledger)) => claimed,
        };
        let started = Instant::now();
        let (fence, before) = match claimed {
            Ok(Claim::Held { fence, before }) => (fence, before),
            Ok(Claim::Over(Status::Failed)) => {
                // Its attempt may have died between the ledger and the dead-letter queue. A duplicate there does no harm.
                let reason = self.reason_of(transfer).await;
                self.settler.park(&message, lease, &reason).await;
                return Ended::of(AttemptOutcome::Parked, &reason);
            }
            Ok(Claim::Over(status)) => {
                tracing::info!(%status, "a duplicate message");
                self.settler.delete(&message, lease).await;
                return Ended::duplicate();
            }
            Ok(Claim::Missing) => {
                self.give_back(&message, lease, "claim: the item has gone").await;
                return Ended::new(AttemptOutcome::NotBegun, "ledger");
            }
            Err(fault) => {
                self.give_back(&message, lease, &fault.to_string()).await;
                return Ended::new(AttemptOutcome::NotBegun, fault.class.as_str());
            }
        };
        tracing::info!(attempt = fence, "processing");
        metrics::state(transfer, &self.lane, Status::Processing);
        if let Some(earlier) = &before.released_traceparent {
            telemetry::link(&Span::current(), earlier, "earlier_attempt");
        }
        let held = Held { id: &transfer.id, fence, owner: &owner };
        let outcome = self.outcome(transfer, &lease, &held, &before).await;
        metrics::copied(&self.lane, outcome.result.is_ok(), started.elapsed());
        let passing = match &outcome.result {
            Err(End::Passing(fault)) => Some(fault.class),
            _ => None,
        };
        let verdict = self.verdict(transfer, &lease, outcome, &before).await;
        let fence_lost = verdict == Verdict::Leave && !lease.is_lost();
        let settle = self.settler.settle(&message, lease, &held, &verdict, started);
        let settled = settle.instrument(spans::settle()).await;
        Ended::settled(&verdict, if fence_lost { Settled::FenceLost } else { settled }, passing)
    }

    /// An item that is not there is made again from the message, which has all of it: nothing is lost with a ledger's item.
    async fn claim(&self, transfer: &Transfer, owner: &str) -> Result<Claim, Fault> {
        let claim = async || self.ledger.claim(&transfer.id, &self.identity.worker_id, owner).await;
        match claim().await? {
            Claim::Missing => {
                tracing::warn!("the ledger has no item of this transfer; making it again");
                self.ledger.queue(transfer, &self.lane).await?;
                claim().await
            }
            claimed => Ok(claimed),
        }
    }

    /// The verdict; a failure only after a look at the target. Whoever fails a file that an earlier attempt has published would
    /// make the ledger lie, so a published file is completed, and where nothing can be seen nothing is decided.
    async fn verdict(
        &self,
        transfer: &Transfer,
        lease: &Lease,
        outcome: Outcome,
        before: &Record,
    ) -> Verdict {
        let left = outcome.left.clone();
        let decide =
            |outcome| verdict(outcome, before.failed_attempts, before.uploads, self.failed_attempts_max);
        let verdict = decide(outcome);
        if !matches!(verdict, Verdict::Fail(_)) {
            return verdict;
        }
        let look = async {
            if before.vanished_attempts() > 0 {
                tokio::time::sleep(UNHEARD_PUBLISH_MAX).await;
            }
            match self.copier.published(transfer).await {
                // Who may not look at the target has not published there either, unless an earlier attempt did.
                Err(Unseen::Refused(_)) if before.has_only_failed() => Ok(None),
                published => published,
            }
        };
        let published = tokio::select! {
            biased;
            () = lease.lost() => return Verdict::Leave,
            () = self.shutdown.aborting() => return decide(Outcome { result: Err(End::Interrupted), left }),
            published = look => published,
        };
        // No attempt will go on with it. What a stop cuts short is left to the reaper.
        if let (Ok(_), Some(upload)) = (&published, &left) {
            tokio::select! {
                biased;
                () = lease.lost() => return Verdict::Leave,
                () = self.shutdown.aborting() => {}
                () = self.copier.discard(transfer, upload) => {}
            }
        }
        match published {
            Ok(Some(completion)) => {
                metrics::guarded(Guard::FailedIsUnpublished);
                Verdict::Complete(completion)
            }
            Ok(None) => verdict,
            Err(Unseen::Refused(reason) | Unseen::ForNow(reason)) => {
                Verdict::Release { reason, spent: false, keep_upload: left.is_some(), at_once: false }
            }
        }
    }

    /// Why the ledger says that the transfer failed.
    async fn reason_of(&self, transfer: &Transfer) -> Reason {
        let record = self.ledger.read(&transfer.id).await.ok().flatten();
        let reason = record.and_then(|record| record.error_code.zip(record.error_message));
        match reason {
            Some((code, message)) => Reason { code, message },
            None => Reason::new("failed_before", "the ledger says that this transfer has failed"),
        }
    }

    async fn outcome(&self, transfer: &Transfer, lease: &Lease, held: &Held<'_>, before: &Record) -> Outcome {
        let vanished_max = match before.upload {
            Some(_) => VANISHED_ATTEMPTS_OF_UPLOAD_MAX,
            None => VANISHED_ATTEMPTS_MAX,
        };
        if before.vanished_attempts() >= vanished_max {
            let message = format!("{} attempts ended without a word", before.vanished_attempts());
            let result = Err(End::Permanent(Reason::new("attempts_vanished", message)));
            return Outcome { result, left: before.upload.clone() };
        }
        let uploads = Cell::new(before.uploads);
        let note = async |upload: &Upload| {
            uploads.set(uploads.get() + 1);
            match self.ledger.note_upload(held, upload, uploads.get()).await {
                Ok(Written::Done) => Ok(()),
                Ok(Written::Lost) => Err(End::LeaseLost),
                Err(fault) => Err(fault.into()),
            }
        };
        let copy = Box::pin(self.copier.copy(transfer, before.upload.clone(), note));
        // The copy stops where it is by being dropped; what the ledger knows of its upload stays.
        let stopped = |end| Outcome::clean(Err(end));
        let span = spans::copy(transfer, held.fence);
        tokio::select! {
            biased;
            () = lease.lost() => stopped(End::LeaseLost),
            outcome = copy.instrument(span) => outcome,
            () = lease.hand_over() => stopped(End::Interrupted),
            () = self.shutdown.aborting() => stopped(End::Interrupted),
        }
    }

    async fn give_back(&self, message: &Message, lease: Lease, why: &str) {
        tracing::warn!(why, "failed to begin; giving the message back");
        let delay: Duration = backoff::delay_for(backoff::RELEASE, message.receive_count.saturating_sub(1));
        self.settler.give_back(message, lease, delay).await;
    }
}
