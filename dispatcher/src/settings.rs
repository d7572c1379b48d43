//! The dispatcher's settings.

use std::path::PathBuf;

use clap::{ArgMatches, Command};
use common::lane::Lane;
use common::routes::Routes;
use common::service::StartError;
use common::settings::{Reader, SHARED, Setting, Shared, bounded, with_flags};

const INGEST_QUEUE: Setting = Setting {
    name: "ingest-queue",
    value: "QUEUE",
    default: Some("ingest"),
    help: "the queue that EventBridge feeds, by name or URL",
};
const RULES: Setting = Setting {
    name: "rules",
    value: "FILE",
    default: None,
    help: "the rules file (TOML) that says which file goes where",
};
const POLLERS: Setting = Setting {
    name: "pollers",
    value: "COUNT",
    default: Some("4"),
    help: "how many polls are open at a time",
};
const OWN: &[Setting] = &[INGEST_QUEUE, RULES, POLLERS];

/// The dispatcher's settings, with its rules read.
#[derive(Debug, Clone)]
pub struct Settings {
    pub shared: Shared,
    pub ingest_queue: String,
    pub routes: Routes,
    pub pollers: usize,
}

/// The subcommand, with a flag for each setting.
pub fn command() -> Command {
    let about = "Drains the ingest queue, routes every file event by the rules, and fans transfers out to the lane queues";
    with_flags(Command::new("dispatcher").about(about), &[SHARED, OWN])
}

impl Settings {
    /// # Errors
    /// [`StartError::Usage`] with everything that is wrong with settings and rules.
    pub fn read(matches: &ArgMatches, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, StartError> {
        let mut reader = Reader::new(matches, &[SHARED, OWN], variable);
        let shared = Shared::read(&mut reader);
        let ingest_queue = reader.required(&INGEST_QUEUE, |text| Ok(text.to_owned()));
        let pollers = reader.required(&POLLERS, |text| bounded(text, 1..=64_usize));
        let rules = reader.required(&RULES, |text| {
            let path = PathBuf::from(text);
            let read = std::fs::read_to_string(&path).map(|rules| (path, rules));
            read.map_err(|error| format!("expected a readable file ({error})"))
        });
        let routes = shared.as_ref().zip(rules).and_then(|(shared, (path, rules))| {
            let lanes: Vec<Lane> = shared.lanes.keys().cloned().collect();
            let parsed = Routes::parse(&rules, &lanes);
            parsed.map_err(|mistakes| reader.mistake(format!("{}:\n{mistakes}", path.display()))).ok()
        });
        let settings = shared.zip(routes).zip(ingest_queue.zip(pollers));
        let settings = settings.map(|((shared, routes), (ingest_queue, pollers))| Self {
            shared,
            ingest_queue,
            routes,
            pollers,
        });
        reader.finish(settings).map_err(|mistakes| StartError::Usage(mistakes.to_string()))
    }
}
