//! The options of `loadtest giant`.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Command};
use common::settings::{bounded, bytes, seconds};
use worker::copy::plan::{OBJECT_BYTES_MAX, PART_BYTES_MAX, PART_BYTES_MIN};

use crate::error::Error;
use crate::options::{Flag, Reading, with_flags};

const BYTES: Flag = Flag {
    name: "bytes",
    value: "BYTES",
    default: Some("50000GiB"),
    help: "Size of the object; 50000GiB (48.8 TiB) is S3's limit",
};
const PART_BYTES: Flag = Flag {
    name: "part-bytes",
    value: "BYTES",
    default: Some("8MiB"),
    help: "The workers' --part-bytes; an object that is too large for it gets larger parts",
};
const PARTS_IN_FLIGHT: Flag = Flag {
    name: "parts-in-flight",
    value: "COUNT",
    default: Some("4"),
    help: "The workers' --parts-in-flight",
};
const BANDWIDTH: Flag = Flag {
    name: "bandwidth",
    value: "BYTES",
    default: Some("90000000"),
    help: "Simulated bytes a second of one stream; S3 gives about 90 MB",
};
const WORKERS: Flag =
    Flag { name: "workers", value: "COUNT", default: Some("2"), help: "Workers of the lane" };
const CRASHES: Flag = Flag {
    name: "crashes",
    value: "COUNT",
    default: Some("0"),
    help: "How often the worker that holds the file dies, at moments drawn from the seed; after ten (fifty, once an upload is noted), Drayage gives the file up",
};
const SEED: Flag = Flag {
    name: "seed",
    value: "NUMBER",
    default: Some("1"),
    help: "Where jitter, identifiers and crashes come from: the same seed gives the same run",
};
const VISIBILITY_TIMEOUT_S: Flag = Flag {
    name: "visibility-timeout-s",
    value: "SECONDS",
    default: Some("60"),
    help: "The workers' --visibility-timeout-s: heartbeats come three times as often",
};
const REPORT: Flag = Flag { name: "report", value: "FILE", default: None, help: "Write the results as JSON" };
const FLAGS: &[Flag] =
    &[BYTES, PART_BYTES, PARTS_IN_FLIGHT, BANDWIDTH, WORKERS, CRASHES, SEED, VISIBILITY_TIMEOUT_S, REPORT];

/// What the user asked for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) size_bytes: u64,
    pub(super) part_bytes: u64,
    pub(super) parts_in_flight: usize,
    pub(super) stream_bytes_per_second: u64,
    pub(super) workers: usize,
    pub(super) crashes: u32,
    pub(super) seed: u64,
    pub(super) visibility_timeout: Duration,
    pub(super) report: Option<PathBuf>,
}

pub(crate) fn command() -> Command {
    let command = Command::new("giant")
        .about("Copies one object of up to 48.8 TiB, byte by byte, in simulated time: leases, hand-overs, crashes")
        .after_help(
            "Dispatcher and workers are the production code with the real SDK; the object's bytes are generated, and those that \
             arrive are compared and not kept. Takes a core for half an hour and more with the defaults. Exits with 0 only when the \
             copy is completed and is, by size and checksum, its source.",
        );
    with_flags(command, FLAGS)
}

impl Options {
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, Error> {
        let mut reading = Reading::new(matches);
        let size_bytes = reading.read(&BYTES, |text| bytes(text, 0..=OBJECT_BYTES_MAX));
        let part_bytes = reading.read(&PART_BYTES, |text| bytes(text, PART_BYTES_MIN..=PART_BYTES_MAX));
        let parts_in_flight = reading.read(&PARTS_IN_FLIGHT, |text| bounded(text, 1..=32_usize));
        let bandwidth = reading.read(&BANDWIDTH, |text| bytes(text, 100_000..=100_000_000_000));
        let workers = reading.read(&WORKERS, |text| bounded(text, 1..=16_usize));
        let crashes = reading.read(&CRASHES, |text| bounded(text, 0..=20_u32));
        let seed = reading.read(&SEED, |text| bounded(text, 0..=u64::MAX));
        let visibility = reading.read(&VISIBILITY_TIMEOUT_S, |text| seconds(text, 31..=3_600));
        let report = reading.read(&REPORT, |text| Ok::<_, Infallible>(PathBuf::from(text)));
        let options = (|| {
            Some(Self {
                size_bytes: size_bytes?,
                part_bytes: part_bytes?,
                parts_in_flight: parts_in_flight?,
                stream_bytes_per_second: bandwidth?,
                workers: workers?,
                crashes: crashes?,
                seed: seed?,
                visibility_timeout: visibility?,
                report,
            })
        })();
        reading.finish(options)
    }
}
