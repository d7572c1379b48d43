//! `loadtest files`: many files through the whole pipeline.
//!
//! 1. Start `drayage local` and send a few files through it, so that every process is up.
//! 2. Note the CPU time of each process.
//! 3. Put the files in, and read from `drayage local` which have come to their end.
//! 4. Note CPU time and peak memory; stop; report.

mod board;
mod options;
mod put;
mod report;

use std::cell::RefCell;
use std::time::Duration;

use clap::ArgMatches;
use common::shutdown::stop_signal;
use tokio::time::{Instant, timeout};

use crate::error::Error;
use crate::local::{Local, Setup};
use crate::output::{Machine, out, write_json};
use crate::usage::Snapshot;
use board::Board;
use options::Options;
pub(crate) use options::command;
use put::Load;
use report::Report;

/// Files that warm the pipeline up.
const WARM_UP: usize = 64;
const WARM_UP_PATIENCE: Duration = Duration::from_secs(30);
/// Deletes of messages follow the ledger's last write: their CPU time belongs to the files too.
const SETTLE: Duration = Duration::from_secs(1);

pub(crate) fn main(matches: &ArgMatches) -> Result<(), Error> {
    let options = Options::read(matches)?;
    let machine = Machine::look();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::failed_to("start the runtime", error))?;
    let report = runtime.block_on(run(&options, machine))?;
    out(&report.table());
    if let Some(path) = &options.report {
        write_json(path, &report)?;
    }
    report.verdict()
}

async fn run(options: &Options, machine: Machine) -> Result<Report, Error> {
    let setup = Setup {
        workers: options.workers,
        data_in_memory: options.data_in_memory,
        is_kept: options.is_kept,
        rules: None,
    };
    let mut local = Local::start(&setup).await?;
    let measured = tokio::select! {
        measured = measure(&mut local, options, machine) => measured,
        () = stop_signal() => Err(Error::Failed("interrupted before every file had come to its end".to_owned())),
    };
    let stopped = local.stop().await;
    let report = measured?;
    stopped?;
    Ok(report)
}

async fn measure(local: &mut Local, options: &Options, machine: Machine) -> Result<Report, Error> {
    let client = put::client(local.endpoint_url()).await;
    let warm_up = Load {
        prefix: "warm-up/",
        count: WARM_UP,
        in_flight: 8,
        rate: None,
        bytes: options.file_bytes.min(4096),
    };
    let (warm, _) = send(local, &client, &warm_up, WARM_UP_PATIENCE).await?;
    if warm.unfinished() > 0 {
        return Err(Error::Failed(format!(
            "the pipeline does not move files: {} of {WARM_UP} were done in {} s\n{}",
            WARM_UP - warm.unfinished(),
            WARM_UP_PATIENCE.as_secs(),
            local.last_words()
        )));
    }
    let before = Snapshot::of(local.process()?);
    let load = Load {
        prefix: "load/",
        count: options.count,
        in_flight: options.in_flight,
        rate: options.rate,
        bytes: options.file_bytes,
    };
    let (board, took) = send(local, &client, &load, options.timeout).await?;
    tokio::time::sleep(SETTLE).await;
    let after = Snapshot::of(local.process()?);
    Ok(Report::new(options, machine, &board, took, &before, &after))
}

/// Puts files in and follows them to their ends, or until the time is over; and how long that took.
async fn send(
    local: &mut Local,
    client: &aws_sdk_s3::Client,
    load: &Load,
    patience: Duration,
) -> Result<(Board, Duration), Error> {
    let started = Instant::now();
    let board = RefCell::new(Board::new(load, started));
    let both = async {
        let put = async {
            put::put_all(client, load, |index| board.borrow_mut().put(index)).await?;
            board.borrow_mut().all_put();
            Ok(())
        };
        let follow = async {
            while board.borrow().unfinished() > 0 {
                let line = local.next_line().await?;
                board.borrow_mut().line(&line);
            }
            Ok(())
        };
        futures::future::try_join(put, follow).await
    };
    // A time that is over is no error here: the report says what is missing.
    if let Ok(ended) = timeout(patience, both).await {
        ended?;
    }
    Ok((board.into_inner(), started.elapsed()))
}
