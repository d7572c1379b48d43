//! `drayage local`: the whole pipeline on one machine, over an embedded AWS.
//!
//! One process runs simcloud; a dispatcher and workers run as processes of the same binary, exactly as they would in AWS, with an
//! endpoint of their own. A process that dies is started again.

mod board;
mod cloud;
mod display;
mod once;
mod options;
mod processes;
mod report;
mod verify;

use std::time::Duration;

use clap::ArgMatches;
use common::aws;
use common::routes::Routes;
use common::service::StartError;
use common::shutdown::stop_signal;

use board::Board;
use cloud::LocalCloud;
use display::Display;
use processes::Processes;

use options::Options;
pub(crate) use options::command;

/// What a child gets to drain when everything stops.
const GRACE_PERIOD: Duration = Duration::from_secs(20);

pub(crate) fn main(matches: &ArgMatches) -> Result<(), StartError> {
    let options = Options::read(matches)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| StartError::Local(format!("failed to start the runtime: {error}")))?;
    let ended = runtime.block_on(run(options));
    // Open connections of simcloud must not hold the exit up.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

async fn run(options: Options) -> Result<(), StartError> {
    let routes = Routes::parse(&options.rules, &topology::lanes())
        .map_err(|mistakes| StartError::Usage(format!("{}:\n{mistakes}", options.rules_name)))?;
    if options.once.is_some() && !routes.source_buckets().contains(once::LANDING) {
        let mistake =
            format!("no rule looks at the bucket `{}`, which --once puts files into", once::LANDING);
        return Err(StartError::Usage(format!("{}: {mistake}", options.rules_name)));
    }
    // Read before anything is started: an unreadable directory is said at once.
    let files = options.once.as_deref().map(once::walk).transpose()?;
    let mut cloud = LocalCloud::start(&options).await?;
    let config = cloud.access().load().await;
    topology::create(cloud.cloud(), &config, &routes.source_buckets(), &routes.target_buckets())
        .await
        .map_err(|error| StartError::Local(error.to_string()))?;
    let s3 = aws::s3_with_trailers(&config);
    let changes = cloud.item_changes(topology::TABLE);
    let mut processes = Processes::start(&options, &cloud).await?;
    let display = Display::new(&options, files.as_ref().map(Vec::len));
    if files.is_none() {
        display.banner(&cloud, &options);
    }
    let ended = match &files {
        Some(files) => {
            tokio::select! {
                ended = once::run(files, &routes, &s3, changes, &display, &options) => ended,
                ended = processes.watch() => ended.map(|never| match never {}),
                () = stop_signal() => Err(StartError::Local("interrupted before every file had come to its end".to_owned())),
            }
        }
        None => {
            let mut board = Board::default();
            tokio::select! {
                () = board.follow(changes, &display) => Ok(()),
                ended = processes.watch() => ended.map(|never| match never {}),
                () = stop_signal() => Ok(()),
            }
        }
    };
    display.draining();
    let drained = processes.stop(GRACE_PERIOD).await;
    display.finished(&drained);
    cloud.stop().await?;
    ended
}
