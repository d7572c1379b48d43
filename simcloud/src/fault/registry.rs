//! The faults of a cloud, and which of them a request meets.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::effect::Effect;
use super::firing::Firing;
use super::gate::{Gate, Latch};
use crate::front::Service;

/// One fault: where it strikes, how often, and what it does. Made by [`Fault::on`], it strikes once, with [`Effect::DropBefore`].
#[derive(Debug, Clone)]
pub struct Fault {
    service: String,
    operation: String,
    key: Option<String>,
    skip: u64,
    /// `None`: for ever.
    times: Option<u64>,
    probability: f64,
    effect: Effect,
}

impl Fault {
    /// On requests to `service` (`S3`, `SQS`, `DynamoDB`, `EventBridge`) for `operation` (`GetObject`, `ReceiveMessage` …); `*` is
    /// any.
    pub fn on(service: &str, operation: &str) -> Self {
        Self {
            service: service.to_owned(),
            operation: operation.to_owned(),
            key: None,
            skip: 0,
            times: Some(1),
            probability: 1.0,
            effect: Effect::DropBefore,
        }
    }

    /// Only on requests that name this: a part of `bucket/key` for S3, of the JSON request (queue URL, table, item …) for the others.
    #[must_use]
    pub fn key(mut self, part: &str) -> Self {
        self.key = Some(part.to_owned());
        self
    }

    /// Spares the first `count` matches.
    #[must_use]
    pub fn skip(mut self, count: u64) -> Self {
        self.skip = count;
        self
    }

    /// Strikes `count` times.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.times = Some(count);
        self
    }

    /// Strikes for ever.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Strikes with this probability (0.0 to 1.0), drawn from the cloud's seed. What it spares uses up neither `skip` nor `times`.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    fn matches(&self, service: &str, operation: &str, resource: &str) -> bool {
        (self.service == "*" || self.service == service)
            && (self.operation == "*" || self.operation == operation)
            && self.key.as_deref().is_none_or(|part| resource.contains(part))
    }
}

/// Names one fault, to take it away again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultId(u64);

/// All faults of a cloud.
#[derive(Debug)]
pub struct Faults {
    /// How many are planted: the only thing that a request reads when there are none.
    planted: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    faults: BTreeMap<FaultId, Fault>,
    next: u64,
    hits: BTreeMap<String, u64>,
    draws: fastrand::Rng,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            planted: AtomicUsize::new(0),
            state: Mutex::new(State {
                faults: BTreeMap::new(),
                next: 0,
                hits: BTreeMap::new(),
                // Apart from the identifiers' draws, so that planting a fault does not change the identifiers.
                draws: fastrand::Rng::with_seed(seed ^ 0x6661_756c_7473),
            }),
        }
    }

    /// Plants a fault; it stays until it has struck as often as it says, or is removed.
    pub fn add(&self, fault: Fault) -> FaultId {
        let mut state = self.lock();
        let id = FaultId(state.next);
        state.next += 1;
        state.faults.insert(id, fault);
        self.planted.store(state.faults.len(), Ordering::Release);
        id
    }

    /// Takes one fault away; one that is gone already is no error.
    pub fn remove(&self, id: FaultId) {
        let mut state = self.lock();
        state.faults.remove(&id);
        self.planted.store(state.faults.len(), Ordering::Release);
    }

    /// Takes all faults away, and opens all gates. Counts stay.
    pub fn clear(&self) {
        let mut state = self.lock();
        for fault in std::mem::take(&mut state.faults).into_values() {
            if let Effect::Hold(latch) = fault.effect {
                drop(Gate(latch));
            }
        }
        self.planted.store(0, Ordering::Release);
    }

    /// How often each kind of fault has struck, by `service.operation:effect`, e.g. `S3.GetObject:TruncateBody`.
    pub fn hits(&self) -> BTreeMap<String, u64> {
        self.lock().hits.clone()
    }

    /// Every request for `operation` waits, before it is applied, until the gate opens.
    pub fn gate(&self, service: &str, operation: &str) -> Gate {
        self.gate_on(Fault::on(service, operation).always())
    }

    /// A gate for the requests that `fault` matches; its effect does not matter.
    pub fn gate_on(&self, fault: Fault) -> Gate {
        let latch = Latch::closed();
        self.add(fault.effect(Effect::Hold(latch.clone())));
        Gate(latch)
    }

    /// The faults that this request meets, now counted. `resource` is only asked for when there are faults at all.
    pub(crate) fn firing<'a>(
        &self,
        service: Service,
        operation: &str,
        resource: impl FnOnce() -> Cow<'a, str>,
    ) -> Firing {
        if self.planted.load(Ordering::Acquire) == 0 {
            return Firing::default();
        }
        let mut guard = self.lock();
        let effects = guard.strike(service.name(), operation, &resource());
        self.planted.store(guard.faults.len(), Ordering::Release);
        Firing::new(effects)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn strike(&mut self, service: &str, operation: &str, resource: &str) -> Vec<Effect> {
        let Self { faults, hits, draws, .. } = self;
        let mut effects = Vec::new();
        faults.retain(|_, fault| {
            if !fault.matches(service, operation, resource) {
                return true;
            }
            if let Effect::Hold(latch) = &fault.effect
                && latch.is_open()
            {
                return false;
            }
            if fault.probability < 1.0 && draws.f64() >= fault.probability {
                return true;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                return true;
            }
            *hits.entry(format!("{service}.{operation}:{}", fault.effect.name())).or_default() += 1;
            effects.push(fault.effect.clone());
            fault.times = fault.times.map(|times| times.saturating_sub(1));
            fault.times != Some(0)
        });
        effects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(faults: &Faults, operation: &str, resource: &str) -> usize {
        faults.firing(Service::S3, operation, || resource.into()).effects().len()
    }

    #[test]
    fn skip_times_and_key_select_requests() {
        let faults = Faults::new(0);
        faults.add(Fault::on("S3", "GetObject").key("reports/").skip(1).times(2));
        assert_eq!(strikes(&faults, "GetObject", "b/other"), 0);
        let fired: Vec<usize> = (0..4).map(|_| strikes(&faults, "GetObject", "b/reports/1")).collect();
        assert_eq!(fired, [0, 1, 1, 0]);
        assert_eq!(faults.hits(), BTreeMap::from([("S3.GetObject:DropBefore".to_owned(), 2)]));
        assert_eq!(faults.planted.load(Ordering::Acquire), 0);
    }

    #[test]
    fn a_partition_is_a_wildcard_that_is_removed() {
        let faults = Faults::new(0);
        let partition = faults.add(Fault::on("*", "*").always());
        assert_eq!(strikes(&faults, "PutObject", "b/k"), 1);
        assert_eq!(strikes(&faults, "HeadObject", "b/k"), 1);
        faults.remove(partition);
        assert_eq!(strikes(&faults, "PutObject", "b/k"), 0);
    }

    #[test]
    fn the_same_seed_draws_the_same_faults() {
        let drawn = |seed| {
            let faults = Faults::new(seed);
            faults.add(Fault::on("S3", "*").probability(0.3).always());
            (0..64).map(|_| strikes(&faults, "GetObject", "")).collect::<Vec<_>>()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        assert!((1..40).contains(&drawn(7).iter().sum::<usize>()));
    }
}
