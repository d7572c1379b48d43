//! The options of `loadtest simulate`.

use clap::{Arg, ArgAction, ArgMatches, Command};
use common::settings::bounded;

use crate::error::Error;
use crate::options::{Flag, Reading, with_flags};

const SEEDS: Flag =
    Flag { name: "seeds", value: "COUNT", default: Some("1000"), help: "How many worlds, one for each seed" };
const FROM: Flag = Flag { name: "from", value: "SEED", default: Some("0"), help: "The first seed" };
const SEED: Flag = Flag { name: "seed", value: "SEED", default: None, help: "Only this seed" };
const FILES: Flag = Flag { name: "files", value: "COUNT", default: Some("20"), help: "Files of one world" };
const JOBS: Flag = Flag {
    name: "jobs",
    value: "COUNT",
    default: None,
    help: "Worlds at a time; as many as there are cores",
};
const FLAGS: &[Flag] = &[SEEDS, FROM, SEED, FILES, JOBS];

/// What the user asked for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) from: u64,
    pub(super) seeds: u64,
    pub(super) files: usize,
    pub(super) jobs: usize,
    /// One seed, whose outcome is shown whole.
    pub(super) is_single: bool,
    pub(super) trace: bool,
    pub(super) fail_fast: bool,
    pub(super) gate: bool,
}

pub(crate) fn command() -> Command {
    let command = Command::new("simulate")
        .about("Plays the services in simulated worlds, one for each seed, and checks every promise at every step")
        .after_help(
            "A world is AWS in process on simulated time, with services that crash, pause, are cut off and meet every fault that \
             their seed draws. The same seed gives the same world. Exits with 1 when a promise is broken.",
        );
    let switch = |name, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    with_flags(command, FLAGS)
        .arg(switch("trace", "With --seed: prints everything that happens"))
        .arg(switch("fail-fast", "Ends with the first seed that breaks a promise"))
        .arg(switch("gate", "Fails too when a kind of fault was hit fewer than 100 times, or 25 where only the upload of a large file can meet it"))
}

impl Options {
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, Error> {
        let mut reading = Reading::new(matches);
        let seeds = reading.read(&SEEDS, |text| bounded(text, 1..=10_000_000_u64));
        let from = reading.read(&FROM, |text| bounded(text, 0..=u64::MAX / 2));
        let single = reading.read(&SEED, |text| bounded(text, 0..=u64::MAX / 2));
        let files = reading.read(&FILES, |text| bounded(text, 1..=1_000_usize));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let jobs = reading.read(&JOBS, |text| bounded(text, 1..=256_usize)).unwrap_or(cores);
        let trace = matches.get_flag("trace");
        if trace && single.is_none() {
            reading.mistake("--trace needs --seed".to_owned());
        }
        let options = (|| {
            Some(Self {
                from: single.or(from)?,
                seeds: if single.is_some() { 1 } else { seeds? },
                files: files?,
                jobs,
                is_single: single.is_some(),
                trace,
                fail_fast: matches.get_flag("fail-fast"),
                gate: matches.get_flag("gate"),
            })
        })();
        reading.finish(options)
    }
}
