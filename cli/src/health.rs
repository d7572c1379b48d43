//! `drayage health`: what a container's health check runs, for the image has no shell and no other program.

use clap::{ArgMatches, Command};
use common::health::{HEALTH_PORT, ask, port};
use common::service::StartError;
use common::settings::{Reader, Variable, with_flags};

pub(crate) fn command() -> Command {
    let about =
        "Asks the dispatcher or worker of this container whether it is alive; exit 0 if it is, 1 if not";
    with_flags(Command::new("health").about(about), &[&[HEALTH_PORT]])
}

pub(crate) fn main(matches: &ArgMatches, variable: Variable<'_>) -> Result<(), StartError> {
    let settings = [HEALTH_PORT];
    let mut reader = Reader::new(matches, &[&settings], variable);
    let port = reader.required(&HEALTH_PORT, port);
    let port = reader.finish(port).map_err(|mistakes| StartError::Usage(mistakes.to_string()))?;
    ask(port).map_err(StartError::Local)
}
