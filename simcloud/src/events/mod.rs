//! EventBridge: the default bus, its rules, and delivery to SQS queues.
//!
//! 1. An event comes from S3 ([`EventBus::object_event`]) or from PutEvents.
//! 2. `pattern` says which enabled rules it is for.
//! 3. `delivery` puts it into the queue of each target of these rules, at once and once. A target that cannot take it is
//!    not tried again: the event goes to the target's dead-letter queue, or is counted as lost.
//!
//! S3 calls synchronously after the object is visible, so that when its reply is sent, the messages are in the queues.
//! Not there, and refused by name: other buses, schedules, targets other than SQS standard queues, input paths and transformers.

mod ascii;
mod delivery;
mod errors;
mod object;
mod pattern;
mod put_events;
mod rule;
mod rules;
mod snapshot;
mod tags;
mod targets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use self::errors::{no_such_bus, parse};
use self::rule::Rule;
use crate::api::{ApiError, ApiResult, Caller};
use crate::clock::Clock;
use crate::cloud::Options;
use crate::entropy::Entropy;
use crate::sqs::Sqs;

/// What S3 reports of an object it has just published or removed.
#[derive(Debug, Clone)]
pub(crate) struct ObjectEvent {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) size_bytes: u64,
    /// Without quotes; empty when the object is removed for good, of which an event names none.
    pub(crate) etag: String,
    /// `None` for the null version, which an event does not name.
    pub(crate) version_id: Option<String>,
    /// Uppercase hex, grows per key.
    pub(crate) sequencer: String,
    pub(crate) kind: ObjectEventKind,
    /// The `x-amz-request-id` of the request that caused it.
    pub(crate) request_id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectEventKind {
    CreatedByPut,
    CreatedByPost,
    CreatedByCopy,
    CreatedByMultipart,
    /// For good.
    Deleted(Cause),
    DeleteMarkerCreated(Cause),
}

/// Why something was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Request,
    Lifecycle,
}

const BUS: &str = "default";

/// The default bus of the account.
#[derive(Debug)]
pub(crate) struct EventBus {
    region: String,
    account_id: String,
    clock: Clock,
    entropy: Arc<Entropy>,
    sqs: Arc<Sqs>,
    /// By name. Shared with a delivery under way, so that nothing is delivered under the lock.
    rules: Mutex<BTreeMap<String, Arc<Rule>>>,
    undelivered: AtomicU64,
}

impl EventBus {
    pub(crate) fn new(options: &Options, clock: Clock, entropy: Arc<Entropy>, sqs: Arc<Sqs>) -> Self {
        Self {
            region: options.region.clone(),
            account_id: options.account_id.clone(),
            clock,
            entropy,
            sqs,
            rules: Mutex::default(),
            undelivered: AtomicU64::new(0),
        }
    }

    /// One call of the JSON protocol: `operation` is what follows the dot in `X-Amz-Target: AWSEvents.…`.
    #[expect(clippy::unused_async, reason = "the services are called alike")]
    pub(crate) async fn call(&self, _caller: &Caller, operation: &str, request: Value) -> ApiResult {
        match operation {
            "PutRule" => self.put_rule(parse(request)?),
            "DescribeRule" => self.describe_rule(&parse(request)?),
            "DeleteRule" => self.delete_rule(&parse(request)?),
            "EnableRule" => self.set_rule_state(&parse(request)?, true),
            "DisableRule" => self.set_rule_state(&parse(request)?, false),
            "ListRules" => self.list_rules(parse(request)?),
            "ListRuleNamesByTarget" => self.list_rule_names_by_target(parse(request)?),
            "PutTargets" => self.put_targets(parse(request)?),
            "RemoveTargets" => self.remove_targets(&parse(request)?),
            "ListTargetsByRule" => self.list_targets_by_rule(parse(request)?),
            "TagResource" => self.tag_resource(parse(request)?),
            "UntagResource" => self.untag_resource(&parse(request)?),
            "ListTagsForResource" => self.list_tags_for_resource(&parse(request)?),
            "PutEvents" => self.put_events(parse(request)?),
            "TestEventPattern" => rules::test_event_pattern(&parse(request)?),
            "ListEventBuses" => self.list_event_buses(&request),
            "DescribeEventBus" => self.describe_event_bus(&request),
            _ => Err(ApiError::not_implemented("EventBridge", operation)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Rule>>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rule_arn(&self, name: &str) -> String {
        format!("arn:aws:events:{}:{}:rule/{name}", self.region, self.account_id)
    }

    /// Refuses every bus but the default one, which may be named, given by ARN or left out.
    fn check_bus(&self, name: Option<&str>) -> Result<(), ApiError> {
        match name {
            None | Some(BUS) => Ok(()),
            Some(arn) if arn == self.bus_arn() => Ok(()),
            Some(other) => Err(no_such_bus(other)),
        }
    }

    fn bus_arn(&self) -> String {
        format!("arn:aws:events:{}:{}:event-bus/{BUS}", self.region, self.account_id)
    }

    fn bus(&self) -> Map<String, Value> {
        Map::from_iter([("Name".to_owned(), BUS.into()), ("Arn".to_owned(), self.bus_arn().into())])
    }

    fn list_event_buses(&self, request: &Value) -> ApiResult {
        let prefix = request.get("NamePrefix").and_then(Value::as_str).unwrap_or_default();
        let buses = if BUS.starts_with(prefix) { vec![self.bus()] } else { Vec::new() };
        Ok(json!({"EventBuses": buses}))
    }

    fn describe_event_bus(&self, request: &Value) -> ApiResult {
        self.check_bus(request.get("Name").and_then(Value::as_str))?;
        Ok(Value::Object(self.bus()))
    }
}
