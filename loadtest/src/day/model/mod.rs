//! The fleet as a discrete-event model: no SDK, no clock, no thread, one seed.
//!
//! ```text
//! load ─▶ ingest queue ─▶ dispatchers (queued, send, delete) ─▶ lane queues ─▶ workers (claim, copy, complete, delete) ─▶ done
//!                             └── limits: DynamoDB's table, indexes and their keys, S3's prefixes, SQS's messages in flight ──┘
//! ```
//! What production decides in pure code is production's here: the schedule of streams with its windows (`worker::pace`), backoffs
//! (`common::backoff`), parts (`worker::copy::plan`), batch sizes, lingers, numbers of tries and shards. What it does in async code is
//! told again, step by step, each in the file named like it. A request takes effect, and its answer is there, one latency after it
//! was sent. Only what is under way is kept: files of the past are counts.

mod agenda;
mod books;
mod copying;
mod deleting;
mod dispatching;
mod file;
mod fleet;
mod latency;
#[cfg(test)]
mod laws;
mod ledger;
mod limits;
mod pulling;
mod queue;

use std::time::Duration;

use crate::day::load::{Arrival, Load};
use agenda::{Agenda, Event};
use dispatching::Poller;
use file::{File, Places, Stream};
use fleet::{INGEST, LANES};
use limits::Limits;
use pulling::Worker;
use queue::Queue;

pub(crate) use books::{Books, Latencies};
pub(crate) use fleet::{Fleet, Lane, Setup, Times};
pub(crate) use latency::Latency;
pub(crate) use limits::{Limit, Rates, Refusals};

/// The model's time since its start.
pub(crate) type Micros = u64;

