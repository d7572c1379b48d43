//! The workers' receives, as `worker::lane` is: no more than can start now, and not for a few permits at once.

use common::backoff::{self, delay_for};
use common::queue::BATCH_MAX;
use worker::pace::Schedule;
use worker::{RECEIVE_LINGER, worthwhile};

use super::agenda::Event;
use super::books::Request;
use super::deleting::Acks;
use super::fleet::{Fleet, INGEST, Lane};
use super::ledger::Step;
use super::limits::Limit;
use super::{Micros, Model, micros};

/// A worker of one lane.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) lane: usize,
    permits: usize,
    pub(super) running: usize,
    is_receiving: bool,
    /// Messages that the open receive asks for.
    asked: usize,
    has_lingered: bool,
    linger_until: Micros,
    is_linger_timed: bool,
    failures: u32,
    cpu_busy_until: Micros,
    pub(super) network_busy_until: Micros,
    pub(super) schedule: Schedule<u32>,
    pub(super) acks: Acks,
}

impl Worker {
    pub(super) fn new(lane: usize, of: Lane, fleet: &Fleet) -> Self {
        Self {
            lane,
            permits: of.permits,
            running: 0,
            is_receiving: false,
            asked: 0,
            has_lingered: false,
            linger_until: 0,
            is_linger_timed: false,
            failures: 0,
            cpu_busy_until: 0,
            network_busy_until: 0,
            schedule: Schedule::new(fleet.tuning.budget),
            acks: Acks::default(),
        }
    }
}

impl Model {
    /// Receives if that is worthwhile now.
    pub(super) fn pull(&mut self, worker: u32) {
        let own = &mut self.workers[worker as usize];
        let free = own.permits - own.running;
        if own.is_receiving || free == 0 {
            return;
        }
        if free >= worthwhile(own.permits) || own.has_lingered {
            own.is_receiving = true;
            own.asked = free.min(BATCH_MAX);
            return self.receive(worker, 0);
        }
        own.linger_until = self.now + micros(RECEIVE_LINGER);
        if !own.is_linger_timed {
            own.is_linger_timed = true;
            self.agenda.put(own.linger_until, Event::Lingered { worker });
        }
    }

    pub(super) fn lingered(&mut self, worker: u32) {
        let own = &mut self.workers[worker as usize];
        own.is_linger_timed = false;
        if own.is_receiving || own.running == own.permits {
            return;
        }
        if self.now < own.linger_until {
            own.is_linger_timed = true;
            return self.agenda.put(own.linger_until, Event::Lingered { worker });
        }
        own.has_lingered = true;
        self.pull(worker);
    }

    fn receive(&mut self, worker: u32, after: Micros) {
        self.books.request(Request::Receive);
        let at = self.now + after + self.setup.times.receive.draw(&mut self.random);
        self.agenda.put(at, Event::Received { worker });
    }

    pub(super) fn received(&mut self, worker: u32) {
        let own = &mut self.workers[worker as usize];
        let queue = 1 + own.lane;
        if self.queues[queue].is_at_cap() {
            self.limits.refuse(self.now, Limit::InFlight);
            let delay = micros(delay_for(backoff::POLL, own.failures));
            own.failures += 1;
            self.receive(worker, delay);
        } else if self.queues[queue].visible == 0 {
            self.wait(queue, worker);
        } else {
            self.deliver(worker);
        }
    }

    /// Takes what is there and begins with all of it.
    fn deliver(&mut self, worker: u32) {
        let own = &mut self.workers[worker as usize];
        own.is_receiving = false;
        own.has_lingered = false;
        own.failures = 0;
        let queue = 1 + own.lane;
        for _ in 0..own.asked {
            let Some(file) = self.queues[queue].take() else { break };
            self.begin(worker, file);
        }
        self.pull(worker);
    }

    fn begin(&mut self, worker: u32, file: u32) {
        self.work(worker, 1);
        let held = self.files.at(file);
        held.holder = worker;
        held.receives += 1;
        held.throttles = 0;
        let own = &mut self.workers[worker as usize];
        own.cpu_busy_until = own.cpu_busy_until.max(self.now) + self.setup.fleet.worker_cpu;
        let after = own.cpu_busy_until - self.now;
        self.write(file, Step::Claim, after);
    }

    /// A permit is taken or given back.
    pub(super) fn work(&mut self, worker: u32, by: i64) {
        let own = &mut self.workers[worker as usize];
        own.running = own.running.saturating_add_signed(by as isize);
        let level = if own.lane == 0 { &mut self.books.fast_at_work } else { &mut self.books.bulk_at_work };
        level.change(self.now, by);
    }

    /// A receiver that found nothing waits in the queue's line.
    pub(super) fn wait(&mut self, queue: usize, receiver: u32) {
        self.queues[queue].wait(receiver, self.now + micros(self.setup.fleet.wait));
        self.time_wait(queue);
    }

    fn time_wait(&mut self, queue: usize) {
        let own = &mut self.queues[queue];
        if let (Some(at), false) = (own.wait_over_at(), own.is_wait_timed) {
            own.is_wait_timed = true;
            self.agenda.put(at.max(self.now), Event::WaitOver { queue: queue as u8 });
        }
    }

    pub(super) fn wait_over(&mut self, queue: usize) {
        self.queues[queue].is_wait_timed = false;
        while let Some(receiver) = self.queues[queue].next_over(self.now) {
            if queue == INGEST {
                self.poll(receiver);
                continue;
            }
            let own = &mut self.workers[receiver as usize];
            own.is_receiving = false;
            own.has_lingered = false;
            self.pull(receiver);
        }
        self.time_wait(queue);
    }

    /// Something is visible: whoever has waited longest takes as much as it asked for, then the next.
    pub(super) fn wake(&mut self, queue: usize) {
        while self.queues[queue].visible > 0
            && !self.queues[queue].is_at_cap()
            && let Some(receiver) = self.queues[queue].next_waiting()
        {
            if queue == INGEST { self.dispatch(receiver) } else { self.deliver(receiver) }
        }
    }
}
