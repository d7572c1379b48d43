//! Tags of queues: TagQueue, UntagQueue, ListQueueTags.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Sqs;
use super::errors::{invalid_parameter, parse, required};
use crate::api::{ApiError, ApiResult};

const TAGS_MAX: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tags {
    tags: Option<BTreeMap<String, String>>,
    tag_keys: Option<Vec<String>>,
}

impl Sqs {
    pub(super) fn tag_queue(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        let tags = required(parse::<Tags>(Value::Object(request))?.tags, "Tags")?;
        self.with_queue(&name, |queue, _| {
            let mut all = queue.tags.clone();
            all.extend(tags);
            check(&all)?;
            queue.tags = all;
            Ok(json!({}))
        })?
    }

    pub(super) fn untag_queue(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        let keys = required(parse::<Tags>(Value::Object(request))?.tag_keys, "TagKeys")?;
        self.with_queue(&name, |queue, _| queue.tags.retain(|key, _| !keys.contains(key)))?;
        Ok(json!({}))
    }

    pub(super) fn list_queue_tags(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        let tags = self.with_queue(&name, |queue, _| queue.tags.clone())?;
        Ok(if tags.is_empty() { json!({}) } else { json!({"Tags": tags}) })
    }
}

/// Refuses more tags than a queue may have, and keys and values that are too long.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if tags.len() > TAGS_MAX {
        return Err(invalid_parameter(format!("A queue has at most {TAGS_MAX} tags.")));
    }
    let valid = |(key, value): (&String, &String)| {
        (1..=128).contains(&key.chars().count()) && !key.starts_with("aws:") && value.chars().count() <= 256
    };
    match tags.iter().find(|tag| !valid(*tag)) {
        Some((key, _)) => Err(invalid_parameter(format!("The tag {key} is invalid."))),
        None => Ok(()),
    }
}
