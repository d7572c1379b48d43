//! The dispatcher as a process.

use std::collections::BTreeMap;
use std::time::Duration;

use common::clock::WallClock;
use common::ledger::Ledger;
use common::service::{Checks, StartError, check_ledger, queue, sdk_config};
use common::shutdown::{Shutdown, StopSignals};
use common::{aws, telemetry};
use futures::future::join_all;

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
    let mut checks = Checks::default();
    // All at once: an endpoint that does not answer costs its patience once, not for each resource.
    let (checked, ingest, found) = tokio::join!(
        check_ledger(&ledger, &shared.table),
        queue(&sqs, &ingest_queue, &shared),
        join_all(shared.lanes.values().map(|name| queue(&sqs, name, &shared))),
    );
    let checked = checks.note(checked);
    let ingest = checks.note(ingest);
    let lanes = shared.lanes.keys().zip(found);
    let lanes: BTreeMap<_, _> =
        lanes.filter_map(|(lane, found)| Some((lane.clone(), checks.note(found)?))).collect();
    let ingest = checks.finish(checked.and(ingest))?;
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
