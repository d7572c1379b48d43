//! Lifecycle rules: what they say of one key. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::object::Details;
use super::versions::{Revision, Versions};

const DAY_S: u64 = 86_400;

/// One rule of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) is_enabled: bool,
    pub(super) filter: Filter,
    pub(super) expiration: Option<Expiration>,
    pub(super) noncurrent: Option<Noncurrent>,
    /// Uploads in progress are aborted so many days after their start.
    pub(super) abort_after_days: Option<u64>,
}

/// What a rule is about; all of it must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Filter {
    pub(super) prefix: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) larger_than_bytes: Option<i64>,
    pub(super) smaller_than_bytes: Option<i64>,
}

/// When the current version goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Expiration {
    Days(u64),
    /// Midnight, in seconds of Unix time.
    Date(u64),
    /// Never; but a delete marker goes that hides nothing any more.
    OfMarkers,
}

/// When versions go that are not current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Noncurrent {
    /// After something newer came.
    pub(super) days: u64,
    /// So many of them stay, the newest ones.
    pub(super) kept: usize,
}

/// What has become due; it names the version by what cannot be another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Due {
    /// The current version, which is deleted as a request without a version id would.
    Expire { sequencer: String },
    /// A version, for good.
    Remove { version_id: Option<String>, sequencer: String },
}

impl Filter {
    fn is_about(&self, key: &str, object: Option<&Details>) -> bool {
        let has_prefix = key.starts_with(self.prefix.as_deref().unwrap_or_default());
        let is_plain =
            self.tags.is_empty() && self.larger_than_bytes.is_none() && self.smaller_than_bytes.is_none();
        let Some(details) = object else { return has_prefix && is_plain };
        let size = i64::try_from(details.size_bytes).unwrap_or(i64::MAX);
        has_prefix
            && self.tags.iter().all(|(name, value)| details.template.tags.get(name) == Some(value))
            && self.larger_than_bytes.is_none_or(|limit| size > limit)
            && self.smaller_than_bytes.is_none_or(|limit| size < limit)
    }
}

impl Rule {
    /// Whether an upload that started at `initiated_s` is to be aborted.
    pub(super) fn aborts(&self, key: &str, initiated_s: u64, now_s: u64) -> bool {
        self.is_enabled
            && self.filter.is_about(key, None)
            && self.abort_after_days.is_some_and(|days| is_due(initiated_s, days, now_s))
    }

    fn expires(&self, key: &str, object: Option<&Details>, since_s: u64, now_s: u64) -> bool {
        let due = match self.expiration {
            Some(Expiration::Days(days)) => is_due(since_s, days, now_s),
            Some(Expiration::Date(date)) => object.is_some() && now_s >= date,
            Some(Expiration::OfMarkers) => object.is_none(),
            None => false,
        };
        self.is_enabled && due && self.filter.is_about(key, object)
    }

    fn removes(&self, key: &str, revision: &Revision, newer: usize, since_s: u64, now_s: u64) -> bool {
        let details = revision.object().map(|version| &version.details);
        let due = self.noncurrent.is_some_and(|it| newer > it.kept && is_due(since_s, it.days, now_s));
        self.is_enabled && due && self.filter.is_about(key, details)
    }
}

/// An age in days ends at the midnight (UTC) that is not before it.
fn is_due(since_s: u64, days: u64, now_s: u64) -> bool {
    now_s >= since_s.saturating_add(days.saturating_mul(DAY_S)).div_ceil(DAY_S).saturating_mul(DAY_S)
}

/// What is due of a key.
pub(super) fn due(rules: &[Rule], key: &str, versions: &Versions, now_s: u64) -> Vec<Due> {
    let mut found = Vec::new();
    // When something newer came, which is when a version stopped to be current.
    let mut newer_s = None;
    for (newer, revision) in versions.newest_first().enumerate() {
        let details = revision.object().map(|version| &version.details);
        let since_s = revision.last_modified_s();
        let remove = || Due::Remove {
            version_id: revision.version_id().map(str::to_owned),
            sequencer: revision.sequencer().to_owned(),
        };
        let expires = || rules.iter().any(|rule| rule.expires(key, details, since_s, now_s));
        match (newer_s, details) {
            (None, Some(details)) if expires() => {
                found.push(Due::Expire { sequencer: details.sequencer.clone() });
            }
            (None, None) if versions.len() == 1 && expires() => found.push(remove()),
            (Some(newer_s), _)
                if rules.iter().any(|rule| rule.removes(key, revision, newer, newer_s, now_s)) =>
            {
                found.push(remove());
            }
            _ => {}
        }
        newer_s = Some(since_s);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::versions::DeleteMarker;
    use super::*;

    fn rule() -> Rule {
        Rule {
            id: "r".into(),
            is_enabled: true,
            filter: Filter { prefix: Some("in/".into()), ..Filter::default() },
            expiration: None,
            noncurrent: None,
            abort_after_days: None,
        }
    }

    fn markers(days: &[u64]) -> Versions {
        let mut versions = Versions::default();
        for day in days {
            versions.insert(Revision::DeleteMarker(Arc::new(DeleteMarker {
                version_id: Some(day.to_string()),
                last_modified_s: day * DAY_S + 1,
                sequencer: format!("{day:018X}"),
                entry: None,
            })));
        }
        versions
    }

    #[test]
    fn days_end_at_midnight() {
        let noon = DAY_S / 2;
        assert!(!is_due(noon, 1, 2 * DAY_S - 1));
        assert!(is_due(noon, 1, 2 * DAY_S));
        assert!(is_due(0, 1, DAY_S));
        assert!(!is_due(u64::MAX, 1, u64::MAX - DAY_S));
    }

    #[test]
    fn uploads_are_aborted_by_prefix_and_age() {
        let aborting = Rule { abort_after_days: Some(1), ..rule() };
        assert!(aborting.aborts("in/k", 0, DAY_S));
        assert!(!aborting.aborts("in/k", 1, DAY_S));
        assert!(!aborting.aborts("out/k", 0, DAY_S));
        assert!(!Rule { is_enabled: false, ..aborting }.aborts("in/k", 0, DAY_S));
    }

    #[test]
    fn versions_go_by_the_time_when_something_newer_came() {
        let removing = Rule { noncurrent: Some(Noncurrent { days: 2, kept: 1 }), ..rule() };
        let removed = |now_days: u64| -> Vec<Option<String>> {
            let due = due(std::slice::from_ref(&removing), "in/k", &markers(&[1, 2, 5, 6]), now_days * DAY_S);
            due.into_iter()
                .map(|due| match due {
                    Due::Remove { version_id, .. } => version_id,
                    Due::Expire { .. } => None,
                })
                .collect()
        };
        // Version 1 stopped to be current on day 2, version 2 on day 5; version 5 is kept.
        assert_eq!(removed(4), Vec::<Option<String>>::new());
        assert_eq!(removed(5), [Some("1".to_owned())]);
        assert_eq!(removed(100), [Some("2".to_owned()), Some("1".to_owned())]);
    }

    #[test]
    fn a_marker_goes_when_it_hides_nothing() {
        let cleaning = [Rule { expiration: Some(Expiration::OfMarkers), ..rule() }];
        assert_eq!(due(&cleaning, "in/k", &markers(&[1]), DAY_S).len(), 1);
        assert_eq!(due(&cleaning, "in/k", &markers(&[1, 2]), DAY_S), []);
        assert_eq!(due(&cleaning, "out/k", &markers(&[1]), DAY_S), []);
    }
}
