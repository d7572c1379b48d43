//! When to ask for protection, when to renew it, and when to give it up. Pure.

use std::time::Duration;

use tokio::time::Instant;

use super::failure::Failure;

/// What ECS takes for an expiry.
pub const MINUTES_MIN: u32 = 1;
pub const MINUTES_MAX: u32 = 2_880;

/// When protection is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long a message must have been held for.
    pub after: Duration,
    /// The expiry that is asked for: what a crash leaves protected. It is renewed at half time.
    pub minutes: u32,
    /// How long nothing may have needed it before it is given up, so that it does not come and go with every message.
    pub linger: Duration,
}

impl Policy {
    fn validity(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.minutes))
    }
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Protect { minutes: u32 },
    Release,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Send(Ask),
    /// Look again then, or when other messages are held.
    Wait(Option<Instant>),
}

#[derive(Debug)]
pub(super) struct Machine {
    policy: Policy,
    /// Until when the task is protected for sure.
    covered_until: Option<Instant>,
    /// Until when it may be: later than the former, for nobody knows when ECS began to count, nor what a request without an answer
    /// did.
    perhaps_until: Option<Instant>,
    unneeded_since: Option<Instant>,
    /// Not to be sent again before then.
    retry: Option<(Ask, Instant)>,
}

/// A request that is on its way.
#[derive(Debug)]
#[must_use]
pub(super) struct Sent {
    ask: Ask,
    at: Instant,
    /// What was known of a protection before.
    perhaps_until: Option<Instant>,
}

impl Machine {
    pub(super) fn new(policy: Policy) -> Self {
        Self { policy, covered_until: None, perhaps_until: None, unneeded_since: None, retry: None }
    }

    /// Whether ECS may hold the task for protected.
    pub(super) fn may_be_protected(&self, now: Instant) -> bool {
        self.perhaps_until.is_some_and(|until| until > now)
    }

    /// What to do, `oldest` being since when the oldest message is held. `closing`: the work has ended for good.
    pub(super) fn step(&mut self, now: Instant, oldest: Option<Instant>, closing: bool) -> Step {
        self.covered_until = self.covered_until.filter(|until| *until > now);
        self.perhaps_until = self.perhaps_until.filter(|until| *until > now);
        let needed_at = oldest.map(|since| since + self.policy.after);
        if needed_at.is_some_and(|at| at <= now) {
            self.unneeded_since = None;
            let ask = Ask::Protect { minutes: self.policy.minutes };
            let renew_at = self.covered_until.map_or(now, |until| until - self.policy.validity() / 2);
            return self.send_at(renew_at, ask, now);
        }
        let Some(perhaps_until) = self.perhaps_until else {
            self.unneeded_since = None;
            return Step::Wait(needed_at);
        };
        let unneeded_since = *self.unneeded_since.get_or_insert(now);
        let release_at = if closing { now } else { unneeded_since + self.policy.linger };
        match self.send_at(release_at, Ask::Release, now) {
            Step::Wait(at) => Step::Wait([at, needed_at, Some(perhaps_until)].into_iter().flatten().min()),
            send @ Step::Send(_) => send,
        }
    }

    fn send_at(&self, at: Instant, ask: Ask, now: Instant) -> Step {
        let retry_at = self.retry.filter(|(failed, _)| *failed == ask).map(|(_, at)| at);
        let at = retry_at.map_or(at, |retry_at| at.max(retry_at));
        if at > now { Step::Wait(Some(at)) } else { Step::Send(ask) }
    }

    /// A request is about to be sent. From here on it may take effect, even if its answer is never seen.
    pub(super) fn sending(&mut self, ask: Ask, now: Instant) -> Sent {
        let sent = Sent { ask, at: now, perhaps_until: self.perhaps_until };
        match ask {
            Ask::Protect { .. } => {
                self.perhaps_until = self.perhaps_until.max(Some(now + self.policy.validity()));
            }
            Ask::Release => self.covered_until = None,
        }
        sent
    }

    /// What became of it. `pause`: how long a request that failed is not to be sent again.
    pub(super) fn answered(
        &mut self,
        sent: &Sent,
        now: Instant,
        result: &Result<(), Failure>,
        pause: Duration,
    ) {
        let validity = self.policy.validity();
        self.retry = result.is_err().then(|| (sent.ask, now + pause));
        match (sent.ask, result) {
            (Ask::Protect { .. }, Ok(())) => {
                self.covered_until = Some(sent.at + validity);
                self.perhaps_until = Some(now + validity);
            }
            (Ask::Protect { .. }, Err(failure)) if failure.uncertain => {
                self.perhaps_until = Some(now + validity);
            }
            (Ask::Protect { .. }, Err(_)) => self.perhaps_until = sent.perhaps_until,
            (Ask::Release, Ok(())) => self.perhaps_until = None,
            // The protection goes on, or does not: it is asked for again when it is needed, and released again when it is not.
            (Ask::Release, Err(_)) => {}
        }
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
