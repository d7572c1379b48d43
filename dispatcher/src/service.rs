//! The dispatcher as a process.

use std::time::Duration;

use common::clock::WallClock;
use common::ledger::Ledger;
use common::service::{StartError, check_ledger, queue, sdk_config};
use common::shutdown::{Shutdown, StopSignals};
use common::{aws, telemetry};

use crate::{Drain, Settings};

const STATISTICS_EVERY: Duration = Duration::from_secs(60);

/// Runs until SIGTERM or SIGINT, then ends its open polls and returns.
///
/// # Errors
/// When the service cannot start.
pub async fn run(settings: Settings) -> Result<(), StartError> {
    let Settings { shared, ingest_queue, routes, pollers } = settings;
    let telemetry = telemetry::start("drayage-dispatcher", &shared)
        .map_err(|error| StartError::Local(format!("failed to start telemetry: {error}")))?;
    let config = sdk_config(&shared).await?;
    let sqs = aws::sqs(&config);
    let ledger = Ledger::new(aws::dynamodb(&config), &shared.table, WallClock::System, shared.retention);
    check_ledger(&ledger, &shared.table).await?;
    let ingest = queue(&sqs, &ingest_queue, &shared).await?;
    let mut lanes = std::collections::BTreeMap::new();
    for (lane, name) in &shared.lanes {
        lanes.insert(lane.clone(), queue(&sqs, name, &shared).await?);
    }
    let (shutdown, mut signals) = (Shutdown::new(), StopSignals::listen());
    let drain = Drain::new(ingest, lanes, ledger, routes, shared.wait, shutdown.clone());
    tracing::info!(queue = ingest_queue, pollers, "dispatching");
    let statistics = async {
        let mut every = tokio::time::interval(STATISTICS_EVERY);
        every.tick().await;
        loop {
            every.tick().await;
            drain.counters().log();
        }
    };
    tokio::select! {
        () = drain.run(pollers) => {}
        () = shutdown.follow(async || signals.next().await, shared.grace_period) => {}
        () = statistics => {}
    }
    drain.counters().log();
    tracing::info!("stopped");
    telemetry.flush().await;
    Ok(())
}
