//! Who may begin, and who waits. Pure: time comes as an argument, and `W` is whatever wakes a waiting stream.

use std::collections::VecDeque;
use std::time::Duration;

use super::budget::Budget;
use super::window::Window;

/// Buckets that are remembered although nobody uses them.
const IDLE_BUCKETS_MAX: usize = 64;

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A file in one piece.
    Whole,
    /// A part of a large file.
    Part,
}

/// What one stream takes.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    pub class: Class,
    /// One or two different buckets.
    pub buckets: [usize; 2],
    pub bytes: u64,
}

/// Held by wholes and parts.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Held<N> {
    pub(super) wholes: N,
    pub(super) parts: N,
}

#[derive(Debug)]
pub(super) struct Bucket {
    name: String,
    pub(super) window: Window,
    pub(super) streams: Held<usize>,
    /// Streams that hold it or wait for it.
    users: usize,
    /// The last round in which somebody of each class had to wait for it: those behind wait too.
    shut: Held<u64>,
}

#[derive(Debug)]
struct Waiting<W> {
    ticket: u64,
    ask: Ask,
    wake: W,
}

#[derive(Debug)]
pub struct Schedule<W> {
    budget: Budget,
    pub(super) streams: Held<usize>,
    pub(super) bytes: Held<u64>,
    pub(super) buckets: Vec<Bucket>,
    waiting: VecDeque<Waiting<W>>,
    next_ticket: u64,
    round: u64,
}

/// Why a stream has to wait.
enum Full {
    /// For the worker's streams or bytes.
    Worker,
    Bucket(usize),
}

impl Ask {
    fn buckets(&self) -> impl Iterator<Item = usize> + use<> {
        let [one, other] = self.buckets;
        std::iter::once(one).chain((other != one).then_some(other))
    }
}

/// What parts may hold of `all`: a quarter, and at least one, is left to whole files, unless there is only one.
pub(super) fn for_parts(all: usize) -> usize {
    (all - all.div_ceil(4)).max(1)
}

impl<W> Schedule<W> {
    pub fn new(budget: Budget) -> Self {
        Self {
            budget: budget.clamped(),
            streams: Held::default(),
            bytes: Held::default(),
            buckets: Vec::new(),
            waiting: VecDeque::new(),
            next_ticket: 0,
            round: 0,
        }
    }

    /// Where a bucket is kept, with one user more.
    pub fn bucket(&mut self, name: &str) -> usize {
        let known = self.buckets.iter().position(|bucket| bucket.name == name);
        let at = known.unwrap_or_else(|| {
            let window = Window::new(self.budget.streams_max);
            let new = Bucket {
                name: name.to_owned(),
                window,
                streams: Held::default(),
                users: 0,
                shut: Held::default(),
            };
            let idle = self.buckets.iter().position(|bucket| bucket.users == 0);
            match idle.filter(|_| self.buckets.len() >= IDLE_BUCKETS_MAX) {
                Some(at) => {
                    self.buckets[at] = new;
                    at
                }
                None => {
                    self.buckets.push(new);
                    self.buckets.len() - 1
                }
            }
        });
        self.buckets[at].users += 1;
        at
    }

