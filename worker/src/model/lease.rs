//! One lease and one message, second by second, with the times that production's `Timing` and `void_at` give, and another worker that
//! receives the message whenever it is visible.
//!
//! SQS is as AWS was recorded: it applies every heartbeat and every give-back of a message that is there, whoever holds it by then.
//! Requests may be applied any time between request and reply, their replies may be lost, and requests that were given up on may be
//! applied at any later time. A worker whose lease is not void must hold the message alone, and what it sends in time is all that may
//! touch a message that another holds.

use std::time::Duration;

use common::queue::void_at;
use tokio::time::Instant;

use super::explore::{Machine, Move};
use crate::lease::Timing;

pub(super) const HELD_ALONE: &str =
    "S11: a lease that is not void is hidden by SQS, and held by no other worker";
pub(super) const STAYS_VISIBLE: &str = "L2: what was given back stays visible";
pub(super) const LEFT_ALONE: &str = "S11: nothing is sent under a void lease for what another worker holds";

const VISIBILITY_S: u64 = 10;
/// Three visibility timeouts: what comes later repeats what came before.
const HORIZON_S: u64 = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bug {
    None,
    CountedFromReply,
    NotAwaitedAtTheEnd,
    HeartbeatUnderVoidLease,
    GiveBackUnderVoidLease,
    LateReplyTrusted,
}

#[derive(Debug)]
pub(super) struct Leasing {
    origin: Instant,
    timing: Timing,
    bug: Bug,
}

/// Times count from the receive's request: seconds where only the model sets them, milliseconds where production does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Lease {
    now_s: u64,
    hidden_until_s: u64,
    void_at_ms: u64,
    beat_at_ms: u64,
    beat: Option<Beat>,
    /// A give-back on its way. The lease is over since it was sent.
    back: Option<Sent>,
    /// Requests that were given up on and may be applied yet.
    late_beat: Option<Sent>,
    late_back: Option<Sent>,
    given_back: bool,
    /// Another worker has received the message since.
    other: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Beat {
    start_s: u64,
    sent: Sent,
    is_applied: bool,
}

/// How the lease was when a request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Sent {
    InTime,
    Void,
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

    fn void_at_ms(&self, from: Instant) -> u64 {
        self.ms(void_at(from, self.timing.visibility_timeout()))
    }

    fn step(&self, name: &'static str, to: Lease) -> Move<Lease> {
        let hidden = to.now_s < to.hidden_until_s && !to.other;
        let broken = (to.is_held() && !hidden).then_some(HELD_ALONE);
        Move { name, to, quiet: false, broken }
    }
}

impl Lease {
    fn is_void(&self) -> bool {
        self.now_s * 1_000 >= self.void_at_ms
    }

    fn is_held(&self) -> bool {
        !self.given_back && !self.is_void()
    }

    fn sent(&self) -> Sent {
        if self.is_void() { Sent::Void } else { Sent::InTime }
    }

    /// SQS hides the message for so long from now, whoever holds it.
    fn hide(&mut self, sent: Sent, visibility_s: u64) -> Option<&'static str> {
        self.hidden_until_s = self.now_s + visibility_s;
        (self.other && sent == Sent::Void).then_some(LEFT_ALONE)
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
                void_at_ms: self.void_at_ms(from),
                beat_at_ms: self.ms(self.timing.beat_at(from, jitter)),
                beat: None,
                back: None,
                late_beat: None,
                late_back: None,
                given_back: false,
                other: false,
            })
        };
        ways.flat_map(start).collect()
    }

    fn moves(&self, lease: &Lease) -> Vec<Move<Lease>> {
        let mut moves = Vec::new();
        if lease.now_s < HORIZON_S {
            moves.push(self.step("a second passes", self.a_second_later(lease)));
        }
        if lease.now_s >= lease.hidden_until_s {
            let hidden_until_s = lease.now_s + VISIBILITY_S;
            let to = Lease { other: true, hidden_until_s, ..lease.clone() };
            moves.push(self.step("another worker receives the message", to));
        }
        self.send(lease, &mut moves);
        if let Some(beat) = lease.beat {
            self.beating(lease, beat, &mut moves);
        }
        if let Some(sent) = lease.back {
            let mut to = Lease { back: None, ..lease.clone() };
            let broken = to.hide(sent, 0);
            let step = self.step("the give-back is applied", to);
            moves.push(Move { broken: step.broken.or(broken), ..step });
            let to = Lease { back: None, late_back: Some(sent), ..lease.clone() };
            moves.push(self.step("the give-back is given up on", to));
        }
        for (late, visibility_s) in [(lease.late_beat, VISIBILITY_S), (lease.late_back, 0)] {
            let Some(sent) = late else { continue };
            let mut to = lease.clone();
            let slot = if visibility_s > 0 { &mut to.late_beat } else { &mut to.late_back };
            *slot = None;
            let broken = to.hide(sent, visibility_s);
            let step = self.step("a request that was given up on is applied", to);
            moves.push(Move { broken: step.broken.or(broken), ..step });
        }
        moves
    }

    fn is_good_end(&self, _: &Lease) -> bool {
        true
    }
}

