//! A cloud, one of its queues, and what a test asks of them.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::types::{self, MessageSystemAttributeName, QueueAttributeName};
use common::queue::{Message, Outgoing, Queue, Receipt};
use topology::World;

/// What receives of [`Bench::queue`] ask for.
pub(crate) const VISIBILITY: Duration = Duration::from_secs(60);

pub(crate) struct Bench {
    pub(crate) world: World,
    /// The queue `fast`.
    pub(crate) queue: Queue,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let world = World::new().await.unwrap();
        let queue = world.queue("fast", VISIBILITY).await.unwrap();
        Self { world, queue }
    }

    pub(crate) async fn send(&self, bodies: &[&str]) {
        let messages: Vec<Outgoing> = bodies.iter().map(|body| outgoing(body)).collect();
        for entry in self.queue.send(&messages).await {
            entry.unwrap();
        }
    }

    /// One short poll.
    pub(crate) async fn receive(&self) -> Vec<Message> {
        self.queue.receive(10, Duration::ZERO).await.unwrap()
    }

    pub(crate) async fn receive_one(&self) -> Message {
        let mut messages = self.receive().await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        messages.remove(0)
    }

    /// Visible and in flight.
    pub(crate) async fn counts(&self) -> [u32; 2] {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let sqs = self.world.sqs();
        let get = sqs.get_queue_attributes().queue_url(url(&self.world, "fast").await);
        let shown = get.set_attribute_names(Some(names.to_vec())).send().await.unwrap().attributes.unwrap();
        names.map(|name| shown[&name].parse().unwrap())
    }

    pub(crate) fn hits(&self, fault: &str) -> u64 {
        self.world.cloud.faults().hits().get(fault).copied().unwrap_or(0)
    }
}

pub(crate) fn outgoing(body: &str) -> Outgoing {
    Outgoing { body: body.to_owned(), attributes: BTreeMap::new(), group: None, send_id: None }
}

pub(crate) fn receipts(messages: &[Message]) -> Vec<Receipt> {
    messages.iter().map(|message| message.receipt.clone()).collect()
}

pub(crate) async fn pass(duration: Duration) {
    tokio::time::advance(duration).await;
}

pub(crate) async fn url(world: &World, queue: &str) -> String {
    world.sqs().get_queue_url().queue_name(queue).send().await.unwrap().queue_url.unwrap()
}

/// What lies in a queue that has no dead-letter queue of its own, read without our code.
pub(crate) async fn raw_messages(world: &World, queue: &str) -> Vec<types::Message> {
    let sqs = world.sqs();
    let receive = sqs.receive_message().queue_url(url(world, queue).await).max_number_of_messages(10);
    let receive = receive.message_attribute_names("All");
    let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
    receive.send().await.unwrap().messages.unwrap_or_default()
}

pub(crate) fn raw_attributes(message: &types::Message) -> BTreeMap<&str, &str> {
    let attributes = message.message_attributes.iter().flatten();
    attributes.map(|(name, value)| (name.as_str(), value.string_value().unwrap())).collect()
}
