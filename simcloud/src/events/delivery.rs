//! From an event to the queues of the rules that it matches.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::ascii::ascii_json;
use super::object::{Envelope, S3Event};
use super::rule::{Rule, RuleSettings, Target};
use super::{EventBus, ObjectEvent};
use crate::api::ApiError;

impl EventBus {
    /// Called by S3, synchronously, after the object is visible and only for buckets with EventBridge notifications on.
    pub(crate) fn object_event(&self, event: &ObjectEvent) {
        let (id, time) = (self.entropy.uuid(), iso_8601(self.clock.now()));
        let envelope = Envelope { id: &id, account_id: &self.account_id, region: &self.region, time: &time };
        let event = S3Event::new(event, &envelope);
        // Neither fails: the event is made of texts and numbers.
        if let (Ok(value), Ok(text)) = (serde_json::to_value(&event), serde_json::to_string(&event)) {
            self.publish(&value, &text);
        }
    }

    /// How many events found no queue to go to, not even a dead-letter queue.
    pub(crate) fn undelivered(&self) -> u64 {
        self.undelivered.load(Ordering::Relaxed)
    }

    /// Delivers an event, given as value and as text, to every target of every rule that it matches.
    pub(super) fn publish(&self, event: &Value, text: &str) {
        let matching: Vec<Arc<Rule>> = {
            let rules = self.lock();
            let matches = |rule: &&Arc<Rule>| rule.settings.enabled && rule.pattern.matches(event);
            rules.values().filter(matches).cloned().collect()
        };
        if matching.is_empty() {
            return;
        }
        let body = ascii_json(text);
        for rule in &matching {
            for target in rule.settings.targets.values() {
                self.deliver(&rule.settings, target, &body);
            }
        }
    }

    fn deliver(&self, rule: &RuleSettings, target: &Target, body: &str) {
        let sent = match &target.input {
            Some(input) => ascii_json(input),
            None => body.to_owned(),
        };
        let Err(error) = self.sqs.deliver(&target.arn, sent, BTreeMap::new()) else { return };
        let dead_letter_arn = target.dead_letter_config.as_ref().and_then(|config| config.arn.as_deref());
        let parked = dead_letter_arn.map(|arn| {
            let attributes = self.dead_letter_attributes(rule, target, &error);
            self.sqs.deliver(arn, body.to_owned(), attributes)
        });
        if !matches!(parked, Some(Ok(()))) {
            self.undelivered.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(
                rule = rule.name,
                target = target.arn,
                error = error.message,
                "an event was dropped"
            );
        }
    }

    fn dead_letter_attributes(
        &self,
        rule: &RuleSettings,
        target: &Target,
        error: &ApiError,
    ) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("RULE_ARN".to_owned(), self.rule_arn(&rule.name)),
            ("TARGET_ARN".to_owned(), target.arn.clone()),
            ("ERROR_CODE".to_owned(), error.code.clone().into_owned()),
            ("ERROR_MESSAGE".to_owned(), error.message.clone()),
        ])
    }
}

/// In whole seconds, UTC: `2021-11-12T00:00:00Z`.
pub(super) fn iso_8601(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_in_whole_seconds() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_636_675_200_999);
        assert_eq!(iso_8601(time), "2021-11-12T00:00:00Z");
    }
}
