//! The options of `loadtest files`.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use common::settings::{bounded, bytes, seconds};

use crate::error::Error;
use crate::options::{Flag, Reading, with_flags};

const COUNT: Flag = Flag {
    name: "count",
    value: "COUNT",
    default: Some("10000"),
    help: "How many files are put into `landing`",
};
const BYTES: Flag = Flag { name: "bytes", value: "BYTES", default: Some("4096"), help: "Size of each file" };
const WORKERS: Flag =
    Flag { name: "workers", value: "COUNT", default: Some("2"), help: "Worker processes of `drayage local`" };
const IN_FLIGHT: Flag = Flag {
    name: "in-flight",
    value: "COUNT",
    default: Some("32"),
    help: "Puts in flight of the load generator",
};
const RATE: Flag = Flag {
    name: "rate",
    value: "FILES",
    default: Some("0"),
    help: "Files put in a second; 0 puts them as fast as it goes, and the latency is that of a queue",
};
const TIMEOUT_S: Flag = Flag {
    name: "timeout-s",
    value: "SECONDS",
    default: Some("300"),
    help: "Files that have not come to their end by then are counted as unfinished",
};
const REPORT: Flag = Flag { name: "report", value: "FILE", default: None, help: "Write the results as JSON" };
const FLAGS: &[Flag] = &[COUNT, BYTES, WORKERS, IN_FLIGHT, RATE, TIMEOUT_S, REPORT];
const DATA_IN_MEMORY: &str = "data-in-memory";
const KEEP: &str = "keep";

/// Source and target are kept until the end.
const BYTES_IN_ALL_MAX: u64 = 32 << 30;
const FILE_BYTES_MAX: u64 = 1 << 30;

/// What the user asked for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) count: usize,
    pub(super) file_bytes: u64,
    pub(super) workers: usize,
    pub(super) in_flight: usize,
    /// Files in a second.
    pub(super) rate: Option<u32>,
    pub(super) timeout: Duration,
    pub(super) report: Option<PathBuf>,
    pub(super) data_in_memory: bool,
    pub(super) is_kept: bool,
}

pub(crate) fn command() -> Command {
    let command = Command::new("files")
        .about("Sends files through `drayage local`: files a second, latency, CPU and memory of each process")
        .after_help("Exits with 0 only when every file is `completed` with the checksum of what was put in.");
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    with_flags(command, FLAGS)
        .arg(switch(
            DATA_IN_MEMORY,
            "Keep the embedded AWS's bytes in memory (/dev/shm) instead of the temporary folder",
        ))
        .arg(switch(
            KEEP,
            "Have the embedded AWS write down objects, ledger and queues, as `drayage local --data` does",
        ))
}

impl Options {
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, Error> {
        let mut reading = Reading::new(matches);
        let count = reading.read(&COUNT, |text| bounded(text, 1..=1_000_000_usize));
        let file_bytes = reading.read(&BYTES, |text| bytes(text, 0..=FILE_BYTES_MAX));
        let workers = reading.read(&WORKERS, |text| bounded(text, 1..=64_usize));
        let in_flight = reading.read(&IN_FLIGHT, |text| bounded(text, 1..=512_usize));
        let rate = reading.read(&RATE, |text| bounded(text, 0..=100_000_u32));
        let timeout = reading.read(&TIMEOUT_S, |text| seconds(text, 1..=3_600));
        let report = reading.read(&REPORT, |text| Ok::<_, Infallible>(PathBuf::from(text)));
        if let (Some(count), Some(each)) = (count, file_bytes)
            && each.saturating_mul(count as u64) > BYTES_IN_ALL_MAX
        {
            reading
                .mistake(format!("--count times --bytes: expected at most {} GiB", BYTES_IN_ALL_MAX >> 30));
        }
        let options = (|| {
            Some(Self {
                count: count?,
                file_bytes: file_bytes?,
                workers: workers?,
                in_flight: in_flight?,
                rate: rate.map(|rate| (rate > 0).then_some(rate))?,
                timeout: timeout?,
                report,
                data_in_memory: matches.get_flag(DATA_IN_MEMORY),
                is_kept: matches.get_flag(KEEP),
            })
        })();
        reading.finish(options)
    }
}
