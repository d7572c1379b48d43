//! The state of the modelled world, and what the services do with a request.

use common::ledger::{Status, Step};

/// Versions of one source key, all on their way to one target key; a higher number is newer.
pub(super) const VERSIONS_MAX: usize = 2;
pub(super) type Version = usize;

/// How an attempt that had the fence is ended: `verdict::Verdict` without its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Ending {
    Complete,
    Supersede,
    Fail,
    Release { spent: bool },
    Leave,
}

impl Ending {
    pub(super) fn step(self) -> Option<Step> {
        match self {
            Self::Complete => Some(Step::Complete),
            Self::Supersede => Some(Step::Supersede),
            Self::Fail => Some(Step::Fail),
            Self::Release { .. } => Some(Step::Release),
            Self::Leave => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Item {
    pub(super) status: Status,
    pub(super) attempts: u8,
    pub(super) failed: u8,
    /// 0 is nobody.
    pub(super) owner: u8,
}

/// What is visible at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Object {
    /// `None`: somebody else's, without our mark.
    pub(super) by: Option<Version>,
    pub(super) etag: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Condition {
    Absent,
    Unchanged(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Dispatcher {
    Idle,
    Queueing(Version),
    Sending(Version),
    Deleting(Version),
}

/// The right to write, as an attempt holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Held {
    pub(super) owner: u8,
    pub(super) fence: u8,
    pub(super) failed_before: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Stage {
    Claiming {
        owner: u8,
    },
    Publishing(Held, Condition),
    /// At the target: after a refused condition, or (`uncertain`) after a reply that says nothing.
    Looking {
        held: Held,
        uncertain: bool,
    },
    /// At the target, before the file is declared failed.
    LookingBeforeFailing(Held),
    Settling(Held, Ending),
    Parking,
    Deleting,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Worker {
    Idle,
    /// `stale`: the message has become visible again, and the worker does not know it.
    Busy {
        of: Version,
        stale: bool,
        stage: Stage,
    },
}

/// A request that its sender has given up on and that may take effect yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Late {
    Queue(Version),
    Send(Version),
    Heartbeat(Version),
    GiveBack(Version),
    Claim { of: Version, owner: u8 },
    Publish { of: Version, held: Held, condition: Condition },
    Write { of: Version, held: Held, ending: Ending },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) faults: u8,
    /// Events in the ingest queue.
    pub(super) events: [u8; VERSIONS_MAX],
    /// Visible messages in the lane.
    pub(super) lane: [u8; VERSIONS_MAX],
    /// Messages in the lane that nobody works on and that are not visible yet.
    pub(super) hidden: [u8; VERSIONS_MAX],
    pub(super) parked: [bool; VERSIONS_MAX],
    pub(super) items: [Option<Item>; VERSIONS_MAX],
    pub(super) target: Option<Object>,
    pub(super) etags: u8,
    pub(super) dispatchers: [Dispatcher; 2],
    pub(super) workers: [Worker; 2],
    pub(super) late: Vec<Late>,
    /// What has happened, for the properties.
    pub(super) sent: [bool; VERSIONS_MAX],
    pub(super) published: [u8; VERSIONS_MAX],
    /// Was published by an attempt that had lost the fence, and who holds it has not looked since.
    pub(super) overtaken: [bool; VERSIONS_MAX],
}

impl World {
    pub(super) fn new(faults: u8, events: [u8; VERSIONS_MAX]) -> Self {
        Self {
            faults,
            events,
            lane: [0; 2],
            hidden: [0; 2],
            parked: [false; 2],
            items: [None; 2],
            target: None,
            etags: 0,
            dispatchers: [Dispatcher::Idle; 2],
            workers: [Worker::Idle; 2],
            late: Vec::new(),
            sent: [false; 2],
            published: [0; 2],
            overtaken: [false; 2],
        }
    }

    /// A transfer that was dispatched: its item is queued, its message in the lane.
    pub(super) fn dispatched(mut self, of: Version) -> Self {
        self.items[of] = Some(Item { status: Step::Queue.to(), attempts: 0, failed: 0, owner: 0 });
        (self.lane[of], self.sent[of]) = (1, true);
        self
    }

    /// Workers, dispatchers and late requests are interchangeable: one order of them stands for all.
    pub(super) fn sorted(mut self) -> Self {
        self.dispatchers.sort_unstable();
        self.workers.sort_unstable();
        self.late.sort_unstable();
        self
    }

    /// An owner that nobody speaks of any more or yet: which one does not matter.
    pub(super) fn fresh_owner(&self) -> u8 {
        let of_worker = |worker: &Worker| match worker {
            Worker::Busy { stage: Stage::Claiming { owner }, .. } => *owner,
            Worker::Busy { stage, .. } => stage.held().map_or(0, |held| held.owner),
            Worker::Idle => 0,
        };
        let of_late = |late: &Late| match late {
            Late::Claim { owner, .. } => *owner,
            Late::Write { held, .. } | Late::Publish { held, .. } => held.owner,
            _ => 0,
        };
        let items = self.items.iter().flatten().map(|item| item.owner);
        let used = items.chain(self.workers.iter().map(of_worker)).chain(self.late.iter().map(of_late));
        let used: Vec<u8> = used.collect();
        (1..=u8::MAX).find(|owner| !used.contains(owner)).unwrap_or(u8::MAX)
    }

    pub(super) fn is_worked_on(&self, of: Version) -> bool {
        self.workers.iter().any(|worker| matches!(worker, Worker::Busy { of: theirs, .. } if *theirs == of))
    }
}

impl Held {
    /// Whether the item is still under this fence.
    pub(super) fn is_of(self, item: Item) -> bool {
        item.attempts == self.fence && item.owner == self.owner
    }
}

impl Stage {
    pub(super) fn held(self) -> Option<Held> {
        match self {
            Self::Publishing(held, _)
            | Self::Looking { held, .. }
            | Self::LookingBeforeFailing(held)
            | Self::Settling(held, _) => Some(held),
            Self::Claiming { .. } | Self::Parking | Self::Deleting => None,
        }
    }
}
