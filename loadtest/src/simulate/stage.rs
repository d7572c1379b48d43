//! What all parts of one world share: the past, the weather, the trace, and the first promise that was broken.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use simcloud::{Caller, Effect, Event, Incoming, Observer};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::facts::{Facts, Item};
use super::faults::{Kind, Strike, Weather};
use super::invariants::{self, Moment, Violation, What};
use super::trace::Trace;

/// Shared by the cloud's onlooker and the actors.
#[derive(Debug)]
pub(super) struct Stage {
    state: Mutex<State>,
    epoch_ms: u64,
    started: Instant,
    /// A promise has been broken: there is no point in going on.
    pub(super) broken: CancellationToken,
    /// No fault strikes any more.
    pub(super) healed: CancellationToken,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) facts: Facts,
    pub(super) weather: Weather,
    pub(super) trace: Trace,
    pub(super) violation: Option<Violation>,
    controls: BTreeMap<String, Arc<Control>>,
    /// What the client is to do because of a request.
    wishes: UnboundedSender<Strike>,
}

/// What can be done to one actor.
#[derive(Debug, Default)]
pub(super) struct Control {
    pub(super) crash: CancellationToken,
    pub(super) stop: Notify,
    /// A second stop follows the first.
    pub(super) twice: AtomicBool,
    pub(super) paused_until: Mutex<Option<Instant>>,
}

impl Stage {
    pub(super) fn new(
        weather: Weather,
        trace: Trace,
        epoch: SystemTime,
        wishes: UnboundedSender<Strike>,
    ) -> Arc<Self> {
        let epoch_ms = epoch.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis();
        let state = State {
            facts: Facts::default(),
            weather,
            trace,
            violation: None,
            controls: BTreeMap::new(),
            wishes,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            epoch_ms: u64::try_from(epoch_ms).unwrap_or(0),
            started: Instant::now(),
            broken: CancellationToken::new(),
            healed: CancellationToken::new(),
        })
    }

    pub(super) fn observer(self: &Arc<Self>) -> Observer {
        let (requests, events) = (Arc::clone(self), Arc::clone(self));
        Observer::new(
            move |caller, incoming| requests.incoming(caller, incoming),
            move |caller, event| events.event(caller, event),
        )
    }

    /// With the present time in the facts.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.facts.now_ms = self.epoch_ms + u64::try_from(self.started.elapsed().as_millis()).unwrap_or(0);
        state
    }

    /// An actor begins.
    pub(super) fn enter(&self, actor: &str) -> Arc<Control> {
        let control = Arc::new(Control::default());
        self.lock().controls.insert(actor.to_owned(), Arc::clone(&control));
        self.say(actor, format_args!("begins"));
        control
    }

    /// One line of the trace.
    pub(super) fn say(&self, actor: &str, what: fmt::Arguments<'_>) {
        let at_ms = self.elapsed_ms();
        self.lock().trace.line(at_ms, actor, what);
    }

    /// An actor has ended by itself, after a stop.
    pub(super) fn stopped(&self, actor: &str) {
        let mut state = self.lock();
        state.facts.stopped.insert(actor.to_owned());
        let found = invariants::check_stopped(&state.facts, actor);
        self.note(&mut state, found);
    }

    /// An actor was cut short by the end of its grace period.
    pub(super) fn cut_short(&self, actor: &str) {
        let mut state = self.lock();
        let found = invariants::check_cut_short(&state.facts, actor);
        self.note(&mut state, found);
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(0)
    }

    /// Everything that was asked for has ended, nothing is queued, and no service is paused, or has only just woken, with what it was
    /// doing still in its hands.
    pub(super) fn is_quiet(&self) -> bool {
        const AWAKE: Duration = Duration::from_secs(60);
        let state = self.lock();
        let sleeps = |control: &Arc<Control>| {
            let until = *control.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
            until.is_some_and(|until| until + AWAKE > Instant::now())
        };
        state.facts.is_quiet() && !state.controls.values().any(sleeps)
    }

    pub(super) fn heal(&self) {
        self.say("-", format_args!("everything is healed"));
        self.lock().weather.heal();
        self.healed.cancel();
    }

    /// Only the first one counts.
    pub(super) fn violated(&self, invariant: &'static str, what: String) {
        let mut state = self.lock();
        let at_ms = state.facts.now_ms;
        self.note(&mut state, Some(Violation { invariant, what, at_ms }));
    }

    pub(super) fn check_at_rest(&self) {
        let mut state = self.lock();
        let found = invariants::check_at_rest(&state.facts);
        self.note(&mut state, found);
    }

    fn note(&self, state: &mut State, found: Option<Violation>) {
        if let (None, Some(mut violation)) = (&state.violation, found) {
            violation.at_ms = violation.at_ms.saturating_sub(self.epoch_ms);
            let (invariant, what) = (violation.invariant, &violation.what);
            state.trace.line(violation.at_ms, "-", format_args!("!!! {invariant}: {what}"));
            state.violation = Some(violation);
            self.broken.cancel();
        }
    }

    fn incoming(&self, caller: &Caller, incoming: &Incoming<'_>) -> Vec<Effect> {
        let mut state = self.lock();
        let state = &mut *state;
        let (effects, strike, fault) = state.weather.meet(&caller.actor, incoming, &state.facts);
        state.trace.incoming(self.elapsed_ms(), caller, incoming, fault);
        let found = invariants::check(&state.facts, Moment { caller, what: What::Incoming(incoming) });
        self.note(state, found);
        state.facts.incoming(caller, incoming, fault);
        state.facts.hits = state.weather.hits.to_vec();
        if let Some(strike) = strike {
            self.strike(state, &caller.actor, strike);
        }
        effects
    }

    fn strike(&self, state: &mut State, actor: &str, strike: Strike) {
        let control = state.controls.get(actor);
        match (strike, control) {
            (Strike::Crash, Some(control)) => control.crash.cancel(),
            (Strike::Pause(pause), Some(control)) => {
                let until = Instant::now() + pause;
                let until_ms = state.facts.now_ms + u64::try_from(pause.as_millis()).unwrap_or(0);
                state.facts.paused_until_ms.insert(actor.to_owned(), until_ms);
                *control.paused_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
            }
            (Strike::Stop { twice }, Some(control)) => {
                state.facts.told_ms.entry(actor.to_owned()).or_insert(state.facts.now_ms);
                control.twice.store(twice, Ordering::Relaxed);
                control.stop.notify_one();
            }
            (Strike::Crash | Strike::Pause(_) | Strike::Stop { .. }, None) => {}
            (wish, _) => {
                let _ = state.wishes.send(wish);
            }
        }
    }

    fn event(&self, caller: &Caller, event: &Event<'_>) {
        let mut state = self.lock();
        let state = &mut *state;
        state.trace.event(self.elapsed_ms(), caller, event);
        let items = match event {
            Event::ItemWritten { change, .. } => {
                Some((change.old.as_ref().map(Item::read), change.new.as_ref().map(Item::read)))
            }
            _ => None,
        };
        let what = match &items {
            Some((old, Some(new))) => What::Item(old.as_ref(), new),
            Some((Some(old), None)) => What::ItemDeleted(old),
            _ => What::Event(event),
        };
        let found = invariants::check(&state.facts, Moment { caller, what });
        let items = items.and_then(|(old, new)| Some((old, new?)));
        state.facts.note(caller, event, items);
        self.note(state, found);
    }

    /// Whether a kind that does not strike at requests strikes now.
    pub(super) fn strikes(&self, kind: Kind) -> bool {
        self.lock().weather.strikes(kind)
    }
}
