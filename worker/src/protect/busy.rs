//! Which messages a worker holds, over all its lanes, and since when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

/// Shared by the lanes, which hold, and the protection, which asks.
#[derive(Debug, Clone, Default)]
pub struct Busy(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    held: Mutex<Held>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Held {
    next: u64,
    /// Numbers and times both only grow: the first one is the oldest.
    since: BTreeMap<u64, Instant>,
}

/// One message that is held, until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Hold {
    busy: Busy,
    number: u64,
}

impl Busy {
    pub fn hold(&self) -> Hold {
        let mut held = self.held();
        let number = held.next;
        held.next += 1;
        let first = held.since.is_empty();
        held.since.insert(number, Instant::now());
        drop(held);
        if first {
            self.0.changed.notify_waiters();
        }
        Hold { busy: self.clone(), number }
    }

    /// Since when the message is held that is held longest.
    pub fn oldest(&self) -> Option<Instant> {
        self.held().since.first_key_value().map(|(_, since)| *since)
    }

    /// Resolves when another message is the oldest, or none is. Enable it before looking at [`Self::oldest`].
    pub(super) fn changed(&self) -> Notified<'_> {
        self.0.changed.notified()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.busy.held();
        let oldest = held.since.first_key_value().is_some_and(|(number, _)| *number == self.number);
        held.since.remove(&self.number);
        drop(held);
        if oldest {
            self.busy.0.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn the_oldest_is_the_one_that_was_taken_first_of_those_still_held() {
        let (busy, start) = (Busy::default(), Instant::now());
        assert_eq!(busy.oldest(), None);
        let first = busy.hold();
        tokio::time::advance(Duration::from_secs(5)).await;
        let second = busy.hold();
        assert_eq!(busy.oldest(), Some(start));
        drop(first);
        assert_eq!(busy.oldest(), Some(start + Duration::from_secs(5)));
        drop(second);
        assert_eq!(busy.oldest(), None);
    }
}
