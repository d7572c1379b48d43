//! All rules as one JSON value and back, so that `drayage local --data` survives a restart.

use std::sync::Arc;

use serde_json::Value;

use super::EventBus;
use super::rule::{Rule, RuleSettings};
use crate::api::ApiError;

impl EventBus {
    /// Every rule with its targets and tags.
    pub(crate) fn snapshot(&self) -> Value {
        let rules = self.lock();
        let settings: Vec<&RuleSettings> = rules.values().map(|rule| &rule.settings).collect();
        serde_json::to_value(settings).unwrap_or_default()
    }

    /// Replaces all rules by those of a snapshot.
    ///
    /// # Errors
    /// When `snapshot` is none, or one of its patterns is invalid; nothing is changed then.
    pub(crate) fn restore(&self, snapshot: Value) -> Result<(), ApiError> {
        let saved: Vec<RuleSettings> = super::parse(snapshot)?;
        let load = |settings: RuleSettings| Ok((settings.name.clone(), Arc::new(Rule::new(settings)?)));
        let rules = saved.into_iter().map(load).collect::<Result<_, ApiError>>()?;
        *self.lock() = rules;
        Ok(())
    }
}
