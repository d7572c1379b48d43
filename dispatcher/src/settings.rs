//! The dispatcher's settings.

use clap::{ArgMatches, Command};
use common::lane::Lane;
use common::queue::is_fifo;
use common::routes::Routes;
use common::service::StartError;
use common::settings::{Reader, SHARED, Setting, Shared, Variable, bounded, with_flags};

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
/// A task definition carries the rules itself: a new task definition rolls them out, and a rollback takes them back.
const RULES_TEXT: Setting = Setting {
    name: "rules-text",
    value: "TOML",
    default: None,
    help: "the rules themselves, instead of --rules",
};
const POLLERS: Setting = Setting {
    name: "pollers",
    value: "COUNT",
    default: Some("4"),
    help: "how many polls are open at a time",
};
const OWN: &[Setting] = &[INGEST_QUEUE, RULES, RULES_TEXT, POLLERS];

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
    pub fn read(matches: &ArgMatches, variable: Variable<'_>) -> Result<Self, StartError> {
        let mut reader = Reader::new(matches, &[SHARED, OWN], variable);
        let shared = Shared::read(&mut reader);
        let ingest_queue = reader.required(&INGEST_QUEUE, standard_queue);
        let pollers = reader.required(&POLLERS, |text| bounded(text, 1..=64_usize));
        let rules = rules(&mut reader);
        let routes = shared.as_ref().zip(rules).and_then(|(shared, (origin, rules))| {
            let lanes: Vec<Lane> = shared.lanes.keys().cloned().collect();
            let parsed = Routes::parse(&rules, &lanes);
            parsed.map_err(|mistakes| reader.mistake(format!("{origin}:\n{mistakes}"))).ok()
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

/// A FIFO queue would keep an order that S3's events do not have, and take a price for it: S3 cannot feed one, and one event that cannot
/// be dispatched yet would hold up all the others of its group.
fn standard_queue(name_or_url: &str) -> Result<String, String> {
    if is_fifo(name_or_url) {
        return Err("expected a standard queue, and this is a FIFO queue (its name ends in .fifo): S3's events have no order \
                    to keep, and one that cannot be dispatched would hold up the others. FIFO is for lanes"
            .to_owned());
    }
    Ok(name_or_url.to_owned())
}

/// Where the rules come from, and their text.
fn rules(reader: &mut Reader<'_>) -> Option<(String, String)> {
    let text = reader.optional(&RULES_TEXT, |text| Ok(("--rules-text".to_owned(), text.to_owned())));
    let read = |path: &str| {
        let read = std::fs::read_to_string(path).map(|rules| (path.to_owned(), rules));
        read.map_err(|error| format!("expected a readable file ({error})"))
    };
    if text.is_none() {
        return reader.required(&RULES, read);
    }
    if reader.optional(&RULES, |path| Ok(path.to_owned())).is_some() {
        reader.mistake("--rules and --rules-text are both given: expected one");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    const TEXT: &str = "version = 1\n[lanes]\ndefault = \"fast\"\n[[rule]]\nname = \"all\"\nmatch.bucket = \"landing\"\ntarget.bucket = \"delivered\"\n";

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let matches = command().get_matches_from(["dispatcher"]);
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Settings::read(&matches, &variable).map_err(|error| error.to_string())
    }

    #[test]
    fn rules_come_as_text_too() {
        assert!(read(&[("DRAYAGE_RULES_TEXT", TEXT)]).is_ok());
        let mistakes = read(&[("DRAYAGE_RULES_TEXT", "version = 2")]).unwrap_err();
        assert!(mistakes.contains("--rules-text:\n"), "{mistakes}");
    }

    #[test]
    fn a_fifo_ingest_queue_is_refused_by_name_and_by_url() {
        for queue in ["ingest.fifo", "https://sqs.eu-west-1.amazonaws.com/000000000000/ingest.fifo"] {
            let mistakes =
                read(&[("DRAYAGE_RULES_TEXT", TEXT), ("DRAYAGE_INGEST_QUEUE", queue)]).unwrap_err();
            assert!(mistakes.contains(queue) && mistakes.contains("expected a standard queue"), "{mistakes}");
        }
        assert!(read(&[("DRAYAGE_RULES_TEXT", TEXT), ("DRAYAGE_INGEST_QUEUE", "fifo")]).is_ok());
    }

    #[test]
    fn rules_come_once() {
        let mistakes = read(&[("DRAYAGE_RULES_TEXT", TEXT), ("DRAYAGE_RULES", "rules.toml")]).unwrap_err();
        assert!(mistakes.contains("expected one"), "{mistakes}");
        let mistakes = read(&[]).unwrap_err();
        assert!(mistakes.contains("--rules (or DRAYAGE_RULES) is missing"), "{mistakes}");
    }
}
