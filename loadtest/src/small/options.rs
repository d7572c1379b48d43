//! The options of `loadtest small`.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use common::settings::{bounded, bytes, list, pairs, seconds};

use super::contender::{Contender, Kind};
use crate::error::Error;
use crate::options::{Flag, Reading, with_flags};

const CONTENDERS: Flag = Flag {
    name: "contenders",
    value: "NAME,…",
    default: Some("worker,worker-metrics,worker-telemetry,bare,bare-mimalloc,node,boto3"),
    help: "Who moves the files",
};
const PROGRAMS: Flag = Flag {
    name: "programs",
    value: "NAME=PATH,…",
    default: None,
    help: "Other programs than the usual ones: worker and its variants (drayage), bare-mimalloc, node (node), boto3 (python3)",
};
const FILES: Flag =
    Flag { name: "files", value: "COUNT", default: Some("10000"), help: "Files that are measured" };
const BYTES: Flag = Flag { name: "bytes", value: "BYTES", default: Some("4KiB"), help: "Size of each file" };
const WARM_UP: Flag = Flag {
    name: "warm-up",
    value: "COUNT",
    default: Some("1000"),
    help: "Files that every run moves before it is measured",
};
const IN_FLIGHT: Flag =
    Flag { name: "in-flight", value: "COUNT", default: Some("32"), help: "Files that are moved at a time" };
const REPEATS: Flag = Flag {
    name: "repeats",
    value: "COUNT",
    default: Some("1"),
    help: "Runs of each row, in turns; the median by CPU time is shown",
};
const TIMEOUT_S: Flag = Flag {
    name: "timeout-s",
    value: "SECONDS",
    default: Some("120"),
    help: "What a run may take; then it is ended, and its row says so",
};
const PEERS: Flag = Flag {
    name: "peers",
    value: "DIR",
    default: None,
    help: "Where the packages of node and boto3 are, or are installed; a temporary folder without it",
};
const OUT: Flag = Flag {
    name: "out",
    value: "DIR",
    default: Some("target/bench"),
    help: "Where small.json and small.svg are written",
};
const FLAGS: &[Flag] =
    &[CONTENDERS, PROGRAMS, FILES, BYTES, WARM_UP, IN_FLIGHT, REPEATS, TIMEOUT_S, PEERS, OUT];
const INSTALL: &str = "install";

const FILES_MAX: usize = 200_000;
/// The server keeps sources and copies in memory; a file is one GET and one PUT.
const FILE_BYTES_MAX: u64 = 256 << 10;

/// What the user asked for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) contenders: Vec<Contender>,
    pub(super) files: usize,
    pub(super) file_bytes: usize,
    pub(super) warm_up: usize,
    pub(super) in_flight: usize,
    pub(super) repeats: usize,
    pub(super) timeout: Duration,
    pub(super) peers: Option<PathBuf>,
    pub(super) install: bool,
    pub(super) out: PathBuf,
}

pub(crate) fn command() -> Command {
    let command = Command::new("small")
        .about("Sets the whole worker beside bare loops of the same requests, for small files: CPU, files/s, memory")
        .after_help(
            "The server is simcloud in this process, with everything in memory. What is not installed is named in the table. \
             Exits with 0 unless the worker or the bare loop fails.",
        );
    with_flags(command, FLAGS).arg(
        Arg::new(INSTALL)
            .long(INSTALL)
            .action(ArgAction::SetTrue)
            .help("Install the pinned packages of node and boto3 first, with npm and pip"),
    )
}

impl Options {
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, Error> {
        let mut reading = Reading::new(matches);
        let programs = reading.read(&PROGRAMS, |text| {
            let programs = pairs(text)?;
            match programs.keys().find(|name| !Kind::ALL.iter().any(|kind| kind.name() == **name)) {
                None => Ok(programs),
                Some(name) => Err(unknown(name)),
            }
        });
        let programs = programs.unwrap_or_default();
        let contenders = reading.read(&CONTENDERS, |text| {
            let names = list(text)?;
            if let Some(at) = (1..names.len()).find(|&at| names[..at].contains(&names[at])) {
                return Err(format!("{} is given twice", names[at]));
            }
            let find = |name: &String| {
                let kind =
                    Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| unknown(name))?;
                Ok(Contender { kind, program: programs.get(name).cloned() })
            };
            names.iter().map(find).collect::<Result<Vec<_>, String>>()
        });
        let files = reading.read(&FILES, |text| bounded(text, 10..=FILES_MAX));
        let file_bytes = reading.read(&BYTES, |text| bytes(text, 1..=FILE_BYTES_MAX));
        let warm_up = reading.read(&WARM_UP, |text| bounded(text, 1..=FILES_MAX));
        let in_flight = reading.read(&IN_FLIGHT, |text| bounded(text, 10..=512_usize));
        let repeats = reading.read(&REPEATS, |text| bounded(text, 1..=20_usize));
        let timeout = reading.read(&TIMEOUT_S, |text| seconds(text, 1..=1_800));
        let peers = reading.read(&PEERS, |text| Ok::<_, Infallible>(PathBuf::from(text)));
        let out = reading.read(&OUT, |text| Ok::<_, Infallible>(PathBuf::from(text)));
        let options = (|| {
            Some(Self {
                contenders: contenders?,
                files: files?,
                file_bytes: usize::try_from(file_bytes?).ok()?,
                warm_up: warm_up?,
                in_flight: in_flight?,
                repeats: repeats?,
                timeout: timeout?,
                peers,
                install: matches.get_flag(INSTALL),
                out: out?,
            })
        })();
        reading.finish(options)
    }
}

fn unknown(name: &str) -> String {
    let known = Kind::ALL.map(Kind::name).join(", ");
    format!("{name} is not known: expected some of {known}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Options, Error> {
        let matches = command().try_get_matches_from(std::iter::once(&"small").chain(arguments)).unwrap();
        Options::read(&matches)
    }

    #[test]
    fn everything_has_a_default() {
        let options = read(&[]).unwrap();
        assert_eq!(options.contenders.len(), Kind::ALL.len());
        assert!(!options.install);
    }

    #[test]
    fn all_mistakes_come_together() {
        let wrong = ["--contenders", "bare,bare", "--programs", "ruby=x", "--files", "0"];
        let Err(Error::Usage(text)) = read(&wrong) else { panic!("expected mistakes") };
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("ruby is not known: expected some of worker, worker-metrics"), "{text}");
    }
}
