//! `loadtest replay`: a day of events through the whole pipeline, compressed, every file checked.
//!
//! 1. Start `drayage local`, or reach what runs elsewhere; send a few files through, so that every process is up.
//! 2. Play the workload ([`play`]), or the same work at a rising rate ([`step_up`]).
//! 3. Report, and judge what was measured by the objectives.
//!
//! docs/loadtest.md says how to read the report.

mod aws;
mod copies;
mod dead_letters;
mod event_json;
mod findings;
mod follow;
mod measures;
mod objectives;
mod options;
mod oracle;
mod pace;
mod play;
mod processes;
mod record;
mod report;
mod send;
mod series;
mod stage;
mod step_up;
mod verify;

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::Duration;

use clap::ArgMatches;
use common::clock::WallClock;
use common::shutdown::stop_signal;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::error::Error;
use crate::local::{Local, Setup};
use crate::output::{Machine, out};
use crate::workload::{Names, Shape};
use aws::Aws;
use follow::Source;
use options::Options;
pub(crate) use options::command;
use play::play;
use report::Report;
use stage::Job;

/// Files that warm the pipeline up.
const WARM_UP: u64 = 64;
const WARM_UP_PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn main(matches: &ArgMatches) -> Result<(), Error> {
    let options = Options::read(matches)?;
    let machine = Machine::look();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::failed_to("start the runtime", error))?;
    runtime.block_on(run(&options, machine))
}

async fn run(options: &Options, machine: Machine) -> Result<(), Error> {
    let (mut source, endpoint_url) = match &options.place.endpoint_url {
        Some(endpoint_url) => (Source::Ledger(follow::Looks::default()), endpoint_url.clone()),
        None => {
            let setup = Setup {
                workers: options.workers,
                data_in_memory: options.data_in_memory,
                is_kept: false,
                rules: Some(rules(options)),
            };
            let local = Local::start(&setup).await?;
            let endpoint_url = local.endpoint_url().to_owned();
            (Source::Local(Box::new(local)), endpoint_url)
        }
    };
    let ended = tokio::select! {
        ended = Box::pin(measure(options, machine, &mut source, &endpoint_url)) => ended,
        () = stop_signal() => Err(Error::Failed("interrupted before every file had come to its end".to_owned())),
    };
    // Told before anything is stopped: what was measured in an hour must not be lost with a process that does not end.
    let told = ended.and_then(|report| tell(options, &report));
    if let Source::Local(local) = source {
        let stopped = local.stop().await;
        return told.and(stopped);
    }
    told
}

/// Prints the report, writes it where it is wanted, and judges it.
fn tell(options: &Options, report: &Report) -> Result<(), Error> {
    out(&report.text());
    if let Some(folder) = &options.report {
        report.write(folder)?;
    }
    report.verdict()
}

async fn measure(
    options: &Options,
    machine: Machine,
    source: &mut Source,
    endpoint_url: &str,
) -> Result<Report, Error> {
    let aws = Aws::reach(&options.place, endpoint_url).await?;
    if matches!(source, Source::Local(_)) {
        warm_up(options, &aws, source).await?;
    }
    let bar = bar(options.shape.events);
    let report = if let Some(steps) = options.step_up {
        let (steps, played) = step_up::climb(options, steps, &aws, source, &bar).await?;
        Report::of_steps(options, machine, steps, played)?
    } else {
        let job = Job {
            shape: options.shape.clone(),
            seed: options.seed,
            compress: options.compress,
            run: run_name(options),
            patience: options.patience,
        };
        Report::new(options, machine, play(options, &aws, source, &job, &bar).await?)
    };
    bar.finish_and_clear();
    Ok(report)
}

/// Keeps the keys of one run apart from those of others on the same buckets.
fn run_name(options: &Options) -> String {
    match &options.place.endpoint_url {
        None => format!("seed-{}", options.seed),
        Some(_) => format!("seed-{}-{}", options.seed, WallClock::System.now().unix_timestamp()),
    }
}

/// A customer for each tenant, everything delivered under its own key.
fn rules(options: &Options) -> String {
    let place = &options.place;
    let mut rules = format!(
        "version = 1\n[lanes]\ndefault = \"fast\"\nbulk = \"bulk\"\nbulk_over_bytes = {}\n\
         [[rule]]\nname = \"everything\"\nmatch.bucket = \"{}\"\ntarget.bucket = \"{}\"\n",
        options.bulk_over_bytes, place.landing, place.delivered
    );
    for tenant in (0..options.shape.tenants).map(Names::tenant) {
        let _ = write!(
            rules,
            "[[customer]]\nid = \"{tenant}\"\nbucket = \"{}\"\nprefix = \"{tenant}/\"\n",
            place.landing
        );
    }
    rules
}

async fn warm_up(options: &Options, aws: &Aws, source: &mut Source) -> Result<(), Error> {
    let shape = Shape {
        events: WARM_UP,
        span_s: 0.5,
        tenants: options.shape.tenants,
        large_percent: 0.0,
        medium_percent: 0.0,
        ..Shape::default()
    };
    let job = Job {
        shape: shape.flat(),
        seed: options.seed,
        compress: 1.0,
        run: "warm-up".to_owned(),
        patience: WARM_UP_PATIENCE,
    };
    let played = play(options, aws, source, &job, &ProgressBar::hidden()).await?;
    let wrong: Vec<&String> = played.findings.0.values().flat_map(|finding| &finding.examples).collect();
    match wrong.first() {
        None => Ok(()),
        Some(first) => Err(Error::Failed(format!("the pipeline does not move files: {first}"))),
    }
}

fn bar(events: u64) -> ProgressBar {
    let bar = ProgressBar::new(events);
    let style = ProgressStyle::with_template("{prefix} {bar:24} {pos}/{len}  {elapsed}  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}
