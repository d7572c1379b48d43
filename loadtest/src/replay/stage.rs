//! What the parts of a run share. Everything runs on one thread, each part a future of its own.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::aws::Aws;
use super::options::Options;
use super::oracle::Oracle;
use super::pace::Pace;
use super::record::Record;
use crate::workload::{Content, Form, Names, Poison, Shape, Version, Workload};

/// Bodies in memory, in KiB: a few of the largest files, or all that may be in flight of the small ones.
const BODIES_KIB_MAX: usize = 256 << 10;

/// What is played.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) shape: Shape,
    pub(super) seed: u64,
    pub(super) compress: f64,
    /// Keeps its keys apart from those of other runs.
    pub(super) run: String,
    pub(super) patience: Duration,
}

/// A copy of an event that is to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copy {
    pub(super) due: Duration,
    pub(super) of: Version,
    pub(super) form: Form,
}

#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) options: &'a Options,
    pub(super) aws: &'a Aws,
    pub(super) job: &'a Job,
    pub(super) names: Names,
    pub(super) content: Content,
    pub(super) pace: Pace,
    pub(super) started: Instant,
    pub(super) oracle: RefCell<Oracle>,
    pub(super) record: RefCell<Record>,
    pub(super) copies: RefCell<VecDeque<Copy>>,
    pub(super) copies_in_flight: Cell<usize>,
    /// Sent and not yet found in the dead-letter queue.
    pub(super) poison: RefCell<BTreeMap<u64, Poison>>,
    /// Files whose targets are being looked at.
    pub(super) checking: Cell<usize>,
    /// Checked, and to be removed.
    pub(super) removals: RefCell<Vec<String>>,
    /// Not as they must be, and so left where they are.
    pub(super) kept: RefCell<BTreeSet<String>>,
    pub(super) bodies: Semaphore,
    /// Something has come to an end.
    pub(super) changed: Notify,
}

impl<'a> Stage<'a> {
    pub(super) fn new(options: &'a Options, aws: &'a Aws, job: &'a Job) -> Self {
        let names = Names::new(job.run.clone());
        let oracle = Oracle::new(names.clone(), &aws.place.delivered, job.shape.window);
        Self {
            options,
            aws,
            job,
            names,
            content: Content::new(job.seed),
            pace: Pace::new(job.compress),
            started: Instant::now(),
            oracle: RefCell::new(oracle),
            record: RefCell::new(Record::new(job.shape.tenants)),
            copies: RefCell::default(),
            copies_in_flight: Cell::new(0),
            poison: RefCell::default(),
            checking: Cell::new(0),
            removals: RefCell::default(),
            kept: RefCell::default(),
            bodies: Semaphore::new(BODIES_KIB_MAX),
            changed: Notify::new(),
        }
    }

    pub(super) fn workload(&self) -> Workload {
        Workload::new(self.job.shape.clone(), self.job.seed)
    }

    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) async fn sleep_until(&self, due: Duration) {
        sleep_until(self.started + due).await;
    }

    /// Tells all parts that something has come to an end.
    pub(super) fn tell(&self) {
        self.changed.notify_waiters();
    }

    /// Whether everything that was sent has come to its end and was looked at.
    pub(super) fn is_quiet(&self) -> bool {
        self.oracle.borrow().is_quiet()
            && self.checking.get() == 0
            && self.copies.borrow().is_empty()
            && self.copies_in_flight.get() == 0
            && self.poison.borrow().is_empty()
    }
}
