//! The production services over simcloud: real SDK, real HTTP, paused time.
//!
//! 1. Every file is put, and its event taken out of the ingest queue again.
//! 2. From here on requests take their time; dispatchers and workers start.
//! 3. The events are sent, each at its instant; the ledger says when each file is completed.

use std::collections::BTreeMap;
use std::time::Duration;

use common::fault::Fault as SdkFault;
use common::lane::Lane;
use common::ledger::{Status, attribute};
use common::queue::{BATCH_MAX, Queue};
use common::routes::Routes;
use common::shutdown::Shutdown;
use dispatcher::Drain;
use futures::future::join_all;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use simcloud::{Effect, Fault, Image};
use tokio::time::{Instant, sleep_until};
use topology::{INGEST, TABLE, World};
use worker::copy::{Copier, Tuning};
use worker::{Laneworks, Pull};

use super::{Measured, extras_ms, setup};
use crate::day::calibrate::DELAYS_MS;
use crate::day::load::Arrival;
use crate::day::model::{Latencies, Setup, micros};
use crate::error::Error;

const LANE: &str = "fast";
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(60);
const HEARTBEAT_PATIENCE: Duration = Duration::from_secs(10);
const FAILED_ATTEMPTS_MAX: u32 = 3;
/// Requests side by side while the files are put.
const PUTS_MAX: usize = 64;
const PATIENCE: Duration = Duration::from_secs(3_600);

/// What it came to, and the bytes of the largest item in the ledger.
pub(super) fn measure(seed: u64, arrivals: &[Arrival]) -> Result<(Measured, usize), Error> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build();
    let runtime = runtime.map_err(|error| Error::failed_to("start the runtime", error))?;
    fastrand::seed(seed);
    runtime.block_on(Box::pin(run(seed, arrivals)))
}

fn key(nth: usize, arrival: &Arrival) -> String {
    format!("tenant-{}/{nth:06}", arrival.tenant)
}

async fn run(seed: u64, arrivals: &[Arrival]) -> Result<(Measured, usize), Error> {
    let options = simcloud::Options { seed, fast_etags: true, ..simcloud::Options::default() };
    let world = World::with(options).await.map_err(|error| Error::Failed(error.to_string()))?;
    let ingest = queue(&world, INGEST).await?;
    let mut events = put(&world, &ingest, arrivals).await?;
    for (service, operation, delay_ms) in DELAYS_MS {
        let fault = |ms| {
            let delay = Effect::Delay(Duration::from_millis(ms));
            Fault::on(service, operation).always().effect(delay)
        };
        world.cloud.faults().add(fault(delay_ms));
        for ms in extras_ms(delay_ms) {
            world.cloud.faults().add(fault(ms).probability(0.5));
        }
        // Strikes once for each request, so it counts them.
        let count = Effect::DelayAnswer(Duration::ZERO);
        world.cloud.faults().add(Fault::on(service, operation).always().effect(count));
    }
    let mut changes = world.cloud.item_changes(TABLE);
    let before = world.cloud.faults().hits();
    let shutdown = Shutdown::new();
    let sqs = world.sqs();
    let url = sqs.get_queue_url().queue_name(INGEST).send().await;
    let url =
        url.map_err(|error| Error::failed_to("find the ingest queue", SdkFault::of("GetQueueUrl", &error)))?;
    let url = url.queue_url().unwrap_or_default();
    let mut send = async |nth: usize, arrival: &Arrival| {
        let event = events.remove(&key(nth, arrival)).unwrap_or_default();
        let sent = sqs.send_message().queue_url(url).message_body(event).send().await;
        sent.map_err(|error| Error::failed_to("send an event", SdkFault::of("SendMessage", &error)))
    };
    let (first, later): (Vec<_>, Vec<_>) =
        arrivals.iter().enumerate().partition(|(_, arrival)| arrival.at == 0);
    // What is there at the start: nothing may take time while it is sent.
    for (nth, arrival) in first {
        send(nth, arrival).await?;
    }
    let services = services(&world, &setup(), &shutdown).await?;
    let mut services = std::pin::pin!(services);
    let started = Instant::now();
    let mut instants = BTreeMap::new();
    let mut send = std::pin::pin!(async {
        for (nth, arrival) in later {
            sleep_until(started + Duration::from_micros(arrival.at)).await;
            send(nth, arrival).await?;
        }
        std::future::pending::<Result<(), Error>>().await
    });
    for (nth, arrival) in arrivals.iter().enumerate() {
        instants.insert(key(nth, arrival), arrival.at);
    }
    let (mut latencies, mut completed, mut over_at) = (Latencies::new(), 0_u64, Duration::ZERO);
    let mut item_bytes_max = 0;
    while !instants.is_empty() {
        tokio::select! {
            biased;
            Some(change) = changes.recv() => {
                let text = |name: &str| change.new.as_ref()?.text(name);
                if text(attribute::STATUS) != Some(Status::Completed.as_str()) {
                    continue;
                }
                if let Some(at) = text(attribute::KEY).and_then(|key| instants.remove(key)) {
                    over_at = started.elapsed();
                    latencies.record(micros(over_at).saturating_sub(at));
                    completed += 1;
                    item_bytes_max = item_bytes_max.max(change.new.as_ref().map_or(0, item_bytes));
                }
            }
            failed = &mut send => return Err(failed.err().unwrap_or(Error::Failed("the events ended".to_owned()))),
            () = &mut services => return Err(Error::Failed("the services ended by themselves".to_owned())),
            () = sleep_until(started + PATIENCE) => {
                return Err(Error::Failed(format!("{} files are not over after an hour", instants.len())));
            }
        }
    }
    shutdown.stop();
    services.await;
    let hits = world.cloud.faults().hits().into_iter();
    let requests = hits.filter_map(|(name, count)| {
        let count = count - before.get(&name).copied().unwrap_or(0);
        Some((name.strip_suffix(":DelayAnswer")?.to_owned(), count)).filter(|_| count > 0)
    });
    Ok((Measured::new(micros(over_at), completed, &latencies, requests.collect()), item_bytes_max))
}

