//! The machine, step by step, without a clock: every time is counted from one start.

use super::*;
use proptest::prelude::*;

const POLICY: Policy =
    Policy { after: Duration::from_secs(10), minutes: 30, linger: Duration::from_secs(60) };
const PROTECT: Step = Step::Send(Ask::Protect { minutes: 30 });
const RELEASE: Step = Step::Send(Ask::Release);
const PAUSE: Duration = Duration::from_secs(7);

struct Bench {
    machine: Machine,
    start: Instant,
}

impl Bench {
    fn new() -> Self {
        Self { machine: Machine::new(POLICY), start: Instant::now() }
    }

    /// Protected since second 10, answered at once, by a message held since second 0.
    fn protected() -> Self {
        let mut bench = Self::new();
        let step = bench.step(10, Some(0));
        bench.send(10, step, 10, Ok(()));
        bench
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    /// `held`: since when, in seconds.
    fn step(&mut self, now: u64, held: Option<u64>) -> Step {
        let (now, held) = (self.at(now), held.map(|since| self.at(since)));
        self.machine.step(now, held, false)
    }

    fn close(&mut self, now: u64) -> Step {
        let now = self.at(now);
        self.machine.step(now, None, true)
    }

    fn wait(&self, until: u64) -> Step {
        Step::Wait(Some(self.at(until)))
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers make it on the spot")]
    fn send(&mut self, sent_at: u64, step: Step, answered_at: u64, result: Result<(), Failure>) {
        let Step::Send(ask) = step else { panic!("expected a request, got {step:?}") };
        let (sent_at, answered_at) = (self.at(sent_at), self.at(answered_at));
        let sent = self.machine.sending(ask, sent_at);
        self.machine.answered(&sent, answered_at, &result, PAUSE);
    }
}

fn refused() -> Result<(), Failure> {
    Err(Failure::refused("TASK_NOT_VALID"))
}

fn lost() -> Result<(), Failure> {
    Err(Failure::uncertain("timeout"))
}

#[test]
fn nothing_is_asked_for_messages_that_end_soon() {
    let mut bench = Bench::new();
    assert_eq!(bench.step(0, None), Step::Wait(None));
    assert_eq!(bench.step(1, Some(1)), bench.wait(11));
    assert_eq!(bench.step(9, Some(5)), bench.wait(15));
    assert_eq!(bench.step(10, None), Step::Wait(None));
    assert!(!bench.machine.may_be_protected(bench.at(10)));
}

#[test]
fn a_message_held_for_long_is_protected_and_renewed_at_half_time() {
    let mut bench = Bench::new();
    assert_eq!(bench.step(10, Some(0)), PROTECT);
    // Counted from before the request, however long its answer took.
    bench.send(10, PROTECT, 14, Ok(()));
    assert_eq!(bench.step(14, Some(0)), bench.wait(10 + 900));
    assert_eq!(bench.step(909, Some(0)), bench.wait(910));
    assert_eq!(bench.step(910, Some(0)), PROTECT);
    bench.send(910, PROTECT, 910, Ok(()));
    assert_eq!(bench.step(911, Some(0)), bench.wait(910 + 900));
}

#[test]
fn it_is_released_only_after_nothing_needed_it_for_a_while() {
    let mut bench = Bench::protected();
    assert_eq!(bench.step(100, None), bench.wait(160));
    // A short message in between needs none, and does not begin the wait again.
    assert_eq!(bench.step(130, Some(128)), bench.wait(138));
    assert_eq!(bench.step(131, None), bench.wait(160));
    assert_eq!(bench.step(160, None), RELEASE);
    bench.send(160, RELEASE, 160, Ok(()));
    assert_eq!(bench.step(161, None), Step::Wait(None));
}

#[test]
fn work_that_needs_it_again_keeps_it_without_a_request() {
    let mut bench = Bench::protected();
    assert_eq!(bench.step(100, None), bench.wait(160));
    assert_eq!(bench.step(150, Some(140)), bench.wait(910));
    assert_eq!(bench.step(151, None), bench.wait(211));
}

#[test]
fn a_refusal_is_tried_again_after_a_pause_and_leaves_nothing_to_release() {
    let mut bench = Bench::new();
    let step = bench.step(10, Some(0));
    bench.send(10, step, 11, refused());
    assert_eq!(bench.step(11, Some(0)), bench.wait(18));
    assert_eq!(bench.step(12, None), Step::Wait(None));
    assert_eq!(bench.step(18, Some(0)), PROTECT);
}

#[test]
fn a_request_without_an_answer_may_have_protected_and_is_released() {
    let mut bench = Bench::new();
    let step = bench.step(10, Some(0));
    bench.send(10, step, 18, lost());
    assert_eq!(bench.step(18, Some(0)), bench.wait(25), "it is not sure, so it is asked for again");
    assert_eq!(bench.step(19, None), bench.wait(79));
    assert_eq!(bench.step(79, None), RELEASE);
}

#[test]
fn a_request_that_is_dropped_half_way_is_released_at_the_end() {
    let mut bench = Bench::new();
    let now = bench.at(10);
    let _ = bench.machine.sending(Ask::Protect { minutes: 30 }, now);
    assert_eq!(bench.close(11), RELEASE);
}

#[test]
fn a_refused_renewal_leaves_what_there_was() {
    let mut bench = Bench::protected();
    let step = bench.step(910, Some(0));
    bench.send(910, step, 911, refused());
    assert_eq!(bench.step(912, None), bench.wait(972));
    // It runs out by itself at 10 + 1800, and then there is nothing to release.
    assert_eq!(bench.step(1_810, None), Step::Wait(None));
}

#[test]
fn a_release_that_fails_is_tried_again_until_the_protection_has_run_out() {
    let mut bench = Bench::protected();
    bench.step(100, None);
    bench.send(160, RELEASE, 161, lost());
    assert_eq!(bench.step(161, None), bench.wait(168));
    // A new need does not wait for the release's pause, and does not rely on what may be gone.
    assert_eq!(bench.step(162, Some(150)), PROTECT);
    assert_eq!(bench.step(168, None), bench.wait(228));
    assert_eq!(bench.step(228, None), RELEASE);
    assert_eq!(bench.step(1_811, None), Step::Wait(None));
}

#[test]
fn at_the_end_it_is_released_at_once() {
    let mut bench = Bench::protected();
    assert_eq!(bench.step(100, None), bench.wait(160));
    assert_eq!(bench.close(101), RELEASE);
    bench.send(101, RELEASE, 101, Ok(()));
    assert_eq!(bench.close(101), Step::Wait(None));
    assert_eq!(Bench::new().close(0), Step::Wait(None));
}

proptest! {
    /// Whatever is held and however requests end: none is sent sooner after its like than it must be, none without a reason, and
    /// whoever waits knows for what.
    #[test]
    fn requests_are_few_and_never_without_a_reason(
        turns in proptest::collection::vec((0_u64..400, proptest::option::of(0_u64..100), 0_u8..4), 1..200)
    ) {
        let (mut bench, mut now) = (Bench::new(), 0);
        let mut last: Option<(Step, u64, bool)> = None;
        for (pass, age, end) in turns {
            now += pass;
            let held = age.map(|age| now.saturating_sub(age));
            let needed = held.is_some_and(|since| since + 10 <= now);
            let step = bench.step(now, held);
            match step {
                Step::Send(Ask::Protect { minutes }) => {
                    prop_assert!(needed && minutes == 30);
                    if let Some((PROTECT, at, succeeded)) = last {
                        let pause_s = if succeeded { 900 } else { PAUSE.as_secs() };
                        prop_assert!(now >= at + pause_s);
                    }
                }
                Step::Send(Ask::Release) => {
                    prop_assert!(!needed && bench.machine.may_be_protected(bench.at(now)));
                }
                Step::Wait(at) => {
                    prop_assert!(at.is_none_or(|at| at > bench.at(now)));
                    prop_assert!(at.is_some() || (held.is_none() && !bench.machine.may_be_protected(bench.at(now))));
                }
            }
            if matches!(step, Step::Send(_)) {
                let result = match end { 0 => refused(), 1 => lost(), _ => Ok(()) };
                last = Some((step, now, result.is_ok()));
                bench.send(now, step, now, result);
            }
        }
    }
}
