//! An SQS standard queue as the fleet sees it: in order of arrival, fair between message groups, bounded in what is in flight.
//!
//! A fair queue lets a tenant with more than a tenth of what is in flight, and at least thirty messages of it, wait until nobody else
//! has a visible message. (SQS also looks at shares of the recent processing time; that is left out.) Whoever finds nothing waits,
//! in a line.

use std::collections::{BTreeSet, VecDeque};

use super::Micros;

const NOISY_IN_FLIGHT_MIN: u32 = 30;
const NOISY_SHARE: u32 = 10;

#[derive(Debug)]
pub(super) struct Queue {
    is_fair: bool,
    in_flight_max: usize,
    /// For each tenant its visible messages: number of arrival, file.
    visible_of: Vec<VecDeque<(u64, u32)>>,
    /// The oldest visible message of each tenant that has one.
    heads: BTreeSet<(u64, u16)>,
    in_flight_of: Vec<u32>,
    pub(super) in_flight: usize,
    pub(super) visible: usize,
    arrivals: u64,
    /// Receivers that wait, and until when. All wait equally long, so the first one's time is over first.
    waiting: VecDeque<(u32, Micros)>,
    /// An event for the first one's end is on the agenda.
    pub(super) is_wait_timed: bool,
}

impl Queue {
    pub(super) fn new(tenants: usize, is_fair: bool, in_flight_max: usize) -> Self {
        Self {
            is_fair,
            in_flight_max,
            visible_of: vec![VecDeque::new(); tenants],
            heads: BTreeSet::new(),
            in_flight_of: vec![0; tenants],
            in_flight: 0,
            visible: 0,
            arrivals: 0,
            waiting: VecDeque::new(),
            is_wait_timed: false,
        }
    }

    pub(super) fn put(&mut self, tenant: u16, file: u32) {
        let Some(line) = self.visible_of.get_mut(usize::from(tenant)) else { return };
        self.arrivals += 1;
        if line.is_empty() {
            self.heads.insert((self.arrivals, tenant));
        }
        line.push_back((self.arrivals, file));
        self.visible += 1;
    }

    pub(super) fn is_at_cap(&self) -> bool {
        self.in_flight >= self.in_flight_max
    }

    /// Takes the next message: it is in flight until [`Self::ended`].
    pub(super) fn take(&mut self) -> Option<u32> {
        let oldest = self.heads.first().copied()?;
        let quiet = || self.heads.iter().find(|(_, tenant)| !self.is_noisy(*tenant)).copied();
        let next = if self.is_fair { quiet().unwrap_or(oldest) } else { oldest };
        let (_, tenant) = next;
        self.heads.remove(&next);
        let line = self.visible_of.get_mut(usize::from(tenant))?;
        let (_, file) = line.pop_front()?;
        if let Some((number, _)) = line.front() {
            self.heads.insert((*number, tenant));
        }
        self.visible -= 1;
        self.in_flight += 1;
        if let Some(count) = self.in_flight_of.get_mut(usize::from(tenant)) {
            *count += 1;
        }
        Some(file)
    }

    fn is_noisy(&self, tenant: u16) -> bool {
        let own = self.in_flight_of.get(usize::from(tenant)).copied().unwrap_or(0);
        own >= NOISY_IN_FLIGHT_MIN && own as usize * NOISY_SHARE as usize > self.in_flight
    }

    /// A message in flight was deleted, or is visible again (and is put again).
    pub(super) fn ended(&mut self, tenant: u16) {
        self.in_flight -= 1;
        if let Some(count) = self.in_flight_of.get_mut(usize::from(tenant)) {
            *count -= 1;
        }
    }

    pub(super) fn wait(&mut self, receiver: u32, until: Micros) {
        self.waiting.push_back((receiver, until));
    }

    /// Who has waited longest.
    pub(super) fn next_waiting(&mut self) -> Option<u32> {
        self.waiting.pop_front().map(|(receiver, _)| receiver)
    }

    /// One whose wait is over at `now`.
    pub(super) fn next_over(&mut self, now: Micros) -> Option<u32> {
        let is_over = self.waiting.front().is_some_and(|(_, until)| *until <= now);
        if is_over { self.next_waiting() } else { None }
    }

    /// When the first wait is over.
    pub(super) fn wait_over_at(&self) -> Option<Micros> {
        self.waiting.front().map(|(_, until)| *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 messages of tenant 0, then one of tenant 1; how many are taken before it when 60 are in flight already?
    fn taken_before_the_quiet_one(is_fair: bool) -> usize {
        let mut queue = Queue::new(2, is_fair, usize::MAX);
        (0..160).for_each(|file| queue.put(0, file));
        (0..60).for_each(|_| assert!(queue.take().is_some()));
        queue.put(1, 1_000);
        std::iter::from_fn(|| queue.take()).take_while(|file| *file != 1_000).count()
    }

    #[test]
    fn a_fair_queue_lets_the_noisy_tenant_wait() {
        assert_eq!(taken_before_the_quiet_one(true), 0);
        assert_eq!(taken_before_the_quiet_one(false), 100);
    }

    #[test]
    fn a_tenant_with_few_in_flight_or_a_small_share_is_not_noisy() {
        let mut queue = Queue::new(2, true, usize::MAX);
        (0..29).for_each(|file| queue.put(0, file));
        (0..29).for_each(|_| assert!(queue.take().is_some()));
        assert!(!queue.is_noisy(0));
        queue.put(0, 29);
        assert!(queue.take().is_some() && queue.is_noisy(0));
        (100..400).for_each(|file| queue.put(1, file));
        (0..300).for_each(|_| assert!(queue.take().is_some()));
        assert!(!queue.is_noisy(0), "30 of 330 are less than a tenth");
    }

    #[test]
    fn a_noisy_tenant_is_served_when_nobody_else_waits() {
        let mut queue = Queue::new(1, true, usize::MAX);
        (0..100).for_each(|file| queue.put(0, file));
        assert_eq!(std::iter::from_fn(|| queue.take()).count(), 100);
    }
}
