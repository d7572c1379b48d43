//! Which attributes a receiver asks for.

use std::collections::BTreeSet;

use super::errors::unknown_attribute;
use crate::api::ApiError;

const SYSTEM_ATTRIBUTES: [&str; 9] = [
    "AWSTraceHeader",
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "DeadLetterQueueSourceArn",
    "MessageDeduplicationId",
    "MessageGroupId",
    "SenderId",
    "SentTimestamp",
    "SequenceNumber",
];

/// The attributes that a ReceiveMessage wants beside the body; by default none.
#[derive(Debug, Default)]
pub(super) struct Selection {
    all_system: bool,
    system: BTreeSet<String>,
    all_message: bool,
    message: BTreeSet<String>,
    message_prefixes: Vec<String>,
}

impl Selection {
    /// `system` holds names of system attributes or `All`; `message` names, prefixes (`bar.*`), `All`, `*` or `.*`.
    pub(super) fn new(system: Vec<String>, message: Vec<String>) -> Result<Self, ApiError> {
        let mut selection = Self::default();
        for name in system {
            match name.as_str() {
                "All" => selection.all_system = true,
                known if SYSTEM_ATTRIBUTES.contains(&known) => {
                    selection.system.insert(name);
                }
                _ => return Err(unknown_attribute(&name)),
            }
        }
        for name in message {
            if ["All", "*", ".*"].contains(&name.as_str()) {
                selection.all_message = true;
            } else if let Some(prefix) = name.strip_suffix(".*") {
                selection.message_prefixes.push(prefix.to_owned());
            } else {
                selection.message.insert(name);
            }
        }
        Ok(selection)
    }

    pub(super) fn wants_no_system_attribute(&self) -> bool {
        !self.all_system && self.system.is_empty()
    }

    pub(super) fn wants_system_attribute(&self, name: &str) -> bool {
        self.all_system || self.system.contains(name)
    }

    pub(super) fn wants_message_attribute(&self, name: &str) -> bool {
        self.all_message
            || self.message.contains(name)
            || self.message_prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(system: &[&str], message: &[&str]) -> Result<Selection, ApiError> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Selection::new(owned(system), owned(message))
    }

    #[test]
    fn nothing_is_returned_unasked() {
        let none = Selection::default();
        assert!(none.wants_no_system_attribute());
        assert!(!none.wants_message_attribute("a"));
    }

    #[test]
    fn names_prefixes_and_all() {
        let some = selection(&["SentTimestamp"], &["exact", "trace.*"]).unwrap();
        assert!(some.wants_system_attribute("SentTimestamp") && !some.wants_system_attribute("SenderId"));
        assert!(some.wants_message_attribute("exact") && some.wants_message_attribute("trace.id"));
        assert!(!some.wants_message_attribute("exactly"));
        let all = selection(&["All"], &[".*"]).unwrap();
        assert!(all.wants_system_attribute("SenderId") && all.wants_message_attribute("anything"));
        assert!(selection(&[], &["*"]).unwrap().wants_message_attribute("anything"));
    }

    #[test]
    fn an_unknown_system_attribute_is_refused() {
        assert_eq!(selection(&["Sent"], &[]).unwrap_err().code, "InvalidAttributeName");
    }
}
