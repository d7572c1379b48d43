//! What cannot be seen from outside: polls that are dropped, and a queue at its in-flight cap.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::Sqs;
use super::store::IN_FLIGHT_MAX;
use crate::api::{ApiError, ApiResult, Caller};
use crate::clock::Clock;
use crate::cloud::Options;
use crate::entropy::Entropy;

const URL: &str = "http://simcloud.local/000000000000/work";

struct World(Arc<Sqs>);

impl World {
    async fn new() -> Self {
        let options = Options::default();
        let world = Self(Sqs::new(
            &options,
            Clock::starting_at(options.epoch),
            Arc::new(Entropy::new(1)),
            crate::journal::Slot::default(),
        ));
        world.call("CreateQueue", json!({"QueueName": "work"})).await.unwrap();
        world
    }

    async fn call(&self, operation: &str, request: Value) -> ApiResult {
        let caller = Caller { base_url: "http://simcloud.local".to_owned(), ..Caller::default() };
        self.0.call(&caller, operation, request).await
    }

    fn deliver(&self) {
        self.0.deliver("arn:aws:sqs:us-east-1:000000000000:work", "x".into(), BTreeMap::new()).unwrap();
    }

    /// The handles that one receive took.
    async fn receive(&self, wait_seconds: u32) -> Result<Vec<String>, ApiError> {
        let request = json!({"QueueUrl": URL, "MaxNumberOfMessages": 10, "WaitTimeSeconds": wait_seconds});
        let reply = self.call("ReceiveMessage", request).await?;
        let messages = reply["Messages"].as_array().cloned().unwrap_or_default();
        Ok(messages.iter().map(|message| message["ReceiptHandle"].as_str().unwrap().to_owned()).collect())
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_poll_takes_nothing_and_leaves_the_others_awake() {
    let world = World::new().await;
    world.deliver();
    assert_eq!(world.receive(0).await.unwrap().len(), 1);
    // The message comes back after 30 seconds. The poll that knows so is dropped; the one that waits on must learn it.
    let started = Instant::now();
    let dropped = timeout(Duration::from_secs(19), world.receive(20));
    let waiting = async {
        tokio::time::sleep(Duration::from_secs(11)).await;
        world.receive(20).await
    };
    let (dropped, received) = tokio::join!(dropped, waiting);
    assert!(dropped.is_err());
    assert_eq!((received.unwrap().len(), started.elapsed().as_secs()), (1, 30));
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_dropped_when_woken_passes_the_message_on() {
    let world = World::new().await;
    let second = world.receive(20);
    tokio::pin!(second);
    {
        let first = world.receive(20);
        tokio::pin!(first);
        assert!(futures::poll!(&mut first).is_pending());
        assert!(futures::poll!(&mut second).is_pending());
        world.deliver();
    }
    let started = Instant::now();
    assert_eq!(second.await.unwrap().len(), 1);
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn at_the_in_flight_cap_a_short_poll_fails_and_a_long_poll_finds_nothing() {
    let world = World::new().await;
    let mut handles = Vec::new();
    for _ in 0..IN_FLIGHT_MAX / 10 {
        (0..10).for_each(|_| world.deliver());
        handles = world.receive(0).await.unwrap();
        assert_eq!(handles.len(), 10);
    }
    world.deliver();
    assert_eq!(world.receive(0).await.unwrap_err().code, "OverLimit");
    assert_eq!(world.receive(5).await.unwrap(), Vec::<String>::new());
    let delete = world.call("DeleteMessage", json!({"QueueUrl": URL, "ReceiptHandle": handles[0]}));
    let started = Instant::now();
    let (received, deleted) = tokio::join!(world.receive(20), delete);
    assert!(deleted.is_ok());
    assert_eq!((received.unwrap().len(), started.elapsed()), (1, Duration::ZERO));
}
