//! Operations on queues as a whole: to make, find, list, purge and delete them, and their attributes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::attributes::{self, QueueAttributes};
use super::errors::{
    in_range, invalid_parameter, invalid_value, no_such_queue, parse, required, unknown_attribute,
};
use super::queue::{self, Queue};
use super::{Queues, Sqs, tags};
use crate::api::{ApiError, ApiResult, Caller};

const PURGE_INTERVAL_MS: u64 = 60_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateQueue {
    queue_name: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default, rename = "tags")]
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueUrl {
    queue_name: Option<String>,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    owner_account_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    queue_name_prefix: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeNames {
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeChanges {
    attributes: Option<BTreeMap<String, String>>,
}

impl Sqs {
    /// Idempotent: an existing queue is returned, unless an attribute that the request names has another value there.
    pub(super) fn create_queue(&self, caller: &Caller, request: Map<String, Value>) -> ApiResult {
        let request: CreateQueue = parse(Value::Object(request))?;
        let name = required(request.queue_name, "QueueName")?;
        tags::check(&request.tags)?;
        let attributes = QueueAttributes::default().with(&request.attributes)?;
        queue::check_name(&name, attributes.fifo)?;
        let mut queues = self.lock();
        if let Some(existing) = queues.get(&name) {
            let (wanted, present) = (attributes.shown(), existing.attributes.shown());
            let differs = |name: &&String| wanted.get(name.as_str()) != present.get(name.as_str());
            if let Some(attribute) = request.attributes.keys().find(differs) {
                let message = format!(
                    "A queue already exists with the same name and a different value for attribute {attribute}"
                );
                return Err(ApiError::bad("QueueNameExists", message));
            }
        } else {
            let arn = self.arn(&name);
            self.check_redrive(&queues, &arn, &attributes)?;
            let mut queue = Queue::new(self.entropy.u64(), &arn, self.clock.unix_ms());
            queue.configure(attributes);
            queue.tags = request.tags;
            queues.insert(name.clone(), queue);
        }
        Ok(json!({"QueueUrl": self.url(caller, &name)}))
    }

    pub(super) fn get_queue_url(&self, caller: &Caller, request: Map<String, Value>) -> ApiResult {
        let request: GetQueueUrl = parse(Value::Object(request))?;
        let name = required(request.queue_name, "QueueName")?;
        let ours = request.owner_account_id.is_none_or(|account| account == self.account_id);
        if ours && self.lock().contains_key(&name) {
            Ok(json!({"QueueUrl": self.url(caller, &name)}))
        } else {
            Err(no_such_queue())
        }
    }

    pub(super) fn list_queues(&self, caller: &Caller, request: Map<String, Value>) -> ApiResult {
        let page: Page = parse(Value::Object(request))?;
        let prefix = page.queue_name_prefix.clone().unwrap_or_default();
        let names: Vec<_> = self.lock().keys().filter(|name| name.starts_with(&prefix)).cloned().collect();
        self.page(caller, "QueueUrls", names, &page)
    }

    pub(super) fn list_dead_letter_source_queues(
        &self,
        caller: &Caller,
        mut request: Map<String, Value>,
    ) -> ApiResult {
        let target = self.queue_name(&mut request)?;
        let page: Page = parse(Value::Object(request))?;
        let target_arn = self.arn(&target);
        let names = {
            let queues = self.lock();
            queues.get(&target).ok_or_else(no_such_queue)?;
            let is_source = |queue: &Queue| {
                let policy = queue.attributes.redrive_policy.as_ref();
                policy.is_some_and(|policy| policy.dead_letter_target_arn == target_arn)
            };
            queues.iter().filter(|(_, queue)| is_source(queue)).map(|(name, _)| name.clone()).collect()
        };
        let mut reply = self.page(caller, "queueUrls", names, &page)?;
        if let Some(reply) = reply.as_object_mut() {
            reply.entry("queueUrls").or_insert_with(|| json!([]));
        }
        Ok(reply)
    }

    pub(super) fn delete_queue(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        let queue = self.lock().remove(&name).ok_or_else(no_such_queue)?;
        queue.changed.notify_one();
        Ok(json!({}))
    }

    pub(super) fn purge_queue(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        self.with_queue(&name, |queue, now_ms| {
            if queue.purged_at_ms.is_some_and(|purged| now_ms < purged.saturating_add(PURGE_INTERVAL_MS)) {
                let message = format!("Only one PurgeQueue operation on {name} is allowed every 60 seconds.");
                return Err(ApiError::bad("PurgeQueueInProgress", message));
            }
            queue.purged_at_ms = Some(now_ms);
            queue.messages.clear();
            Ok(json!({}))
        })?
    }

    pub(super) fn get_queue_attributes(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        let wanted = parse::<AttributeNames>(Value::Object(request))?.attribute_names;
        let (fifo, mut shown) = self.with_queue(&name, |queue, _| (queue.attributes.fifo, queue.shown()))?;
        wanted.iter().try_for_each(|name| attributes::check_name(name, fifo))?;
        shown.retain(|name, _| wanted.iter().any(|wanted| wanted == name || wanted == "All"));
        Ok(if shown.is_empty() { json!({}) } else { json!({"Attributes": shown}) })
    }

    pub(super) fn set_queue_attributes(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        let changes = required(parse::<AttributeChanges>(Value::Object(request))?.attributes, "Attributes")?;
        let mut queues = self.lock();
        let now_ms = self.clock.unix_ms();
        let present = &queues.get(&name).ok_or_else(no_such_queue)?.attributes;
        // What a queue is, it stays.
        if !present.fifo && changes.contains_key("FifoQueue") {
            return Err(unknown_attribute("FifoQueue"));
        }
        let attributes = present.with(&changes)?;
        if changes.contains_key("RedrivePolicy") {
            self.check_redrive(&queues, &self.arn(&name), &attributes)?;
        }
        let queue = queues.get_mut(&name).ok_or_else(no_such_queue)?;
        queue.attributes = attributes;
        queue.modified_at_ms = now_ms;
        queue.advance(now_ms);
        queue.changed.notify_one();
        Ok(json!({}))
    }

    /// A dead-letter queue must exist and let this source use it.
    fn check_redrive(
        &self,
        queues: &Queues,
        source_arn: &str,
        attributes: &QueueAttributes,
    ) -> Result<(), ApiError> {
        let Some(policy) = &attributes.redrive_policy else { return Ok(()) };
        let refuse = |reason| {
            let shown = serde_json::to_string(policy).unwrap_or_default();
            Err(invalid_value("RedrivePolicy", shown, reason))
        };
        let target = self.name_of_arn(&policy.dead_letter_target_arn).and_then(|name| queues.get(name));
        match target {
            None => refuse("Dead letter target does not exist."),
            Some(target) if target.attributes.fifo != attributes.fifo => {
                refuse("Dead-letter queue must be same type of queue as the source.")
            }
            Some(target) => match &target.attributes.redrive_allow_policy {
                Some(allow) if !allow.allows(source_arn) => {
                    refuse("Queue does not have permission to use the dead letter queue.")
                }
                _ => Ok(()),
            },
        }
    }

    /// One page of queue URLs. Only a request with `MaxResults` is told that there is more; without, there are at most 1,000.
    fn page(&self, caller: &Caller, member: &str, names: Vec<String>, page: &Page) -> ApiResult {
        let max = page.max_results.map(|max| in_range("MaxResults", max, 1..=1000)).transpose()?;
        let after = match &page.next_token {
            None => String::new(),
            Some(token) => BASE64
                .decode(token)
                .ok()
                .and_then(|name| String::from_utf8(name).ok())
                .ok_or_else(|| invalid_parameter("Invalid or expired next token."))?,
        };
        let mut rest = names.into_iter().filter(|name| *name > after);
        let names: Vec<_> = rest.by_ref().take(max.unwrap_or(1000) as usize).collect();
        let mut reply = Map::new();
        if max.is_some()
            && rest.next().is_some()
            && let Some(last) = names.last()
        {
            reply.insert("NextToken".to_owned(), BASE64.encode(last).into());
        }
        if !names.is_empty() {
            let urls: Vec<_> = names.iter().map(|name| self.url(caller, name)).collect();
            reply.insert(member.to_owned(), urls.into());
        }
        Ok(Value::Object(reply))
    }
}
