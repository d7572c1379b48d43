//! A gate: requests wait in the world, before they are applied, until a test lets them go.

use std::sync::Arc;

use tokio::sync::watch;

/// The world's half of a gate.
#[derive(Debug, Clone)]
#[doc(hidden)]
pub struct Latch(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    open: watch::Sender<bool>,
    /// Requests that have come to the gate so far.
    arrived: watch::Sender<u64>,
}

impl Latch {
    pub(super) fn closed() -> Self {
        Self(Arc::new(Inner { open: watch::Sender::new(false), arrived: watch::Sender::new(0) }))
    }

    pub(super) fn is_open(&self) -> bool {
        *self.0.open.borrow()
    }

    /// Waits until the gate is open.
    pub(super) async fn pass(&self) {
        self.0.arrived.send_modify(|count| *count += 1);
        // The sender lives in `self`: the wait cannot fail.
        let _ = self.0.open.subscribe().wait_for(|open| *open).await;
    }
}

/// A test's half of a gate: lets it wait for a request, and let it go, without sleeping. Dropping it opens the gate.
#[derive(Debug)]
pub struct Gate(pub(super) Latch);

impl Gate {
    /// Lets every waiting request go on, and every later one pass.
    pub fn open(&self) {
        self.0.0.open.send_replace(true);
    }

    /// Resolves once a request has come to the gate.
    pub async fn reached(&self) {
        self.reached_by(1).await;
    }

    /// Resolves once `count` requests have come to the gate, in all.
    pub async fn reached_by(&self, count: u64) {
        let _ = self.0.0.arrived.subscribe().wait_for(|arrived| *arrived >= count).await;
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}
