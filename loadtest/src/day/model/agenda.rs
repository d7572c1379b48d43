//! What happens when: events in order of their time, and of being put down where that is equal.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Micros;
use super::ledger::Step;

/// Something that happens at an instant. Numbers name pollers, workers, lanes, files and streams by their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The next upload.
    Uploaded,
    /// EventBridge brings a file's event, later than it might.
    Delivered {
        file: u32,
    },
    /// A dispatcher's receive reaches the ingest queue.
    Polled {
        poller: u32,
    },
    /// The longest wait of a poll at the ingest queue, or at a lane's, is over.
    WaitOver {
        queue: u8,
    },
    /// The lanes have what a dispatcher's batch sent them.
    Sent {
        poller: u32,
    },
    /// The ingest queue has deleted what a batch ended, and taken back what it gave back.
    Emptied {
        poller: u32,
    },
    /// A message that was given back is visible again.
    Visible {
        queue: u8,
        file: u32,
    },
    /// A worker's receive reaches its lane's queue.
    Received {
        worker: u32,
    },
    /// Maybe a worker has waited for long enough for more permits.
    Lingered {
        worker: u32,
    },
    /// The ledger has a write before it.
    Written {
        file: u32,
        step: Step,
    },
    /// Before a file's next request, which is a stream, or the next try of one.
    Paced {
        file: u32,
    },
    /// The source's store has a GET before it.
    Got {
        stream: u32,
    },
    /// The target's store has a PUT before it.
    Put {
        stream: u32,
    },
    /// The store has one of the requests around a multipart upload, or the look at a target that is there already, before it.
    Asked {
        file: u32,
        about: About,
    },
    /// A released message has been given back.
    GaveBack {
        file: u32,
    },
    /// A batch of deletions has waited for long enough for more.
    DeleteDue {
        worker: u32,
    },
    Deleted {
        worker: u32,
    },
}

/// Requests of S3 that carry no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Source,
    Target,
    Create,
    Complete,
    /// What refused the PUT: an earlier attempt's.
    Published,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    at: Micros,
    number: u64,
    event: Event,
}

impl Ord for Entry {
    /// The heap gives the greatest first: that is the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Debug, Default)]
pub(super) struct Agenda {
    entries: BinaryHeap<Entry>,
    numbers: u64,
}

impl Agenda {
    pub(super) fn put(&mut self, at: Micros, event: Event) {
        self.numbers += 1;
        self.entries.push(Entry { at, number: self.numbers, event });
    }

    pub(super) fn next(&mut self) -> Option<(Micros, Event)> {
        self.entries.pop().map(|entry| (entry.at, entry.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_keep_their_order() {
        let mut agenda = Agenda::default();
        for (at, worker) in [(5, 1), (3, 2), (5, 3), (3, 4)] {
            agenda.put(at, Event::Deleted { worker });
        }
        let order: Vec<_> = std::iter::from_fn(|| agenda.next()).collect();
        let expected = [(3, 2), (3, 4), (5, 1), (5, 3)].map(|(at, worker)| (at, Event::Deleted { worker }));
        assert_eq!(order, expected);
    }
}
