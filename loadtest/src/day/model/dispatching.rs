//! The dispatchers, as `dispatcher::drain` is: receive ten, write `queued` of each, send to the lanes, delete; what failed goes back.

use common::backoff::{self, delay_for};
use common::queue::BATCH_MAX;

use super::agenda::Event;
use super::books::Request;
use super::fleet::INGEST;
use super::ledger::Step;
use super::limits::Limit;
use super::{Model, micros};

/// One of a dispatcher's polls, and the batch that it brought.
#[derive(Debug, Default)]
pub(super) struct Poller {
    files: Vec<u32>,
    failed: Vec<u32>,
    /// Writes that are not answered yet.
    open: usize,
    /// How many were sent to the lanes.
    sent: usize,
    failures: u32,
}

impl Model {
    pub(super) fn poll(&mut self, poller: u32) {
        self.books.request(Request::Receive);
        let at = self.now + self.setup.times.receive.draw(&mut self.random);
        self.agenda.put(at, Event::Polled { poller });
    }

    pub(super) fn polled(&mut self, poller: u32) {
        if self.queues[INGEST].is_at_cap() {
            self.limits.refuse(self.now, Limit::InFlight);
            let own = &mut self.pollers[poller as usize];
            let delay = micros(delay_for(backoff::POLL, own.failures));
            own.failures += 1;
            self.books.request(Request::Receive);
            let at = self.now + delay + self.setup.times.receive.draw(&mut self.random);
            self.agenda.put(at, Event::Polled { poller });
        } else if self.queues[INGEST].visible == 0 {
            self.wait(INGEST, poller);
        } else {
            self.dispatch(poller);
        }
    }

    /// Takes what is there and writes it down.
    pub(super) fn dispatch(&mut self, poller: u32) {
        let mut batch = std::mem::take(&mut self.pollers[poller as usize]);
        batch.failures = 0;
        while batch.files.len() < BATCH_MAX
            && let Some(file) = self.queues[INGEST].take()
        {
            batch.files.push(file);
        }
        batch.open = batch.files.len();
        self.books.dispatching.change(self.now, 1);
        let cpu = self.setup.fleet.dispatcher_cpu * batch.files.len() as u64;
        let busy_until = &mut self.dispatcher_cpus[poller as usize / self.setup.fleet.pollers];
        *busy_until = (*busy_until).max(self.now) + cpu;
        let after = *busy_until - self.now;
        for file in batch.files.iter().copied() {
            let held = self.files.at(file);
            held.holder = poller;
            held.receives += 1;
            self.write(file, Step::Queue, after);
        }
        self.pollers[poller as usize] = batch;
    }

    /// A write is answered. When all of the batch are, what succeeded is sent.
    pub(super) fn queued(&mut self, file: u32, is_written: bool) {
        let poller = self.files.at(file).holder;
        let batch = &mut self.pollers[poller as usize];
        if !is_written {
            batch.failed.push(file);
        }
        batch.open -= 1;
        if batch.open > 0 {
            return;
        }
        if !batch.failed.is_empty() {
            let failed = &batch.failed;
            batch.files.retain(|file| !failed.contains(file));
        }
        if batch.files.is_empty() {
            return self.empty(poller);
        }
        let mut lanes = [false; super::fleet::LANES];
        for file in &self.pollers[poller as usize].files {
            lanes[self.setup.fleet.lane_of(self.files.at(*file).size_bytes)] = true;
        }
        let mut at = self.now;
        for _ in lanes.into_iter().filter(|is_sent_to| *is_sent_to) {
            self.books.request(Request::Send);
            at = at.max(self.now + self.setup.times.send.draw(&mut self.random));
        }
        self.agenda.put(at, Event::Sent { poller });
    }

    pub(super) fn sent(&mut self, poller: u32) {
        let mut files = std::mem::take(&mut self.pollers[poller as usize].files);
        self.pollers[poller as usize].sent = files.len();
        let mut lanes = [false; super::fleet::LANES];
        for file in files.drain(..) {
            let held = self.files.at(file);
            held.receives = 0;
            let (tenant, lane) = (held.tenant, self.setup.fleet.lane_of(held.size_bytes));
            self.queues[1 + lane].put(tenant, file);
            lanes[lane] = true;
        }
        self.pollers[poller as usize].files = files;
        for (lane, is_sent_to) in lanes.into_iter().enumerate() {
            if is_sent_to {
                self.wake(1 + lane);
            }
        }
        self.empty(poller);
    }

    /// Deletes what was sent, then gives back what failed.
    fn empty(&mut self, poller: u32) {
        let batch = &self.pollers[poller as usize];
        let mut at = self.now;
        if batch.sent > 0 {
            self.books.request(Request::Delete);
            at += self.setup.times.delete.draw(&mut self.random);
        }
        if !batch.failed.is_empty() {
            self.books.request(Request::ChangeVisibility);
            at += self.setup.times.change_visibility.draw(&mut self.random);
        }
        self.agenda.put(at, Event::Emptied { poller });
    }

    pub(super) fn emptied(&mut self, poller: u32) {
        self.books.dispatching.change(self.now, -1);
        let mut batch = std::mem::take(&mut self.pollers[poller as usize]);
        (0..std::mem::take(&mut batch.sent)).for_each(|_| self.queues[INGEST].ended(0));
        for file in batch.failed.drain(..) {
            let receives = self.files.at(file).receives;
            let delay = micros(delay_for(backoff::RELEASE, receives.saturating_sub(1)));
            self.books.released += 1;
            self.agenda.put(self.now + delay, Event::Visible { queue: INGEST as u8, file });
        }
        self.pollers[poller as usize] = batch;
        self.poll(poller);
    }
}
