//! What must always hold, one named predicate in each file. The predicates see the past as the cloud saw it and one thing that
//! happens now; none of them looks into what is being tested.

mod attempts;
mod bounded;
mod bytes;
mod deletes;
mod failed;
mod isolation;
mod kept;
mod leases;
mod liveness;
mod newest;
mod nothing_lost;
mod reasons;
mod secrets;
mod sent;
mod terminal;
mod truth;

use simcloud::{Caller, Event, Incoming};

use super::facts::{Facts, Item};

pub(super) use liveness::{IN_TIME, QUIET_WITHIN, requests_max, stopped_in_time};
pub(super) use secrets::leaked;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    /// `S6 newest wins`.
    pub(super) invariant: &'static str,
    pub(super) what: String,
    pub(super) at_ms: u64,
}

/// One thing that happens now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) caller: &'a Caller,
    pub(super) what: What<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What<'a> {
    Incoming(&'a Incoming<'a>),
    Event(&'a Event<'a>),
    /// An item of the ledger, before and after.
    Item(Option<&'a Item>, &'a Item),
    ItemDeleted(&'a Item),
}

/// What is broken by what happens now, after all that went before; the text says what.
type AsItGoes = fn(&Facts, Moment<'_>) -> Option<String>;
/// What is broken when everything has come to rest.
type AtRest = fn(&Facts) -> Option<String>;

const AS_IT_GOES: [(&str, AsItGoes); 15] = [
    (bytes::NAME, bytes::broken),
    (nothing_lost::NAME, nothing_lost::broken),
    (truth::NAME, truth::broken),
    (failed::NAME, failed::broken),
    (terminal::NAME, terminal::broken),
    (attempts::NAME, attempts::broken),
    (reasons::NAME, reasons::broken),
    (newest::NAME, newest::broken),
    (deletes::NAME, deletes::broken),
    (isolation::NAME, isolation::broken),
    (leases::NAME, leases::broken),
    (sent::NAME, sent::broken),
    (kept::NAME, kept::broken),
    (bounded::NAME, bounded::broken),
    (liveness::STOPPED, liveness::taken_after_stop),
];

const AT_REST: [(&str, AtRest); 3] = [
    (nothing_lost::NAME, nothing_lost::broken_at_rest),
    (bounded::NAME, bounded::broken_at_rest),
    (liveness::POISON, liveness::poison_broken),
];

pub(super) fn check(past: &Facts, moment: Moment<'_>) -> Option<Violation> {
    let secret = || Some((secrets::NAME, secrets::broken(moment)?));
    let found = AS_IT_GOES.iter().find_map(|(name, broken)| Some((*name, broken(past, moment)?)));
    let (invariant, what) = found.or_else(secret)?;
    Some(Violation { invariant, what, at_ms: past.now_ms })
}

/// Once a service has ended by itself.
pub(super) fn check_stopped(past: &Facts, actor: &str) -> Option<Violation> {
    let what = liveness::hidden_after_stop(past, actor)?;
    Some(Violation { invariant: liveness::STOPPED, what, at_ms: past.now_ms })
}

/// When a service's grace period was over before it had ended.
pub(super) fn check_cut_short(past: &Facts, actor: &str) -> Option<Violation> {
    let what = liveness::cut_short(past, actor)?;
    Some(Violation { invariant: liveness::IN_TIME, what, at_ms: past.now_ms })
}

pub(super) fn check_at_rest(past: &Facts) -> Option<Violation> {
    let (invariant, what) = AT_REST.iter().find_map(|(name, broken)| Some((*name, broken(past)?)))?;
    Some(Violation { invariant, what, at_ms: past.now_ms })
}