impl Leasing {
    /// When the lease becomes void, what is on its way is not waited for any longer.
    fn a_second_later(&self, lease: &Lease) -> Lease {
        let mut to = Lease { now_s: lease.now_s + 1, ..lease.clone() };
        if to.is_void() {
            if self.bug != Bug::LateReplyTrusted
                && let Some(beat) = to.beat.take_if(|beat| beat.sent == Sent::InTime)
                && !beat.is_applied
            {
                to.late_beat = Some(beat.sent);
            }
            to.late_back = to.back.take_if(|sent| *sent == Sent::InTime).or(to.late_back);
        }
        to
    }

    fn send(&self, lease: &Lease, moves: &mut Vec<Move<Lease>>) {
        let (held, sent) = (lease.is_held(), lease.sent());
        let may_beat = held || (self.bug == Bug::HeartbeatUnderVoidLease && !lease.given_back);
        if may_beat && lease.beat.is_none() && lease.now_s * 1_000 >= lease.beat_at_ms {
            let beat = Some(Beat { start_s: lease.now_s, sent, is_applied: false });
            moves.push(self.step("a heartbeat is sent", Lease { beat, ..lease.clone() }));
        }
        let may_give_back = held || (self.bug == Bug::GiveBackUnderVoidLease && !lease.given_back);
        let awaited = lease.beat.is_none() || self.bug == Bug::NotAwaitedAtTheEnd;
        if may_give_back && awaited {
            let to = Lease { given_back: true, back: Some(sent), ..lease.clone() };
            moves.push(self.step("the message is given back", to));
        }
    }

    fn beating(&self, lease: &Lease, beat: Beat, moves: &mut Vec<Move<Lease>>) {
        let retry_at_ms = self.ms(self.timing.retry_at(self.at(lease.now_s)));
        if !beat.is_applied {
            let mut to = lease.clone();
            let broken = to.hide(beat.sent, VISIBILITY_S);
            to.beat = Some(Beat { is_applied: true, ..beat });
            let hides = (lease.given_back && lease.back.is_none()).then_some(STAYS_VISIBLE);
            let step = self.step("a heartbeat is applied", to);
            moves.push(Move { broken: step.broken.or(broken).or(hides), ..step });
            let late_beat = Some(beat.sent);
            let to = Lease { beat: None, beat_at_ms: retry_at_ms, late_beat, ..lease.clone() };
            moves.push(self.step("a heartbeat is given up on", to));
            return;
        }
        let to = Lease { beat: None, beat_at_ms: retry_at_ms, ..lease.clone() };
        moves.push(self.step("a heartbeat's reply is lost", to));
        let mut to = Lease { beat: None, ..lease.clone() };
        // A reply that comes when the lease is void says nothing: SQS would have extended another's as well.
        if !lease.is_void() || self.bug == Bug::LateReplyTrusted {
            let from = self.counted_from(beat.start_s, lease.now_s);
            to.void_at_ms = self.void_at_ms(from);
            to.beat_at_ms = self.ms(self.timing.beat_at(from, 0.0));
        }
        moves.push(self.step("a heartbeat's reply arrives", to));
    }
}
