//! The `drayage` command: one binary, three roles. `local` runs everything on one machine over an embedded AWS; `dispatcher` and
//! `worker` are what a task definition starts.

mod local;
mod parent;

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use common::service::StartError;
use common::settings::arguments;

fn command() -> Command {
    Command::new("drayage")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Moves every file landing in an S3 bucket to where it belongs: once, verified, its state known at any moment")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(local::command())
        .subcommand(parent::with_flag(dispatcher::command()))
        .subcommand(parent::with_flag(worker::command()))
}

fn main() -> ExitCode {
    let matches = match arguments(command()) {
        Ok(matches) => matches,
        Err(exit) => return exit,
    };
    let ended = match matches.subcommand() {
        Some(("dispatcher", matches)) => service(matches, async |matches| {
            dispatcher::run(dispatcher::Settings::read(matches, &variable)?).await
        }),
        Some(("worker", matches)) => {
            service(matches, async |matches| worker::run(worker::Settings::read(matches, &variable)?).await)
        }
        Some(("local", matches)) => local::main(matches),
        _ => Err(StartError::Usage("expected a subcommand: local, dispatcher or worker".to_owned())),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("drayage: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// A service runs on one thread: it is one future, and scales by processes.
fn service(
    matches: &ArgMatches,
    run: impl AsyncFnOnce(&ArgMatches) -> Result<(), StartError>,
) -> Result<(), StartError> {
    parent::follow(matches);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| StartError::Local(format!("failed to start the runtime: {error}")))?;
    runtime.block_on(run(matches))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
