//! The options of `loadtest memory`.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Command};
use common::settings::{bounded, bytes, seconds};
use worker::copy::plan::OBJECT_BYTES_MAX;

use crate::error::Error;
use crate::options::{Flag, Reading, with_flags};

const BYTES: Flag = Flag {
    name: "bytes",
    value: "BYTES",
    default: Some("8GiB"),
    help: "Size of the object that the others are measured by",
};
const LARGE_BYTES: Flag =
    Flag { name: "large-bytes", value: "BYTES", default: Some("64GiB"), help: "Size of the large objects" };
const PARTS_IN_FLIGHT: Flag = Flag {
    name: "parts-in-flight",
    value: "COUNT",
    default: Some("4"),
    help: "The worker's --parts-in-flight",
};
const REPEATS: Flag = Flag {
    name: "repeats",
    value: "COUNT",
    default: Some("3"),
    help: "Copies of each object; the one with the lowest peak counts",
};
const TIMEOUT_S: Flag =
    Flag { name: "timeout-s", value: "SECONDS", default: Some("900"), help: "What one copy may take" };
const REPORT: Flag = Flag { name: "report", value: "FILE", default: None, help: "Write the results as JSON" };
const FLAGS: &[Flag] = &[BYTES, LARGE_BYTES, PARTS_IN_FLIGHT, REPEATS, TIMEOUT_S, REPORT];

/// What the user asked for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) bytes: u64,
    pub(super) large_bytes: u64,
    pub(super) parts_in_flight: usize,
    pub(super) repeats: usize,
    pub(super) timeout: Duration,
    pub(super) report: Option<PathBuf>,
}

pub(crate) fn command() -> Command {
    let command = Command::new("memory")
        .about("Measures the peak memory of a worker process: one object, a large one, a large one in parts of 5 GiB")
        .after_help(
            "The server is simcloud in a process of its own with virtual objects: nothing is kept. Exits with 0 only when every copy \
             is its source, the first one took at most 48 MiB, and the others at most 10 % more than the first. What a process happens to \
             hold besides only adds to its peak, so the lowest of some copies is what one needs.",
        );
    with_flags(command, FLAGS)
}

impl Options {
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, Error> {
        let mut reading = Reading::new(matches);
        let size = |text: &str| bytes(text, 1..=OBJECT_BYTES_MAX);
        let (bytes, large_bytes) = (reading.read(&BYTES, size), reading.read(&LARGE_BYTES, size));
        let parts_in_flight = reading.read(&PARTS_IN_FLIGHT, |text| bounded(text, 1..=64_usize));
        let repeats = reading.read(&REPEATS, |text| bounded(text, 1..=100_usize));
        let timeout = reading.read(&TIMEOUT_S, |text| seconds(text, 1..=86_400));
        let report = reading.read(&REPORT, |text| Ok::<_, Infallible>(PathBuf::from(text)));
        let options = (|| {
            Some(Self {
                bytes: bytes?,
                large_bytes: large_bytes?,
                parts_in_flight: parts_in_flight?,
                repeats: repeats?,
                timeout: timeout?,
                report,
            })
        })();
        reading.finish(options)
    }
}
