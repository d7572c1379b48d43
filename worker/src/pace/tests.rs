//! The schedule under any sequence of arrivals, ends, drops and throttles; the permits on paused time.

use std::collections::BTreeMap;
use std::time::Duration;

use common::fault::{Class as FaultClass, Fault};
use futures::FutureExt as _;
use proptest::prelude::*;

use super::budget::{Budget, STREAM_BYTES};
use super::permit::{Pace, Permit, Side, Wanted};
use super::schedule::{Ask, Class, Schedule, for_parts};

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A stream between two of three buckets, which may be the same.
    Arrive {
        class: Class,
        source: usize,
        target: usize,
        bytes: u64,
    },
    /// One of those that hold or wait ends.
    End {
        which: usize,
    },
    Throttle {
        bucket: usize,
    },
    Succeed {
        bucket: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let class = prop_oneof![Just(Class::Whole), Just(Class::Part)];
    prop_oneof![
        5 => (class, 0..3_usize, 0..3_usize, 0..=STREAM_BYTES)
            .prop_map(|(class, source, target, bytes)| Step::Arrive { class, source, target, bytes }),
        4 => any::<usize>().prop_map(|which| Step::End { which }),
        1 => (0..3_usize).prop_map(|bucket| Step::Throttle { bucket }),
        1 => (0..3_usize).prop_map(|bucket| Step::Succeed { bucket }),
    ]
}

/// What the schedule is believed to hold.
#[derive(Default)]
struct Model {
    holding: BTreeMap<u64, Ask>,
    waiting: BTreeMap<u64, Ask>,
}

impl Model {
    fn begin(&mut self, schedule: &mut Schedule<u64>) {
        for ticket in schedule.serve() {
            let ask = self.waiting.remove(&ticket).unwrap();
            // A whole file that came before a part and needs what the part takes is not passed over. (Between other buckets, it is
            // not the part that it waits for.)
            let passed = self.waiting.iter().find(|(earlier, waits)| {
                ask.class == Class::Part
                    && waits.class == Class::Whole
                    && **earlier < ticket
                    && waits.buckets == ask.buckets
            });
            assert!(passed.is_none(), "{ask:?} was served before {passed:?}");
            self.holding.insert(ticket, ask);
        }
    }

    fn check(&self, schedule: &Schedule<u64>, budget: Budget) {
        let of = |class| self.holding.values().filter(move |ask| ask.class == class);
        let (streams, bytes) = (schedule.streams, schedule.bytes);
        assert_eq!((streams.wholes, streams.parts), (of(Class::Whole).count(), of(Class::Part).count()));
        let sum = |class| of(class).map(|ask| ask.bytes).sum::<u64>();
        assert_eq!((bytes.wholes, bytes.parts), (sum(Class::Whole), sum(Class::Part)));
        assert!(streams.wholes + streams.parts <= budget.streams_max);
        assert!(streams.parts <= for_parts(budget.streams_max));
        assert!(bytes.wholes + bytes.parts <= budget.buffer_bytes);
        for (at, bucket) in schedule.buckets.iter().enumerate() {
            let holders = self.holding.values().filter(|ask| ask.buckets.contains(&at)).count();
            assert_eq!(bucket.streams.wholes + bucket.streams.parts, holders);
            assert!((1..=budget.streams_max).contains(&bucket.window.size()));
        }
    }
}

fn run(budget: Budget, steps: &[Step]) {
    let mut schedule = Schedule::new(budget);
    let (mut model, mut now) = (Model::default(), Duration::ZERO);
    // Keeps the three buckets at their places.
    let names = ["a", "b", "c"];
    for name in names {
        schedule.bucket(name);
    }
    for step in steps {
        now += Duration::from_secs(1);
        match *step {
            Step::Arrive { class, source, target, bytes } => {
                let buckets = [schedule.bucket(names[source]), schedule.bucket(names[target])];
                let (ticket, ask) = (schedule.ticket(), Ask { class, buckets, bytes });
                if schedule.begin_at_once(ask) {
                    model.holding.insert(ticket, ask);
                } else {
                    model.waiting.insert(ticket, ask);
                    schedule.wait(ticket, ask, ticket);
                    model.begin(&mut schedule);
                }
            }
            Step::End { which } => {
                let known: Vec<u64> = model.holding.keys().chain(model.waiting.keys()).copied().collect();
                if let Some(ticket) = known.get(which % known.len().max(1)) {
                    let ask = model.holding.remove(ticket).or_else(|| model.waiting.remove(ticket)).unwrap();
                    schedule.end(*ticket, ask);
                    model.begin(&mut schedule);
                }
            }
            Step::Throttle { bucket } => {
                let before = schedule.buckets[bucket].window.size();
                schedule.throttled(bucket, now, now);
                assert!(schedule.buckets[bucket].window.size() >= before / 2);
            }
            Step::Succeed { bucket } => schedule.succeeded(bucket, now),
        }
        model.check(&schedule, budget);
    }
    // Nobody starves: when everything that holds ends, over and over, everybody has begun, and nothing is left over.
    while let Some((ticket, ask)) = model.holding.pop_first() {
        schedule.end(ticket, ask);
        model.begin(&mut schedule);
        model.check(&schedule, budget);
    }
    assert!(model.waiting.is_empty(), "{:?} wait for ever", model.waiting);
}

