//! The `drayage` command: one binary, every role. `local` runs everything on one machine over an embedded AWS; `dispatcher` and
//! `worker` are what a task definition starts, `health` what their health check runs, `reap` what a scheduled task does, and `metrics`
//! prints what they export.

mod health;
mod local;
mod metrics;
mod parent;
mod reap;
mod stoppable;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use common::health::beside;
use common::output;
use common::service::StartError;
use common::settings::arguments;
use common::shutdown::StopSignals;

use stoppable::{Stoppable, settings};

/// A file is hundreds of small allocations, nearly all of the SDK's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn command() -> Command {
    Command::new("drayage")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Moves every file landing in an S3 bucket to where it belongs: once, verified, its state known at any moment")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(local::command())
        .subcommand(parent::with_flag(dispatcher::command()))
        .subcommand(parent::with_flag(worker::command()))
        .subcommand(health::command())
        .subcommand(worker::reap::command())
        .subcommand(metrics::command())
}

fn main() -> ExitCode {
    // First of all: from here on, a stop is a stop and not the end by a signal.
    let stoppable = Stoppable::begin(std::env::args_os().nth(1).as_deref());
    let matches = match arguments(command()) {
        Ok(matches) => matches,
        Err(exit) => return exit,
    };
    let ended = match matches.subcommand() {
        Some(("health", matches)) => health::main(matches, &variable),
        Some(("metrics", matches)) => {
            metrics::main(matches);
            Ok(())
        }
        Some((role, matches)) => match stoppable {
            Ok(Some(stoppable)) => stoppable.run(async |signals| run(role, matches, signals).await),
            Ok(None) => Err(no_such(role)),
            Err(error) => Err(StartError::Local(format!("failed to start the runtime: {error}"))),
        },
        None => Err(no_such("nothing")),
    };
    if let Err(error) = ended {
        output::err(&format!("drayage: {error}"));
        return ExitCode::from(error.exit_code());
    }
    // Whoever goes on when this command ends well expects to have its results.
    if output::lost().is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn run(role: &str, matches: &ArgMatches, signals: StopSignals) -> Result<(), StartError> {
    match role {
        "dispatcher" => dispatcher(matches, signals).await,
        "worker" => worker(matches, signals).await,
        "reap" => reap::main(matches, signals).await,
        "local" => local::main(matches, signals).await,
        _ => Err(no_such(role)),
    }
}

async fn dispatcher(matches: &ArgMatches, mut signals: StopSignals) -> Result<(), StartError> {
    parent::follow(matches);
    let read = settings(matches, &mut signals, |matches| dispatcher::Settings::read(matches, &variable));
    let Some(settings) = read.await? else { return Ok(()) };
    beside(settings.shared.health_port, dispatcher::run(settings, signals)).await
}

async fn worker(matches: &ArgMatches, mut signals: StopSignals) -> Result<(), StartError> {
    parent::follow(matches);
    let read = settings(matches, &mut signals, |matches| worker::Settings::read(matches, &variable));
    let Some(settings) = read.await? else { return Ok(()) };
    beside(settings.shared.health_port, worker::run(settings, signals)).await
}

fn no_such(role: &str) -> StartError {
    let expected = "local, dispatcher, worker, health, reap or metrics";
    StartError::Usage(format!("{role:?} is no subcommand: expected {expected}"))
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
