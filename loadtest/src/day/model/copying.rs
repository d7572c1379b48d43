//! The copy, as `worker::copy` is: one GET and one PUT, or parts side by side, each stream with a permit of the worker's pace, which
//! is production's own schedule with its windows.

use std::time::Duration;

use common::backoff::{self, delay_for};
use worker::THROTTLES_MAX;
use worker::copy::SINGLE_PUT_BYTES_MAX;
use worker::copy::plan::Plan;
use worker::pace::{Ask, Class, STREAM_BYTES, whole_bytes};

use super::agenda::{About, Event};
use super::books::Request;
use super::file::Stream;
use super::ledger::Step;
use super::{Micros, Model, micros};

const SOURCE: usize = 0;
const TARGET: usize = 1;

impl Model {
    /// The claim is made.
    pub(super) fn copy(&mut self, file: u32) {
        if self.files.at(file).size_bytes <= SINGLE_PUT_BYTES_MAX {
            self.stream(file, Class::Whole);
        } else {
            self.ask(file, About::Source);
        }
    }

    /// A request without a body.
    fn ask(&mut self, file: u32, about: About) {
        let times = &self.setup.times;
        let (latency, kind) = match about {
            About::Source | About::Target | About::Published => (&times.head, Request::Head),
            About::Create => (&times.create, Request::Create),
            About::Complete => (&times.complete, Request::Complete),
        };
        self.books.request(kind);
        let at = self.now + latency.draw(&mut self.random);
        self.agenda.put(at, Event::Asked { file, about });
    }

    pub(super) fn asked(&mut self, file: u32, about: About) {
        match about {
            About::Source => self.ask(file, About::Target),
            // What an earlier attempt has published carries its marker.
            About::Target if self.files.at(file).is_published => self.write(file, Step::Complete, 0),
            About::Target => self.ask(file, About::Create),
            About::Create => {
                let held = self.files.at(file);
                let plan = Plan::new(held.size_bytes, self.setup.fleet.tuning.part_bytes);
                held.parts_left = plan.map_or(1, |plan| u32::try_from(plan.count()).unwrap_or(u32::MAX));
                held.parts_under_way = 0;
                self.write(file, Step::NoteUpload, 0);
            }
            About::Complete | About::Published => {
                self.files.at(file).is_published = true;
                self.write(file, Step::Complete, 0);
            }
        }
    }

    /// As many parts as may be under way.
    pub(super) fn next_parts(&mut self, file: u32) {
        let side_by_side = u32::try_from(self.setup.fleet.tuning.parts_in_flight).unwrap_or(1);
        loop {
            let held = self.files.at(file);
            if held.parts_left == 0 || held.parts_under_way >= side_by_side {
                break;
            }
            held.parts_left -= 1;
            held.parts_under_way += 1;
            self.stream(file, Class::Part);
        }
        let held = self.files.at(file);
        if held.parts_left == 0 && held.parts_under_way == 0 {
            self.ask(file, About::Complete);
        }
    }

    /// Asks the worker's pace for a stream.
    fn stream(&mut self, file: u32, class: Class) {
        let held = *self.files.at(file);
        let schedule = &mut self.workers[held.holder as usize].schedule;
        let buckets = [schedule.bucket("landing"), schedule.bucket("delivered")];
        let (size, in_buffers) = match class {
            Class::Whole => (held.size_bytes, whole_bytes(held.size_bytes)),
            Class::Part => (self.setup.fleet.tuning.part_bytes.min(held.size_bytes), STREAM_BYTES),
        };
        let ask = Ask { class, buckets, bytes: in_buffers.min(schedule.bytes_max()) };
        let ticket = schedule.ticket();
        let begins = schedule.begin_at_once(ask);
        let stream = self.streams.put(Stream { file, ticket, ask, bytes: size, since: self.now });
        if begins {
            return self.get(stream);
        }
        let schedule = &mut self.workers[held.holder as usize].schedule;
        schedule.wait(ticket, ask, stream);
        self.serve(held.holder);
    }

    fn serve(&mut self, worker: u32) {
        for stream in self.workers[worker as usize].schedule.serve() {
            self.get(stream);
        }
    }

