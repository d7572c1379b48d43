//! The options of `loadtest replay`.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use common::settings::{bounded, bytes, endpoint_url, list, seconds};

use super::objectives::Objectives;
use crate::error::Error;
use crate::options::{Flag, Reading, with_flags};
use crate::workload::Shape;

const fn flag(
    name: &'static str,
    value: &'static str,
    default: Option<&'static str>,
    help: &'static str,
) -> Flag {
    Flag { name, value, default, help }
}

const EVENTS: Flag = flag("events", "COUNT", None, "How many events the span has [default: 1000000]");
const OVER: Flag = flag("over", "TIME", None, "The span, such as 24h or 90s [default: 24h]");
const COMPRESS: Flag =
    flag("compress", "FACTOR", Some("60"), "How many seconds of the span pass in one second");
const SEED: Flag = flag("seed", "NUMBER", Some("1"), "Where the workload is drawn from");
const WORKLOAD: Flag = flag("workload", "FILE", None, "The workload's shape as TOML: docs/loadtest.md");
const OBJECTIVES: Flag =
    flag("objectives", "FILE", None, "What has to be reached, as TOML: docs/loadtest.md");
const REPORT: Flag = flag("report", "DIR", None, "Write report.txt, report.json and report.html there");
const IN_FLIGHT: Flag = flag("in-flight", "COUNT", Some("64"), "Puts in flight");
const READ_PERCENT: Flag = flag(
    "read-percent",
    "PERCENT",
    Some("100"),
    "Of how many delivered files every byte is read; of the others the store is asked for its checksum",
);
const PATIENCE_S: Flag =
    flag("patience-s", "SECONDS", Some("120"), "How long the last files may take once all were put in");
const OBJECTS: Flag = flag(
    "objects",
    "remove|keep",
    None,
    "What becomes of sources and targets once they are checked [default: remove; keep with --endpoint-url]",
);
const WORKERS: Flag = flag("workers", "COUNT", Some("2"), "Worker processes of `drayage local`");
const BULK_OVER: Flag =
    flag("bulk-over-bytes", "BYTES", Some("16MiB"), "Larger files are bulk in `drayage local`");
const ENDPOINT_URL: Flag = flag(
    "endpoint-url",
    "URL",
    None,
    "Start nothing; replay against what runs there (a loopback address gets fake credentials)",
);
const REGION: Flag = flag("region", "REGION", Some("us-east-1"), "Region of --endpoint-url");
const LANDING: Flag = flag("landing", "BUCKET", Some("landing"), "Where files are put in");
const DELIVERED: Flag = flag("delivered", "BUCKET", Some("delivered"), "Where they have to arrive, same key");
const TABLE: Flag = flag("table", "NAME", Some(topology::TABLE), "The ledger");
const INGEST_QUEUE: Flag =
    flag("ingest-queue", "NAME", Some(topology::INGEST), "The queue that EventBridge feeds");
const LANE_QUEUES: Flag = flag("lane-queues", "NAMES", Some("fast,bulk"), "The lanes' queues");
const STEP_FROM: Flag =
    flag("step-from", "RATE", Some("100"), "With --step-up: files a second to begin with");
const STEP_BY: Flag = flag("step-by", "RATE", Some("50"), "With --step-up: how much each step adds");
const STEP_S: Flag = flag("step-s", "SECONDS", Some("20"), "With --step-up: how long a step lasts");
const STEP_UP: &str = "step-up";
const DATA_IN_MEMORY: &str = "data-in-memory";
const FLAGS: &[Flag] = &[
    EVENTS,
    OVER,
    COMPRESS,
    SEED,
    WORKLOAD,
    OBJECTIVES,
    REPORT,
    IN_FLIGHT,
    READ_PERCENT,
    PATIENCE_S,
    OBJECTS,
    WORKERS,
    BULK_OVER,
    ENDPOINT_URL,
    REGION,
    LANDING,
    DELIVERED,
    TABLE,
    INGEST_QUEUE,
    LANE_QUEUES,
    STEP_FROM,
    STEP_BY,
    STEP_S,
];

/// What the user asked for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) shape: Shape,
    pub(super) compress: f64,
    pub(super) seed: u64,
    pub(super) objectives: Objectives,
    pub(super) report: Option<PathBuf>,
    pub(super) in_flight: usize,
    pub(super) read_percent: u8,
    pub(super) patience: Duration,
    pub(super) removes: bool,
    pub(super) workers: usize,
    pub(super) bulk_over_bytes: u64,
    pub(super) data_in_memory: bool,
    pub(super) place: Place,
    pub(super) step_up: Option<StepUp>,
}

/// Where everything is.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// `None`: `drayage local` is started.
    pub(super) endpoint_url: Option<String>,
    pub(super) region: String,
    pub(super) landing: String,
    pub(super) delivered: String,
    pub(super) table: String,
    pub(super) ingest: String,
    pub(super) lanes: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct StepUp {
    pub(super) from_per_s: u32,
    pub(super) by_per_s: u32,
    pub(super) step_s: u64,
}

pub(crate) fn command() -> Command {
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let command = Command::new("replay")
        .about("Plays a day of events back, compressed, and checks every file: throughput, latency, CPU, a verdict")
        .after_help("Exits with 0 when every objective is met, with 1 when one is not, with 64 for wrong options.");
    with_flags(command, FLAGS)
        .arg(switch(STEP_UP, "Raise the rate step by step until latency or backlog gives way"))
        .arg(switch(DATA_IN_MEMORY, "Keep the embedded AWS's bytes in memory (/dev/shm)"))
}

