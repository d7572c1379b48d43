//! The options of `loadtest day`.

use std::convert::Infallible;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};
use common::ledger::STATUS_SHARDS;
use common::settings::bounded;

use super::load::ENDLESS;
use super::model::{Fleet, Rates, Setup, Times};
use crate::error::Error;
use crate::options::{Flag, Reading, with_flags};
use crate::workload::Shape;

const EVENTS: Flag =
    Flag {
        name: "events", value: "COUNT,…", default: Some("1000000"), help: "Events of each simulated day"
    };
const WORKERS: Flag = Flag {
    name: "workers",
    value: "COUNT,…",
    default: Some("10,100,1000"),
    help: "Workers of the fast lane; the bulk lane has a tenth as many more",
};
const RUNS: Flag = Flag {
    name: "runs",
    value: "NAME,…",
    default: Some("scaling,neighbour,day"),
    help: "What is simulated: scaling (a saturated fleet), neighbour (a noisy tenant), day",
};
const DISPATCHERS: Flag = Flag {
    name: "dispatchers",
    value: "COUNT",
    default: None,
    help: "Dispatchers; otherwise one for two workers, and at least two",
};
const STATUS_SHARDS_FLAG: Flag = Flag {
    name: "status-shards",
    value: "COUNT",
    default: None,
    help: "Keys that each state has in the ledger's index by_status; otherwise production's",
};
const NOISY_PERCENT: Flag = Flag {
    name: "noisy-percent",
    value: "PERCENT",
    default: Some("90"),
    help: "The noisy tenant's share of the load, in `neighbour`",
};
const SEED: Flag = Flag {
    name: "seed",
    value: "NUMBER",
    default: Some("1"),
    help: "Where everything random comes from: the same seed gives the same figures",
};
const REPORT: Flag = Flag { name: "report", value: "FILE", default: None, help: "Write the results as JSON" };
const CALIBRATE_EVENTS: Flag = Flag {
    name: "calibrate-events",
    value: "COUNT",
    default: Some("20000"),
    help: "Events of each load that --calibrate compares",
};
const CALIBRATE: &str = "calibrate";
const FLAGS: &[Flag] =
    &[EVENTS, WORKERS, RUNS, DISPATCHERS, STATUS_SHARDS_FLAG, NOISY_PERCENT, SEED, REPORT, CALIBRATE_EVENTS];

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    Calibrate,
    Scaling,
    Neighbour,
    Day,
}

/// What the user asked for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) events: Vec<u64>,
    pub(super) workers: Vec<usize>,
    pub(super) runs: Vec<Run>,
    pub(super) dispatchers: Option<usize>,
    pub(super) status_shards: u32,
    pub(super) noisy_percent: f64,
    pub(super) seed: u64,
    pub(super) calibrate_events: usize,
    pub(super) report: Option<PathBuf>,
}

pub(crate) fn command() -> Command {
    let command = Command::new("day")
        .about("Models the fleet: how it scales, which limit of AWS binds, what a noisy tenant does, what a day comes to")
        .after_help(
            "The fleet is a model without SDK or clock; --calibrate compares it with the production services over simcloud instead, \
             and runs nothing else. Exits with 0 only when throughput is within 5 % of linear until a limit binds, no tenant's p99 \
             is more than doubled by a noisy one while no limit binds, and every event of a day ends. docs/scaling.md",
        )
        .arg(
            Arg::new(CALIBRATE)
                .long(CALIBRATE)
                .action(ArgAction::SetTrue)
                .help("Run the production services and the model on the same small loads, and compare them"),
        );
    with_flags(command, FLAGS)
}

impl Options {
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, Error> {
        let mut reading = Reading::new(matches);
        let events = reading.read(&EVENTS, |text| list(text, |each| bounded(each, 1..=ENDLESS)));
        let workers = reading.read(&WORKERS, |text| list(text, |each| bounded(each, 1..=10_000_usize)));
        let runs = reading.read(&RUNS, |text| list(text, run));
        let dispatchers = reading.read(&DISPATCHERS, |text| bounded(text, 1..=10_000_usize));
        let shards = reading.read(&STATUS_SHARDS_FLAG, |text| bounded(text, 1..=255_u32));
        let noisy = reading.read(&NOISY_PERCENT, |text| bounded(text, 1..=99_u32));
        let seed = reading.read(&SEED, |text| bounded(text, 0..=u64::MAX));
        let calibrate_events = reading.read(&CALIBRATE_EVENTS, |text| bounded(text, 100..=200_000_usize));
        let report = reading.read(&REPORT, |text| Ok::<_, Infallible>(PathBuf::from(text)));
        let options = (|| {
            Some(Self {
                events: events?,
                workers: workers?,
                runs: if matches.get_flag(CALIBRATE) { vec![Run::Calibrate] } else { runs? },
                dispatchers,
                status_shards: shards.unwrap_or(STATUS_SHARDS),
                noisy_percent: f64::from(noisy?),
                seed: seed?,
                calibrate_events: calibrate_events?,
                report,
            })
        })();
        reading.finish(options)
    }

    /// A fleet with so many workers, on AWS as it is assumed to be.
    pub(super) fn setup(&self, workers: usize) -> Setup {
        let mut fleet = Fleet::of(workers);
        // The workload's rules: a large file is one for the bulk lane.
        fleet.bulk_over_bytes = self.shape().large_bytes_min - 1;
        fleet.dispatchers = self.dispatchers.unwrap_or(fleet.dispatchers);
        let rates = Rates { status_shards: self.status_shards, ..Rates::aws() };
        let tenants = usize::from(self.shape().tenants);
        Setup { fleet, times: Times::assumed(), rates, tenants, noisy: Some(0) }
    }

    pub(super) fn shape(&self) -> Shape {
        Shape { tenants: 20, noisy_percent: 5.0, ..Shape::default() }
    }
}

fn list<T>(text: &str, each: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(|part| each(part.trim())).collect()
}

fn run(name: &str) -> Result<Run, String> {
    match name {
        "scaling" => Ok(Run::Scaling),
        "neighbour" => Ok(Run::Neighbour),
        "day" => Ok(Run::Day),
        _ => Err("expected scaling, neighbour or day, with commas between".to_owned()),
    }
}
