//! The bare loop of `loadtest small` with mimalloc: what the allocator alone makes of the same requests.

#[path = "../small/bare.rs"]
mod bare;
#[path = "../small/job.rs"]
mod job;

use std::path::PathBuf;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let Some(job) = std::env::args_os().nth(1).map(PathBuf::from) else {
        common::say!("bare-mimalloc: started by `loadtest small`, with a job file");
        return ExitCode::from(common::settings::EX_USAGE);
    };
    match bare::main(&job) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            common::say!("bare-mimalloc: {error}");
            ExitCode::FAILURE
        }
    }
}
