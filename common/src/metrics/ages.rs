//! The true age of the oldest message.
//!
//! CloudWatch's `ApproximateAgeOfOldestMessage` leaves out what was received three times and not deleted: poison. So a process
//! remembers when each message that it receives was sent, until it ends the message, or until somebody else must have it: a message
//! that was given back, or whose lease was lost, is remembered for one visibility timeout after it is visible again. Within that time
//! it may have been ended by another process, so the age may be that much too old; it is never too young for a message that
//! anybody receives. Messages that nobody has received are CloudWatch's to tell.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Messages remembered for one queue: far more than a process holds at a time.
const REMEMBERED_MAX: usize = 10_000;

type Queues = HashMap<Arc<str>, HashMap<u64, Seen>>;

#[derive(Debug, Default)]
pub(super) struct Ages(Mutex<Queues>);

#[derive(Debug, Clone, Copy)]
struct Seen {
    sent_at_ms: i64,
    until: Instant,
}

impl Ages {
    /// A queue that is received from: without messages, the age is zero.
    pub(super) fn announce(&self, queue: &Arc<str>) {
        self.lock().entry(Arc::clone(queue)).or_default();
    }

    /// A message was received, and stays hidden for `hidden`.
    pub(super) fn received(
        &self,
        queue: &Arc<str>,
        receipt: &str,
        sent_at_ms: i64,
        hidden: Duration,
        now: Instant,
    ) {
        let mut queues = self.lock();
        let seen = queues.entry(Arc::clone(queue)).or_default();
        if seen.len() >= REMEMBERED_MAX {
            seen.retain(|_, seen| seen.until > now);
        }
        if seen.len() < REMEMBERED_MAX {
            seen.insert(key(receipt), Seen { sent_at_ms, until: now + hidden * 2 });
        }
    }

    /// It stays hidden for `hidden` from now on, and is visible after that.
    pub(super) fn hidden(
        &self,
        queue: &str,
        receipt: &str,
        hidden: Duration,
        visibility_timeout: Duration,
        now: Instant,
    ) {
        let mut queues = self.lock();
        if let Some(seen) = queues.get_mut(queue).and_then(|seen| seen.get_mut(&key(receipt))) {
            seen.until = now + hidden + visibility_timeout;
        }
    }

    /// It is done with.
    pub(super) fn ended(&self, queue: &str, receipt: &str) {
        if let Some(seen) = self.lock().get_mut(queue) {
            seen.remove(&key(receipt));
        }
    }

    /// The oldest age of each queue, in seconds.
    pub(super) fn oldest(&self, now: Instant, now_ms: i64) -> Vec<(Arc<str>, f64)> {
        let mut queues = self.lock();
        let oldest = queues.iter_mut().map(|(queue, seen)| {
            seen.retain(|_, seen| seen.until > now);
            let sent_at_ms = seen.values().map(|seen| seen.sent_at_ms).min();
            let age_ms = sent_at_ms.map_or(0, |sent_at_ms| now_ms.saturating_sub(sent_at_ms).max(0));
            (Arc::clone(queue), Duration::from_millis(age_ms.unsigned_abs()).as_secs_f64())
        });
        oldest.collect()
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Receipts are long; two that share a hash would cost one message's age.
fn key(receipt: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    receipt.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VISIBILITY: Duration = Duration::from_secs(60);

    fn age(ages: &Ages, at: Instant, at_ms: i64) -> f64 {
        ages.oldest(at, at_ms)[0].1
    }

    #[test]
    fn a_message_counts_until_it_is_ended_however_often_it_comes_back() {
        let (ages, queue, start) = (Ages::default(), Arc::from("fast"), Instant::now());
        ages.announce(&queue);
        assert_eq!(age(&ages, start, 1_000), 0.0);
        // Poison: each receive gives it a new receipt, and it is given back each time.
        for receive in 0..5_u32 {
            let now = start + Duration::from_secs(100) * receive;
            let receipt = format!("receipt {receive}");
            ages.received(&queue, &receipt, 0, VISIBILITY, now);
            ages.hidden(&queue, &receipt, Duration::from_secs(90), VISIBILITY, now);
            let later = now + Duration::from_secs(99);
            assert_eq!(
                age(&ages, later, 100_000 * i64::from(receive) + 99_000),
                f64::from(receive) * 100.0 + 99.0
            );
        }
        ages.ended(&queue, "receipt 4");
        let gone = start + Duration::from_secs(500);
        assert_eq!(age(&ages, gone + VISIBILITY, 560_000), 0.0, "the earlier receipts have run out");
    }

    #[test]
    fn one_that_was_lost_is_forgotten_when_somebody_else_must_have_it() {
        let (ages, queue, start) = (Ages::default(), Arc::from("fast"), Instant::now());
        ages.received(&queue, "lost", 0, VISIBILITY, start);
        assert_eq!(age(&ages, start + VISIBILITY, 60_000), 60.0);
        assert_eq!(age(&ages, start + VISIBILITY * 2, 120_000), 0.0);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_stay() {
        let (ages, queue, start) = (Ages::default(), Arc::from("fast"), Instant::now());
        for number in 0..i64::try_from(REMEMBERED_MAX).unwrap() + 5 {
            ages.received(&queue, &number.to_string(), number, VISIBILITY, start);
        }
        assert_eq!(ages.lock()["fast"].len(), REMEMBERED_MAX);
        assert_eq!(age(&ages, start, 1_000), 1.0);
    }
}
