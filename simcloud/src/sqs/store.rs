//! The messages of one queue: who is visible, delayed or in flight, and what a receive takes. Pure: time is an argument.
//!
//! Every message is in exactly one of two ordered sets, by the instant at which it is (or was) to be seen and then by arrival:
//! `visible`, from which receives take the oldest, and `hidden` (delayed or in flight). [`MessageStore::advance`] moves what has
//! come due; each operation calls it first. All of them cost O(log n) for each message they touch; a FIFO queue looks through its
//! groups for one that does not wait.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fifo::{self, Groups};
use super::message::Envelope;

/// A queue hands out no more than this many messages that are neither deleted nor visible again.
pub(super) const IN_FLIGHT_MAX: usize = 120_000;
/// Counted from the receive, a message can be kept invisible for this long: twelve hours.
pub(super) const VISIBILITY_MS_MAX: u64 = 43_200_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Visible { since_ms: u64 },
    Delayed { until_ms: u64 },
    InFlight { until_ms: u64 },
}

#[derive(Debug)]
struct Held {
    envelope: Envelope,
    state: State,
}

/// What is kept of a message: who holds it is not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<'m> {
    pub(super) envelope: &'m Envelope,
    /// Until when its sender delayed it.
    pub(super) delayed_until_ms: Option<u64>,
}

impl Held {
    fn kept(&self) -> Kept<'_> {
        let delayed_until_ms = match self.state {
            State::Delayed { until_ms } => Some(until_ms),
            State::Visible { .. } | State::InFlight { .. } => None,
        };
        Kept { envelope: &self.envelope, delayed_until_ms }
    }
}

/// What one receive took.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// By message number, and counting this receive.
    pub(super) received: Vec<(u64, Envelope)>,
    /// Received too often: no longer in this queue, and to be put into its dead-letter queue.
    pub(super) dead: Vec<Envelope>,
    /// Nothing was taken because too many messages are in flight.
    pub(super) at_cap: bool,
}

/// How a receive goes about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Take {
    pub(super) messages_max: usize,
    pub(super) visibility_ms: u64,
    /// A message that was received this often goes to the dead-letter queue instead.
    pub(super) receives_max: Option<u32>,
}

/// Why a visibility timeout was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotChanged {
    /// The queue does not hold the message any more.
    Gone,
    /// It would be hidden for longer than twelve hours after the receive that the handle names.
    BeyondLimit,
}

/// How many messages are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
}

#[derive(Debug, Default)]
pub(super) struct MessageStore {
    messages: BTreeMap<u64, Held>,
    visible: BTreeSet<(u64, u64)>,
    hidden: BTreeSet<(u64, u64)>,
    by_age: BTreeSet<(u64, u64)>,
    in_flight: usize,
    last_sequence: u64,
    /// Only of a FIFO queue.
    groups: Option<Groups>,
    /// Messages that came, went or were received since [`MessageStore::take_changes`]; `None` where they are not asked for.
    changed: Option<BTreeSet<u64>>,
}

impl MessageStore {
    /// From here on, changes are noted.
    pub(super) fn note_changes(&mut self) {
        self.changed.get_or_insert_default();
    }

    /// The numbers of messages that changed since the last call, each with the message as it is now; `None` when it is gone.
    pub(super) fn take_changes(&mut self) -> Vec<(u64, Option<Kept<'_>>)> {
        let changed = self.changed.as_mut().map(std::mem::take).unwrap_or_default();
        let now = |sequence| (sequence, self.messages.get(&sequence).map(Held::kept));
        changed.into_iter().map(now).collect()
    }

    fn note(&mut self, sequence: u64) {
        if let Some(changed) = &mut self.changed {
            changed.insert(sequence);
        }
    }

    pub(super) fn fifo() -> Self {
        Self { groups: Some(Groups::default()), ..Self::default() }
    }

    pub(super) fn is_fifo(&self) -> bool {
        self.groups.is_some()
    }

    pub(super) fn groups(&mut self) -> Option<&mut Groups> {
        self.groups.as_mut()
    }