/// Names and values; a number's digits are counted one a byte, which is more than they take.
fn item_bytes(item: &Image) -> usize {
    let value = |typed: &serde_json::Value| -> usize {
        let values = typed.as_object().into_iter().flat_map(|typed| typed.values());
        values.map(|value| value.as_str().map_or(1, str::len)).sum()
    };
    item.attributes().map(|(name, typed)| name.len() + value(&typed)).sum()
}

async fn queue(world: &World, name: &str) -> Result<Queue, Error> {
    let found = world.queue(name, VISIBILITY_TIMEOUT).await;
    found.map_err(|fault| Error::failed_to(format!("find the queue {name}"), fault))
}

/// Puts every file and takes the events out of the ingest queue: their bodies, by key.
async fn put(world: &World, ingest: &Queue, arrivals: &[Arrival]) -> Result<BTreeMap<String, String>, Error> {
    let s3 = world.s3();
    let puts = arrivals.iter().enumerate().map(|(nth, arrival)| {
        let body = vec![nth as u8; arrival.size_bytes as usize];
        let put = s3.put_object().bucket("landing").key(key(nth, arrival)).body(body.into());
        async move { put.send().await.map_err(|error| SdkFault::of("PutObject", &error)) }
    });
    let put: Result<Vec<_>, SdkFault> = stream::iter(puts).buffer_unordered(PUTS_MAX).try_collect().await;
    put.map_err(|fault| Error::failed_to("put the files", fault))?;
    let failed = |fault: SdkFault| Error::failed_to("take the events", fault);
    let mut events = BTreeMap::new();
    while events.len() < arrivals.len() {
        let messages = ingest.receive(BATCH_MAX, Duration::from_secs(1)).await.map_err(failed)?;
        let mut receipts = Vec::new();
        for message in messages {
            let event: serde_json::Value = serde_json::from_str(&message.body)
                .map_err(|error| Error::failed_to("read an event", error))?;
            let key = event["detail"]["object"]["key"].as_str().unwrap_or_default().to_owned();
            events.insert(key, message.body);
            receipts.push(message.receipt);
        }
        ingest.delete(&receipts).await.into_iter().collect::<Result<Vec<()>, _>>().map_err(failed)?;
    }
    Ok(events)
}

fn rules() -> String {
    let mut rules = "version = 1\n[lanes]\ndefault = \"fast\"\n".to_owned();
    for tenant in 0..super::TENANTS {
        rules += &format!(
            "[[customer]]\nid = \"tenant-{tenant}\"\nbucket = \"landing\"\nprefix = \"tenant-{tenant}/\"\n"
        );
    }
    rules
        + "[[rule]]\nname = \"everything\"\nmatch.bucket = \"landing\"\ntarget.bucket = \"delivered\"\ntarget.key = \"{key}\"\n"
}

/// All services as one future, which ends when the shutdown has begun and everything that was taken is over.
async fn services(
    world: &World,
    setup: &Setup,
    shutdown: &Shutdown,
) -> Result<impl Future<Output = ()> + use<>, Error> {
    let lane = Lane::parse(LANE).map_err(|error| Error::failed_to("name the lane", error))?;
    let routes = Routes::parse(&rules(), std::slice::from_ref(&lane));
    let routes = routes.map_err(|mistakes| Error::failed_to("read the rules", mistakes))?;
    let fleet = &setup.fleet;
    let (wait, pollers) = (fleet.wait, fleet.pollers);
    let mut dispatchers = Vec::new();
    for _ in 0..fleet.dispatchers {
        let lanes = BTreeMap::from([(lane.clone(), queue(world, LANE).await?)]);
        let ingest = queue(world, INGEST).await?;
        let (ledger, routes) = (world.ledger(), routes.clone());
        dispatchers.push(Drain::new(ingest, lanes, ledger, routes, wait, shutdown.clone()));
    }
    let mut workers = Vec::new();
    for number in 0..fleet.fast.workers {
        let copier = Copier::new(&world.config, Tuning { ..fleet.tuning });
        let (id, boot) = (format!("worker-{number}"), number as u64);
        let works = Laneworks::new(world.ledger(), copier, shutdown.clone(), id, boot, FAILED_ATTEMPTS_MAX);
        let queue = queue(world, LANE).await?;
        let heartbeats = queue.through(&world.access.sqs_for_heartbeats(&world.config, HEARTBEAT_PATIENCE));
        let pull = Pull { lane: lane.clone(), heartbeats, queue, permits: fleet.fast.permits, wait };
        workers.push((works, pull));
    }
    Ok(async move {
        let dispatching = join_all(dispatchers.iter().map(|drain| Box::pin(drain.run(pollers))));
        let working =
            join_all(workers.into_iter().map(|(works, pull)| Box::pin(async move { works.run(pull).await })));
        futures::future::join(dispatching, working).await;
    })
}
