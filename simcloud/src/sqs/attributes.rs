//! Queue attributes: what an owner may set, its limits and defaults, and how it is shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::errors::{invalid_value, unknown_attribute};
use super::redrive::{RedriveAllowPolicy, RedrivePolicy};
use crate::api::ApiError;

/// A message, and a whole batch, is at most this long: 1 MiB.
pub(super) const MESSAGE_BYTES_MAX: u32 = 1_048_576;
pub(super) const VISIBILITY_SECONDS_MAX: u32 = 43_200;
pub(super) const DELAY_SECONDS_MAX: u32 = 900;
pub(super) const WAIT_SECONDS_MAX: u32 = 20;

/// The attributes that SQS computes; [`super::Queue`] knows their values.
pub(super) const COMPUTED: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// The attributes that an owner may set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QueueAttributes {
    pub(super) visibility_timeout_seconds: u32,
    pub(super) retention_seconds: u32,
    pub(super) delay_seconds: u32,
    pub(super) receive_wait_seconds: u32,
    pub(super) message_bytes_max: u32,
    /// Kept and shown; simcloud evaluates no policies.
    pub(super) policy: Option<String>,
    pub(super) redrive_policy: Option<RedrivePolicy>,
    pub(super) redrive_allow_policy: Option<RedriveAllowPolicy>,
    pub(super) kms_master_key_id: Option<String>,
    pub(super) kms_data_key_reuse_seconds: u32,
    pub(super) sqs_managed_sse: bool,
    #[serde(default)]
    pub(super) fifo: bool,
    /// Of a FIFO queue only, as the following two.
    #[serde(default)]
    pub(super) content_based_deduplication: bool,
    #[serde(default)]
    pub(super) deduplication_by_group: bool,
    /// Kept and shown: simcloud's queues have no limit.
    #[serde(default)]
    pub(super) throughput_by_group: bool,
}

impl Default for QueueAttributes {
    fn default() -> Self {
        Self {
            visibility_timeout_seconds: 30,
            retention_seconds: 345_600,
            delay_seconds: 0,
            receive_wait_seconds: 0,
            message_bytes_max: MESSAGE_BYTES_MAX,
            policy: None,
            redrive_policy: None,
            redrive_allow_policy: None,
            kms_master_key_id: None,
            kms_data_key_reuse_seconds: 300,
            sqs_managed_sse: true,
            fifo: false,
            content_based_deduplication: false,
            deduplication_by_group: false,
            throughput_by_group: false,
        }
    }
}