    /// Puts a message into the queue, to be seen `delay_ms` from `now_ms`; gives its number.
    pub(super) fn insert(&mut self, mut envelope: Envelope, now_ms: u64, delay_ms: u64) -> u64 {
        self.last_sequence += 1;
        let sequence = self.last_sequence;
        if let Some(groups) = &mut self.groups {
            groups.add(envelope.group(), sequence);
            envelope.sequence_number = Some(fifo::sequence_number(sequence));
        }
        let state = if delay_ms == 0 {
            State::Visible { since_ms: now_ms }
        } else {
            State::Delayed { until_ms: now_ms.saturating_add(delay_ms) }
        };
        self.by_age.insert((envelope.sent_at_ms, sequence));
        self.index(sequence, state);
        self.messages.insert(sequence, Held { envelope, state });
        self.note(sequence);
        sequence
    }

    /// Brings the queue to `now_ms`: messages older than `retention_ms` are gone, and what came due is visible.
    pub(super) fn advance(&mut self, now_ms: u64, retention_ms: u64) {
        while let Some(&(sent_at_ms, sequence)) = self.by_age.first()
            && sent_at_ms.saturating_add(retention_ms) <= now_ms
        {
            self.remove(sequence);
        }
        while let Some(&(until_ms, sequence)) = self.hidden.first()
            && until_ms <= now_ms
        {
            self.change_state(sequence, State::Visible { since_ms: until_ms });
        }
    }

    /// Takes the messages that have been visible for longest (a FIFO queue: those of one group after another, each in order) and
    /// hides them from other receivers.
    pub(super) fn receive(&mut self, now_ms: u64, take: Take) -> Taken {
        let mut taken = Taken::default();
        let room = IN_FLIGHT_MAX.saturating_sub(self.in_flight);
        if room == 0 {
            taken.at_cap = true;
            return taken;
        }
        let state = State::InFlight { until_ms: now_ms.saturating_add(take.visibility_ms) };
        while taken.received.len() < take.messages_max.min(room)
            && let Some(sequence) = self.next_visible(&taken)
        {
            let Some(held) = self.messages.get_mut(&sequence) else { break };
            if take.receives_max.is_some_and(|max| held.envelope.receive_count >= max) {
                taken.dead.extend(self.remove(sequence));
                continue;
            }
            held.envelope.receive_count = held.envelope.receive_count.saturating_add(1);
            held.envelope.first_received_at_ms.get_or_insert(now_ms);
            taken.received.push((sequence, held.envelope.clone()));
            self.note(sequence);
            self.change_state(sequence, state);
        }
        if let Some(groups) = &mut self.groups {
            taken.received.iter().for_each(|(_, envelope)| groups.served(envelope.group()));
        }
        taken
    }

    fn next_visible(&self, taken: &Taken) -> Option<u64> {
        let Some(groups) = &self.groups else { return self.visible.first().map(|(_, sequence)| *sequence) };
        let is_taken = |sequence| taken.received.iter().any(|(taken, _)| *taken == sequence);
        let is_visible = |sequence| {
            self.messages.get(&sequence).is_some_and(|held| matches!(held.state, State::Visible { .. }))
        };
        groups.next(is_taken, is_visible)
    }

    /// What a receive would take first, without taking it.
    pub(super) fn first_visible(&self) -> Option<&Envelope> {
        self.messages.get(&self.next_visible(&Taken::default())?).map(|held| &held.envelope)
    }

    /// Takes that out of the queue for good.
    pub(super) fn take_first_visible(&mut self) -> Option<Envelope> {
        self.remove(self.next_visible(&Taken::default())?)
    }

    /// Whether the message is there and this receive of it is over: it is visible again, or was received since.
    pub(super) fn is_expired(&self, sequence: u64, receive_count: u32) -> bool {
        self.messages.get(&sequence).is_some_and(|held| {
            let in_flight = matches!(held.state, State::InFlight { .. });
            !in_flight || held.envelope.receive_count != receive_count
        })
    }

    /// Deletes the message if this receive of it is the latest; says whether it did.
    pub(super) fn delete(&mut self, sequence: u64, receive_count: u32) -> bool {
        let latest = self.messages.get(&sequence).is_some_and(|m| m.envelope.receive_count == receive_count);
        latest && self.remove(sequence).is_some()
    }

