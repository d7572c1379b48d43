//! Deletes messages in batches: while one request is on its way, the next ones gather.

use common::backoff::{self, Delays};
use common::fault::Fault;
use common::queue::{BATCH_MAX, Queue, Receipt};
use tokio::sync::{mpsc, oneshot};

/// Tries before a message is left to come back. It is done, so its next receipt finds it so and deletes it.
const TRIES_MAX: usize = 4;

struct Ack {
    receipt: Receipt,
    done: oneshot::Sender<()>,
}

/// Hands receipts to [`run`].
#[derive(Debug, Clone)]
pub(crate) struct Acks(mpsc::Sender<Ack>);

/// The receiving end, for [`run`].
#[derive(Debug)]
pub(crate) struct Pending(mpsc::Receiver<Ack>);

pub(crate) fn acks() -> (Acks, Pending) {
    let (sender, receiver) = mpsc::channel(BATCH_MAX);
    (Acks(sender), Pending(receiver))
}

impl Acks {
    /// Resolves when the message is deleted, or left to come back.
    pub(crate) async fn delete(&self, receipt: Receipt) {
        let (done, deleted) = oneshot::channel();
        if self.0.send(Ack { receipt, done }).await.is_ok() {
            let _ = deleted.await;
        }
    }
}

/// Deletes until every [`Acks`] is gone.
pub(crate) async fn run(queue: &Queue, Pending(mut pending): Pending) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while pending.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let (receipts, waiting): (Vec<Receipt>, Vec<_>) =
            batch.drain(..).map(|ack: Ack| (ack.receipt, ack.done)).unzip();
        delete(queue, receipts).await;
        for done in waiting {
            // Nobody waits any more when the work was stopped; the message is deleted all the same.
            let _ = done.send(());
        }
    }
}

async fn delete(queue: &Queue, mut receipts: Vec<Receipt>) {
    let mut delays = Delays::new(backoff::REQUEST);
    for nth in 1..=TRIES_MAX {
        let entries = queue.delete(&receipts).await;
        let failed = receipts.into_iter().zip(entries);
        let failed: Vec<(Receipt, Fault)> = failed.filter_map(|(r, entry)| Some((r, entry.err()?))).collect();
        let Some((_, fault)) = failed.first() else { return };
        tracing::warn!(%fault, messages = failed.len(), tries = nth, "failed to delete messages that are done");
        // A receipt that is refused is stale: somebody else has the message, and ends it.
        receipts =
            failed.into_iter().filter(|(_, fault)| fault.is_passing()).map(|(receipt, _)| receipt).collect();
        if receipts.is_empty() || nth == TRIES_MAX {
            return;
        }
        tokio::time::sleep(delays.next_delay()).await;
    }
}
