//! The `drayage` command: one binary, every role. `local` runs everything on one machine over an embedded AWS; `dispatcher` and
//! `worker` are what a task definition starts, `health` what their health check runs, `reap` what a scheduled task does, and `metrics`
//! prints what they export.

mod health;
mod local;
mod metrics;
mod parent;
mod reap;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use common::health::beside;
use common::service::StartError;
use common::settings::arguments;

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
    let matches = match arguments(command()) {
        Ok(matches) => matches,
        Err(exit) => return exit,
    };
    let ended = match matches.subcommand() {
        Some(("dispatcher", matches)) => service(matches, async |matches| {
            let settings = dispatcher::Settings::read(matches, &variable)?;
            beside(settings.shared.health_port, dispatcher::run(settings)).await
        }),
        Some(("worker", matches)) => service(matches, async |matches| {
            let settings = worker::Settings::read(matches, &variable)?;
            beside(settings.shared.health_port, worker::run(settings)).await
        }),
        Some(("health", matches)) => health::main(matches, &variable),
        Some(("reap", matches)) => reap::main(matches, &variable),
        Some(("local", matches)) => local::main(matches),
        Some(("metrics", matches)) => {
            metrics::main(matches);
            Ok(())
        }
        _ => Err(StartError::Usage(
            "expected a subcommand: local, dispatcher, worker, health, reap or metrics".to_owned(),
        )),
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
    on_one_thread(run(matches))
}

/// Runs to its end what is one future.
fn on_one_thread(future: impl Future<Output = Result<(), StartError>>) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| StartError::Local(format!("failed to start the runtime: {error}")))?;
    let ended = runtime.block_on(future);
    // Everything is settled; a look-up of a name that hangs on a thread of its own must not keep a stopped process.
    runtime.shutdown_background();
    ended
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
