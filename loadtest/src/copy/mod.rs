//! `loadtest copy`: Drayage's copier beside other tools and beside a floor, on one server, with the same objects.
//!
//! 1. Start the server: simcloud in a process of its own.
//! 2. For each workload: put its objects in and warm the server up; then, one row after the other, let a contender copy them, read
//!    every copy back and compare it, delete the copies.
//! 3. Print the table; write JSON and a chart.
//!
//! A contender is always a process (or several): its CPU time and memory are its own. What fails is a row that says so.

mod chart;
mod contender;
mod drayage;
mod http;
mod job;
mod measure;
mod multipart;
mod options;
mod pipe;
mod report;
mod server;
mod tools;
mod verify;
mod workload;

use std::path::Path;

use clap::{ArgMatches, Command};
use common::shutdown::stop_signal;
use tempfile::TempDir;

use crate::error::Error;
use crate::output::{Machine, out, write, write_json};
use contender::{Contender, Found, Kind};
use http::Http;
use job::Job;
use options::Options;
pub(crate) use options::command;
use report::{Outcome, Report, Row};
use server::Server;
use workload::{Sources, Workload};

/// The command, and the roles that it starts itself in.
pub(crate) fn main(name: &str, matches: &ArgMatches) -> Result<(), Error> {
    match name {
        server::ROLE => server::main(),
        drayage::ROLE => job::main(matches, drayage::run),
        pipe::ROLE => job::main(matches, pipe::run),
        _ => {
            let options = Options::read(matches)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| Error::failed_to("start the runtime", error))?;
            runtime.block_on(async {
                tokio::select! {
                    ended = compare(&options) => ended,
                    () = stop_signal() => Err(Error::Failed("interrupted".to_owned())),
                }
            })
        }
    }
}

/// Not meant for people.
pub(crate) fn hidden_commands() -> [Command; 3] {
    [server::command(), job::command(drayage::ROLE), job::command(pipe::ROLE)]
}

async fn compare(options: &Options) -> Result<(), Error> {
    let machine = Machine::look();
    let folder = tempfile::Builder::new().prefix("drayage-loadtest-").tempdir();
    let folder = folder.map_err(|error| Error::failed_to("make a temporary folder", error))?;
    let server = Server::start().await?;
    let http = Http::new(server.address());
    for bucket in [job::SOURCE_BUCKET, job::TARGET_BUCKET] {
        http.create_bucket(bucket)
            .await
            .map_err(|error| Error::failed_to(format!("make the bucket {bucket}"), error))?;
    }
    let mut contenders = Vec::new();
    for contender in &options.contenders {
        contenders.push((contender, contender.find().await));
    }
    let mut rows = Vec::new();
    for workload in &options.workloads {
        rows.extend(one_workload(workload, &contenders, &http, &folder, options).await?);
    }
    let report = Report::new(machine, options, rows);
    out(&report.table());
    write_json(&options.out.join("copy.json"), &report)?;
    write(&options.out.join("copy.svg"), &chart::svg(&report))?;
    out(&format!("\nwritten: copy.json and copy.svg in {}", options.out.display()));
    report.verdict()
}

async fn one_workload(
    workload: &Workload,
    contenders: &[(&Contender, Found)],
    http: &Http,
    folder: &TempDir,
    options: &Options,
) -> Result<Vec<Row>, Error> {
    common::say!("{}: putting {} objects in", workload.name, workload.objects);
    let sources =
        Sources::put(workload, http).await.map_err(|error| Error::failed_to("put the objects in", error))?;
    let job = Job::new(http.address(), workload, &sources, options.timeout);
    let job_file = folder.path().join(format!("{}.json", workload.name));
    write_json(&job_file, &job)?;
    warm_up(http, &job, &job_file, folder, options).await?;
    let mut rows = Vec::new();
    for (contender, found) in contenders {
        let mut outcomes = Vec::new();
        for _ in 0..options.repeats {
            common::say!("{}: {}", workload.name, contender.title());
            let outcome = once(contender, found, &job, &job_file, folder, options).await;
            let checked = match outcome {
                Outcome::Measured(usage) => match verify::all(http, &job, &sources).await {
                    Ok(()) => Outcome::Measured(usage),
                    Err(why) => Outcome::Failed(why),
                },
                other => other,
            };
            let goes_on = matches!(checked, Outcome::Measured(_));
            outcomes.push(checked);
            verify::clear(http, &job).await.map_err(|error| Error::failed_to("delete the copies", error))?;
            if !goes_on {
                break;
            }
        }
        rows.push(Row::new(workload, contender, found, outcomes));
    }
    sources.delete(http).await.map_err(|error| Error::failed_to("delete the objects", error))?;
    Ok(rows)
}

/// The server's memory grows with the first copies: a run of the floor that counts for nobody takes that upon itself.
async fn warm_up(
    http: &Http,
    job: &Job,
    job_file: &Path,
    folder: &TempDir,
    options: &Options,
) -> Result<(), Error> {
    let floor = Contender { kind: Kind::Pipe, program: None };
    let found = floor.find().await;
    if let Outcome::Failed(why) = once(&floor, &found, job, job_file, folder, options).await {
        return Err(Error::failed_to("warm the server up", why));
    }
    verify::clear(http, job).await.map_err(|error| Error::failed_to("delete the copies", error))
}

async fn once(
    contender: &Contender,
    found: &Found,
    job: &Job,
    job_file: &Path,
    folder: &TempDir,
    options: &Options,
) -> Outcome {
    let Found::Here { program, .. } = found else { return Outcome::NotMeasured("not installed".to_owned()) };
    match contender.plan(program, job, job_file, folder.path()) {
        Ok(plan) => match measure::run(plan, folder.path(), options.timeout).await {
            Ok(usage) => Outcome::Measured(usage),
            Err(why) => Outcome::Failed(why),
        },
        Err(why) => Outcome::NotMeasured(why),
    }
}
