//! Drayage under load: `files` sends files through the whole pipeline, `copy` sets the copier beside other tools, `small` the whole
//! worker beside bare loops, `giant` copies the largest object that S3 allows in simulated time, `memory` measures a worker's peak,
//! `soak` kills the processes while files flow, and `replay` plays a day of events back and checks every file (docs/loadtest.md).
//! Everything runs on this machine, over the loopback interface or in process, bounded in count and time. docs/benchmarks.md says how
//! to read the results. `simulate` is load of another kind: simulated worlds in which everything goes wrong (docs/reliability.md), and
//! `day` a model of the whole fleet (docs/scaling.md).

mod check;
mod copy;
mod day;
mod error;
mod files;
mod giant;
mod local;
mod memory;
mod options;
mod output;
mod procfs;
mod program;
mod replay;
mod simulate;
mod small;
mod soak;
mod table;
mod usage;
mod workload;

use std::process::ExitCode;

use clap::Command;
use common::settings::arguments;
use error::Error;

fn command() -> Command {
    let command = Command::new("loadtest")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Puts Drayage under load on this machine: benchmarks, a day replayed, simulated worlds, a model of the fleet")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(files::command())
        .subcommand(copy::command())
        .subcommand(small::command())
        .subcommand(giant::command())
        .subcommand(memory::command())
        .subcommand(soak::command())
        .subcommand(replay::command())
        .subcommand(simulate::command())
        .subcommand(day::command());
    let hidden = copy::hidden_commands().into_iter();
    let hidden = hidden.chain([memory::hidden_command(), small::hidden_command()]);
    hidden.fold(command, Command::subcommand)
}

fn main() -> ExitCode {
    let matches = match arguments(command()) {
        Ok(matches) => matches,
        Err(exit) => return exit,
    };
    let ended = match matches.subcommand() {
        Some(("files", matches)) => files::main(matches),
        Some(("giant", matches)) => giant::main(matches),
        Some((name @ ("memory" | memory::ROLE), matches)) => memory::main(name, matches),
        Some(("soak", matches)) => soak::main(matches),
        Some(("replay", matches)) => replay::main(matches),
        Some(("simulate", matches)) => simulate::main(matches),
        Some(("day", matches)) => day::main(matches),
        Some((name, matches)) if name.starts_with("small") => small::main(name, matches),
        Some((name, matches)) => copy::main(name, matches),
        None => Err(Error::Usage("expected a subcommand, such as files or copy".to_owned())),
    };
    match ended {
        // Whoever goes on when this ends well expects to have its results.
        Ok(()) if common::output::lost().is_some() => ExitCode::FAILURE,
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            common::say!("loadtest: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
