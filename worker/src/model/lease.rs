//! One lease and one message, second by second, with the times that production's `Timing` gives.
//!
//! Receives and heartbeats may be applied any time between request and reply, their replies may be lost, and lost ones may be
//! applied later. Whoever believes to hold the lease must be hidden from the others by SQS; what was given back must stay visible.

use std::time::Duration;

use tokio::time::Instant;

use super::explore::{Machine, Move};
use crate::lease::Timing;

pub(super) const HELD_ALONE: &str = "S11: a lease that is not void is hidden by SQS";
pub(super) const STAYS_VISIBLE: &str = "L2: what was given back stays visible";

const VISIBILITY_S: u64 = 10;
/// Three visibility timeouts: what comes later repeats what came before.
const HORIZON_S: u64 = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bug {
    None,
    CountedFromReply,
    NotAwaitedAtTheEnd,
}

#[derive(Debug)]
pub(super) struct Leasing {
    origin: Instant,
    timing: Timing,
    bug: Bug,
}

/// Times count from the receive's request: seconds where only the model sets them, milliseconds where `Timing` does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Lease {
    now_s: u64,
    hidden_until_s: u64,
    void_at_ms: u64,
    beat_at_ms: u64,
    beat: Option<Beat>,
    /// A heartbeat that was given up on and may be applied yet.
    adrift: bool,
    given_back: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Beat {
    start_s: u64,
    applied: Option<bool>,
}

impl Leasing {
    pub(super) fn new(bug: Bug) -> Self {
        Self { origin: Instant::now(), timing: Timing::new(Duration::from_secs(VISIBILITY_S)), bug }
    }

    fn at(&self, s: u64) -> Instant {
        self.origin + Duration::from_secs(s)
    }

    fn ms(&self, at: Instant) -> u64 {
        u64::try_from((at - self.origin).as_millis()).unwrap_or(u64::MAX)
    }

    /// From when a good request counts, production's way or the planted one.
    fn counted_from(&self, start_s: u64, reply_s: u64) -> Instant {
        self.at(if self.bug == Bug::CountedFromReply { reply_s } else { start_s })
    }

    fn step(&self, name: &'static str, to: Lease) -> Move<Lease> {
        let holds = !to.given_back && to.now_s * 1_000 < to.void_at_ms;
        let broken = (holds && to.now_s >= to.hidden_until_s).then_some(HELD_ALONE);
        Move { name, to, quiet: false, broken }
    }

    /// SQS extends what is still hidden under this receipt, and what was given back and not received since.
    fn apply(lease: &mut Lease) -> bool {
        let ours = lease.now_s < lease.hidden_until_s || lease.given_back;
        if ours {
            lease.hidden_until_s = lease.now_s + VISIBILITY_S;
        }
        ours
    }
}

impl Machine for Leasing {
    type State = Lease;

    /// Applied and answered within a few seconds, in every way.
    fn starts(&self) -> Vec<Lease> {
        let ways =
            (0..4).flat_map(|applied_s| (applied_s..applied_s + 4).map(move |reply_s| (applied_s, reply_s)));
        let start = |(applied_s, reply_s)| {
            let from = self.counted_from(0, reply_s);
            [0.0, 1.0].map(|jitter| Lease {
                now_s: reply_s,
                hidden_until_s: applied_s + VISIBILITY_S,
                void_at_ms: self.ms(self.timing.void_at(from)),
                beat_at_ms: self.ms(self.timing.beat_at(from, jitter)),
                beat: None,
                adrift: false,
                given_back: false,
            })
        };
        ways.flat_map(start).collect()
    }

    fn moves(&self, lease: &Lease) -> Vec<Move<Lease>> {
        let mut moves = Vec::new();
        let held = !lease.given_back && lease.now_s * 1_000 < lease.void_at_ms;
        if lease.now_s < HORIZON_S {
            moves.push(self.step("a second passes", Lease { now_s: lease.now_s + 1, ..lease.clone() }));
        }
        if held && lease.beat.is_none() && lease.now_s * 1_000 >= lease.beat_at_ms {
            let beat = Some(Beat { start_s: lease.now_s, applied: None });
            moves.push(self.step("a heartbeat is sent", Lease { beat, ..lease.clone() }));
        }
        if lease.adrift {
            let mut to = Lease { adrift: false, ..lease.clone() };
            // Given back, it may be hidden again by a request that nobody could wait for.
            if !lease.given_back {
                Self::apply(&mut to);
            }
            moves.push(self.step("a lost heartbeat is applied late", to));
        }
        if let Some(beat) = lease.beat {
            moves.extend(self.beating(lease, beat));
        }
        let awaited = lease.beat.is_none() || self.bug == Bug::NotAwaitedAtTheEnd;
        if held && awaited {
            let to = Lease { given_back: true, hidden_until_s: lease.now_s, ..lease.clone() };
            moves.push(self.step("the message is given back", to));
        }
        moves
    }

    fn is_good_end(&self, _: &Lease) -> bool {
        true
    }
}

impl Leasing {
    fn beating(&self, lease: &Lease, beat: Beat) -> Vec<Move<Lease>> {
        let mut moves = Vec::new();
        let Some(applied) = beat.applied else {
            let mut to = lease.clone();
            let ours = Self::apply(&mut to);
            to.beat = Some(Beat { applied: Some(ours), ..beat });
            let hides = ours && lease.given_back;
            let step = self.step("a heartbeat is applied", to);
            moves.push(Move { broken: step.broken.or(hides.then_some(STAYS_VISIBLE)), ..step });
            let retry_at_ms = self.ms(self.timing.retry_at(self.at(lease.now_s)));
            let to = Lease { beat: None, beat_at_ms: retry_at_ms, adrift: true, ..lease.clone() };
            moves.push(self.step("a heartbeat is given up on", to));
            return moves;
        };
        let retry_at_ms = self.ms(self.timing.retry_at(self.at(lease.now_s)));
        let to = Lease { beat: None, beat_at_ms: retry_at_ms, ..lease.clone() };
        moves.push(self.step("a heartbeat's reply is lost", to));
        let mut to = Lease { beat: None, ..lease.clone() };
        if applied {
            let from = self.counted_from(beat.start_s, lease.now_s);
            to.void_at_ms = self.ms(self.timing.void_at(from));
            to.beat_at_ms = self.ms(self.timing.beat_at(from, 0.0));
        } else {
            // Refused: the keeper ends the lease.
            to.void_at_ms = 0;
        }
        moves.push(self.step("a heartbeat's reply arrives", to));
        moves
    }
}
