//! The options of `loadtest copy`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Command};
use common::settings::{bounded, bytes, list, pairs, seconds};

use super::contender::{Contender, Kind};
use super::workload::Workload;
use crate::error::Error;
use crate::options::{Flag, Reading, with_flags};

const WORKLOADS: Flag = Flag {
    name: "workloads",
    value: "NAME,…",
    default: Some("large,many,small"),
    help: "large: one object; many: eight objects; small: many objects of 4 KiB",
};
const CONTENDERS: Flag = Flag {
    name: "contenders",
    value: "NAME,…",
    default: Some("pipe,drayage,rclone,rclone-put,s5cmd,awscli,boto3"),
    help: "What copies; `pipe` is the floor",
};
const PROGRAMS: Flag = Flag {
    name: "programs",
    value: "NAME=PATH,…",
    default: None,
    help: "Where the programs of rclone, s5cmd, awscli (aws) and boto3 (python3) are, if not on PATH",
};
const LARGE_BYTES: Flag = Flag {
    name: "large-bytes",
    value: "BYTES",
    default: Some("1GiB"),
    help: "Size of the object of `large`",
};
const MANY_BYTES: Flag = Flag {
    name: "many-bytes",
    value: "BYTES",
    default: Some("128MiB"),
    help: "Size of each of the eight of `many`",
};
const SMALL_FILES: Flag = Flag {
    name: "small-files",
    value: "COUNT",
    default: Some("10000"),
    help: "How many objects `small` has",
};
const REPEATS: Flag = Flag {
    name: "repeats",
    value: "COUNT",
    default: Some("1"),
    help: "Runs of each row; the median by time is shown",
};
const TIMEOUT_S: Flag = Flag {
    name: "timeout-s",
    value: "SECONDS",
    default: Some("120"),
    help: "What a contender may take for one workload; then it is ended, and its row says so",
};
const OUT: Flag = Flag {
    name: "out",
    value: "DIR",
    default: Some("target/bench"),
    help: "Where copy.json and copy.svg are written",
};
const FLAGS: &[Flag] =
    &[WORKLOADS, CONTENDERS, PROGRAMS, LARGE_BYTES, MANY_BYTES, SMALL_FILES, REPEATS, TIMEOUT_S, OUT];

/// The server keeps sources and copies in memory.
const OBJECT_BYTES_MAX: u64 = 4 << 30;
const MANY_BYTES_MAX: u64 = 512 << 20;

/// What the user asked for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) workloads: Vec<Workload>,
    pub(super) contenders: Vec<Contender>,
    pub(super) repeats: usize,
    pub(super) timeout: Duration,
    pub(super) out: PathBuf,
}

pub(crate) fn command() -> Command {
    let command = Command::new("copy")
        .about("Sets Drayage's copier beside other tools and a floor: MB/s, CPU and memory of the client")
        .after_help(
            "The server is simcloud in a process of its own, with everything in memory: about 2.5 GiB with the defaults. \
             Tools that are not installed are named in the table. Exits with 0 unless the floor or Drayage itself fails.",
        );
    with_flags(command, FLAGS)
}

impl Options {
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, Error> {
        let mut reading = Reading::new(matches);
        let large = reading.read(&LARGE_BYTES, |text| bytes(text, 1..=OBJECT_BYTES_MAX));
        let many = reading.read(&MANY_BYTES, |text| bytes(text, 1..=MANY_BYTES_MAX));
        let small = reading.read(&SMALL_FILES, |text| bounded(text, 1..=100_000_usize));
        let sizes = (|| Some((large?, many?, small?)))();
        let workloads = reading.read(&WORKLOADS, |text| {
            let (large, many, small) = sizes.unwrap_or((1, 1, 1));
            named(text, &[Workload::large(large), Workload::many(many), Workload::small(small)], |workload| {
                workload.name
            })
        });
        let programs = reading.read(&PROGRAMS, programs);
        let programs = programs.unwrap_or_default();
        let contenders = reading.read(&CONTENDERS, |text| {
            let kinds = named(text, &Kind::ALL, |kind| kind.name())?;
            let with_program =
                |kind: Kind| Contender { kind, program: programs.get(kind.program_name()).cloned() };
            Ok::<_, String>(kinds.into_iter().map(with_program).collect::<Vec<_>>())
        });
        let repeats = reading.read(&REPEATS, |text| bounded(text, 1..=20_usize));
        let timeout = reading.read(&TIMEOUT_S, |text| seconds(text, 1..=1_800));
        let out = reading.read(&OUT, |text| Ok::<_, Infallible>(PathBuf::from(text)));
        let options = (|| {
            sizes?;
            Some(Self {
                workloads: workloads?,
                contenders: contenders?,
                repeats: repeats?,
                timeout: timeout?,
                out: out?,
            })
        })();
        reading.finish(options)
    }
}

/// The things that a list names, in its order, each once.
fn named<T: Clone>(text: &str, all: &[T], name: impl Fn(&T) -> &'static str) -> Result<Vec<T>, String> {
    let names = list(text)?;
    let twice = (1..names.len()).find(|&at| names[..at].contains(&names[at]));
    if let Some(at) = twice {
        return Err(format!("{} is given twice", names[at]));
    }
    let find = |wanted: &String| {
        let found = all.iter().find(|&thing| name(thing) == wanted).cloned();
        let known = || all.iter().map(&name).collect::<Vec<_>>().join(", ");
        found.ok_or_else(|| format!("{wanted} is not known: expected some of {}", known()))
    };
    names.iter().map(find).collect()
}

fn programs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let programs = pairs(text)?;
    let with_program =
        |name: &str| Kind::ALL.into_iter().any(|kind| kind.program_name() == name && kind.is_tool());
    match programs.keys().find(|name| !with_program(name)) {
        None => Ok(programs),
        Some(name) => Err(format!("{name} is not known: expected some of rclone, s5cmd, awscli, boto3")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Options, Error> {
        let matches = command().try_get_matches_from(std::iter::once(&"copy").chain(arguments)).unwrap();
        Options::read(&matches)
    }

    #[test]
    fn everything_has_a_default() {
        let options = read(&[]).unwrap();
        assert_eq!(options.workloads.len(), 3);
        assert_eq!(options.contenders.len(), 7);
    }

    #[test]
    fn all_mistakes_come_together() {
        let wrong = [
            "--workloads",
            "large,huge",
            "--repeats",
            "0",
            "--contenders",
            "pipe,pipe",
            "--programs",
            "pipe=x",
        ];
        let Err(Error::Usage(text)) = read(&wrong) else { panic!("expected mistakes") };
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(text.contains("huge is not known: expected some of large, many, small"), "{text}");
    }
}
