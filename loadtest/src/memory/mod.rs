//! `loadtest memory`: what a worker process holds at the most while it copies one large object.
//!
//! Each row has a worker of its own, because the high-water mark counts from a process's start. The objects are virtual: the server
//! generates them and recognises what comes back, so their size is limited by patience and not by memory.

mod options;
mod report;
mod server;
mod worker;

use clap::{ArgMatches, Command};
use common::shutdown::stop_signal;
use tokio::time::{Instant, timeout};

use crate::error::Error;
use crate::output::{Machine, out, write_json};
use options::Options;
pub(crate) use options::command;
use report::{Report, Row};
pub(crate) use server::ROLE;
use server::Server;
use worker::Worker;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

pub(crate) fn hidden_command() -> Command {
    server::command()
}

/// The command, and the role that it starts itself in.
pub(crate) fn main(name: &str, matches: &ArgMatches) -> Result<(), Error> {
    if name == ROLE {
        return server::main();
    }
    let options = Options::read(matches)?;
    let machine = Machine::look();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::failed_to("start the runtime", error))?;
    let rows = runtime.block_on(async {
        tokio::select! {
            rows = measure(&options) => rows,
            () = stop_signal() => Err(Error::Failed("interrupted".to_owned())),
        }
    })?;
    let report = Report::new(machine, options.parts_in_flight, rows);
    out(&report.table());
    if let Some(path) = &options.report {
        write_json(path, &report)?;
    }
    report.verdict()
}

async fn measure(options: &Options) -> Result<Vec<Row>, Error> {
    let mut server = Server::start().await?;
    let mut rows = Vec::new();
    for (size_bytes, part_bytes) in
        [(options.bytes, 8 * MIB), (options.large_bytes, 8 * MIB), (options.large_bytes, 5 * GIB)]
    {
        let mut copies = Vec::new();
        for nth in 1..=options.repeats {
            let (size_mib, part_mib, of) = (size_bytes / MIB, part_bytes / MIB, options.repeats);
            common::say!("copying {size_mib} MiB in parts of {part_mib} MiB ({nth} of {of})");
            copies.push(one(&mut server, options, size_bytes, part_bytes, nth).await?);
        }
        rows.extend(Row::lowest(copies));
    }
    Ok(rows)
}

async fn one(
    server: &mut Server,
    options: &Options,
    size_bytes: u64,
    part_bytes: u64,
    nth: usize,
) -> Result<Row, Error> {
    let mut worker = Worker::start(&server.endpoint_url, part_bytes, options.parts_in_flight)?;
    let key = format!("{size_bytes}-in-{part_bytes}-{nth}");
    let started = Instant::now();
    server.put(&key, size_bytes).await?;
    let ended = tokio::select! {
        biased;
        ended = timeout(options.timeout, server.ended()) => ended,
        ended = worker.ended() => return Err(ended),
    };
    let late = |_| Error::Failed(format!("{key} was not copied in {} s", options.timeout.as_secs()));
    let (ended, took, usage) = (ended.map_err(late)??, started.elapsed(), worker.usage()?);
    worker.stop().await?;
    Ok(Row::new(size_bytes, part_bytes, took, usage, &ended))
}
