//! Operations on the targets of a rule.

use serde::Deserialize;
use serde_json::{Value, json};

use super::EventBus;
use super::errors::{parse, validation};
use super::rule::Target;
use super::rules::Page;
use crate::api::{ApiError, ApiResult};

const TARGETS_MAX: usize = 5;
const TARGET_MEMBERS: [&str; 6] = ["Id", "Arn", "RoleArn", "Input", "DeadLetterConfig", "RetryPolicy"];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutTargets {
    rule: String,
    event_bus_name: Option<String>,
    targets: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RemoveTargets {
    rule: String,
    event_bus_name: Option<String>,
    ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListTargetsByRule {
    rule: String,
    event_bus_name: Option<String>,
    #[serde(flatten)]
    page: Page,
}

impl EventBus {
    /// Adds targets, or replaces those of the same ids: all of them, or none.
    pub(super) fn put_targets(&self, request: PutTargets) -> ApiResult {
        self.check_bus(request.event_bus_name.as_deref())?;
        self.rule(&request.rule)?;
        let targets: Vec<_> =
            request.targets.into_iter().map(|target| self.target(target)).collect::<Result<_, _>>()?;
        self.change_rule(&request.rule, |rule| {
            let mut all = rule.targets.clone();
            all.extend(targets.into_iter().map(|target| (target.id.clone(), target)));
            if all.len() > TARGETS_MAX {
                let message = "The requested resource exceeds the maximum number allowed.";
                return Err(ApiError::bad("LimitExceededException", message));
            }
            rule.targets = all;
            Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
        })?
    }

    pub(super) fn remove_targets(&self, request: &RemoveTargets) -> ApiResult {
        self.check_bus(request.event_bus_name.as_deref())?;
        self.change_rule(&request.rule, |rule| rule.targets.retain(|id, _| !request.ids.contains(id)))?;
        Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
    }

    pub(super) fn list_targets_by_rule(&self, request: ListTargetsByRule) -> ApiResult {
        self.check_bus(request.event_bus_name.as_deref())?;
        let rule = self.rule(&request.rule)?;
        let targets = rule.settings.targets.iter().map(|(id, target)| (id.clone(), target)).collect();
        request.page.of("Targets", targets, |(_, target)| json!(target))
    }

    fn target(&self, target: Value) -> Result<Target, ApiError> {
        let other = target.as_object().and_then(|target| {
            target.keys().find(|member| !TARGET_MEMBERS.contains(&member.as_str())).cloned()
        });
        if let Some(member) = other {
            return Err(ApiError::not_implemented("EventBridge", &format!("PutTargets with {member}")));
        }
        let target: Target = parse(target)?;
        if !target.arn.starts_with("arn:aws:sqs:") {
            return Err(ApiError::not_implemented("EventBridge", &format!("the target {}", target.arn)));
        }
        self.check_queue_arn(&target.arn)?;
        if let Some(arn) = target.dead_letter_config.as_ref().and_then(|config| config.arn.as_deref()) {
            self.check_queue_arn(arn)?;
        }
        if let Some(input) = &target.input {
            let valid = serde_json::from_str::<serde::de::IgnoredAny>(input).is_ok();
            valid.then_some(()).ok_or_else(|| validation("JSON text in Input is not valid."))?;
        }
        let valid = (1..=64).contains(&target.id.len())
            && target.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        if valid { Ok(target) } else { Err(validation(format!("Parameter Id is not valid: {}.", target.id))) }
    }

    /// A queue must be a standard one of this region; it need not exist, and one of another account never does.
    fn check_queue_arn(&self, arn: &str) -> Result<(), ApiError> {
        if arn.ends_with(".fifo") {
            return Err(ApiError::not_implemented("EventBridge", &format!("the FIFO queue {arn}")));
        }
        let here = arn.strip_prefix("arn:aws:sqs:").and_then(|rest| rest.strip_prefix(self.region.as_str()));
        match here.and_then(|rest| rest.strip_prefix(':')).and_then(|rest| rest.split_once(':')) {
            Some((account, name)) if !account.is_empty() && !name.is_empty() => Ok(()),
            _ => {
                Err(validation(format!("Provided Arn is not in correct format or of another region: {arn}.")))
            }
        }
    }
}