pub(crate) fn micros(duration: Duration) -> Micros {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// More files than this are never kept: a load that outgrows its fleet by so much has been answered.
const IN_SYSTEM_MAX: u64 = 30_000_000;
/// How many events pass between two looks at the progress.
const PROGRESS_EVERY: u64 = 1 << 20;

#[derive(Debug)]
pub(crate) struct Model {
    now: Micros,
    /// Events so far.
    happened: u64,
    setup: Setup,
    agenda: Agenda,
    random: fastrand::Rng,
    load: Load,
    next: Option<Arrival>,
    queues: [Queue; 1 + LANES],
    pollers: Vec<Poller>,
    dispatcher_cpus: Vec<Micros>,
    workers: Vec<Worker>,
    /// What is left of each process's retry budget.
    retries: Vec<u16>,
    files: Places<File>,
    streams: Places<Stream>,
    limits: Limits,
    books: Books,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Everything that was uploaded is completed, and every message deleted.
    Drained,
    /// The time was over.
    Time,
    /// More files were under way than are kept.
    Backlog,
}

impl Model {
    pub(crate) fn new(setup: Setup, load: Load, seed: u64) -> Self {
        // Backoffs draw from the thread's generator.
        fastrand::seed(seed ^ 0x0062_6163_6b6f_6666);
        let fleet = &setup.fleet;
        let lanes = fleet.lanes();
        let worker = |(place, lane): (usize, Lane)| (0..lane.workers).map(move |_| (place, lane));
        let workers: Vec<Worker> = lanes
            .into_iter()
            .enumerate()
            .flat_map(worker)
            .map(|(place, lane)| Worker::new(place, lane, fleet))
            .collect();
        let of_lane = || Queue::new(setup.tenants, fleet.is_fair, setup.rates.in_flight);
        let mut model = Self {
            now: 0,
            happened: 0,
            agenda: Agenda::default(),
            random: fastrand::Rng::with_seed(seed),
            next: None,
            // EventBridge gives no message group.
            queues: [Queue::new(1, false, setup.rates.in_flight), of_lane(), of_lane()],
            pollers: (0..fleet.dispatchers * fleet.pollers).map(|_| Poller::default()).collect(),
            dispatcher_cpus: vec![0; fleet.dispatchers],
            retries: vec![ledger::SDK_BUDGET; workers.len() + fleet.dispatchers],
            workers,
            files: Places::default(),
            streams: Places::default(),
            limits: Limits::new(setup.rates, setup.tenants),
            books: Books::new(),
            load,
            setup,
        };
        model.start();
        model
    }

    fn start(&mut self) {
        (0..self.pollers.len() as u32).for_each(|poller| self.poll(poller));
        (0..self.workers.len() as u32).for_each(|worker| self.pull(worker));
        for _ in 0..self.load.in_system() {
            self.refill();
        }
        self.expect_next();
    }

    fn expect_next(&mut self) {
        self.next = self.load.next();
        if let Some(arrival) = self.next {
            self.agenda.put(arrival.at.max(self.now), Event::Uploaded);
        }
    }

    /// Runs until everything has ended or the time is over.
    pub(crate) fn run(&mut self, until: Micros, progress: &mut dyn FnMut(&Self)) -> End {
        loop {
            let Some((at, event)) = self.agenda.next() else { return End::Drained };
            if at > until {
                self.agenda.put(at, event);
                self.now = until;
                return End::Time;
            }
            self.now = at;
            self.happen(event);
            if self.is_drained() {
                return End::Drained;
            }
            if self.books.in_system.now > IN_SYSTEM_MAX {
                return End::Backlog;
            }
            self.happened += 1;
            if self.happened.is_multiple_of(PROGRESS_EVERY) {
                progress(self);
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Uploaded => {
                if let Some(arrival) = self.next.take() {
                    self.upload(arrival);
                }
                self.expect_next();
            }
            Event::Delivered { file } => self.delivered(file),
            Event::Polled { poller } => self.polled(poller),
            Event::WaitOver { queue } => self.wait_over(usize::from(queue)),
            Event::Sent { poller } => self.sent(poller),
            Event::Emptied { poller } => self.emptied(poller),
            Event::Visible { queue, file } => self.visible(usize::from(queue), file),
            Event::Received { worker } => self.received(worker),
            Event::Lingered { worker } => self.lingered(worker),
            Event::Written { file, step } => self.written(file, step),
            Event::Paced { file } => self.paced(file),
            Event::Got { stream } => self.got(stream),
            Event::Put { stream } => self.put(stream),
            Event::Asked { file, about } => self.asked(file, about),
            Event::GaveBack { file } => self.gave_back(file),
            Event::DeleteDue { worker } => self.delete_due(worker),
            Event::Deleted { worker } => self.deleted(worker),
        }
    }

    /// A file is there; its event goes to the ingest queue as fast as EventBridge may.
    fn upload(&mut self, Arrival { tenant, size_bytes, .. }: Arrival) {
        self.books.uploaded(self.now);
        let shard = |random: &mut fastrand::Rng, count: u32| random.u32(..count.max(1)) as u8;
        let file = self.files.put(File {
            uploaded_at: self.now,
            size_bytes,
            tenant,
            // A transfer's id is a hash: its shards are even.
            status_shard: shard(&mut self.random, self.setup.rates.status_shards),
            customer_shard: shard(&mut self.random, self.setup.rates.customer_shards),
            holder: 0,
            receives: 0,
            sdk_tries: 0,
            own_tries: 0,
            throttles: 0,
            is_published: false,
            parts_left: 0,
            parts_under_way: 0,
        });
        let at = self.limits.reserve(self.now, Limits::EVENT_BRIDGE);
        if at > self.now {
            return self.agenda.put(at, Event::Delivered { file });
        }
        self.delivered(file);
    }

    fn delivered(&mut self, file: u32) {
        self.queues[INGEST].put(0, file);
        self.wake(INGEST);
    }

    /// A message that was given back can be seen again.
    fn visible(&mut self, queue: usize, file: u32) {
        let tenant = if queue == INGEST { 0 } else { self.files.at(file).tenant };
        self.queues[queue].ended(tenant);
        self.queues[queue].put(tenant, file);
        self.wake(queue);
    }

    /// A load that keeps a number of files in the system puts the next one in.
    fn refill(&mut self) {
        if let Some(arrival) = self.load.draw(self.now) {
            self.upload(arrival);
        }
    }

    fn is_drained(&self) -> bool {
        self.books.in_system.now == 0
            && self.next.is_none()
            && self.queues.iter().all(|queue| queue.in_flight == 0 && queue.visible == 0)
    }

    pub(crate) fn now(&self) -> Micros {
        self.now
    }

    pub(crate) fn books(&self) -> &Books {
        &self.books
    }

    pub(crate) fn books_mut(&mut self) -> &mut Books {
        &mut self.books
    }

    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }

    pub(crate) fn refusals(&self) -> impl Iterator<Item = (Limit, Refusals)> {
        self.limits.refusals()
    }
}
