//! The options of `loadtest soak`.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use common::settings::{bounded, bytes, seconds};

use crate::error::Error;
use crate::options::{Flag, Reading, with_flags};

const KILLS: Flag =
    Flag { name: "kills", value: "COUNT", default: Some("200"), help: "How many SIGKILLs strike" };
const TERMS: Flag =
    Flag { name: "terms", value: "COUNT", default: Some("50"), help: "How many SIGTERMs strike" };
const FILES: Flag = Flag {
    name: "files",
    value: "COUNT",
    default: Some("5000"),
    help: "How many files are put in, spread over the signals; a tenth of them overwrite earlier ones",
};
const FILE_BYTES_MAX: Flag = Flag {
    name: "file-bytes-max",
    value: "BYTES",
    default: Some("64MiB"),
    help: "Size of the largest file; most are small, a hundredth are near it",
};
const WORKERS: Flag = Flag {
    name: "workers",
    value: "COUNT",
    default: Some("3"),
    help: "Worker processes beside one dispatcher",
};
const INTERVAL_MS: Flag = Flag {
    name: "interval-ms",
    value: "MS",
    default: Some("1000"),
    help: "Time from signal to signal, on average; each is drawn between none and twice this",
};
const SEED: Flag = Flag {
    name: "seed",
    value: "NUMBER",
    default: Some("1"),
    help: "Where sizes, victims, moments and faults are drawn from; real processes make no two runs alike",
};
const PATIENCE_S: Flag = Flag {
    name: "patience-s",
    value: "SECONDS",
    default: Some("300"),
    help: "How long the last transfers may take once nothing strikes any more",
};
const REPORT: Flag =
    Flag { name: "report", value: "FILE", default: None, help: "Write the report there as JSON" };
const FLAGS: &[Flag] = &[KILLS, TERMS, FILES, FILE_BYTES_MAX, WORKERS, INTERVAL_MS, SEED, PATIENCE_S, REPORT];
const NO_FAULTS: &str = "no-faults";
const KEEP_LOGS: &str = "keep-logs";

#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) kills: usize,
    pub(super) terms: usize,
    pub(super) files: usize,
    pub(super) file_bytes_max: u64,
    pub(super) workers: usize,
    pub(super) interval: Duration,
    pub(super) seed: u64,
    pub(super) patience: Duration,
    pub(super) report: Option<PathBuf>,
    pub(super) faults: bool,
    pub(super) keep_logs: bool,
}

pub(crate) fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let command = Command::new("soak")
        .about("Kills and stops real workers and dispatchers at random moments while files flow, then checks everything")
        .after_help(
            "Exits with 0 only when nothing was lost, no byte is wrong, the ledger is truthful, no upload or message is left \
             over, and every SIGTERM ended in exit code 0 within the grace period.",
        );
    with_flags(command, FLAGS)
        .arg(flag(NO_FAULTS, "Leave the HTTP layer alone: only signals strike"))
        .arg(flag(KEEP_LOGS, "Keep the temporary folder with the processes' logs"))
}

impl Options {
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, Error> {
        let mut reading = Reading::new(matches);
        let kills = reading.read(&KILLS, |text| bounded(text, 0..=10_000_usize));
        let terms = reading.read(&TERMS, |text| bounded(text, 0..=10_000_usize));
        let files = reading.read(&FILES, |text| bounded(text, 1..=100_000_usize));
        let file_bytes_max = reading.read(&FILE_BYTES_MAX, |text| bytes(text, 1..=1 << 30));
        let workers = reading.read(&WORKERS, |text| bounded(text, 1..=16_usize));
        let interval = reading.read(&INTERVAL_MS, |text| bounded(text, 10..=60_000_u64));
        let seed = reading.read(&SEED, |text| bounded(text, 0..=u64::MAX));
        let patience = reading.read(&PATIENCE_S, |text| seconds(text, 1..=3_600));
        let report = reading.read(&REPORT, |text| Ok::<_, Infallible>(PathBuf::from(text)));
        if kills == Some(0) && terms == Some(0) {
            reading.mistake("--kills and --terms are both 0: expected at least one signal".to_owned());
        }
        let options = (|| {
            Some(Self {
                kills: kills?,
                terms: terms?,
                files: files?,
                file_bytes_max: file_bytes_max?,
                workers: workers?,
                interval: interval.map(Duration::from_millis)?,
                seed: seed?,
                patience: patience?,
                report,
                faults: !matches.get_flag(NO_FAULTS),
                keep_logs: matches.get_flag(KEEP_LOGS),
            })
        })();
        reading.finish(options)
    }
}
