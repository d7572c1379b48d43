//! `drayage local`: the whole pipeline on one machine, over an embedded AWS.
//!
//! One process runs simcloud; a dispatcher and workers run as processes of the same binary, exactly as they would in AWS, with an
//! endpoint of their own. A process that dies is started again.

mod board;
mod cloud;
mod data;
mod deliver;
mod display;
mod folders;
mod hold;
mod identity;
mod once;
mod options;
mod processes;
mod program;
mod put;
mod report;
mod troubles;
mod verify;
mod walk;

use std::time::Duration;

use clap::ArgMatches;
use common::aws;
use common::output::path;
use common::routes::Routes;
use common::say;
use common::service::StartError;
use common::shutdown::StopSignals;

use board::Board;
use cloud::LocalCloud;
use display::Display;
use processes::Processes;
use troubles::Troubles;
use walk::Found;

use crate::stoppable::{settings, unless_stopped};
use options::Options;
pub(crate) use options::command;

/// What a child gets to drain when everything stops.
const GRACE_PERIOD: Duration = Duration::from_secs(20);

pub(crate) async fn main(matches: &ArgMatches, mut signals: StopSignals) -> Result<(), StartError> {
    match settings(matches, &mut signals, Options::read).await? {
        Some(options) => run(options, signals).await,
        None => stopped(matches.contains_id("once")),
    }
}

/// A stop before the end. `--once` has not done what its exit 0 says.
fn stopped(is_once: bool) -> Result<(), StartError> {
    if is_once {
        Err(StartError::Local("interrupted before every file had come to its end".to_owned()))
    } else {
        Ok(())
    }
}

async fn run(options: Options, mut signals: StopSignals) -> Result<(), StartError> {
    let is_once = options.once.is_some();
    let routes = Routes::parse(&options.rules, &topology::lanes())
        .map_err(|mistakes| StartError::Usage(format!("{}:\n{mistakes}", options.rules_name)))?;
    if is_once && !routes.source_buckets().contains(put::LANDING) {
        let mistake = format!("no rule looks at the bucket `{}`, which --once puts files into", put::LANDING);
        return Err(StartError::Usage(format!("{}: {mistake}", options.rules_name)));
    }
    // Read before anything is started: an unreadable directory is said at once.
    let once = options.once.clone();
    let read = unless_stopped(&mut signals, move || once.as_deref().map(walk::walk).transpose());
    let Some(found) = read.await? else { return stopped(is_once) };
    troubles::raise_file_limit();
    let Some(mut cloud) = start(&options, &mut signals).await? else { return stopped(is_once) };
    let ended = work(&options, &routes, found.as_ref(), &cloud, &mut signals).await;
    // Whatever became of the work, what was taken in is kept.
    let kept = cloud.stop().await;
    if options.data.is_none() {
        remove(cloud, &mut signals).await;
    }
    ended.and(kept)
}

/// The embedded AWS. A large state takes a while to read: on a thread of its own, so that a stop does not wait for it.
async fn start(options: &Options, signals: &mut StopSignals) -> Result<Option<LocalCloud>, StartError> {
    let options = options.clone();
    #[expect(clippy::disallowed_methods, reason = "it blocks, and must not keep the signals from being seen")]
    let mut starting = tokio::spawn(async move { LocalCloud::start(&options).await });
    tokio::select! {
        biased;
        () = signals.next() => {
            starting.abort();
            Ok(None)
        }
        started = &mut starting => match started {
            Ok(started) => started.map(Some),
            Err(error) => Err(StartError::Local(format!("failed to start the embedded AWS: {error}"))),
        },
    }
}

/// Everything that the embedded AWS is there for, until the end of it or a stop. The processes have ended when this returns.
async fn work(
    options: &Options,
    routes: &Routes,
    found: Option<&Found>,
    cloud: &LocalCloud,
    signals: &mut StopSignals,
) -> Result<(), StartError> {
    let mut troubles = Troubles::watch(cloud.folder());
    let config = cloud.access().load().await;
    let (sources, targets) = (routes.source_buckets(), routes.target_buckets());
    tokio::select! {
        biased;
        () = signals.next() => return stopped(found.is_some()),
        made = topology::create(cloud.cloud(), &config, &sources, &targets) => {
            made.map_err(|error| StartError::Local(error.to_string()))?;
        }
    }
    let s3 = aws::s3_with_trailers(&config);
    let changes = cloud.item_changes(topology::TABLE);
    let mut processes = Processes::start(options, cloud)?;
    let display = Display::new(options, found.map(|found| found.files.len()));
    let mut board = Board::default();
    let moving = async {
        if let Some(found) = found {
            return once::run(found, routes, &s3, changes, &display, options).await;
        }
        display.banner(cloud, options);
        board.follow(changes, &display).await;
        Ok(())
    };
    let ended = tokio::select! {
        ended = Box::pin(moving) => ended,
        ended = processes.watch() => ended.map(|never| match never {}),
        never = troubles.tell(&display) => match never {},
        () = signals.next() => stopped(found.is_some()),
    };
    display.draining();
    let drained = processes.stop(GRACE_PERIOD, signals).await;
    troubles.tell_the_rest(&display);
    display.finished(&drained);
    ended
}

/// Removes the temporary folder, which may hold a million files, unless a signal comes first.
async fn remove(cloud: LocalCloud, signals: &mut StopSignals) {
    let folder = cloud.folder().to_owned();
    let removed = unless_stopped(signals, move || {
        drop(cloud);
        Ok(())
    });
    if let Ok(None) = removed.await {
        say!("{} is left, in whole or in part", path(&folder));
    }
}
