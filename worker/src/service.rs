//! The worker as a process.

use std::time::Duration;

use common::clock::WallClock;
use common::ledger::Ledger;
use common::service::{StartError, check_ledger, queue, sdk_config};
use common::shutdown::{Shutdown, StopSignals};
use common::{aws, telemetry};
use futures::future::join_all;

use crate::copy::Copier;
use crate::{Laneworks, Pull, Settings};

/// A heartbeat that takes longer is given up and sent again. At most a sixth of the visibility timeout.
const HEARTBEAT_PATIENCE: Duration = Duration::from_secs(10);

/// Runs until SIGTERM or SIGINT, then finishes or gives back what it has taken, and returns within the grace period.
///
/// # Errors
/// When the service cannot start.
pub async fn run(settings: Settings) -> Result<(), StartError> {
    let mut signals = StopSignals::listen();
    let telemetry = telemetry::start("drayage-worker", &settings.shared)
        .map_err(|error| StartError::Local(format!("failed to start telemetry: {error}")))?;
    let shutdown = Shutdown::new();
    let grace_period = settings.shared.grace_period;
    // A stop that comes before any work was taken leaves nothing to give back.
    let prepared = tokio::select! {
        biased;
        prepared = Box::pin(prepare(settings, &shutdown)) => Some(prepared?),
        () = signals.next() => None,
    };
    if let Some((works, pulls)) = prepared {
        tokio::select! {
            _ = join_all(pulls.into_iter().map(|pull| Box::pin(works.run(pull)))) => {}
            () = shutdown.follow(async || signals.next().await, grace_period) => {}
        }
    }
    tracing::info!("stopped");
    telemetry.flush().await;
    Ok(())
}

/// Everything that must be there before work is taken.
async fn prepare(settings: Settings, shutdown: &Shutdown) -> Result<(Laneworks, Vec<Pull>), StartError> {
    let Settings { shared, permits, tuning, failed_attempts_max, worker_id } = settings;
    let config = sdk_config(&shared).await?;
    let sqs = aws::sqs(&config);
    let patience = HEARTBEAT_PATIENCE.min(shared.visibility_timeout / 6);
    let heartbeats = shared.access.sqs_for_heartbeats(&config, patience);
    let ledger = Ledger::new(aws::dynamodb(&config), &shared.table, WallClock::System, shared.retention);
    check_ledger(&ledger, &shared.table).await?;
    let mut pulls = Vec::new();
    for (lane, name) in &shared.lanes {
        let queue = queue(&sqs, name, &shared).await?;
        let permits = permits.get(lane).copied().unwrap_or(1);
        pulls.push(Pull {
            lane: lane.clone(),
            heartbeats: queue.through(&heartbeats),
            queue,
            permits,
            wait: shared.wait,
        });
    }
    let copier = Copier::new(&config, tuning);
    let works =
        Laneworks::new(ledger, copier, shutdown.clone(), &worker_id, fastrand::u64(..), failed_attempts_max);
    tracing::info!(worker_id, lanes = pulls.len(), "working");
    Ok((works, pulls))
}
