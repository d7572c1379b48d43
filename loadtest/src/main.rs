//! Drayage under load: `files` sends files through the whole pipeline, `copy` sets the copier beside other tools. Everything runs
//! on this machine, over the loopback interface, bounded in count and time. docs/benchmarks.md says how to read the results.

mod check;
mod copy;
mod error;
mod files;
mod options;
mod output;
mod procfs;
mod table;

use std::process::ExitCode;

use clap::Command;
use common::settings::arguments;
use error::Error;

fn command() -> Command {
    let command = Command::new("loadtest")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Measures Drayage on this machine: the whole pipeline, and its copier beside other tools")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(files::command())
        .subcommand(copy::command());
    copy::hidden_commands().into_iter().fold(command, Command::subcommand)
}

fn main() -> ExitCode {
    let matches = match arguments(command()) {
        Ok(matches) => matches,
        Err(exit) => return exit,
    };
    let ended = match matches.subcommand() {
        Some(("files", matches)) => files::main(matches),
        Some((name, matches)) => copy::main(name, matches),
        None => Err(Error::Usage("expected a subcommand: files or copy".to_owned())),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("loadtest: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
