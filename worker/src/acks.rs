//! Deletes messages in batches: while one request is on its way, or for a moment, the next ones gather.
//!
//! What is handed over here is done and needs no permit any more. A crash loses the deletions that gather; their messages come back,
//! are found done, and are deleted then. The same goes for a message whose receipt becomes void while it waits here.

use std::time::Duration;

use common::backoff::{self, Delays};
use common::fault::Fault;
use common::queue::{BATCH_MAX, Queue, Receipt};
use tokio::sync::mpsc;

/// Tries before a message is left to come back. It is done, so its next receipt finds it so and deletes it.
const TRIES_MAX: usize = 4;

/// How long a batch that is not full waits for more: next to nothing of a lease's margin.
pub const LINGER: Duration = Duration::from_millis(20);

/// Hands receipts to [`run`].
#[derive(Debug, Clone)]
pub(crate) struct Acks(mpsc::Sender<Receipt>);

/// The receiving end, for [`run`].
#[derive(Debug)]
pub(crate) struct Pending(mpsc::Receiver<Receipt>);

pub(crate) fn acks() -> (Acks, Pending) {
    let (sender, receiver) = mpsc::channel(BATCH_MAX);
    (Acks(sender), Pending(receiver))
}

impl Acks {
    /// Resolves when the deletion is taken on; a queue that does not answer holds that up.
    pub(crate) async fn delete(&self, receipt: Receipt) {
        // Nobody takes it on only when everything has been dropped.
        let _ = self.0.send(receipt).await;
    }
}

/// Deletes until every [`Acks`] is gone and nothing is left to delete.
pub(crate) async fn run(queue: &Queue, Pending(mut pending): Pending) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while pending.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let _ = tokio::time::timeout(LINGER, fill(&mut pending, &mut batch)).await;
        delete(queue, batch.split_off(0)).await;
    }
}

/// Ends when the batch is full, or nothing can come any more.
async fn fill(pending: &mut mpsc::Receiver<Receipt>, batch: &mut Vec<Receipt>) {
    while batch.len() < BATCH_MAX && pending.recv_many(batch, BATCH_MAX - batch.len()).await > 0 {}
}

async fn delete(queue: &Queue, mut receipts: Vec<Receipt>) {
    let mut delays = Delays::new(backoff::REQUEST);
    for nth in 1..=TRIES_MAX {
        let entries = queue.delete(&receipts).await;
        let failed = receipts.into_iter().zip(entries);
        let failed: Vec<(Receipt, Fault)> = failed.filter_map(|(r, entry)| Some((r, entry.err()?))).collect();
        let Some((_, fault)) = failed.first() else { return };
        tracing::warn!(%fault, messages = failed.len(), tries = nth, "failed to delete messages that are done");
        // A receipt that is void or refused is not tried again: the message comes back if it is there, and is found done.
        receipts =
            failed.into_iter().filter(|(_, fault)| fault.is_passing()).map(|(receipt, _)| receipt).collect();
        if receipts.is_empty() || nth == TRIES_MAX {
            return;
        }
        tokio::time::sleep(delays.next_delay()).await;
    }
}