impl Options {
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, Error> {
        let mut reading = Reading::new(matches);
        let file = |text: &str| {
            std::fs::read_to_string(text).map_err(|error| format!("expected a readable file ({error})"))
        };
        let shape = reading
            .read(&WORKLOAD, |text| toml::from_str::<Shape>(&file(text)?).map_err(|error| error.to_string()));
        let mut shape = shape.unwrap_or_default();
        shape.events = reading.read(&EVENTS, |text| bounded(text, 1..=u64::MAX)).unwrap_or(shape.events);
        shape.span_s = reading.read(&OVER, span).unwrap_or(shape.span_s);
        for mistake in shape.mistakes() {
            reading.mistake(format!("the workload's {mistake}"));
        }
        let compress = reading.read(&COMPRESS, factor);
        let seed = reading.read(&SEED, |text| bounded(text, 0..=u64::MAX));
        let objectives = reading.read(&OBJECTIVES, |text| Objectives::parse(&file(text)?));
        let report = reading.read(&REPORT, |text| Ok::<_, Infallible>(PathBuf::from(text)));
        let in_flight = reading.read(&IN_FLIGHT, |text| bounded(text, 1..=1_024_usize));
        let read_percent = reading.read(&READ_PERCENT, |text| bounded(text, 0..=100_u8));
        let patience = reading.read(&PATIENCE_S, |text| seconds(text, 1..=86_400));
        let removes = reading.read(&OBJECTS, |text| match text {
            "remove" => Ok(true),
            "keep" => Ok(false),
            _ => Err("expected remove or keep"),
        });
        let workers = reading.read(&WORKERS, |text| bounded(text, 1..=64_usize));
        let bulk_over_bytes = reading.read(&BULK_OVER, |text| bytes(text, 0..=1 << 40));
        let rate = |text: &str| bounded(text, 1..=100_000_u32);
        let (from, by) = (reading.read(&STEP_FROM, rate), reading.read(&STEP_BY, rate));
        let step_s = reading.read(&STEP_S, |text| bounded(text, 1..=3_600_u64));
        let place = Place::read(&mut reading);
        let options = (|| {
            let place = place?;
            let steps = Some(StepUp { from_per_s: from?, by_per_s: by?, step_s: step_s? });
            Some(Self {
                shape,
                compress: compress?,
                seed: seed?,
                objectives: objectives.unwrap_or_default(),
                report,
                in_flight: in_flight?,
                read_percent: read_percent?,
                patience: patience?,
                removes: removes.unwrap_or(place.endpoint_url.is_none()),
                workers: workers?,
                bulk_over_bytes: bulk_over_bytes?,
                data_in_memory: matches.get_flag(DATA_IN_MEMORY),
                place,
                step_up: steps.filter(|_| matches.get_flag(STEP_UP)),
            })
        })();
        reading.finish(options)
    }
}

impl Place {
    fn read(reading: &mut Reading<'_>) -> Option<Self> {
        let name = |text: &str| match text {
            "" => Err("expected a name"),
            _ => Ok(text.to_owned()),
        };
        let endpoint_url = reading.read(&ENDPOINT_URL, endpoint_url);
        let [region, landing, delivered, table, ingest] =
            [REGION, LANDING, DELIVERED, TABLE, INGEST_QUEUE].map(|flag| reading.read(&flag, name));
        let lanes = reading.read(&LANE_QUEUES, list);
        Some(Self {
            endpoint_url,
            region: region?,
            landing: landing?,
            delivered: delivered?,
            table: table?,
            ingest: ingest?,
            lanes: lanes?,
        })
    }
}

/// A time as seconds: `90s`, `15m`, `24h`, `7d`.
fn span(text: &str) -> Result<f64, &'static str> {
    let units = [("s", 1.0), ("m", 60.0), ("h", 3_600.0), ("d", 86_400.0)];
    let read = units
        .into_iter()
        .find_map(|(unit, each)| text.strip_suffix(unit)?.parse::<f64>().ok().map(|number| number * each));
    read.filter(|s| (1.0..=30.0 * 86_400.0).contains(s))
        .ok_or("expected 1s to 30d, such as 90s, 15m, 24h or 7d")
}

fn factor(text: &str) -> Result<f64, &'static str> {
    let read = text.parse::<f64>().ok();
    read.filter(|factor| (0.001..=100_000.0).contains(factor)).ok_or("expected a number from 0.001 to 100000")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Options, String> {
        let all = std::iter::once(&"replay").chain(arguments);
        let matches = command().try_get_matches_from(all).unwrap();
        Options::read(&matches).map_err(|error| error.to_string())
    }

    #[test]
    fn a_compressed_day_is_understood() {
        let options =
            read(&["--events", "1000000", "--over", "24h", "--compress", "60", "--seed", "1"]).unwrap();
        assert_eq!(
            (options.shape.events, options.shape.span_s, options.compress),
            (1_000_000, 86_400.0, 60.0)
        );
        assert!(options.removes && options.step_up.is_none());
        assert!(!read(&["--endpoint-url", "http://127.0.0.1:4566"]).unwrap().removes);
        assert!(read(&["--step-up"]).unwrap().step_up.is_some());
    }

    #[test]
    fn every_mistake_comes_out_at_once() {
        let mistakes =
            read(&["--over", "1y", "--compress", "0", "--objectives", "/nonexistent", "--events", "0"])
                .unwrap_err();
        assert_eq!(mistakes.lines().count(), 4, "{mistakes}");
    }
}
