//! What is not as it must be: all of it counted, some of it named.

use std::collections::BTreeMap;

use serde::Serialize;

const EXAMPLES_MAX: usize = 10;

/// Kinds are named as the objectives are, without `_max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Neither completed nor rightly superseded, or not where it was to be delivered.
    Lost,
    WrongBytes,
    /// The ledger's `failed`.
    Failed,
    /// What the ledger says is not so.
    Untruthful,
    /// Transfers, objects and messages of nobody.
    Unexpected,
    PoisonUnparked,
    /// Messages that are still there at the end.
    LeftOver,
    RequestsFailed,
}

impl Kind {
    pub(super) const ALL: [Self; 8] = [
        Self::Lost,
        Self::WrongBytes,
        Self::Failed,
        Self::Untruthful,
        Self::Unexpected,
        Self::PoisonUnparked,
        Self::LeftOver,
        Self::RequestsFailed,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::WrongBytes => "wrong_bytes",
            Self::Failed => "failed",
            Self::Untruthful => "untruthful",
            Self::Unexpected => "unexpected",
            Self::PoisonUnparked => "poison_unparked",
            Self::LeftOver => "left_over",
            Self::RequestsFailed => "requests_failed",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) count: u64,
    pub(super) examples: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Findings(pub(super) BTreeMap<Kind, Finding>);

impl Findings {
    pub(super) fn add(&mut self, kind: Kind, example: impl Into<String>) {
        self.add_many(kind, 1, example);
    }

    pub(super) fn add_many(&mut self, kind: Kind, count: u64, example: impl Into<String>) {
        let finding = self.0.entry(kind).or_default();
        finding.count += count;
        if finding.examples.len() < EXAMPLES_MAX {
            finding.examples.push(example.into());
        }
    }

    pub(super) fn count(&self, kind: Kind) -> u64 {
        self.0.get(&kind).map_or(0, |finding| finding.count)
    }

    pub(super) fn extend(&mut self, other: &Self) {
        for (kind, finding) in &other.0 {
            let mine = self.0.entry(*kind).or_default();
            mine.count += finding.count;
            let room = EXAMPLES_MAX.saturating_sub(mine.examples.len());
            mine.examples.extend(finding.examples.iter().take(room).cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_some_are_named() {
        let mut findings = Findings::default();
        for index in 0..25 {
            findings.add(Kind::Lost, format!("file {index}"));
        }
        let mut all = Findings::default();
        all.add(Kind::Lost, "another");
        all.extend(&findings);
        assert_eq!((all.count(Kind::Lost), all.count(Kind::Failed)), (26, 0));
        assert_eq!(all.0[&Kind::Lost].examples.len(), EXAMPLES_MAX);
    }
}
