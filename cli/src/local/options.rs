//! The options of `drayage local`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};
use common::routes::DEFAULT_RULES;
use common::service::StartError;
use common::settings::{bounded, log_filter};

use super::folders;

/// What the user asked for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) port: u16,
    pub(super) workers: usize,
    pub(super) rules: String,
    /// How messages name the rules: their path, or that they are the default ones.
    pub(super) rules_name: String,
    pub(super) once: Option<PathBuf>,
    pub(super) out: Option<PathBuf>,
    pub(super) data: Option<PathBuf>,
    pub(super) json: bool,
    /// Passed on to the processes.
    pub(super) log: String,
}

pub(crate) fn command() -> Command {
    let value = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    Command::new("local")
        .about("Runs everything on this machine: an embedded AWS, one dispatcher, and workers")
        .after_help(
            "Files that land in the bucket `landing` are delivered to the bucket `delivered`, unless --rules says otherwise.",
        )
        .arg(value("port", "PORT", "Port of the embedded AWS on 127.0.0.1; 0 takes a free one [default: 4566]"))
        .arg(value("workers", "COUNT", "How many worker processes [default: 2]"))
        .arg(value("rules", "FILE", "Rules file; its buckets are made [default: landing to delivered, same key]"))
        .arg(value("once", "DIR", "Put every file under DIR, wait until each is delivered, verify, print a table, exit"))
        .arg(value("out", "DIR", "With --once: write what was delivered below DIR, which must be apart from --once's"))
        .arg(value("data", "DIR", "Keep objects, ledger and queues in DIR/drayage-local, and go on with what is there"))
        .arg(value("log", "FILTER", "What dispatcher and workers log [default: info]"))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print one JSON line for each file"))
}

impl Options {
    /// # Errors
    /// Every mistake at once.
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, StartError> {
        let mut mistakes = Vec::new();
        let text = |name: &str| matches.get_one::<String>(name).cloned();
        let path = |name: &str| text(name).map(PathBuf::from);
        let mut number = |name: &str, default: u16, least: u16, most: u16| match text(name) {
            None => default,
            Some(given) => bounded(&given, least..=most).unwrap_or_else(|expected| {
                mistakes.push(format!("--{name} is {given:?}: {expected}"));
                default
            }),
        };
        let port = number("port", 4566, 0, u16::MAX);
        let workers = number("workers", 2, 1, 64);
        let (rules, rules_name) = match text("rules") {
            None => (DEFAULT_RULES.to_owned(), "the default rules".to_owned()),
            Some(name) => {
                let read = std::fs::read_to_string(&name);
                let rules = read.unwrap_or_else(|error| {
                    mistakes.push(format!("--rules is {name:?}: expected a readable file ({error})"));
                    String::new()
                });
                (rules, name)
            }
        };
        // Checked here: the processes that get it would end again and again.
        let log = text("log").unwrap_or_else(|| "info".to_owned());
        if let Err(expected) = log_filter(&log) {
            mistakes.push(format!("--log is {log:?}: {expected}"));
        }
        if text("out").is_some() && text("once").is_none() {
            mistakes.push("--out needs --once".to_owned());
        }
        let options = Self {
            port,
            workers: usize::from(workers),
            rules,
            rules_name,
            once: path("once"),
            out: path("out"),
            data: path("data"),
            json: matches.get_flag("json"),
            log,
        };
        mistakes.extend(folders::mistakes(&options));
        // Last, because it makes the folder.
        if let Some(out) = options.out.as_deref().filter(|_| mistakes.is_empty()) {
            mistakes.extend(folders::make_out(out).err());
        }
        if mistakes.is_empty() { Ok(options) } else { Err(StartError::Usage(mistakes.join("\n"))) }
    }
}
