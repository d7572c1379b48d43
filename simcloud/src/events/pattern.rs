//! Event patterns: which events a rule is for. Pure.
//!
//! A pattern is an object. Each of its fields holds an object (to go down one level) or a list of alternatives, of which one must
//! match; all fields must match, and `$or` lists objects of which one must. An event's list matches if one of its elements does.
//! As EventBridge does, numbers are compared by value (`300` is `300.0`), and a name with a dot is a path (`dots`).

mod cidr;
mod dots;
mod parse;
#[cfg(test)]
mod tests;
mod wildcard;

use std::cmp::Ordering;

use serde_json::Value;

use self::cidr::Cidr;
use self::wildcard::Wildcard;

/// A pattern that was found valid.
#[derive(Debug, Clone)]
pub(super) struct EventPattern(Node);

/// One level of a pattern: everything in it must hold.
#[derive(Debug, Clone, Default)]
struct Node {
    fields: Vec<(String, Field)>,
    /// Each `$or`: one of its nodes must match.
    either: Vec<Vec<Node>>,
}

#[derive(Debug, Clone)]
enum Field {
    Nested(Node),
    OneOf(Vec<Matcher>),
}

#[derive(Debug, Clone)]
enum Matcher {
    Exactly(Value),
    Text(TextMatcher),
    /// All of these conditions.
    Numeric(Vec<(Comparison, f64)>),
    Exists(bool),
    AnythingBut(Vec<Value>),
    AnythingButText(Vec<TextMatcher>),
}

#[derive(Debug, Clone)]
enum TextMatcher {
    Prefix(String),
    PrefixIgnoreCase(String),
    Suffix(String),
    SuffixIgnoreCase(String),
    EqualsIgnoreCase(String),
    Wildcard(Wildcard),
    Cidr(Cidr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl EventPattern {
    pub(super) fn matches(&self, event: &Value) -> bool {
        self.0.matches(Some(&dots::spread(event)))
    }
}

impl Node {
    /// Whether `value` matches; of a list, one element must match as a whole.
    fn matches(&self, value: Option<&Value>) -> bool {
        let value = match value {
            Some(Value::Array(elements)) if elements.is_empty() => None,
            Some(Value::Array(elements)) => {
                return elements.iter().any(|element| self.matches(Some(element)));
            }
            other => other,
        };
        let field = |(name, field): &(String, Field)| {
            let value = value.and_then(|value| value.get(name));
            match field {
                Field::Nested(node) => node.matches(value),
                Field::OneOf(matchers) => matchers.iter().any(|matcher| matcher.matches_field(value)),
            }
        };
        self.fields.iter().all(field)
            && self.either.iter().all(|nodes| nodes.iter().any(|node| node.matches(value)))
    }
}

impl Matcher {
    /// `value` is what the event has in the field: nothing, one value, or a list of them.
    fn matches_field(&self, value: Option<&Value>) -> bool {
        let leaves = match value {
            None | Some(Value::Object(_)) => &[],
            Some(Value::Array(elements)) => elements.as_slice(),
            Some(value) => std::slice::from_ref(value),
        };
        match self {
            Self::Exists(wanted) => *wanted != leaves.is_empty(),
            _ => leaves.iter().any(|leaf| self.matches_leaf(leaf)),
        }
    }

    fn matches_leaf(&self, leaf: &Value) -> bool {
        match self {
            Self::Exactly(value) => is_same(leaf, value),
            Self::Text(matcher) => leaf.as_str().is_some_and(|text| matcher.matches(text)),
            Self::Numeric(conditions) => leaf.as_f64().is_some_and(|number| {
                conditions.iter().all(|(comparison, bound)| comparison.holds(number, *bound))
            }),
            Self::Exists(wanted) => *wanted,
            Self::AnythingBut(values) => !values.iter().any(|value| is_same(leaf, value)),
            Self::AnythingButText(matchers) => {
                !leaf.as_str().is_some_and(|text| matchers.iter().any(|matcher| matcher.matches(text)))
            }
        }
    }
}

impl TextMatcher {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::PrefixIgnoreCase(prefix) => text.to_lowercase().starts_with(&prefix.to_lowercase()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::SuffixIgnoreCase(suffix) => text.to_lowercase().ends_with(&suffix.to_lowercase()),
            Self::EqualsIgnoreCase(other) => text.to_lowercase() == other.to_lowercase(),
            Self::Wildcard(wildcard) => wildcard.matches(text),
            Self::Cidr(cidr) => cidr.contains(text),
        }
    }
}

impl Comparison {
    const ALL: [Self; 5] = [Self::Equal, Self::Less, Self::LessOrEqual, Self::Greater, Self::GreaterOrEqual];

    fn parse(sign: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparison| comparison.sign() == sign)
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Equal => is_equal(number, bound),
            Self::Less => number < bound,
            Self::LessOrEqual => number <= bound,
            Self::Greater => number > bound,
            Self::GreaterOrEqual => number >= bound,
        }
    }
}

/// Whether two leaves are the same value. Numbers are, however they are written.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() || other.is_f64() => {
            one.as_f64().zip(other.as_f64()).is_some_and(|(one, other)| is_equal(one, other))
        }
        _ => one == other,
    }
}

fn is_equal(one: f64, other: f64) -> bool {
    one.partial_cmp(&other).is_some_and(Ordering::is_eq)
}
