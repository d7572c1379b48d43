//! Operations on rules, and TestEventPattern.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::EventBus;
use super::errors::{invalid_pattern, no_such_rule, validation};
use super::pattern::EventPattern;
use super::rule::{Rule, RuleSettings};
use super::tags::Tag;
use crate::api::{ApiError, ApiResult};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutRule {
    name: String,
    event_pattern: Option<String>,
    schedule_expression: Option<String>,
    state: Option<String>,
    description: Option<String>,
    role_arn: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    event_bus_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NamedRule {
    name: String,
    event_bus_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListRules {
    name_prefix: Option<String>,
    event_bus_name: Option<String>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListRuleNamesByTarget {
    target_arn: String,
    event_bus_name: Option<String>,
    #[serde(flatten)]
    page: Page,
}

/// The members by which every list is paged. The token is the last name of the page before.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Page {
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TestEventPattern {
    event_pattern: String,
    event: String,
}

impl EventBus {
    /// Makes a rule, or replaces one and keeps its targets and tags.
    pub(super) fn put_rule(&self, request: PutRule) -> ApiResult {
        self.check_bus(request.event_bus_name.as_deref())?;
        check_name(&request.name)?;
        if request.schedule_expression.is_some() {
            return Err(ApiError::not_implemented("EventBridge", "PutRule with ScheduleExpression"));
        }
        let event_pattern = request.event_pattern.ok_or_else(|| {
            validation("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        })?;
        let enabled = match request.state.as_deref() {
            None | Some("ENABLED") => true,
            Some("DISABLED") => false,
            Some(other) => return Err(validation(format!("Parameter State is not valid: {other}."))),
        };
        let mut rules = self.lock();
        let before = rules.get(&request.name).map(|rule| rule.settings.clone());
        if before.is_some() && !request.tags.is_empty() {
            return Err(validation("Tags can only be set when a rule is made. Use TagResource."));
        }
        let (tags, targets) = before.map_or_else(
            || (request.tags.into_iter().map(Tag::into_pair).collect(), BTreeMap::new()),
            |before| (before.tags, before.targets),
        );
        let rule = Rule::new(RuleSettings {
            name: request.name.clone(),
            event_pattern,
            enabled,
            description: request.description,
            role_arn: request.role_arn,
            tags,
            targets,
        })?;
        let arn = self.rule_arn(&request.name);
        rules.insert(request.name, Arc::new(rule));
        Ok(json!({"RuleArn": arn}))
    }

    pub(super) fn describe_rule(&self, request: &NamedRule) -> ApiResult {
        self.check_bus(request.event_bus_name.as_deref())?;
        let mut shown = self.rule(&request.name)?.shown(&self.rule_arn(&request.name));
        shown["CreatedBy"] = self.account_id.clone().into();
        Ok(shown)
    }

    /// Succeeds if there is no such rule, as on AWS.
    pub(super) fn delete_rule(&self, request: &NamedRule) -> ApiResult {
        self.check_bus(request.event_bus_name.as_deref())?;
        let mut rules = self.lock();
        if rules.get(&request.name).is_some_and(|rule| !rule.settings.targets.is_empty()) {
            return Err(validation("Rule can't be deleted since it has targets."));
        }
        rules.remove(&request.name);
        Ok(json!({}))
    }

    pub(super) fn set_rule_state(&self, request: &NamedRule, enabled: bool) -> ApiResult {
        self.check_bus(request.event_bus_name.as_deref())?;
        self.change_rule(&request.name, |settings| settings.enabled = enabled)?;
        Ok(json!({}))
    }

    pub(super) fn list_rules(&self, request: ListRules) -> ApiResult {
        self.check_bus(request.event_bus_name.as_deref())?;
        let prefix = request.name_prefix.unwrap_or_default();
        let rules: Vec<_> =
            self.lock().iter().filter(|(name, _)| name.starts_with(&prefix)).map(shared).collect();
        request.page.of("Rules", rules, |(name, rule)| rule.shown(&self.rule_arn(name)))
    }

    pub(super) fn list_rule_names_by_target(&self, request: ListRuleNamesByTarget) -> ApiResult {
        self.check_bus(request.event_bus_name.as_deref())?;
        let has_target =
            |rule: &Rule| rule.settings.targets.values().any(|target| target.arn == request.target_arn);
        let rules: Vec<_> = self.lock().iter().filter(|(_, rule)| has_target(rule)).map(shared).collect();
        request.page.of("RuleNames", rules, |(name, _)| name.as_str().into())
    }

    pub(super) fn rule(&self, name: &str) -> Result<Arc<Rule>, ApiError> {
        self.lock().get(name).cloned().ok_or_else(|| no_such_rule(name))
    }

    /// Changes all but the pattern of a rule.
    pub(super) fn change_rule<T>(
        &self,
        name: &str,
        change: impl FnOnce(&mut RuleSettings) -> T,
    ) -> Result<T, ApiError> {
        let mut rules = self.lock();
        let rule = rules.get_mut(name).ok_or_else(|| no_such_rule(name))?;
        Ok(change(&mut Arc::make_mut(rule).settings))
    }
}

impl Page {
    /// One page of `items`, which are in order of their names.
    pub(super) fn of<T>(
        self,
        member: &str,
        items: Vec<(String, T)>,
        show: impl Fn(&(String, T)) -> Value,
    ) -> ApiResult {
        let limit = self.limit.unwrap_or(100);
        if !(1..=100).contains(&limit) {
            return Err(validation("Limit must be between 1 and 100."));
        }
        let after = self.next_token.unwrap_or_default();
        let mut rest = items.into_iter().filter(|(name, _)| *name > after);
        let page: Vec<_> = rest.by_ref().take(limit).collect();
        let mut reply = Map::new();
        if let Some((last, _)) = page.last().filter(|_| rest.next().is_some()) {
            reply.insert("NextToken".to_owned(), last.clone().into());
        }
        reply.insert(member.to_owned(), page.iter().map(show).collect());
        Ok(Value::Object(reply))
    }
}

/// Whether `Event` matches `EventPattern`. An event needs its envelope, but neither `resources` nor `detail`.
pub(super) fn test_event_pattern(request: &TestEventPattern) -> ApiResult {
    let pattern = EventPattern::parse(&request.event_pattern).map_err(|reason| invalid_pattern(&reason))?;
    let event: Value = serde_json::from_str(&request.event).unwrap_or_default();
    let envelope = ["id", "account", "source", "time", "region", "detail-type"];
    if envelope.iter().any(|field| event.get(field).is_none()) {
        return Err(validation("Parameter Event is not valid."));
    }
    Ok(json!({"Result": pattern.matches(&event)}))
}

fn shared((name, rule): (&String, &Arc<Rule>)) -> (String, Arc<Rule>) {
    (name.clone(), Arc::clone(rule))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let valid = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if valid { Ok(()) } else { Err(validation(format!("Parameter Name is not valid: {name}."))) }
}
