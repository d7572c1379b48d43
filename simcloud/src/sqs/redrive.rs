//! Redrive policies: where messages go that were received too often, and who may send them here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The `RedrivePolicy` of a source queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RedrivePolicy {
    pub(super) dead_letter_target_arn: String,
    /// A message that was received this often goes to the dead-letter queue instead of being received again.
    pub(super) max_receive_count: u32,
}

impl RedrivePolicy {
    /// The policy in `text`, or why it is none. AWS takes `maxReceiveCount` as a number or as text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let policy: Value =
            serde_json::from_str(text).map_err(|_| "Redrive policy is not a valid JSON map.".to_owned())?;
        let target = policy
            .get("deadLetterTargetArn")
            .and_then(Value::as_str)
            .ok_or("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")?;
        let count = match policy.get("maxReceiveCount") {
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
            None => {
                return Err(
                    "Redrive policy does not contain mandatory attribute: maxReceiveCount.".to_owned()
                );
            }
        };
        let max_receive_count = count
            .and_then(|count| u32::try_from(count).ok())
            .filter(|count| (1..=1000).contains(count))
            .ok_or("Invalid value for maxReceiveCount, valid values are from 1 to 1000 both inclusive.")?;
        Ok(Self { dead_letter_target_arn: target.to_owned(), max_receive_count })
    }
}

/// The `RedriveAllowPolicy` of a dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RedriveAllowPolicy {
    redrive_permission: RedrivePermission,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    source_queue_arns: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum RedrivePermission {
    AllowAll,
    DenyAll,
    ByQueue,
}

impl RedriveAllowPolicy {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let policy: Self = serde_json::from_str(text)
            .map_err(|error| format!("Redrive allow policy is not valid: {error}."))?;
        let by_queue = policy.redrive_permission == RedrivePermission::ByQueue;
        match policy.source_queue_arns.len() {
            1..=10 if by_queue => Ok(policy),
            0 if !by_queue => Ok(policy),
            _ => Err(
                "sourceQueueArns takes 1 to 10 queues with redrivePermission byQueue, and none otherwise."
                    .to_owned(),
            ),
        }
    }

    pub(super) fn allows(&self, source_arn: &str) -> bool {
        match self.redrive_permission {
            RedrivePermission::AllowAll => true,
            RedrivePermission::DenyAll => false,
            RedrivePermission::ByQueue => self.source_queue_arns.iter().any(|arn| arn == source_arn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_may_be_text() {
        let text = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:d","maxReceiveCount":"5"}"#;
        assert_eq!(RedrivePolicy::parse(text).unwrap().max_receive_count, 5);
    }

    #[test]
    fn what_is_no_policy_says_why() {
        for text in
            ["", "[]", r#"{"deadLetterTargetArn":"a"}"#, r#"{"deadLetterTargetArn":"a","maxReceiveCount":0}"#]
        {
            assert!(RedrivePolicy::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn permissions() {
        let allows = |text: &str| RedriveAllowPolicy::parse(text).map(|policy| policy.allows("arn:a"));
        assert_eq!(allows(r#"{"redrivePermission":"allowAll"}"#), Ok(true));
        assert_eq!(allows(r#"{"redrivePermission":"denyAll"}"#), Ok(false));
        assert_eq!(allows(r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:a"]}"#), Ok(true));
        assert_eq!(allows(r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:b"]}"#), Ok(false));
        assert!(allows(r#"{"redrivePermission":"byQueue"}"#).is_err());
        assert!(allows(r#"{"redrivePermission":"sometimes"}"#).is_err());
    }
}
