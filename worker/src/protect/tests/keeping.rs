//! The keeper on paused time. The script answers at once, later, or never.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::protect::door::Script;
use crate::protect::{Ask, Busy, Door, Failure, Policy, Protection};

const POLICY: Policy =
    Policy { after: Duration::from_secs(10), minutes: 30, linger: Duration::from_secs(60) };
const PROTECT: Ask = Ask::Protect { minutes: 30 };

struct Stage {
    busy: Busy,
    script: Script,
    protection: Protection,
    start: Instant,
}

impl Stage {
    fn new(answer: impl Fn(usize) -> Result<(), Failure> + 'static) -> Self {
        let (busy, script) = (Busy::default(), Script::new(answer));
        let protection = Protection::new(POLICY, Door::scripted(script.clone()), busy.clone());
        Self { busy, script, protection, start: Instant::now() }
    }

    /// Keeps protection while these steps go on.
    async fn beside<T>(&mut self, steps: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            output = steps => output,
            never = self.protection.run() => match never {},
        }
    }

    /// What was asked, and in which second.
    fn asked(&self) -> Vec<(u64, Ask)> {
        let asked = self.script.asked();
        asked.into_iter().map(|(at, ask)| (at.duration_since(self.start).as_secs(), ask)).collect()
    }
}

fn seconds(count: u64) -> tokio::time::Sleep {
    sleep(Duration::from_secs(count))
}

#[tokio::test(start_paused = true)]
async fn long_work_is_protected_renewed_and_released() {
    let mut stage = Stage::new(|_| Ok(()));
    let busy = stage.busy.clone();
    stage
        .beside(async {
            let hold = busy.hold();
            seconds(1_000).await;
            drop(hold);
            seconds(1_000).await;
        })
        .await;
    assert_eq!(stage.asked(), [(10, PROTECT), (910, PROTECT), (1_060, Ask::Release)]);
    assert_eq!((stage.protection.counts().requests(), stage.protection.counts().failures()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_short_messages_asks_for_nothing() {
    let mut stage = Stage::new(|_| Ok(()));
    let busy = stage.busy.clone();
    stage
        .beside(async {
            let mut last = busy.hold();
            for _ in 0..1_000 {
                seconds(4).await;
                // Always one is held, but none for long.
                last = busy.hold();
            }
            drop(last);
        })
        .await;
    assert_eq!(stage.asked(), []);
}

#[tokio::test(start_paused = true)]
async fn failures_are_counted_and_tried_again_ever_more_seldom() {
    let mut stage = Stage::new(|_| Err(Failure::refused("ThrottlingException")));
    let busy = stage.busy.clone();
    let hold = busy.hold();
    stage.beside(seconds(3_600)).await;
    let asked = stage.asked();
    assert_eq!(stage.protection.counts().failures(), asked.len() as u64);
    // After the first few tries one in one to two minutes, and never two at once.
    assert!((30..=70).contains(&asked.len()), "{asked:?}");
    assert!(asked.windows(2).all(|pair| pair[1].0 > pair[0].0), "{asked:?}");
    drop(hold);
    stage.beside(seconds(3_600)).await;
    assert_eq!(stage.asked().len(), asked.len(), "what was refused is not released");
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_has_passed_the_task_is_protected() {
    let mut stage = Stage::new(|nth| if nth == 0 { Err(Failure::uncertain("timeout")) } else { Ok(()) });
    let hold = stage.busy.hold();
    stage.beside(seconds(60)).await;
    let asked = stage.asked();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(asked[0], (10, PROTECT));
    assert_eq!(asked[1].1, PROTECT);
    assert_eq!(stage.protection.counts().failures(), 1);
    drop(hold);
}

#[tokio::test(start_paused = true)]
async fn at_the_end_it_is_released_at_once_even_if_a_request_was_cut_off() {
    let mut stage = Stage::new(|_| Ok(()));
    let hold = stage.busy.hold();
    stage.beside(seconds(20)).await;
    drop(hold);
    stage.protection.close().await;
    assert_eq!(stage.asked(), [(10, PROTECT), (20, Ask::Release)]);

    let mut stage = Stage::new(|_| Ok(()));
    stage.script.answer_after(Duration::from_secs(5));
    let hold = stage.busy.hold();
    stage.beside(seconds(12)).await;
    drop(hold);
    stage.script.answer_after(Duration::ZERO);
    stage.protection.close().await;
    assert_eq!(stage.asked(), [(10, PROTECT), (12, Ask::Release)]);
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_for_a_release_that_is_not_to_be_had() {
    let mut stage = Stage::new(|nth| if nth == 0 { Ok(()) } else { Err(Failure::uncertain("timeout")) });
    let hold = stage.busy.hold();
    stage.beside(seconds(20)).await;
    drop(hold);
    stage.protection.close().await;
    assert!(stage.start.elapsed() <= Duration::from_secs(22));

    let mut idle = Stage::new(|_| Ok(()));
    idle.protection.close().await;
    assert_eq!(idle.asked(), [], "nothing was protected");
}