proptest! {
    #[test]
    fn permits_are_conserved_and_nobody_starves(
        streams_max in 2..12_usize,
        buffer_mib in 4..12_u64,
        steps in proptest::collection::vec(step(), 0..200),
    ) {
        run(Budget { streams_max, buffer_bytes: buffer_mib * STREAM_BYTES }, &steps);
    }
}

fn wanted(class: Class) -> Wanted<'static> {
    Wanted { class, source: "landing", target: Some("delivered"), bytes: STREAM_BYTES }
}

fn at_once(pace: &Pace, class: Class) -> Option<Permit> {
    pace.permit(wanted(class)).now_or_never()
}

fn small(streams_max: usize) -> Pace {
    Pace::new(Budget { streams_max, ..Budget::default() })
}

#[tokio::test(start_paused = true)]
async fn parts_leave_a_quarter_to_whole_files() {
    let pace = small(8);
    let parts: Vec<_> = std::iter::from_fn(|| at_once(&pace, Class::Part)).collect();
    let wholes: Vec<_> = std::iter::from_fn(|| at_once(&pace, Class::Whole)).collect();
    assert_eq!((parts.len(), wholes.len()), (6, 2));
    drop((parts, wholes));
    // Without parts, whole files have everything.
    assert_eq!(std::iter::from_fn(|| at_once(&pace, Class::Whole)).take(9).collect::<Vec<_>>().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn bytes_bound_the_streams_too() {
    let pace = Pace::new(Budget { streams_max: 32, buffer_bytes: 4 * STREAM_BYTES });
    let parts: Vec<_> = std::iter::from_fn(|| at_once(&pace, Class::Part)).collect();
    let wholes: Vec<_> = std::iter::from_fn(|| at_once(&pace, Class::Whole)).collect();
    assert_eq!((parts.len(), wholes.len()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_dropped_leaves_the_line_and_gives_back_what_it_was_granted() {
    let pace = small(2);
    let holding = [at_once(&pace, Class::Whole), at_once(&pace, Class::Whole)];
    let mut first = Box::pin(pace.permit(wanted(Class::Whole)));
    let mut second = Box::pin(pace.permit(wanted(Class::Whole)));
    let mut third = Box::pin(pace.permit(wanted(Class::Whole)));
    for waiting in [&mut first, &mut second, &mut third] {
        assert!(waiting.now_or_never().is_none());
    }
    drop(first);
    drop(holding);
    // Granted, and never looked at.
    drop(second);
    drop(third);
    assert!(at_once(&pace, Class::Whole).is_some());
    let both = [at_once(&pace, Class::Whole), at_once(&pace, Class::Whole)];
    assert!(both.iter().all(Option::is_some));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_target_holds_up_no_other() {
    let pace = small(8);
    let slow_down = Fault::from_reply("PutObject", 503, "SlowDown");
    assert_eq!(slow_down.class, FaultClass::Throttled);
    for _ in 0..4 {
        tokio::time::advance(Duration::from_secs(1)).await;
        at_once(&pace, Class::Whole).unwrap().heard(Side::Target, Some(&slow_down));
    }
    let held = at_once(&pace, Class::Whole).unwrap();
    assert!(at_once(&pace, Class::Whole).is_none(), "the window is one");
    let mut waiting = Box::pin(pace.permit(wanted(Class::Whole)));
    assert!((&mut waiting).now_or_never().is_none());
    let other = Wanted { target: Some("elsewhere"), ..wanted(Class::Whole) };
    assert!(pace.permit(other).now_or_never().is_some());
    drop(held);
    assert!(waiting.now_or_never().is_some());
    // Successes open it again.
    for _ in 0..100 {
        tokio::time::advance(Duration::from_secs(1)).await;
        at_once(&pace, Class::Whole).unwrap().heard(Side::Target, None);
    }
    assert_eq!(std::iter::from_fn(|| at_once(&pace, Class::Whole)).take(9).collect::<Vec<_>>().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn source_and_target_in_one_bucket_take_one_place_of_its_window() {
    let pace = small(2);
    let same = Wanted { target: Some("landing"), ..wanted(Class::Whole) };
    let held = [pace.permit(same).now_or_never(), pace.permit(same).now_or_never()];
    assert!(held.iter().all(Option::is_some));
}
