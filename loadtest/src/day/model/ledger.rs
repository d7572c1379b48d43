//! The ledger's writes: what each takes of the table and its indexes, and how a refused one is tried again.
//!
//! A change of an index's key is two writes there: one takes the old entry out, one puts the new one in. `by_status` has the state
//! in its key, and the time of the last change behind it. A write that the table or an index refuses is refused whole.

use std::time::Duration;

use common::backoff::{self, delay_for};
use worker::LEDGER_TRIES_MAX;

use super::agenda::Event;
use super::books::Request;
use super::limits::{Charge, Limits};
use super::{Micros, Model, micros};

/// The steps that the model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Queue,
    Claim,
    NoteUpload,
    Complete,
    Release,
}

const QUEUED: usize = 0;
const PROCESSING: usize = 1;
const COMPLETED: usize = 2;

/// The SDK's own retries, as `common::aws` sets them and the SDK's standard mode has them: four tries, a retry of a throttle costs 5
/// of a process's 500, a success gives back what its last retry took, or one.
const SDK_TRIES_MAX: u8 = 4;
pub(super) const SDK_BUDGET: u16 = 500;
const SDK_RETRY_COST: u16 = 5;
const SDK_FIRST_DELAY: Duration = Duration::from_secs(1);

impl Model {
    /// Sends a write; it arrives after `after` and the time of its kind.
    pub(super) fn write(&mut self, file: u32, step: Step, after: Micros) {
        let (times, kind) = match step {
            Step::Queue => (&self.setup.times.put_item, Request::PutItem),
            _ => (&self.setup.times.update_item, Request::UpdateItem),
        };
        let at = self.now + after + times.draw(&mut self.random);
        self.books.request(kind);
        self.agenda.put(at, Event::Written { file, step });
    }

    pub(super) fn written(&mut self, file: u32, step: Step) {
        let client = self.client_of(file, step);
        if self.charge(file, step) {
            let held = self.files.at(file);
            let earned = if held.sdk_tries > 0 { SDK_RETRY_COST } else { 1 };
            held.sdk_tries = 0;
            held.own_tries = 0;
            self.retries[client] = (self.retries[client] + earned).min(SDK_BUDGET);
            return self.wrote(file, step);
        }
        let held = self.files.at(file);
        if held.sdk_tries + 1 < SDK_TRIES_MAX && self.retries[client] >= SDK_RETRY_COST {
            self.retries[client] -= SDK_RETRY_COST;
            let most = micros(SDK_FIRST_DELAY) << held.sdk_tries;
            held.sdk_tries += 1;
            let delay = self.random.u64(0..=most);
            return self.write(file, step, delay);
        }
        held.sdk_tries = 0;
        held.own_tries += 1;
        let tries = u32::from(held.own_tries);
        if matches!(step, Step::Complete | Step::Release) && (tries as usize) < LEDGER_TRIES_MAX {
            let delay = micros(delay_for(backoff::REQUEST, tries - 1));
            return self.write(file, step, delay);
        }
        held.own_tries = 0;
        match step {
            Step::Queue => self.queued(file, false),
            Step::NoteUpload => self.release(file),
            Step::Claim | Step::Complete | Step::Release => self.give_back(file),
        }
    }

    fn wrote(&mut self, file: u32, step: Step) {
        match step {
            Step::Queue => self.queued(file, true),
            Step::Claim => self.copy(file),
            Step::NoteUpload => self.next_parts(file),
            Step::Complete => self.complete(file),
            Step::Release => self.give_back(file),
        }
    }

    fn charge(&mut self, file: u32, step: Step) -> bool {
        let held = *self.files.at(file);
        let limits = &mut self.limits;
        let key = |state| limits.status_key(state, held.status_shard);
        let changed = |from, to| -> [Charge; 4] {
            [(Limits::TABLE, 1), (Limits::STATUS_INDEX, 2), (key(from), 1), (key(to), 1)]
        };
        let customer = limits.customer_key(held.tenant, held.customer_shard);
        let queued = [
            (Limits::TABLE, 1),
            (Limits::STATUS_INDEX, 1),
            (key(QUEUED), 1),
            (Limits::CUSTOMER_INDEX, 1),
            (customer, 1),
        ];
        let noted = [(Limits::TABLE, 1), (Limits::STATUS_INDEX, 2), (key(PROCESSING), 2)];
        let charges: &[Charge] = match step {
            Step::Queue => &queued,
            Step::Claim => &changed(QUEUED, PROCESSING),
            Step::NoteUpload => &noted,
            Step::Complete => &changed(PROCESSING, COMPLETED),
            Step::Release => &changed(PROCESSING, QUEUED),
        };
        limits.take(self.now, charges)
    }

    /// The process whose SDK sends it.
    fn client_of(&mut self, file: u32, step: Step) -> usize {
        let holder = self.files.at(file).holder as usize;
        match step {
            Step::Queue => self.workers.len() + holder / self.setup.fleet.pollers,
            _ => holder,
        }
    }
}
