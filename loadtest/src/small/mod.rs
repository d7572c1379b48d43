//! `loadtest small`: the whole worker beside bare loops of the same requests, for small files.
//!
//! 1. Start simcloud in this process and make the files: an object, an item in the ledger, a message in the lane.
//! 2. In turns, let a contender move them all ([`run`]); every copy is read back and compared.
//! 3. Print the table; write JSON and a chart.
//!
//! A contender is a process of its own: its CPU time and memory are its own. What fails is a row that says so.

mod bare;
mod chart;
mod collector;
mod contender;
mod job;
mod options;
mod peers;
mod process;
mod report;
mod run;
mod world;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command};
use common::shutdown::stop_signal;
use simcloud::Cloud;
use tokio::net::TcpListener;

use crate::error::Error;
use crate::output::{Machine, out, write, write_json};
use collector::{Collector, Endpoint, Exported};
use contender::{BARE_ROLE, Contender, Found, Kind};
use options::Options;
pub(crate) use options::command;
use peers::Peers;
use report::{Outcome, Report, Row};
use world::World;

const JOB: &str = "job";

/// Not meant for people.
pub(crate) fn hidden_command() -> Command {
    Command::new(BARE_ROLE)
        .hide(true)
        .about("Moves files until standard input ends")
        .arg(Arg::new(JOB).required(true))
}

/// The command, and the role that it starts itself in.
pub(crate) fn main(name: &str, matches: &ArgMatches) -> Result<(), Error> {
    if name == BARE_ROLE {
        let job = matches.get_one::<String>(JOB).map(PathBuf::from).unwrap_or_default();
        return bare::main(&job).map_err(Error::Failed);
    }
    let options = Options::read(matches)?;
    // The server's threads; what moves files are processes of their own.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::failed_to("start the runtime", error))?;
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = stop_signal() => Err(Error::Failed("interrupted".to_owned())),
            ended = serve_and_compare(&options) => ended,
        }
    })
}

async fn serve_and_compare(options: &Options) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::failed_to("serve simcloud", error);
    let cloud = Cloud::new(simcloud::Options { fast_etags: true, ..simcloud::Options::default() });
    let cloud = cloud.map_err(failed)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (collector, endpoint) = Collector::bind().await.map_err(failed)?;
    let compared = async {
        common::say!("making {} files", options.warm_up + options.files);
        let files = options.warm_up + options.files;
        let world = World::new(cloud.clone(), address, files, options.file_bytes).await;
        compare(&world.map_err(Error::Failed)?, &endpoint, options).await
    };
    tokio::select! {
        ended = compared => ended,
        served = simcloud::serve(cloud.clone(), listener, std::future::pending()) => served.map_err(failed),
        Err(error) = collector.serve() => Err(Error::failed_to("take telemetry", error)),
    }
}

async fn compare(world: &World, collector: &Endpoint, options: &Options) -> Result<(), Error> {
    let folder = tempfile::Builder::new().prefix("drayage-loadtest-").tempdir();
    let folder = folder.map_err(|error| Error::failed_to("make a temporary folder", error))?;
    let job = folder.path().join("job.json");
    write_json(&job, &world.job(options.in_flight))?;
    let peers = Peers::new(options.peers.as_deref().unwrap_or(folder.path()));
    let peers = peers.map_err(|error| Error::failed_to("write the peers' scripts", error))?;
    if options.install {
        install(&peers, options).await;
    }
    let machine = Machine::look();
    let place = Place { world, collector, job: &job, peers: &peers, folder: folder.path() };
    let mut contenders = Vec::new();
    for contender in &options.contenders {
        contenders.push((contender, contender.find(&peers).await, Vec::new()));
    }
    for _ in 0..options.repeats {
        for (contender, found, outcomes) in &mut contenders {
            // After a failure there is nothing to take a median of.
            if outcomes.iter().all(|outcome| matches!(outcome, Outcome::Measured(_))) {
                common::say!("{}", contender.kind.title());
                outcomes.push(once(&place, contender, found, options).await);
            }
        }
    }
    let rows =
        contenders.into_iter().map(|(contender, found, outcomes)| Row::new(contender, &found, outcomes));
    let report = Report::new(machine, options, rows.collect());
    out(&report.table());
    write_json(&options.out.join("small.json"), &report)?;
    write(&options.out.join("small.svg"), &chart::svg(&report))?;
    out(&format!("\nwritten: small.json and small.svg in {}", options.out.display()));
    report.verdict()
}

async fn install(peers: &Peers, options: &Options) {
    for contender in &options.contenders {
        match contender.kind {
            Kind::Node => peers.install_node().await,
            Kind::Boto3 => peers.install_python("python3").await,
            _ => {}
        }
    }
}

/// What every run has in common.
#[derive(Debug)]
struct Place<'p> {
    world: &'p World,
    collector: &'p Endpoint,
    job: &'p Path,
    peers: &'p Peers,
    folder: &'p Path,
}

async fn once(place: &Place<'_>, contender: &Contender, found: &Found, options: &Options) -> Outcome {
    let program = match found {
        Found::Here { program, .. } => program,
        Found::Missing(why) => return Outcome::Missing(why.clone()),
    };
    let Place { world, collector, job, peers, folder } = *place;
    let endpoint_url = format!("http://{}", world.address);
    let (in_flight, collector_url) = (options.in_flight, collector.url());
    let command = contender.command(program, &endpoint_url, in_flight, job, peers, &collector_url);
    let asked = run::Asked {
        warm_up: options.warm_up,
        files: options.files,
        patience: options.timeout,
        must_stop_well: contender.kind.is_worker(),
    };
    let before = collector.exported();
    match run::run(world, command, folder, &asked).await {
        Ok(usage) => match silent(contender.kind, before, collector.exported()) {
            None => Outcome::Measured(usage),
            Some(signal) => Outcome::Failed(format!("it exported no {signal}")),
        },
        Err(why) => Outcome::Failed(why),
    }
}

/// What should have been exported and was not: a row whose telemetry was off would look cheap.
fn silent(kind: Kind, before: Exported, after: Exported) -> Option<&'static str> {
    if kind.exports_metrics() && after.metric_bytes == before.metric_bytes {
        return Some("metrics");
    }
    (kind.exports_traces() && after.trace_bytes == before.trace_bytes).then_some("traces")
}
