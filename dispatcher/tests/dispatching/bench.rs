//! A cloud with a dispatcher in it, and what a test asks of them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::ledger::{Record, Status};
use common::queue::{Message, Outgoing, Queue};
use common::routes::{DEFAULT_RULES, Routes};
use common::shutdown::Shutdown;
use common::transfer::{Transfer, TransferId};
use common::wire;
use dispatcher::{Counters, Drain};
use topology::{INGEST, World, lanes};

/// What receives from the ingest queue ask for.
pub(crate) const VISIBILITY: Duration = Duration::from_secs(60);
/// How long polls of [`Drain::run`] last.
pub(crate) const WAIT: Duration = Duration::from_secs(20);
/// No message is given back for longer, and no visibility timeout is longer.
pub(crate) const BACK_WITHIN: Duration = Duration::from_secs(300);

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) ingest: Queue,
    pub(crate) drain: Drain,
    pub(crate) shutdown: Shutdown,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with_rules(DEFAULT_RULES).await
    }

    pub(crate) async fn with_rules(rules: &str) -> Self {
        let world = World::new().await.unwrap();
        let ingest = world.queue(INGEST, VISIBILITY).await.unwrap();
        let shutdown = Shutdown::new();
        let drain = drain(&world, &ingest, rules, &shutdown).await;
        Self { world, ingest, drain, shutdown }
    }

    /// With lanes that are FIFO queues.
    pub(crate) async fn fifo(rules: &str) -> Self {
        let bench = Self::with_rules(rules).await;
        for lane in lanes() {
            bench.world.add_queue(&format!("{lane}.fifo")).await.unwrap();
        }
        let drain = bench.another_fifo_drain(rules).await;
        Self { drain, ..bench }
    }

    pub(crate) async fn another_fifo_drain(&self, rules: &str) -> Drain {
        drain_into(&self.world, &self.ingest, rules, &self.shutdown, ".fifo").await
    }

    pub(crate) async fn put(&self, key: &str, bytes: &[u8]) {
        let put = self.world.s3().put_object().bucket("landing").key(key).body(bytes.to_vec().into());
        put.send().await.unwrap();
    }

    /// Puts these bodies into the ingest queue.
    pub(crate) async fn tell(&self, bodies: &[String]) {
        let message = |body: &String| Outgoing {
            body: body.clone(),
            attributes: BTreeMap::new(),
            group: None,
            send_id: None,
        };
        let messages: Vec<Outgoing> = bodies.iter().map(message).collect();
        for entry in self.ingest.send(&messages).await {
            entry.unwrap();
        }
    }

    pub(crate) async fn receive(&self) -> Vec<Message> {
        self.ingest.receive(10, Duration::ZERO).await.unwrap()
    }

    /// One batch through the dispatcher; how many messages it had.
    pub(crate) async fn dispatch(&self) -> usize {
        let messages = self.receive().await;
        let count = messages.len();
        Box::pin(self.drain.dispatch(messages)).await;
        count
    }

    /// Dispatches until nothing is left, whatever was given back or left hidden.
    pub(crate) async fn dispatch_all(&self) {
        for _ in 0..20 {
            tokio::time::advance(BACK_WITHIN).await;
            if self.dispatch().await == 0 {
                return;
            }
        }
        panic!("messages keep coming back");
    }

    /// What may be received from the ingest queue now or later.
    pub(crate) async fn left(&self) -> usize {
        tokio::time::advance(BACK_WITHIN).await;
        self.receive().await.len()
    }

    /// Everything visible in a lane, with the group it was sent for.
    pub(crate) async fn lane(&self, lane: &str) -> Vec<(Transfer, Option<String>)> {
        let queue = self.world.queue(lane, Duration::from_secs(43_000)).await.unwrap();
        let mut all = Vec::new();
        loop {
            let messages = queue.receive(10, Duration::ZERO).await.unwrap();
            if messages.is_empty() {
                return all;
            }
            all.extend(
                messages.into_iter().map(|message| (wire::decode(&message.body).unwrap(), message.group)),
            );
        }
    }

    /// The source keys in a lane, sorted.
    pub(crate) async fn keys(&self, lane: &str) -> Vec<String> {
        let mut keys: Vec<String> =
            self.lane(lane).await.into_iter().map(|(transfer, _)| transfer.source.key).collect();
        keys.sort();
        keys
    }

    /// The bodies in the ingest queue's dead-letter queue, with their reason codes.
    pub(crate) async fn parked(&self) -> Vec<(String, String)> {
        let sqs = self.world.sqs();
        let found = sqs.get_queue_url().queue_name(format!("{INGEST}-dlq")).send().await.unwrap();
        let receive = sqs.receive_message().queue_url(found.queue_url.unwrap()).max_number_of_messages(10);
        let messages =
            receive.message_attribute_names("All").send().await.unwrap().messages.unwrap_or_default();
        let parked = messages.into_iter().map(|message| {
            let reason = &message.message_attributes.unwrap()[common::queue::REASON_CODE];
            (message.body.unwrap(), reason.string_value().unwrap().to_owned())
        });
        parked.collect()
    }

    pub(crate) async fn record(&self, id: &TransferId) -> Option<Record> {
        self.world.ledger().read(id).await.unwrap()
    }

    pub(crate) async fn status(&self, id: &TransferId) -> Option<Status> {
        self.record(id).await.map(|record| record.status)
    }

    pub(crate) fn count(&self, counter: impl Fn(&Counters) -> &AtomicU64) -> u64 {
        counter(self.drain.counters()).load(Ordering::Relaxed)
    }

    pub(crate) fn hits(&self, fault: &str) -> u64 {
        self.world.cloud.faults().hits().get(fault).copied().unwrap_or(0)
    }
}

pub(crate) async fn drain(world: &World, ingest: &Queue, rules: &str, shutdown: &Shutdown) -> Drain {
    drain_into(world, ingest, rules, shutdown, "").await
}

/// A dispatcher whose lanes' queues have this suffix.
pub(crate) async fn drain_into(
    world: &World,
    ingest: &Queue,
    rules: &str,
    shutdown: &Shutdown,
    suffix: &str,
) -> Drain {
    let mut queues = BTreeMap::new();
    for lane in lanes() {
        let queue = world.queue(&format!("{lane}{suffix}"), VISIBILITY).await.unwrap();
        queues.insert(lane, queue);
    }
    let routes = Routes::parse(rules, &lanes()).unwrap();
    Drain::new(ingest.clone(), queues, world.ledger(), routes, WAIT, shutdown.clone())
}
