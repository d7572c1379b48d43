//! A rule with its targets, as it is kept and shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::invalid_pattern;
use super::pattern::EventPattern;
use crate::api::ApiError;

/// What is kept of a rule; its pattern is kept as its owner wrote it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RuleSettings {
    pub(super) name: String,
    pub(super) event_pattern: String,
    pub(super) enabled: bool,
    pub(super) description: Option<String>,
    pub(super) role_arn: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    /// By id.
    pub(super) targets: BTreeMap<String, Target>,
}

/// A rule whose pattern is ready to be matched.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) settings: RuleSettings,
    pub(super) pattern: EventPattern,
}

/// A target as PutTargets takes and ListTargetsByRule shows it: always an SQS standard queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Target {
    pub(super) id: String,
    pub(super) arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) role_arn: Option<String>,
    /// Sent instead of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dead_letter_config: Option<DeadLetterConfig>,
    /// Kept and shown: a delivery is tried once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retry_policy: Option<RetryPolicy>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeadLetterConfig {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) arn: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RetryPolicy {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) maximum_retry_attempts: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) maximum_event_age_in_seconds: Option<u32>,
}

impl Rule {
    pub(super) fn new(settings: RuleSettings) -> Result<Self, ApiError> {
        let pattern =
            EventPattern::parse(&settings.event_pattern).map_err(|reason| invalid_pattern(&reason))?;
        Ok(Self { settings, pattern })
    }

    /// The rule as DescribeRule and ListRules show it.
    pub(super) fn shown(&self, arn: &str) -> Value {
        let settings = &self.settings;
        let mut shown = json!({
            "Name": settings.name,
            "Arn": arn,
            "EventPattern": settings.event_pattern,
            "State": if settings.enabled { "ENABLED" } else { "DISABLED" },
            "EventBusName": super::BUS,
        });
        for (name, value) in [("Description", &settings.description), ("RoleArn", &settings.role_arn)] {
            if let Some(value) = value {
                shown[name] = value.clone().into();
            }
        }
        shown
    }
}
