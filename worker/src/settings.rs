//! The worker's settings.

use std::collections::BTreeMap;

use clap::{ArgMatches, Command};
use common::lane::Lane;
use common::service::StartError;
use common::settings::{Reader, SHARED, Setting, Shared, Variable, bounded, bytes, pairs, with_flags};

use crate::copy::plan::{PART_BYTES_MAX, PART_BYTES_MIN};
use crate::copy::{BUFFER_BYTES_MIN, Budget, STREAMS_MIN, Tuning};
use crate::protect::{self, Policy, Surroundings};

const CONCURRENCY: Setting = Setting {
    name: "concurrency",
    value: "LANE=COUNT,…",
    default: None,
    help: "files copied at a time, for each lane; 32 for a lane not named, 4 for `bulk`",
};
const PART_BYTES: Setting = Setting {
    name: "part-bytes",
    value: "BYTES",
    default: Some("8MiB"),
    help: "size of a part of a large file; larger where 10,000 parts would not do",
};
const PARTS_IN_FLIGHT: Setting = Setting {
    name: "parts-in-flight",
    value: "COUNT",
    default: Some("4"),
    help: "parts of one file copied at a time",
};
const STREAMS_MAX: Setting = Setting {
    name: "streams-max",
    value: "COUNT",
    default: Some("32"),
    help: "files and parts on their way at a time, over all lanes; fewer while a bucket throttles",
};
const BUFFER_BYTES: Setting = Setting {
    name: "buffer-bytes",
    value: "BYTES",
    default: Some("32MiB"),
    help: "what they may have in buffers; a stream counts for 1 MiB, a small file for its size",
};
const FAILED_ATTEMPTS_MAX: Setting = Setting {
    name: "failed-attempts-max",
    value: "COUNT",
    default: Some("3"),
    help: "failed attempts after which a file goes to the dead-letter queue",
};
const WORKER_ID: Setting = Setting {
    name: "worker-id",
    value: "NAME",
    default: None,
    help: "what the ledger calls this worker; otherwise worker- and eight random digits",
};
const OWN: &[Setting] =
    &[CONCURRENCY, PART_BYTES, PARTS_IN_FLIGHT, STREAMS_MAX, BUFFER_BYTES, FAILED_ATTEMPTS_MAX, WORKER_ID];

const BUFFER_BYTES_MAX: u64 = 16 << 30;
const PERMITS: usize = 32;
const PERMITS_BULK: usize = 4;

/// The worker's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    pub shared: Shared,
    /// Files copied at a time, for each lane.
    pub permits: BTreeMap<Lane, usize>,
    pub tuning: Tuning,
    pub failed_attempts_max: u32,
    pub worker_id: String,
    /// `None`: off.
    pub protection: Option<(Policy, Surroundings)>,
}

/// The subcommand, with a flag for each setting.
pub fn command() -> Command {
    let about = "Pulls transfers from the lane queues, copies, verifies and records them";
    with_flags(Command::new("worker").about(about), &[SHARED, OWN, protect::SETTINGS])
}

impl Settings {
    /// # Errors
    /// [`StartError::Usage`] with everything that is wrong.
    pub fn read(matches: &ArgMatches, variable: Variable<'_>) -> Result<Self, StartError> {
        let mut reader = Reader::new(matches, &[SHARED, OWN, protect::SETTINGS], variable);
        let shared = Shared::read(&mut reader);
        let given = reader.optional(&CONCURRENCY, |text| {
            let counts = pairs(text)?.into_iter();
            counts
                .map(|(lane, count)| Ok((lane, bounded(&count, 1..=1_000_usize)?)))
                .collect::<Result<_, String>>()
        });
        let given: BTreeMap<String, usize> = given.unwrap_or_default();
        let permits = shared.as_ref().map(|shared| permits(shared, &given, &mut reader));
        let part_bytes = reader.required(&PART_BYTES, |text| bytes(text, PART_BYTES_MIN..=PART_BYTES_MAX));
        let parts_in_flight = reader.required(&PARTS_IN_FLIGHT, |text| bounded(text, 1..=64_usize));
        let streams_max = reader.required(&STREAMS_MAX, |text| bounded(text, STREAMS_MIN..=1_000));
        let buffer_bytes =
            reader.required(&BUFFER_BYTES, |text| bytes(text, BUFFER_BYTES_MIN..=BUFFER_BYTES_MAX));
        let failed_attempts_max = reader.required(&FAILED_ATTEMPTS_MAX, |text| bounded(text, 1..=100_u32));
        let worker_id = reader.optional(&WORKER_ID, |text| {
            let plain = text.len() <= 128 && text.bytes().all(|b| b.is_ascii_graphic());
            if plain { Ok(text.to_owned()) } else { Err("expected 1 to 128 printable characters".to_owned()) }
        });
        let protection = protect::read(&mut reader);
        let settings = (|| {
            Some(Self {
                shared: shared?,
                permits: permits?,
                tuning: Tuning {
                    part_bytes: part_bytes?,
                    parts_in_flight: parts_in_flight?,
                    budget: Budget { streams_max: streams_max?, buffer_bytes: buffer_bytes? },
                },
                failed_attempts_max: failed_attempts_max?,
                protection: protection?,
                worker_id: worker_id.unwrap_or_else(|| format!("worker-{:08x}", fastrand::u32(..))),
            })
        })();
        reader.finish(settings).map_err(|mistakes| StartError::Usage(mistakes.to_string()))
    }
}

fn permits(
    shared: &Shared,
    given: &BTreeMap<String, usize>,
    reader: &mut Reader<'_>,
) -> BTreeMap<Lane, usize> {
    for lane in given.keys().filter(|lane| !shared.lanes.keys().any(|known| known.as_str() == **lane)) {
        reader.mistake(format!("--concurrency names lane {lane:?}, which --lanes does not"));
    }
    let of = |lane: &Lane| {
        let default = if lane.as_str() == "bulk" { PERMITS_BULK } else { PERMITS };
        (lane.clone(), given.get(lane.as_str()).copied().unwrap_or(default))
    };
    shared.lanes.keys().map(of).collect()
}