    fn get(&mut self, stream: u32) {
        self.streams.at(stream).since = self.now;
        self.books.request(Request::Get);
        let at = self.now + self.setup.times.get.draw(&mut self.random);
        self.agenda.put(at, Event::Got { stream });
    }

    pub(super) fn got(&mut self, stream: u32) {
        let Stream { file, bytes, ask, .. } = *self.streams.at(stream);
        let prefix = self.limits.source_prefix(self.files.at(file).tenant);
        if !self.heard(stream, SOURCE, prefix) {
            return self.throttled(stream);
        }
        let passed_at = self.passed_at(file, bytes);
        self.books.request(if ask.class == Class::Whole { Request::Put } else { Request::UploadPart });
        let at = passed_at + self.setup.times.put.draw(&mut self.random);
        self.agenda.put(at, Event::Put { stream });
    }

    /// When a body that begins now has passed: one stream's rate, and the worker's connection with what is on it already.
    fn passed_at(&mut self, file: u32, bytes: u64) -> Micros {
        let per_s = |rate: u64| (bytes * 1_000_000).checked_div(rate).unwrap_or(0);
        let alone = self.now + per_s(self.setup.times.stream_bytes_per_s);
        let own = &mut self.workers[self.files.at(file).holder as usize];
        let Some(rate) = self.setup.fleet.network_bytes_per_s else { return alone };
        // In and out.
        own.network_busy_until = own.network_busy_until.max(self.now) + 2 * per_s(rate);
        alone.max(own.network_busy_until)
    }

    pub(super) fn put(&mut self, stream: u32) {
        let Stream { file, ask, .. } = *self.streams.at(stream);
        let prefix = self.limits.target_prefix(self.files.at(file).tenant);
        if !self.heard(stream, TARGET, prefix) {
            return self.throttled(stream);
        }
        self.end_stream(stream);
        let held = self.files.at(file);
        held.throttles = 0;
        match ask.class {
            // The condition refuses it, and a look tells why.
            Class::Whole if held.is_published => self.ask(file, About::Published),
            Class::Whole => {
                held.is_published = true;
                self.write(file, Step::Complete, 0);
            }
            Class::Part => {
                held.parts_under_way -= 1;
                self.next_parts(file);
            }
        }
    }

    /// Tells the window how one side answered; says whether it took the request.
    fn heard(&mut self, stream: u32, side: usize, prefix: usize) -> bool {
        let Stream { file, ask, since, .. } = *self.streams.at(stream);
        let is_taken = self.limits.take(self.now, &[(prefix, 1)]);
        let schedule = &mut self.workers[self.files.at(file).holder as usize].schedule;
        let (since, now) = (Duration::from_micros(since), Duration::from_micros(self.now));
        if is_taken {
            schedule.succeeded(ask.buckets[side], since);
        } else {
            schedule.throttled(ask.buckets[side], since, now);
        }
        is_taken
    }

    fn end_stream(&mut self, stream: u32) {
        let Stream { file, ticket, ask, .. } = self.streams.free(stream);
        let worker = self.files.at(file).holder;
        self.workers[worker as usize].schedule.end(ticket, ask);
        self.serve(worker);
    }

    /// A store has refused a stream: it waits without a permit and comes again, or, a whole file's, is released when it has waited
    /// often enough. (A part's waits are not bounded here, as the throttles of an upload are shared by its parts.)
    fn throttled(&mut self, stream: u32) {
        let Stream { file, ask, .. } = *self.streams.at(stream);
        self.end_stream(stream);
        let held = self.files.at(file);
        let is_whole = ask.class == Class::Whole;
        if is_whole && u32::from(held.throttles) >= THROTTLES_MAX {
            return self.release(file);
        }
        let delay = micros(delay_for(backoff::THROTTLED, u32::from(held.throttles)));
        held.throttles = held.throttles.saturating_add(1);
        self.agenda.put(self.now + delay, Event::Paced { file });
    }

    /// A wait for a store that throttles is over.
    pub(super) fn paced(&mut self, file: u32) {
        let is_whole = self.files.at(file).size_bytes <= SINGLE_PUT_BYTES_MAX;
        self.stream(file, if is_whole { Class::Whole } else { Class::Part });
    }

    /// The attempt ends without a verdict.
    pub(super) fn release(&mut self, file: u32) {
        self.write(file, Step::Release, 0);
    }
}
