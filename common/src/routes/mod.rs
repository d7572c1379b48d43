//! Who gets what, and how: the rules file, and the routing of one source version by it.
//!
//! Pure: a file in, [`Routes`] or *all* its mistakes out; an object in, transfers and an explanation out. Every matching rule
//! applies, so one file may go to several targets; a file that no rule wants gets an explanation of why.

mod feeds;
mod file;
mod reader;
mod rule;
mod target;
mod template;

use std::collections::BTreeSet;

use crate::lane::Lane;
use crate::transfer::{KEY_BYTES_MAX, SourceVersion, Target, Transfer, TransferId};

pub use file::{Mistake, Mistakes};
pub use rule::{Mismatch, Rule};
pub use template::KeyTemplate;

/// Everything from `landing` to the same key in `delivered`; more than 524,288,000 bytes through the bulk lane.
pub const DEFAULT_RULES: &str = include_str!("default-rules.toml");

/// The customer of a file that no `[[customer]]` entry claims.
pub const UNASSIGNED: &str = "unassigned";

/// A rules file that holds together.
#[derive(Debug, Clone)]
pub struct Routes {
    rules: Vec<Rule>,
    customers: Vec<Customer>,
    lanes: LaneBySize,
}

/// Which lane a file takes when its rule names none.
#[derive(Debug, Clone)]
struct LaneBySize {
    default: Lane,
    bulk: Option<(u64, Lane)>,
}

/// Whose files lie where. The tenant comes from here, never from an event's text.
#[derive(Debug, Clone)]
struct Customer {
    id: String,
    bucket: String,
    prefix: String,
}

/// What the rules make of one source version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    pub transfers: Vec<(Lane, Transfer)>,
    /// One verdict per rule, in the file's order.
    pub verdicts: Vec<Verdict>,
}

/// What one rule said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub rule: String,
    pub decision: Decision,
}

/// Why a rule did or did not ask for a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Taken,
    Mismatch(Mismatch),
    /// An earlier rule already asks for the same target; its options hold.
    SameTargetAs(String),
    /// The key that the template makes is empty or longer than S3 takes.
    KeyDoesNotFit {
        key_bytes: usize,
    },
}

impl Routes {
    /// Reads a rules file. `lanes` are those that have a queue.
    ///
    /// # Errors
    /// Every mistake of the file, each with its line and column.
    pub fn parse(text: &str, lanes: &[Lane]) -> Result<Self, Mistakes> {
        file::parse(text, lanes)
    }

    /// What the rules make of `source`, which was uploaded at `uploaded_at` (RFC 3339).
    pub fn route(&self, source: &SourceVersion, uploaded_at: &str) -> Routing {
        let customer = self.customer_of(source);
        let mut transfers: Vec<(Lane, Transfer)> = Vec::new();
        let mut verdicts = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            let decision = match rule.wants(source, customer) {
                Err(mismatch) => Decision::Mismatch(mismatch),
                Ok(()) => {
                    let key = rule.target_key.render(source, rule.prefix(), customer);
                    let target = Target { bucket: rule.target_bucket.clone(), key };
                    self.decide(rule, source, target, customer, uploaded_at, &mut transfers)
                }
            };
            verdicts.push(Verdict { rule: rule.name.clone(), decision });
        }
        Routing { transfers, verdicts }
    }

    /// The buckets whose files the rules look at, without repetition.
    pub fn source_buckets(&self) -> BTreeSet<&str> {
        self.rules.iter().map(|rule| rule.bucket.as_str()).collect()
    }

    /// The buckets that the rules publish to, without repetition.
    pub fn target_buckets(&self) -> BTreeSet<&str> {
        self.rules.iter().map(|rule| rule.target_bucket.as_str()).collect()
    }

    fn decide(
        &self,
        rule: &Rule,
        source: &SourceVersion,
        target: Target,
        customer: &str,
        uploaded_at: &str,
        transfers: &mut Vec<(Lane, Transfer)>,
    ) -> Decision {
        if target.key.is_empty() || target.key.len() > KEY_BYTES_MAX {
            return Decision::KeyDoesNotFit { key_bytes: target.key.len() };
        }
        if let Some((_, earlier)) = transfers.iter().find(|(_, earlier)| earlier.target == target) {
            return Decision::SameTargetAs(earlier.rule.clone());
        }
        let lane = rule.lane.clone().unwrap_or_else(|| self.lanes.of(source.size_bytes));
        let transfer = Transfer {
            id: TransferId::derive(source, &target),
            source: source.clone(),
            target,
            customer: customer.to_owned(),
            rule: rule.name.clone(),
            options: rule.options.clone(),
            uploaded_at: uploaded_at.to_owned(),
        };
        transfers.push((lane, transfer));
        Decision::Taken
    }

    /// The customer with the longest matching prefix.
    fn customer_of(&self, source: &SourceVersion) -> &str {
        self.customers
            .iter()
            .filter(|customer| customer.bucket == source.bucket && source.key.starts_with(&customer.prefix))
            .max_by_key(|customer| customer.prefix.len())
            .map_or(UNASSIGNED, |customer| &customer.id)
    }
}

impl LaneBySize {
    fn of(&self, size_bytes: u64) -> Lane {
        match &self.bulk {
            Some((over_bytes, bulk)) if size_bytes > *over_bytes => bulk.clone(),
            _ => self.default.clone(),
        }
    }
}

impl Routing {
    /// Why nobody wants the file: for a person, and without its key.
    pub fn explain(&self) -> String {
        let reasons: Vec<String> =
            self.verdicts.iter().map(|verdict| format!("{}: {}", verdict.rule, verdict.decision)).collect();
        reasons.join("; ")
    }

    /// The first rule that wanted the file and could not name its target.
    pub fn misfit(&self) -> Option<&Verdict> {
        self.verdicts.iter().find(|verdict| matches!(verdict.decision, Decision::KeyDoesNotFit { .. }))
    }
}

impl std::fmt::Display for Decision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Taken => f.write_str("taken"),
            Self::Mismatch(mismatch) => mismatch.fmt(f),
            Self::SameTargetAs(rule) => write!(f, "same target as rule {rule}"),
            Self::KeyDoesNotFit { key_bytes } => {
                write!(f, "the target key would have {key_bytes} bytes: expected 1 to {KEY_BYTES_MAX}")
            }
        }
    }
}
