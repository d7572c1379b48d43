//! `loadtest giant`: the copy of the largest object that S3 allows, executed in simulated time.
//!
//! 1. A cloud in process, on paused time: days pass as fast as the bytes can be moved. Streams have a simulated bandwidth.
//! 2. A dispatcher and workers, as production has them, with the real SDK.
//! 3. A virtual object lands. Its bytes are generated; each of them passes the worker and its checksum, and is compared at the target.
//! 4. The worker hands the file over before SQS's twelve hours are over, or dies when the seed says so; another one goes on.
//! 5. When the ledger says that it is over, the copy is compared with its source.

mod board;
mod fleet;
mod options;
mod report;
mod verify;

use std::io::IsTerminal as _;
use std::time::Duration;

use clap::ArgMatches;
use indicatif::{ProgressBar, ProgressStyle};
use simcloud::{Effect, Fault, VirtualChecksum};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use topology::World;
use worker::copy::plan::Plan;

use crate::error::Error;
use crate::output::{Machine, out, write_json};
use board::Board;
use fleet::Fleet;
use options::Options;
pub(crate) use options::command;
use report::{Counted, Report};

const SOURCE: &str = "landing";
const TARGET: &str = "delivered";
const KEY: &str = "giant.bin";
/// How often the bar moves, in simulated time.
const TICK: Duration = Duration::from_secs(60);
/// So many times the time that the bandwidth asks for, and a day: then something stands still.
const PATIENCE_FACTOR: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

pub(crate) fn main(matches: &ArgMatches) -> Result<(), Error> {
    let options = Options::read(matches)?;
    let machine = Machine::look();
    let report = simulate(&options, machine)?;
    out(&report.text());
    if let Some(path) = &options.report {
        write_json(path, &report)?;
    }
    report.verdict()
}

fn simulate(options: &Options, machine: Machine) -> Result<Report, Error> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build();
    let runtime = runtime.map_err(|error| Error::failed_to("start the runtime", error))?;
    fastrand::seed(options.seed);
    runtime.block_on(Box::pin(run(options, machine)))
}

async fn run(options: &Options, machine: Machine) -> Result<Report, Error> {
    let clock = RealTime::start();
    let world = World::with(simcloud::Options {
        seed: options.seed,
        fast_etags: true,
        stream_bytes_per_second: Some(options.stream_bytes_per_second),
        ..simcloud::Options::default()
    });
    let world = world.await.map_err(|error| Error::Failed(error.to_string()))?;
    let plan = Plan::new(options.size_bytes, options.part_bytes)
        .ok_or_else(|| Error::Failed("the object is larger than S3 allows".to_owned()))?;
    // Counts requests, and delays none.
    world.cloud.faults().add(Fault::on("*", "*").always().effect(Effect::Delay(Duration::ZERO)));
    let mut fleet = Fleet::start(&world, options).await?;
    let started = Instant::now();
    let mut board = Board::new(started);
    let mut changes = world.cloud.item_changes(topology::TABLE);
    let made = world.cloud.put_virtual_object(SOURCE, KEY, options.size_bytes, VirtualChecksum::FullObject);
    let made = made.map_err(|why| Error::failed_to("put the object", why))?;

    let expected = expected(options);
    let limit = started + expected * PATIENCE_FACTOR + PATIENCE;
    let mut crashes = crashes(options, started, expected).into_iter().peekable();
    let bar = bar(options.size_bytes);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while !board.is_over() {
        let crash_at = crashes.peek().copied();
        tokio::select! {
            biased;
            Some(change) = changes.recv() => {
                board.changed(&change);
                if board.is_claimed() {
                    fleet.dismiss_dispatcher();
                }
            }
            () = sleep_until(crash_at.unwrap_or(limit)), if crash_at.is_some() => {
                crashes.next();
                if let Some(worker) = board.holder() {
                    board.end("crashed");
                    fleet.crash(&worker).await?;
                }
            }
            _ = ticks.tick() => {
                bar.set_position(world.cloud.virtual_traffic().written_bytes);
                bar.set_message(format!("{:.1} h, attempt {}", board::hours(started.elapsed()), board.attempts.len()));
            }
            () = sleep_until(limit) => return Err(Error::Failed(format!("not over after {:.0} simulated hours", board::hours(started.elapsed())))),
            error = fleet.work() => return Err(error),
        }
    }
    let simulated = started.elapsed();
    fleet.stop().await;
    bar.finish_and_clear();
    let (hits, traffic) = (world.cloud.faults().hits(), world.cloud.virtual_traffic());
    let counted = Counted { simulated, real_seconds: clock.seconds(), hits, traffic };
    let mistakes = verify::mistakes(&world, &made, plan, &board.file_id, options.seed).await;
    Ok(Report::new(options, machine, plan, board, &counted, mistakes))
}

/// What the streams need at the least.
fn expected(options: &Options) -> Duration {
    let rate = options.stream_bytes_per_second as f64 * options.parts_in_flight as f64;
    Duration::from_secs_f64(options.size_bytes as f64 / rate)
}

/// When workers die: anywhere in the time that the copy needs.
fn crashes(options: &Options, started: Instant, expected: Duration) -> Vec<Instant> {
    let mut random = fastrand::Rng::with_seed(options.seed);
    let mut times: Vec<Instant> =
        (0..options.crashes).map(|_| started + expected.mul_f64(random.f64())).collect();
    times.sort_unstable();
    times
}

fn bar(bytes: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes);
    let style = ProgressStyle::with_template(
        "{bar:32} {binary_bytes} of {binary_total_bytes}  simulated {msg}  {elapsed}",
    );
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// The only clock here that is not tokio's.
struct RealTime(std::time::Instant);

impl RealTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long the simulation itself takes; nothing is decided on it"
    )]
    fn start() -> Self {
        Self(std::time::Instant::now())
    }

    fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled_down() -> Options {
        Options {
            size_bytes: 4 << 30,
            part_bytes: 128 << 20,
            parts_in_flight: 2,
            stream_bytes_per_second: 300_000,
            workers: 2,
            crashes: 1,
            seed: 4,
            // A worker hands over twice this long before the twelve hours are over: here after one.
            visibility_timeout: Duration::from_secs(11 * 1800),
            report: None,
        }
    }

    #[test]
    fn a_copy_that_outlives_leases_and_workers_is_its_source() {
        let options = scaled_down();
        let report = simulate(&options, Machine::look()).unwrap();
        report.verdict().unwrap();
        let ends: Vec<&str> = report.attempts().iter().map(|attempt| &*attempt.end).collect();
        assert_eq!(ends.iter().filter(|end| **end == "crashed").count(), 1, "{ends:?}");
        assert!(ends.iter().filter(|end| **end == "handed over").count() >= 1, "{ends:?}");
        assert_eq!(ends.last(), Some(&"completed"));
        let workers: std::collections::BTreeSet<&str> =
            report.attempts().iter().map(|attempt| &*attempt.worker).collect();
        assert_eq!(workers.len(), 2, "the same worker went on every time");
        assert_eq!(report.parts_begun_again(), 2 * (ends.len() as u64 - 1));
    }

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let visibility_timeout = Duration::from_secs(60);
        let options =
            Options { size_bytes: 512 << 20, part_bytes: 32 << 20, visibility_timeout, ..scaled_down() };
        let run = || simulate(&options, Machine::look()).unwrap().simulated();
        assert_eq!(run(), run());
    }
}
