//! SQS as the AWS SDK sees it, on a paused clock: what Drayage relies on.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a check fails by panicking")]

mod attributes;
mod batches;
mod dead_letters;
mod fifo;
mod journal;
mod long_polls;
mod messages;
mod moves;
mod queues;
mod snapshot;
mod visibility;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Region};
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use simcloud::{Cloud, Options};

/// A cloud with one queue, and a client that never retries.
struct World {
    cloud: Cloud,
    client: Client,
    queue: String,
}

impl World {
    async fn new() -> Self {
        let cloud = Cloud::new(Options::default()).unwrap();
        let client = client(&cloud);
        let queue = create(&client, "work").await;
        Self { cloud, client, queue }
    }

    async fn send(&self, body: &str) -> String {
        let sent = self.client.send_message().queue_url(&self.queue).message_body(body).send().await.unwrap();
        sent.message_id.unwrap()
    }

    /// One short poll for up to ten messages.
    async fn receive(&self, visibility_seconds: i32) -> Vec<Message> {
        let receive = self.client.receive_message().queue_url(&self.queue).max_number_of_messages(10);
        let received = receive.visibility_timeout(visibility_seconds).send().await.unwrap();
        received.messages.unwrap_or_default()
    }

    async fn receive_one(&self, visibility_seconds: i32) -> Message {
        let mut messages = self.receive(visibility_seconds).await;
        assert_eq!(messages.len(), 1);
        messages.remove(0)
    }

    /// Visible, in flight, delayed.
    async fn counts(&self) -> [i32; 3] {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let get = self.client.get_queue_attributes().queue_url(&self.queue);
        let shown = get.set_attribute_names(Some(names.to_vec())).send().await.unwrap().attributes.unwrap();
        names.map(|name| shown[&name].parse().unwrap())
    }
}

fn client(cloud: &Cloud) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url("http://simcloud.local")
        .retry_config(RetryConfig::disabled())
        .http_client(cloud.http_client())
        .build();
    Client::from_conf(config)
}

async fn create(client: &Client, name: &str) -> String {
    client.create_queue().queue_name(name).send().await.unwrap().queue_url.unwrap()
}

fn receipt(message: &Message) -> &str {
    message.receipt_handle().unwrap()
}

/// The error's code as the SDK shows it.
fn code<T, E: ProvideErrorMetadata>(result: Result<T, E>) -> String {
    result.err().and_then(|error| error.code().map(str::to_owned)).expect("an error with a code")
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}
