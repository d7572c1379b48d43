//! The dispatcher as a process.

use std::time::Duration;

use common::clock::WallClock;
use common::ledger::Ledger;
use common::service::{StartError, check_ledger, queue, sdk_config};
use common::shutdown::{Shutdown, StopSignals};
use common::{aws, telemetry};

use crate::{Drain, Settings};

const STATISTICS_EVERY: Duration = Duration::from_secs(60);

/// Runs until a stop signal, then ends its open polls and returns.
///
/// # Errors
/// When the service cannot start.
pub async fn run(settings: Settings, mut signals: StopSignals) -> Result<(), StartError> {
    let telemetry = telemetry::start("drayage-dispatcher", None, &settings.shared)
        .map_err(|error| StartError::Local(format!("failed to start telemetry: {error}")))?;
    let shutdown = Shutdown::new();
    let (pollers, grace_period) = (settings.pollers, settings.shared.grace_period);
    // A stop that comes before any work was taken leaves nothing to give back.
    let prepared = tokio::select! {
        biased;
        () = signals.next() => None,
        prepared = Box::pin(prepare(settings, &shutdown)) => Some(prepared?),
    };
    if let Some(drain) = prepared {
        tokio::select! {
            () = drain.run(pollers) => {}
            () = shutdown.follow(async || signals.next().await, grace_period) => {}
            () = statistics(&drain) => {}
        }
        drain.counters().log();
    }
    tracing::info!("stopped");
    telemetry.flush().await;
    Ok(())
}

/// Everything that must be there before work is taken.
async fn prepare(settings: Settings, shutdown: &Shutdown) -> Result<Drain, StartError> {
    let Settings { shared, ingest_queue, routes, pollers } = settings;
    let config = sdk_config(&shared).await?;
    let sqs = aws::sqs(&config);
    let ledger = Ledger::new(aws::dynamodb(&config), &shared.table, WallClock::System, shared.retention);
    check_ledger(&ledger, &shared.table).await?;
    let ingest = queue(&sqs, &ingest_queue, &shared).await?;
    let mut lanes = std::collections::BTreeMap::new();
    for (lane, name) in &shared.lanes {
        lanes.insert(lane.clone(), queue(&sqs, name, &shared).await?);
    }
    tracing::info!(queue = ingest_queue, pollers, "dispatching");
    Ok(Drain::new(ingest, lanes, ledger, routes, shared.wait, shutdown.clone()))
}

/// Logs the counters now and then, for ever.
async fn statistics(drain: &Drain) {
    let mut every = tokio::time::interval(STATISTICS_EVERY);
    every.tick().await;
    loop {
        every.tick().await;
        drain.counters().log();
    }
}
