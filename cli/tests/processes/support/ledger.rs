//! Items of the ledger, as DynamoDB returns them.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use topology::TABLE;

use super::until;

#[derive(Debug, Clone)]
pub(crate) struct Item(HashMap<String, AttributeValue>);

impl Item {
    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0
            .get(name)
            .and_then(|value| value.as_s().ok())
            .unwrap_or_else(|| panic!("no text {name} in {self:#?}"))
    }

    #[track_caller]
    pub(crate) fn number(&self, name: &str) -> u64 {
        let value = self.0.get(name).and_then(|value| value.as_n().ok()?.parse().ok());
        value.unwrap_or_else(|| panic!("no number {name} in {self:#?}"))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.text("status"), "completed" | "failed" | "superseded")
    }
}

pub(crate) async fn items(dynamodb: &Client) -> Vec<Item> {
    let pages = dynamodb.scan().table_name(TABLE).consistent_read(true).into_paginator().items().send();
    pages.try_collect().await.unwrap().into_iter().map(Item).collect()
}

/// Every item, once there are `count` and all have come to their end.
pub(crate) async fn over(dynamodb: &Client, count: usize) -> Vec<Item> {
    until(&format!("{count} transfers that have come to their end"), async || {
        let all = items(dynamodb).await;
        (all.len() >= count && all.iter().all(Item::is_over)).then_some(all)
    })
    .await
}

/// The only item, once it is there and `wanted`.
pub(crate) async fn only(dynamodb: &Client, what: &str, wanted: impl Fn(&Item) -> bool) -> Item {
    until(what, async || items(dynamodb).await.pop().filter(&wanted)).await
}