    /// A stream's ticket; whether it may begin is for [`Self::begin_at_once`] or [`Self::wait`] to say.
    pub fn ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }

    /// Begins a stream if nobody waits and there is room.
    pub fn begin_at_once(&mut self, ask: Ask) -> bool {
        let begins = self.waiting.is_empty() && self.full(ask).is_none();
        if begins {
            self.hold(ask);
        }
        begins
    }

    /// Puts a stream in the line. [`Self::serve`] says who may begin.
    pub fn wait(&mut self, ticket: u64, ask: Ask, wake: W) {
        self.waiting.push_back(Waiting { ticket, ask, wake });
    }

    /// Ends a stream, whether it has begun or waits. [`Self::serve`] says who may begin now.
    pub fn end(&mut self, ticket: u64, ask: Ask) {
        for at in ask.buckets {
            self.buckets[at].users -= 1;
        }
        match self.waiting.iter().position(|waiting| waiting.ticket == ticket) {
            Some(at) => drop(self.waiting.remove(at)),
            None => self.release(ask),
        }
    }

    /// Lets everybody begin who may, in the order of the line, and gives what wakes them.
    ///
    /// Whoever has to wait keeps those behind from taking what it waits for: a whole file everybody, a part other parts.
    pub fn serve(&mut self) -> Vec<W> {
        let mut woken = Vec::new();
        let (mut at, mut parts_wait) = (0, false);
        self.round += 1;
        while let Some(ask) = self.waiting.get(at).map(|waiting| waiting.ask) {
            if ask.class == Class::Part && (parts_wait || self.is_shut(ask)) || self.is_shut_for_wholes(ask) {
                at += 1;
                continue;
            }
            match (self.full(ask), ask.class) {
                (None, _) => {
                    self.hold(ask);
                    woken.extend(self.waiting.remove(at).map(|waiting| waiting.wake));
                    continue;
                }
                (Some(Full::Worker), Class::Whole) => break,
                (Some(Full::Worker), Class::Part) => parts_wait = true,
                (Some(Full::Bucket(bucket)), Class::Whole) => self.buckets[bucket].shut.wholes = self.round,
                (Some(Full::Bucket(bucket)), Class::Part) => self.buckets[bucket].shut.parts = self.round,
            }
            at += 1;
        }
        woken
    }

    fn is_shut_for_wholes(&self, ask: Ask) -> bool {
        ask.buckets().any(|at| self.buckets[at].shut.wholes == self.round)
    }

    fn is_shut(&self, ask: Ask) -> bool {
        ask.buckets().any(|at| self.buckets[at].shut.parts == self.round)
    }

    /// What has no room for it.
    fn full(&self, ask: Ask) -> Option<Full> {
        let Budget { streams_max, buffer_bytes } = self.budget;
        let (streams, bytes) = (self.streams, self.bytes);
        let is_part = ask.class == Class::Part;
        let streams_full = streams.wholes + streams.parts >= streams_max
            || is_part && streams.parts >= for_parts(streams_max);
        let parts_bytes_max = buffer_bytes - buffer_bytes / 4;
        let bytes_full = bytes.wholes + bytes.parts + ask.bytes > buffer_bytes
            || is_part && bytes.parts + ask.bytes > parts_bytes_max;
        if streams_full || bytes_full {
            return Some(Full::Worker);
        }
        let is_full = |at: &usize| {
            let (held, size) = (self.buckets[*at].streams, self.buckets[*at].window.size());
            let all = held.wholes + held.parts;
            match ask.class {
                // Parts alone never keep a whole file out, however small the window has become under them.
                Class::Whole => all >= size && held.wholes > 0,
                Class::Part => all >= size || held.parts >= for_parts(size),
            }
        };
        ask.buckets().find(is_full).map(Full::Bucket)
    }

    fn hold(&mut self, ask: Ask) {
        *self.streams.of(ask.class) += 1;
        *self.bytes.of(ask.class) += ask.bytes;
        for at in ask.buckets() {
            *self.buckets[at].streams.of(ask.class) += 1;
        }
    }

    fn release(&mut self, ask: Ask) {
        *self.streams.of(ask.class) -= 1;
        *self.bytes.of(ask.class) -= ask.bytes;
        for at in ask.buckets() {
            *self.buckets[at].streams.of(ask.class) -= 1;
        }
    }

    /// A bucket took a stream that began at `since`.
    pub fn succeeded(&mut self, bucket: usize, since: Duration) {
        self.buckets[bucket].window.succeeded(since);
    }

    /// A bucket throttled a stream that began at `since`. The new size of its window, if that changed it.
    pub fn throttled(&mut self, bucket: usize, since: Duration, now: Duration) -> Option<usize> {
        let window = &mut self.buckets[bucket].window;
        window.throttled(since, now).then(|| window.size())
    }

    /// What is in use and what may be: streams, streams that wait, bytes.
    pub fn levels(&self) -> ((usize, usize), usize, (u64, u64)) {
        let streams = (self.streams.wholes + self.streams.parts, self.budget.streams_max);
        let bytes = (self.bytes.wholes + self.bytes.parts, self.budget.buffer_bytes);
        (streams, self.waiting.len(), bytes)
    }

    /// The largest number of bytes that one stream may ask for.
    pub fn bytes_max(&self) -> u64 {
        self.budget.buffer_bytes / 4
    }
}

impl<N> Held<N> {
    fn of(&mut self, class: Class) -> &mut N {
        match class {
            Class::Whole => &mut self.wholes,
            Class::Part => &mut self.parts,
        }
    }
}