impl QueueAttributes {
    /// These attributes with `changes` applied. All of them are checked before any counts; an empty policy removes it.
    pub(super) fn with(&self, changes: &BTreeMap<String, String>) -> Result<Self, ApiError> {
        let mut changed = self.clone();
        changed.fifo |= changes.get("FifoQueue").is_some_and(|fifo| is_true(fifo));
        for (name, value) in changes {
            changed.set(name, value)?;
        }
        let kms = changes.get("KmsMasterKeyId").is_some_and(|key| !key.is_empty());
        if kms && changes.get("SqsManagedSseEnabled").is_some_and(|on| is_true(on)) {
            let message = "You can use one type of server-side encryption at one time. \
                           You can either enable KMS encryption or SQS encryption.";
            return Err(ApiError::bad("InvalidAttributeName", message));
        }
        if kms {
            changed.sqs_managed_sse = false;
        } else if changed.sqs_managed_sse && changes.contains_key("SqsManagedSseEnabled") {
            changed.kms_master_key_id = None;
        }
        Ok(changed)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), ApiError> {
        let number = |min: u32, max: u32| {
            let number = value.parse().ok().filter(|number| (min..=max).contains(number));
            number.ok_or_else(|| {
                ApiError::bad("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
            })
        };
        let text = || Some(value.to_owned()).filter(|value| !value.is_empty());
        match name {
            "VisibilityTimeout" => self.visibility_timeout_seconds = number(0, VISIBILITY_SECONDS_MAX)?,
            "MessageRetentionPeriod" => self.retention_seconds = number(60, 1_209_600)?,
            "DelaySeconds" => self.delay_seconds = number(0, DELAY_SECONDS_MAX)?,
            "ReceiveMessageWaitTimeSeconds" => self.receive_wait_seconds = number(0, WAIT_SECONDS_MAX)?,
            "MaximumMessageSize" => self.message_bytes_max = number(1024, MESSAGE_BYTES_MAX)?,
            "KmsDataKeyReusePeriodSeconds" => self.kms_data_key_reuse_seconds = number(60, 86_400)?,
            "KmsMasterKeyId" => self.kms_master_key_id = text(),
            "SqsManagedSseEnabled" => {
                self.sqs_managed_sse = one_of(name, &value.to_ascii_lowercase(), ["false", "true"])?;
            }
            "Policy" => self.policy = json_text(name, value)?,
            "RedrivePolicy" => {
                self.redrive_policy = parsed(name, value, RedrivePolicy::parse)?;
            }
            "RedriveAllowPolicy" => {
                self.redrive_allow_policy = parsed(name, value, RedriveAllowPolicy::parse)?;
            }
            "FifoQueue" if self.fifo && is_true(value) => {}
            "FifoQueue" if self.fifo => {
                let message = "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.";
                return Err(ApiError::bad("InvalidAttributeValue", message));
            }
            "ContentBasedDeduplication" if self.fifo => {
                self.content_based_deduplication =
                    one_of(name, &value.to_ascii_lowercase(), ["false", "true"])?;
            }
            "DeduplicationScope" if self.fifo => {
                self.deduplication_by_group = one_of(name, value, ["queue", "messageGroup"])?;
            }
            "FifoThroughputLimit" if self.fifo => {
                self.throughput_by_group = one_of(name, value, ["perQueue", "perMessageGroupId"])?;
            }
            "DeduplicationScope" | "FifoThroughputLimit" => {
                let message = format!("You can specify the {name} only when FifoQueue is set to true.");
                return Err(ApiError::bad("InvalidAttributeName", message));
            }
            _ => return Err(unknown_attribute(name)),
        }
        Ok(())
    }

    /// The attributes as GetQueueAttributes shows them; what is not set is not there.
    pub(super) fn shown(&self) -> BTreeMap<&'static str, String> {
        let mut shown = BTreeMap::from([
            ("VisibilityTimeout", self.visibility_timeout_seconds.to_string()),
            ("MessageRetentionPeriod", self.retention_seconds.to_string()),
            ("DelaySeconds", self.delay_seconds.to_string()),
            ("ReceiveMessageWaitTimeSeconds", self.receive_wait_seconds.to_string()),
            ("MaximumMessageSize", self.message_bytes_max.to_string()),
            ("SqsManagedSseEnabled", self.sqs_managed_sse.to_string()),
        ]);
        if self.fifo {
            let by = |by_group, names: [&str; 2]| names[usize::from(by_group)].to_owned();
            shown.extend([
                ("FifoQueue", "true".to_owned()),
                ("ContentBasedDeduplication", self.content_based_deduplication.to_string()),
                ("DeduplicationScope", by(self.deduplication_by_group, ["queue", "messageGroup"])),
                ("FifoThroughputLimit", by(self.throughput_by_group, ["perQueue", "perMessageGroupId"])),
            ]);
        }
        if let Some(key) = &self.kms_master_key_id {
            shown.insert("KmsMasterKeyId", key.clone());
            shown.insert("KmsDataKeyReusePeriodSeconds", self.kms_data_key_reuse_seconds.to_string());
        }
        let redrive = self.redrive_policy.as_ref().and_then(|policy| serde_json::to_string(policy).ok());
        let allow = self.redrive_allow_policy.as_ref().and_then(|policy| serde_json::to_string(policy).ok());
        let policies =
            [("Policy", self.policy.clone()), ("RedrivePolicy", redrive), ("RedriveAllowPolicy", allow)];
        shown.extend(policies.into_iter().filter_map(|(name, text)| Some((name, text?))));
        shown
    }
}

