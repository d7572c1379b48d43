//! Query and Scan, through the real SDK: ranges, pages, indexes, filters.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]

mod dynamodb_common;

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, Select};
use dynamodb_common::{files, n, s, text};

/// 60 items: partitions p0…p2, sort keys 00…19; every second one queued, the rest without a state.
async fn filled() -> Client {
    let client = files().await;
    for partition in 0..3 {
        for row in 0..20 {
            let mut put = client
                .put_item()
                .table_name("files")
                .item("pk", s(format!("p{partition}")))
                .item("sk", s(format!("{row:02}")))
                .item("tries", n(row))
                .item("note", s("x"));
            if row % 2 == 0 {
                put = put.item("state", s("queued")).item("at", n(100 - row));
            }
            put.send().await.unwrap();
        }
    }
    client
}

fn sort_keys(items: &[HashMap<String, AttributeValue>]) -> Vec<&str> {
    items.iter().map(|item| text(&item["sk"])).collect()
}

#[tokio::test(start_paused = true)]
async fn sort_key_conditions_select_ranges() {
    let client = filled().await;
    let query = |condition: &str, a: &str, b: Option<&str>| {
        let query = client
            .query()
            .table_name("files")
            .key_condition_expression(format!("pk = :p AND {condition}"))
            .expression_attribute_values(":p", s("p1"))
            .expression_attribute_values(":a", s(a));
        match b {
            Some(b) => query.expression_attribute_values(":b", s(b)),
            None => query,
        }
    };
    for (condition, a, b, wanted) in [
        ("sk = :a", "05", None, vec!["05"]),
        ("sk < :a", "02", None, vec!["00", "01"]),
        ("sk <= :a", "02", None, vec!["00", "01", "02"]),
        ("sk > :a", "17", None, vec!["18", "19"]),
        ("sk >= :a", "18", None, vec!["18", "19"]),
        ("sk BETWEEN :a AND :b", "03", Some("05"), vec!["03", "04", "05"]),
        ("begins_with(sk, :a)", "1", None, vec!["10", "11", "12", "13", "14", "15", "16", "17", "18", "19"]),
        ("(sk > :a)", "99", None, vec![]),
    ] {
        let forward = query(condition, a, b).send().await.unwrap();
        assert_eq!(sort_keys(forward.items()), wanted, "{condition}");
        assert_eq!(forward.last_evaluated_key(), None);
        let backward = query(condition, a, b).scan_index_forward(false).send().await.unwrap();
        assert_eq!(
            sort_keys(backward.items()),
            wanted.iter().rev().copied().collect::<Vec<_>>(),
            "{condition}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn pages_follow_one_another_in_both_directions() {
    let client = filled().await;
    for forward in [true, false] {
        let mut seen = Vec::new();
        let mut start = None;
        loop {
            let page = client
                .query()
                .table_name("files")
                .key_condition_expression("pk = :p")
                .filter_expression("tries >= :least")
                .expression_attribute_values(":p", s("p0"))
                .expression_attribute_values(":least", n(4))
                .scan_index_forward(forward)
                .limit(7)
                .set_exclusive_start_key(start)
                .send()
                .await
                .unwrap();
            assert!(page.scanned_count() <= 7);
            seen.extend(sort_keys(page.items()).into_iter().map(str::to_owned));
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let mut wanted: Vec<_> = (4..20).map(|row| format!("{row:02}")).collect();
        if !forward {
            wanted.reverse();
        }
        assert_eq!(seen, wanted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_its_limit_ends_says_so_even_when_nothing_follows() {
    let client = filled().await;
    let page = |limit| {
        let query = client.query().table_name("files").key_condition_expression("pk = :p");
        query.expression_attribute_values(":p", s("p0")).limit(limit).send()
    };
    assert!(page(20).await.unwrap().last_evaluated_key().is_some());
    assert!(page(21).await.unwrap().last_evaluated_key().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_index_is_sparse_ordered_and_paged() {
    let client = filled().await;
    let mut pages = client
        .query()
        .table_name("files")
        .index_name("by-state")
        .key_condition_expression("#s = :queued AND #at BETWEEN :a AND :b")
        .expression_attribute_names("#s", "state")
        .expression_attribute_names("#at", "at")
        .expression_attribute_values(":queued", s("queued"))
        .expression_attribute_values(":a", n(90))
        .expression_attribute_values(":b", n(1000))
        .limit(4)
        .into_paginator()
        .send();
    let mut seen = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        if let Some(last) = page.last_evaluated_key() {
            assert_eq!(last.keys().collect::<BTreeSet<_>>().len(), 4);
        }
        seen.extend(page.items.unwrap_or_default());
    }
    // Rows 0, 2, …, 10 of three partitions, by `at`, that is by falling row; no page loses one of equal keys.
    let at: Vec<i64> = seen.iter().map(|item| text(&item["at"]).parse().unwrap()).collect();
    assert!(at.is_sorted());
    assert_eq!(seen.len(), 18);
    assert_eq!(
        seen.iter().map(|item| (text(&item["pk"]), text(&item["sk"]))).collect::<BTreeSet<_>>().len(),
        18
    );
    assert!(seen.iter().all(|item| item.contains_key("note")));
}

#[tokio::test(start_paused = true)]
async fn an_index_follows_updates_and_deletes() {
    let client = filled().await;
    let queued = || async {
        let query = client
            .query()
            .table_name("files")
            .index_name("state-keys")
            .key_condition_expression("#s = :queued")
            .filter_expression("pk = :p")
            .expression_attribute_names("#s", "state")
            .expression_attribute_values(":queued", s("queued"))
            .expression_attribute_values(":p", s("p2"));
        query.send().await.unwrap()
    };
    assert_eq!(queued().await.count(), 10);
    let first = queued().await.items()[0].clone();
    assert_eq!(
        first.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        BTreeSet::from(["pk", "sk", "state", "tries"])
    );
    let update = |row: &str, source: &str| {
        let update = client.update_item().table_name("files").key("pk", s("p2")).key("sk", s(row));
        update.update_expression(source).expression_attribute_names("#s", "state")
    };
    update("00", "SET #s = :done").expression_attribute_values(":done", s("done")).send().await.unwrap();
    update("02", "REMOVE #s").send().await.unwrap();
    client.delete_item().table_name("files").key("pk", s("p2")).key("sk", s("04")).send().await.unwrap();
    update("06", "SET tries = :v, #s = #s").expression_attribute_values(":v", n(77)).send().await.unwrap();
    let left = queued().await;
    assert_eq!(left.count(), 7);
    assert!(left.items().iter().any(|item| item["tries"] == n(77)));
}

#[tokio::test(start_paused = true)]
async fn what_an_index_cannot_answer_is_refused() {
    let client = filled().await;
    let query = |index: &str| {
        let query = client.query().table_name("files").index_name(index);
        let query = query.key_condition_expression("#s = :q").expression_attribute_names("#s", "state");
        query.expression_attribute_values(":q", s("queued"))
    };
    let message = |refused: aws_sdk_dynamodb::Error| refused.message().unwrap_or_default().to_owned();
    for (sent, wanted) in [
        (query("none").send().await, "The table does not have the specified index: none"),
        (
            query("by-state").consistent_read(true).send().await,
            "Consistent reads are not supported on global secondary indexes",
        ),
        (query("state-keys").select(Select::AllAttributes).send().await, "its projection type is not ALL"),
        (query("state-keys").projection_expression("note").send().await, "does not project [note]"),
        (
            query("by-state").exclusive_start_key("pk", s("p")).send().await,
            "The provided starting key is invalid",
        ),
    ] {
        let refused = message(sent.unwrap_err().into());
        assert!(refused.contains(wanted), "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn key_conditions_are_checked() {
    let client = filled().await;
    let refused = |condition: &str| {
        let query = client.query().table_name("files").key_condition_expression(condition);
        let sent = query.expression_attribute_values(":a", s("a")).send();
        async { sent.await.unwrap_err().into_service_error().message().unwrap_or_default().to_owned() }
    };
    for (condition, wanted) in [
        ("sk = :a", "Query condition missed key schema element: pk"),
        ("pk = :a AND tries = :a", "Query condition missed key schema element: sk"),
        ("pk > :a", "Query key condition not supported"),
        ("pk = :a OR sk = :a", "Invalid operator used in KeyConditionExpression: OR"),
        ("pk = :a AND sk <> :a", "Invalid operator used in KeyConditionExpression: <>"),
        ("pk = :a AND pk = :a", "KeyConditionExpressions must only contain one condition per key"),
    ] {
        assert_eq!(refused(condition).await, wanted, "{condition}");
    }
    let filter = client
        .query()
        .table_name("files")
        .key_condition_expression("pk = :a")
        .filter_expression("sk = :a")
        .expression_attribute_values(":a", s("a"));
    assert_eq!(
        filter.send().await.unwrap_err().into_service_error().message(),
        Some("Filter Expression can only contain non-primary key attributes: Primary key attribute: sk")
    );
}

#[tokio::test(start_paused = true)]
async fn counts_and_capacity_are_of_what_was_read() {
    let client = filled().await;
    let query = client
        .query()
        .table_name("files")
        .key_condition_expression("pk = :p")
        .filter_expression("tries < :five")
        .expression_attribute_values(":p", s("p0"))
        .expression_attribute_values(":five", n(5))
        .select(Select::Count)
        .return_consumed_capacity(ReturnConsumedCapacity::Total);
    let counted = query.send().await.unwrap();
    assert_eq!((counted.count(), counted.scanned_count()), (5, 20));
    assert!(counted.items().is_empty());
    assert_eq!(counted.consumed_capacity().unwrap().capacity_units(), Some(0.5));
}

#[tokio::test(start_paused = true)]
async fn a_page_has_at_most_a_mebibyte() {
    let client = files().await;
    for row in 0..10 {
        let put = client.put_item().table_name("files").item("pk", s("p")).item("sk", s(format!("{row}")));
        put.item("v", s("x".repeat(300 * 1024))).send().await.unwrap();
    }
    let mut pages = client
        .query()
        .table_name("files")
        .key_condition_expression("pk = :p")
        .expression_attribute_values(":p", s("p"))
        .into_paginator()
        .send();
    let mut counts = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        counts.push(page.count());
    }
    assert_eq!(counts, [3, 3, 3, 1]);
}

#[tokio::test(start_paused = true)]
async fn segments_share_out_a_scan() {
    let client = filled().await;
    let mut seen = Vec::new();
    for segment in 0..4 {
        let mut pages = client
            .scan()
            .table_name("files")
            .segment(segment)
            .total_segments(4)
            .limit(3)
            .into_paginator()
            .send();
        while let Some(page) = pages.try_next().await.unwrap() {
            seen.extend(page.items.unwrap_or_default());
        }
    }
    let distinct: BTreeSet<_> = seen.iter().map(|item| (text(&item["pk"]), text(&item["sk"]))).collect();
    assert_eq!((seen.len(), distinct.len()), (60, 60));
}

#[tokio::test(start_paused = true)]
async fn scans_filter_project_and_read_indexes() {
    let client = filled().await;
    let scan = client
        .scan()
        .table_name("files")
        .filter_expression("tries IN (:a, :b) AND attribute_exists(#s)")
        .projection_expression("sk, tries")
        .expression_attribute_names("#s", "state")
        .expression_attribute_values(":a", n(2))
        .expression_attribute_values(":b", n(3));
    let found = scan.send().await.unwrap();
    assert_eq!((found.count(), found.scanned_count()), (3, 60));
    assert!(found.items().iter().all(|item| item.len() == 2 && item["tries"] == n(2)));
    let index = client.scan().table_name("files").index_name("by-state").limit(50).send().await.unwrap();
    assert_eq!((index.count(), index.last_evaluated_key()), (30, None));
}
