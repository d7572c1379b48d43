//! The items themselves: their attributes in every state, their expiry, and their index keys.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use common::ledger::{BY_CUSTOMER, BY_STATUS, STATUS_SHARDS, Status, status_shard};
use topology::TABLE;

use crate::ledger_bench::{Bench, Shown, TOOK, Write, transfer};

/// What [`topology::World`]'s ledger keeps items for.
const RETENTION_SECONDS: i64 = 86_400;

fn holds(item: &Shown, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(item.get(*name).map(String::as_str), Some(*value), "{name} of {item:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_queued_item_describes_the_transfer() {
    let bench = Bench::queued().await;
    let item = bench.item().await;
    let stamp = bench.world.clock.stamp();
    holds(
        &item,
        &[
            ("file_id", bench.transfer.id.as_str()),
            ("status", "queued"),
            ("source_bucket", "landing"),
            ("key", "acme/inbound/a.csv"),
            ("source_etag", "b1946ac92492d2347c6235b4d2611184"),
            ("source_version_id", "v1"),
            ("sequencer", "617F08299329D189"),
            ("destination_bucket", "delivered"),
            ("destination_key", "acme/inbound/a.csv"),
            ("file_size", "42"),
            ("customer_id", "acme"),
            ("lane", "fast"),
            ("rule", "everything"),
            ("upload_timestamp", "2026-11-12T00:00:00Z"),
            ("queued_timestamp", &stamp),
            ("updated_timestamp", &stamp),
            ("attempts", "0"),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn an_unversioned_item_has_no_empty_attributes() {
    let mut bench = Bench::empty().await;
    bench.transfer.source.version_id = None;
    bench.transfer.source.sequencer = None;
    bench.queue().await.unwrap();
    let item = bench.item().await;
    assert!(!item.contains_key("source_version_id") && !item.contains_key("sequencer"));
    assert!(item.values().all(|value| !value.is_empty()), "{item:?}");
}

#[tokio::test(start_paused = true)]
async fn a_completed_item_has_every_attribute_that_was_promised() {
    let bench = Bench::queued().await;
    tokio::time::advance(Duration::from_secs(2)).await;
    let claimed_at = bench.world.clock.stamp();
    assert_eq!(bench.fence("a").await, 1);
    tokio::time::advance(Duration::from_secs(3)).await;
    let completed_at = bench.world.clock.stamp();
    Write::Complete.by(&bench.ledger, &bench.held(1, "a")).await.unwrap();
    holds(
        &bench.item().await,
        &[
            ("file_id", bench.transfer.id.as_str()),
            ("source_bucket", "landing"),
            ("destination_bucket", "delivered"),
            ("key", "acme/inbound/a.csv"),
            ("file_size", "42"),
            ("status", "completed"),
            ("upload_timestamp", "2026-11-12T00:00:00Z"),
            ("processing_timestamp", &claimed_at),
            ("transfer_timestamp", &completed_at),
            ("updated_timestamp", &completed_at),
            ("processed_by", "worker-7"),
            ("processing_time_ms", &TOOK.as_millis().to_string()),
            ("customer_id", "acme"),
            ("attempts", "1"),
            ("checksum_crc64nvme", "Y2hlY2tzdW0="),
            ("destination_etag", "t"),
            ("verified_by", "crc64nvme"),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn numbers_are_numbers_for_dynamodb() {
    let bench = Bench::claimed("a").await;
    Write::Complete.by(&bench.ledger, &bench.held(1, "a")).await.unwrap();
    let dynamodb = bench.world.dynamodb();
    let id = AttributeValue::S(bench.transfer.id.to_string());
    let item = dynamodb.get_item().table_name(TABLE).key("file_id", id).send().await.unwrap().item.unwrap();
    for name in ["file_size", "processing_time_ms", "attempts", "failed_attempts", "expire_at"] {
        assert!(item[name].is_n(), "{name}: {:?}", item[name]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_says_what_went_wrong_until_it_is_completed() {
    let bench = Bench::claimed("a").await;
    let said = [("error_code", "some_code"), ("error_message", "a sentence")];
    Write::ReleaseSpent.by(&bench.ledger, &bench.held(1, "a")).await.unwrap();
    holds(&bench.item().await, &said);
    assert_eq!(bench.fence("b").await, 2);
    Write::Complete.by(&bench.ledger, &bench.held(2, "b")).await.unwrap();
    let item = bench.item().await;
    assert!(!item.contains_key("error_code") && !item.contains_key("error_message"), "{item:?}");
    for end in [Write::Fail, Write::Supersede] {
        let bench = Bench::claimed("a").await;
        end.by(&bench.ledger, &bench.held(1, "a")).await.unwrap();
        holds(&bench.item().await, &said);
    }
}

#[tokio::test(start_paused = true)]
async fn only_items_at_their_end_expire() {
    let bench = Bench::queued().await;
    assert!(!bench.item().await.contains_key("expire_at"));
    for write in Write::ALL {
        let bench = Bench::claimed("a").await;
        assert!(!bench.item().await.contains_key("expire_at"));
        let at = bench.world.clock.now().unix_timestamp() + RETENTION_SECONDS;
        write.by(&bench.ledger, &bench.held(1, "a")).await.unwrap();
        let expected = Write::TERMINAL.contains(&write).then(|| at.to_string());
        assert_eq!(bench.item().await.get("expire_at").cloned(), expected, "{write:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_at_its_end_names_no_upload() {
    for end in Write::TERMINAL {
        let bench = Bench::claimed("a").await;
        let held = bench.held(1, "a");
        Write::NoteUpload.by(&bench.ledger, &held).await.unwrap();
        holds(&bench.item().await, &[("upload_id", "upload-1"), ("upload_part_bytes", "8388608")]);
        end.by(&bench.ledger, &held).await.unwrap();
        let item = bench.item().await;
        assert!(!item.contains_key("upload_id") && !item.contains_key("upload_part_bytes"), "{end:?}");
    }
}

/// The `file_id`s under one key of an index, in its order.
async fn indexed(bench: &Bench, index: &str, hash: &str, key: &str) -> Vec<String> {
    let dynamodb = bench.world.dynamodb();
    let query = dynamodb.query().table_name(TABLE).index_name(index).key_condition_expression("#k = :k");
    let query = query.expression_attribute_names("#k", hash);
    let query = query.expression_attribute_values(":k", AttributeValue::S(key.to_owned()));
    let found = query.send().await.unwrap().items.unwrap_or_default();
    found.into_iter().map(|item| item["file_id"].as_s().unwrap().clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_item_is_found_by_its_present_state_and_by_no_former_one() {
    let bench = Bench::queued().await;
    let id = bench.transfer.id.clone();
    let found =
        async |status: Status| indexed(&bench, BY_STATUS, "status_shard", &status_shard(status, &id)).await;
    let only_in = async |present: Status| {
        for status in Status::ALL {
            let expected: &[&str] = if status == present { &[id.as_str()] } else { &[] };
            assert_eq!(found(status).await, expected, "{status} in {present}");
        }
    };
    only_in(Status::Queued).await;
    assert_eq!(bench.fence("a").await, 1);
    only_in(Status::Processing).await;
    Write::Release.by(&bench.ledger, &bench.held(1, "a")).await.unwrap();
    only_in(Status::Queued).await;
    assert_eq!(bench.fence("b").await, 2);
    Write::Complete.by(&bench.ledger, &bench.held(2, "b")).await.unwrap();
    only_in(Status::Completed).await;
}

#[tokio::test(start_paused = true)]
async fn a_customers_items_are_found_in_its_shards_and_spread_over_them() {
    let mut bench = Bench::empty().await;
    let mut ids = BTreeSet::new();
    for number in 0..40 {
        bench.transfer = transfer(&format!("acme/{number}"));
        ids.insert(bench.transfer.id.to_string());
        bench.queue().await.unwrap();
    }
    let mut found = BTreeSet::new();
    for shard in 0..4 {
        let here = indexed(&bench, BY_CUSTOMER, "customer_shard", &format!("acme#{shard}")).await;
        assert!(!here.is_empty(), "shard {shard}");
        found.extend(here);
    }
    assert_eq!(found, ids);
    let shards: BTreeSet<u32> = (0..STATUS_SHARDS).collect();
    let used = ids.iter().map(|id| common::transfer::TransferId::parse(id).unwrap().shard(STATUS_SHARDS));
    assert_eq!(used.collect::<BTreeSet<_>>(), shards);
}

#[tokio::test(start_paused = true)]
async fn states_are_ordered_by_the_time_of_their_last_change() {
    let mut bench = Bench::empty().await;
    let same_shard =
        (0..).map(|number| transfer(&number.to_string())).filter(|t| t.id.shard(STATUS_SHARDS) == 0);
    let transfers: Vec<_> = same_shard.take(3).collect();
    for transfer in &transfers {
        bench.transfer = transfer.clone();
        bench.queue().await.unwrap();
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    let found = indexed(&bench, BY_STATUS, "status_shard", "queued#0").await;
    assert_eq!(found, transfers.iter().map(|transfer| transfer.id.to_string()).collect::<Vec<_>>());
}