/// Refuses a name that no such queue has an attribute of.
pub(super) fn check_name(name: &str, fifo: bool) -> Result<(), ApiError> {
    const OPTIONAL: [&str; 6] = [
        "All",
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "Policy",
        "RedriveAllowPolicy",
        "RedrivePolicy",
    ];
    let known = COMPUTED.contains(&name)
        || OPTIONAL.contains(&name)
        || QueueAttributes { fifo, ..QueueAttributes::default() }.shown().contains_key(name);
    if known { Ok(()) } else { Err(unknown_attribute(name)) }
}

/// SQS takes `True` for `true`.
fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

/// Whether `value` is the second of the two that there are.
fn one_of(name: &str, value: &str, values: [&str; 2]) -> Result<bool, ApiError> {
    match values.iter().position(|known| *known == value) {
        Some(nth) => Ok(nth == 1),
        None => {
            Err(ApiError::bad("InvalidAttributeValue", format!("Invalid value for the parameter {name}.")))
        }
    }
}

fn json_text(name: &str, value: &str) -> Result<Option<String>, ApiError> {
    parsed(name, value, |text| match serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("It is not a JSON object.".to_owned()),
    })
}

fn parsed<T>(
    name: &str,
    value: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, ApiError> {
    if value.is_empty() {
        return Ok(None);
    }
    parse(value).map(Some).map_err(|reason| invalid_value(name, value, &reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(changes: &[(&str, &str)]) -> Result<QueueAttributes, ApiError> {
        let changes = changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        QueueAttributes::default().with(&changes)
    }

    #[test]
    fn limits_are_inclusive() {
        for (name, low, high) in [
            ("VisibilityTimeout", 0, 43_200),
            ("MessageRetentionPeriod", 60, 1_209_600),
            ("DelaySeconds", 0, 900),
            ("ReceiveMessageWaitTimeSeconds", 0, 20),
            ("MaximumMessageSize", 1024, 1_048_576),
        ] {
            for good in [low, high] {
                assert_eq!(with(&[(name, &good.to_string())]).unwrap().shown()[name], good.to_string());
            }
            for bad in [low - 1, high + 1] {
                assert_eq!(
                    with(&[(name, &bad.to_string())]).unwrap_err().code,
                    "InvalidAttributeValue",
                    "{name}={bad}"
                );
            }
        }
    }

    #[test]
    fn names_are_checked() {
        assert_eq!(with(&[("QueueArn", "x")]).unwrap_err().code, "InvalidAttributeName");
        assert_eq!(with(&[("ContentBasedDeduplication", "true")]).unwrap_err().code, "InvalidAttributeName");
        assert!(with(&[("ContentBasedDeduplication", "true"), ("FifoQueue", "true")]).is_ok());
        let mixed = with(&[("ContentBasedDeduplication", "True"), ("FifoQueue", "True")]).unwrap();
        assert_eq!(mixed.shown()["ContentBasedDeduplication"], "true");
        let change = |value: &str| mixed.with(&BTreeMap::from([("FifoQueue".into(), value.into())]));
        assert_eq!(change("true").unwrap(), mixed);
        assert_eq!(change("false").unwrap_err().code, "InvalidAttributeValue");
        assert_eq!(with(&[("FifoQueue", "false")]).unwrap_err().code, "InvalidAttributeName");
        let scope = with(&[("DeduplicationScope", "queue")]).unwrap_err();
        assert!(scope.code == "InvalidAttributeName" && scope.message.contains("only when FifoQueue"));
        assert!(check_name("RedrivePolicy", false).is_ok() && check_name("QueueArn", true).is_ok());
        assert!(check_name("FifoQueue", false).is_err() && check_name("FifoQueue", true).is_ok());
    }

    #[test]
    fn one_kind_of_encryption_at_a_time() {
        let kms = with(&[("KmsMasterKeyId", "alias/aws/sqs")]).unwrap();
        assert_eq!(kms.shown()["SqsManagedSseEnabled"], "false");
        assert!(with(&[("KmsMasterKeyId", "k"), ("SqsManagedSseEnabled", "true")]).is_err());
    }

    #[test]
    fn an_empty_policy_removes_it() {
        let set = with(&[("Policy", "{}")]).unwrap();
        assert_eq!(set.policy.as_deref(), Some("{}"));
        assert_eq!(set.with(&BTreeMap::from([("Policy".into(), String::new())])).unwrap().policy, None);
    }
}
