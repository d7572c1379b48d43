//! The worker as a process.

use std::time::Duration;

use common::clock::WallClock;
use common::ledger::Ledger;
use common::service::{Checks, StartError, check_ledger, queue, sdk_config};
use common::shutdown::{Shutdown, StopSignals};
use common::{aws, telemetry};
use futures::future::join_all;

use crate::copy::Copier;
use crate::protect::Protection;
use crate::{Laneworks, Pull, Settings};

/// A heartbeat that takes longer is given up and sent again. At most a sixth of the visibility timeout.
const HEARTBEAT_PATIENCE: Duration = Duration::from_secs(10);

/// Runs until a stop signal, then finishes or gives back what it has taken, and returns within the grace period.
///
/// # Errors
/// When the service cannot start.
pub async fn run(settings: Settings, mut signals: StopSignals) -> Result<(), StartError> {
    let telemetry = telemetry::start("drayage-worker", Some(&settings.worker_id), &settings.shared)
        .map_err(|error| StartError::Local(format!("failed to start telemetry: {error}")))?;
    let shutdown = Shutdown::new();
    let grace_period = settings.shared.grace_period;
    // A stop that comes before any work was taken leaves nothing to give back.
    let prepared = tokio::select! {
        biased;
        () = signals.next() => None,
        prepared = Box::pin(prepare(settings, &shutdown)) => Some(prepared?),
    };
    if let Some(Prepared { works, pulls, protection }) = prepared {
        let lanes = join_all(pulls.into_iter().map(|pull| Box::pin(works.run(pull))));
        tokio::select! {
            () = Box::pin(protected(lanes, protection)) => {}
            () = shutdown.follow(async || signals.next().await, grace_period) => {}
        }
    }
    tracing::info!("stopped");
    telemetry.flush().await;
    Ok(())
}

/// Works with the task protected where it can be, and gives the protection up when everything that was taken is settled.
async fn protected<T>(work: impl Future<Output = T>, protection: Option<Protection>) {
    let Some(mut protection) = protection else {
        work.await;
        return;
    };
    tokio::select! {
        biased;
        _ = work => {}
        never = protection.run() => match never {},
    }
    protection.close().await;
}

struct Prepared {
    works: Laneworks,
    pulls: Vec<Pull>,
    protection: Option<Protection>,
}

/// Everything that must be there before work is taken.
async fn prepare(settings: Settings, shutdown: &Shutdown) -> Result<Prepared, StartError> {
    let Settings { shared, permits, tuning, failed_attempts_max, worker_id, protection } = settings;
    let config = sdk_config(&shared).await?;
    let sqs = aws::sqs(&config);
    let patience = HEARTBEAT_PATIENCE.min(shared.visibility_timeout / 6);
    let heartbeats = shared.access.sqs_for_heartbeats(&config, patience);
    let ledger = Ledger::new(aws::dynamodb(&config), &shared.table, WallClock::System, shared.retention);
    let mut checks = Checks::default();
    // All at once: an endpoint that does not answer costs its patience once, not for each resource.
    let (checked, found) = tokio::join!(
        check_ledger(&ledger, &shared.table),
        join_all(shared.lanes.values().map(|name| queue(&sqs, name, &shared))),
    );
    let checked = checks.note(checked);
    let queues: Vec<_> = found.into_iter().filter_map(|found| checks.note(found)).collect();
    checks.finish(checked)?;
    let mut pulls = Vec::new();
    for (lane, queue) in shared.lanes.keys().zip(queues) {
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
    let door = protection.and_then(|(policy, surroundings)| Some((policy, surroundings.door(&config)?)));
    let protected_by = door.as_ref().map_or("nothing", |(_, door)| door.name());
    tracing::info!(worker_id, lanes = pulls.len(), protected_by, "working");
    let protection = door.map(|(policy, door)| Protection::new(policy, door, works.busy().clone()));
    Ok(Prepared { works, pulls, protection })
}