    /// Makes the message visible `timeout_ms` from `now_ms`, for whichever receive: an older handle works like the newest one, also
    /// after its timeout and while another receiver holds the message. `received_at_ms` is when the handle's own receive was.
    pub(super) fn change_visibility(
        &mut self,
        sequence: u64,
        received_at_ms: u64,
        now_ms: u64,
        timeout_ms: u64,
    ) -> Result<(), NotChanged> {
        let held = self.messages.get(&sequence).ok_or(NotChanged::Gone)?;
        let until_ms = now_ms.saturating_add(timeout_ms);
        if timeout_ms > 0 && until_ms.saturating_sub(received_at_ms) >= VISIBILITY_MS_MAX {
            return Err(NotChanged::BeyondLimit);
        }
        // What is visible already keeps its place in the order.
        let is_visible = matches!(held.state, State::Visible { .. });
        if !(is_visible && timeout_ms == 0) {
            self.change_state(sequence, State::InFlight { until_ms });
        }
        Ok(())
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            visible: self.visible.len(),
            in_flight: self.in_flight,
            delayed: self.hidden.len() - self.in_flight,
        }
    }

    /// When the next hidden message comes due, if nothing else happens.
    pub(super) fn next_due_ms(&self) -> Option<u64> {
        self.hidden.first().map(|(until_ms, _)| *until_ms)
    }

    /// Forgets every message, and which were sent before. Numbers are not used again, so that old receipts name nothing.
    pub(super) fn clear(&mut self) {
        let groups = self.groups.take().map(|_| Groups::default());
        let mut changed = self.changed.take();
        changed.iter_mut().for_each(|changed| changed.extend(self.messages.keys()));
        *self = Self { last_sequence: self.last_sequence, groups, changed, ..Self::default() };
    }

    /// All messages in order of arrival, each with the instant until which its sender delayed it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, Kept<'_>)> {
        self.messages.iter().map(|(sequence, held)| (*sequence, held.kept()))
    }

    fn change_state(&mut self, sequence: u64, state: State) {
        let Some(held) = self.messages.get_mut(&sequence) else { return };
        let before = std::mem::replace(&mut held.state, state);
        self.unindex(sequence, before);
        self.index(sequence, state);
    }

    fn remove(&mut self, sequence: u64) -> Option<Envelope> {
        let held = self.messages.remove(&sequence)?;
        self.note(sequence);
        self.unindex(sequence, held.state);
        self.by_age.remove(&(held.envelope.sent_at_ms, sequence));
        if let Some(groups) = &mut self.groups {
            groups.remove(held.envelope.group(), sequence);
        }
        Some(held.envelope)
    }

    fn index(&mut self, sequence: u64, state: State) {
        match state {
            State::Visible { since_ms } => {
                self.visible.insert((self.rank(since_ms), sequence));
            }
            State::Delayed { until_ms } => {
                self.hidden.insert((until_ms, sequence));
            }
            State::InFlight { until_ms } => {
                self.hidden.insert((until_ms, sequence));
                self.in_flight += 1;
            }
        }
    }

    /// A FIFO queue knows no other order than that of sending.
    fn rank(&self, since_ms: u64) -> u64 {
        if self.groups.is_some() { 0 } else { since_ms }
    }

    fn unindex(&mut self, sequence: u64, state: State) {
        match state {
            State::Visible { since_ms } => {
                self.visible.remove(&(self.rank(since_ms), sequence));
            }
            State::Delayed { until_ms } => {
                self.hidden.remove(&(until_ms, sequence));
            }
            State::InFlight { until_ms } => {
                self.hidden.remove(&(until_ms, sequence));
                self.in_flight -= 1;
            }
        }
    }
}

/// Marks `envelope` as given up by the queue `source_arn`.
pub(super) fn dead_letter(mut envelope: Envelope, source_arn: &Arc<str>) -> Envelope {
    envelope.dead_letter_source = Some(Arc::clone(source_arn));
    envelope
}
