//! Writing `queued`: new, again, or beyond.

use aws_sdk_dynamodb::types::AttributeValue;
use common::fault::Class;
use common::ledger::{Queued, Status};
use simcloud::Effect;
use topology::TABLE;

use crate::ledger_bench::{Bench, Write};

#[tokio::test(start_paused = true)]
async fn the_first_write_is_new_and_every_later_one_changes_nothing() {
    let bench = Bench::empty().await;
    assert_eq!(bench.queue().await, Ok(Queued::New));
    let item = bench.item().await;
    tokio::time::advance(std::time::Duration::from_secs(5)).await;
    assert_eq!(bench.queue().await, Ok(Queued::Again));
    assert_eq!(bench.item().await, item);
}

#[tokio::test(start_paused = true)]
async fn of_two_writes_at_once_one_is_new() {
    let bench = Bench::empty().await;
    let (a, b) = futures::join!(bench.queue(), bench.queue());
    let mut queued = [a.unwrap(), b.unwrap()];
    queued.sort_by_key(|queued| *queued == Queued::Again);
    assert_eq!(queued, [Queued::New, Queued::Again]);
}

#[tokio::test(start_paused = true)]
async fn a_transfer_that_was_claimed_is_beyond() {
    let bench = Bench::claimed("a").await;
    let item = bench.item().await;
    assert_eq!(bench.queue().await, Ok(Queued::Beyond(Status::Processing)));
    assert_eq!(bench.item().await, item);
}

#[tokio::test(start_paused = true)]
async fn a_released_transfer_is_to_be_sent_again() {
    let bench = Bench::claimed("a").await;
    Write::Release.by(&bench.ledger, &bench.held(1, "a")).await.unwrap();
    assert_eq!(bench.queue().await, Ok(Queued::Again));
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_leads_to_a_transfer_that_is_to_be_sent() {
    let bench = Bench::empty().await;
    bench.fault("PutItem", 1, Effect::DropAfter);
    assert_eq!(bench.queue().await, Ok(Queued::Again));
    assert_eq!(bench.hits("DynamoDB.PutItem:DropAfter"), 1);
    assert_eq!(bench.item().await["status"], "queued");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_may_have_happened_is_an_uncertain_fault() {
    let bench = Bench::empty().await;
    bench.fault("PutItem", 4, Effect::DropAfter);
    assert!(bench.queue().await.unwrap_err().is_uncertain());
    assert_eq!(bench.hits("DynamoDB.PutItem:DropAfter"), 4);
    assert_eq!(bench.queue().await, Ok(Queued::Again));
}

#[tokio::test(start_paused = true)]
async fn throttling_is_told_apart_from_other_faults() {
    let bench = Bench::empty().await;
    let slow = Effect::respond(400, "ProvisionedThroughputExceededException", "slow down");
    bench.fault("PutItem", 4, slow);
    assert_eq!(bench.queue().await.unwrap_err().class, Class::Throttled);
    let denied = Effect::respond(400, "AccessDeniedException", "no");
    bench.fault("PutItem", 1, denied);
    assert_eq!(bench.queue().await.unwrap_err().class, Class::Denied);
    assert!(bench.item().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_not_ours_is_left_alone() {
    let bench = Bench::empty().await;
    let id = AttributeValue::S(bench.transfer.id.to_string());
    let colour = AttributeValue::S("red".into());
    let dynamodb = bench.world.dynamodb();
    dynamodb.put_item().table_name(TABLE).item("file_id", id).item("colour", colour).send().await.unwrap();
    let before = bench.item().await;
    let fault = bench.queue().await.unwrap_err();
    assert_eq!((fault.class, fault.code.as_str()), (Class::Invalid, "ForeignItem"));
    assert_eq!(bench.item().await, before);
}

#[tokio::test(start_paused = true)]
async fn the_table_is_checked_at_start() {
    let bench = Bench::empty().await;
    assert_eq!(bench.ledger.check().await, Ok(()));
    let world = &bench.world;
    let other =
        common::ledger::Ledger::new(world.dynamodb(), "Elsewhere", world.clock, std::time::Duration::ZERO);
    assert_eq!(other.check().await.unwrap_err().class, Class::Missing);
}
