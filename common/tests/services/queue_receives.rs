//! Receiving: what comes, in what form, and how long we wait for it.

use std::collections::BTreeMap;
use std::time::Duration;

use common::fault::Class;
use common::queue::{Outgoing, RECEIVE_SLACK, TRACEPARENT};
use simcloud::{Effect, Fault};
use tokio::time::Instant;

use crate::queue_bench::{Bench, VISIBILITY, pass};

const WAIT: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn a_message_comes_with_its_body_attributes_and_group() {
    let bench = Bench::new().await;
    let attributes = BTreeMap::from([(TRACEPARENT.to_owned(), "00-a-b-01".to_owned())]);
    let sent =
        Outgoing { body: "{\"a\": 1}\n".into(), attributes, group: Some("acme".into()), send_id: None };
    bench.queue.send(std::slice::from_ref(&sent)).await.remove(0).unwrap();

    let before = Instant::now();
    let message = bench.receive_one().await;
    assert_eq!(
        (&message.body, &message.attributes, &message.group),
        (&sent.body, &sent.attributes, &sent.group)
    );
    assert_eq!((message.receive_count, message.received_after), (1, before));
}

#[tokio::test(start_paused = true)]
async fn a_message_says_when_it_was_sent_and_in_which_trace() {
    let bench = Bench::new().await;
    let traceparent = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01".to_owned();
    let attributes = BTreeMap::from([(TRACEPARENT.to_owned(), traceparent)]);
    bench
        .queue
        .send(&[Outgoing { body: "{}".into(), attributes, group: None, send_id: None }])
        .await
        .remove(0)
        .unwrap();
    pass(Duration::from_secs(90)).await;
    let message = bench.receive_one().await;
    let now_ms = i64::try_from(bench.world.clock.now().unix_timestamp_nanos() / 1_000_000).unwrap();
    assert_eq!(message.sent_at_ms.map(|sent_at_ms| now_ms - sent_at_ms), Some(90_000));
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    assert_eq!(message.trace_header.as_deref(), Some(header));
}

#[tokio::test(start_paused = true)]
async fn a_receive_takes_no_more_than_it_may_and_at_least_one() {
    let bench = Bench::new().await;
    bench.send(&["a", "b", "c", "d"]).await;
    assert_eq!(bench.queue.receive(0, Duration::ZERO).await.unwrap().len(), 1);
    assert_eq!(bench.queue.receive(2, Duration::ZERO).await.unwrap().len(), 2);
    assert_eq!(bench.queue.receive(1_000, Duration::ZERO).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_visibility_timeout_asked_for_holds_whatever_the_queue_says() {
    let bench = Bench::new().await;
    bench.send(&["a"]).await;
    let first = bench.receive_one().await;
    pass(VISIBILITY - Duration::from_millis(1)).await;
    assert!(bench.receive().await.is_empty());
    pass(Duration::from_millis(1)).await;
    let second = bench.receive_one().await;
    assert_eq!(second.receive_count, 2);
    assert_eq!(second.id, first.id);
    assert_ne!(second.receipt, first.receipt);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_ends_empty_after_its_wait_and_with_a_message_at_once() {
    let bench = Bench::new().await;
    let started = Instant::now();
    assert!(bench.queue.receive(10, WAIT).await.unwrap().is_empty());
    assert_eq!(started.elapsed(), WAIT);

    let started = Instant::now();
    let later = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        bench.send(&["a"]).await;
    };
    let (received, ()) = futures::join!(bench.queue.receive(10, WAIT), later);
    assert_eq!(received.unwrap().len(), 1);
    assert_eq!(started.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_receive_that_hangs_is_given_up_after_wait_and_slack_without_a_second_try() {
    let bench = Bench::new().await;
    bench
        .world
        .cloud
        .faults()
        .add(Fault::on("SQS", "ReceiveMessage").always().effect(Effect::Delay(Duration::from_secs(3_600))));
    let started = Instant::now();
    let fault = bench.queue.receive(10, WAIT).await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_str()), (Class::Transient, "timeout"));
    assert!(fault.is_uncertain());
    assert_eq!(started.elapsed(), WAIT + RECEIVE_SLACK);
    assert_eq!(bench.hits("SQS.ReceiveMessage:Delay"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_receive_whose_reply_stalls_is_given_up_as_well() {
    let bench = Bench::new().await;
    bench.send(&["a"]).await;
    bench
        .world
        .cloud
        .faults()
        .add(Fault::on("SQS", "ReceiveMessage").effect(Effect::StallBody { after_bytes: 5 }));
    let started = Instant::now();
    let fault = bench.queue.receive(10, WAIT).await.unwrap_err();
    assert!(fault.is_uncertain(), "{fault}");
    assert!(started.elapsed() <= WAIT + RECEIVE_SLACK, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_lost_reply_come_back_after_their_visibility_timeout() {
    let bench = Bench::new().await;
    bench.send(&["a"]).await;
    bench.world.cloud.faults().add(Fault::on("SQS", "ReceiveMessage").effect(Effect::DropAfter));
    let fault = bench.queue.receive(10, Duration::ZERO).await.unwrap_err();
    assert!(fault.is_uncertain());
    assert!(bench.receive().await.is_empty());
    pass(VISIBILITY).await;
    assert_eq!(bench.receive_one().await.receive_count, 2);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_receive_says_so_after_one_try() {
    let bench = Bench::new().await;
    bench.world.cloud.faults().add(Fault::on("SQS", "ReceiveMessage").always().effect(Effect::throttled()));
    let started = Instant::now();
    let fault = bench.queue.receive(10, WAIT).await.unwrap_err();
    assert_eq!(fault.class, Class::Throttled);
    assert_eq!(bench.hits("SQS.ReceiveMessage:Respond"), 1);
    assert_eq!(started.elapsed(), Duration::ZERO);
}
