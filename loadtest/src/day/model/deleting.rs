//! What is done is deleted in batches, as `worker::acks` is: one request at a time, and a batch that is not full waits a moment.

use common::backoff::{self, delay_for};
use common::queue::BATCH_MAX;
use worker::DELETE_LINGER;

use super::agenda::Event;
use super::books::Request;
use super::{Micros, Model, micros};

/// A worker's deletions. Messages are known by their tenants here.
#[derive(Debug, Default)]
pub(super) struct Acks {
    batch: Vec<u16>,
    /// What was handed over; those beyond the first ten still hold their permits.
    pending: Vec<u16>,
    is_deleting: bool,
    due_at: Option<Micros>,
}

impl Model {
    /// The ledger says that the file is completed.
    pub(super) fn complete(&mut self, file: u32) {
        let held = self.files.free(file);
        let is_noisy = self.setup.noisy == Some(held.tenant);
        self.books.completed(self.now, self.now - held.uploaded_at, is_noisy);
        self.acknowledge(held.holder, held.tenant);
        self.refill();
    }

    fn acknowledge(&mut self, worker: u32, tenant: u16) {
        let acks = &mut self.workers[worker as usize].acks;
        if acks.is_deleting {
            acks.pending.push(tenant);
            if acks.pending.len() > BATCH_MAX {
                return;
            }
        } else {
            acks.batch.push(tenant);
            self.gather(worker);
        }
        self.work(worker, -1);
        self.pull(worker);
    }

    fn gather(&mut self, worker: u32) {
        let acks = &mut self.workers[worker as usize].acks;
        if acks.batch.len() >= BATCH_MAX {
            self.delete(worker);
        } else if acks.due_at.is_none() {
            let at = self.now + micros(DELETE_LINGER);
            acks.due_at = Some(at);
            self.agenda.put(at, Event::DeleteDue { worker });
        }
    }

    pub(super) fn delete_due(&mut self, worker: u32) {
        // Another batch than the one that this was meant for waits until later.
        if self.workers[worker as usize].acks.due_at == Some(self.now) {
            self.delete(worker);
        }
    }

    fn delete(&mut self, worker: u32) {
        let acks = &mut self.workers[worker as usize].acks;
        acks.due_at = None;
        acks.is_deleting = true;
        self.books.request(Request::Delete);
        let at = self.now + self.setup.times.delete.draw(&mut self.random);
        self.agenda.put(at, Event::Deleted { worker });
    }

    pub(super) fn deleted(&mut self, worker: u32) {
        let own = &mut self.workers[worker as usize];
        let queue = 1 + own.lane;
        let acks = &mut own.acks;
        acks.is_deleting = false;
        for tenant in acks.batch.drain(..) {
            self.queues[queue].ended(tenant);
        }
        let held_up = acks.pending.len().saturating_sub(BATCH_MAX);
        let taken = acks.pending.len().min(BATCH_MAX);
        acks.batch.extend(acks.pending.drain(..taken));
        let freed = held_up.min(taken);
        if !acks.batch.is_empty() {
            self.gather(worker);
        }
        if freed > 0 {
            self.work(worker, -(freed as i64));
            self.pull(worker);
        }
    }

    /// Gives a message back: its permit is free when that is answered, and it is visible again after a backoff.
    pub(super) fn give_back(&mut self, file: u32) {
        self.books.request(Request::ChangeVisibility);
        let at = self.now + self.setup.times.change_visibility.draw(&mut self.random);
        self.agenda.put(at, Event::GaveBack { file });
    }

    pub(super) fn gave_back(&mut self, file: u32) {
        let held = *self.files.at(file);
        let queue = 1 + self.workers[held.holder as usize].lane;
        let delay = micros(delay_for(backoff::RELEASE, held.receives.saturating_sub(1)));
        self.books.released += 1;
        self.agenda.put(self.now + delay, Event::Visible { queue: queue as u8, file });
        self.work(held.holder, -1);
        self.pull(held.holder);
    }
}
