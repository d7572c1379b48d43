//! Event patterns: which events a rule is for. Pure.
//!
//! A pattern is an object. Each of its fields holds an object (to go down one level) or a list of alternatives, of which one must
//! match; all fields must match, and `$or` lists objects of which one must. An event's list matches if one of its elements does.
//! As EventBridge does, numbers are compared as they are written (`300` is not `300.0`) but for `numeric`.

mod parse;
#[cfg(test)]
mod tests;
mod wildcard;

use serde_json::Value;

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
        self.0.matches(Some(event))
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
            Self::Exactly(value) => leaf == value,
            Self::Text(matcher) => leaf.as_str().is_some_and(|text| matcher.matches(text)),
            Self::Numeric(conditions) => leaf.as_f64().is_some_and(|number| {
                conditions.iter().all(|(comparison, bound)| comparison.holds(number, *bound))
            }),
            Self::Exists(wanted) => *wanted,
            Self::AnythingBut(values) => !values.contains(leaf),
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
        }
    }
}

impl Comparison {
    fn parse(sign: &str) -> Option<Self> {
        Some(match sign {
            "=" => Self::Equal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Equal => number.total_cmp(&bound).is_eq(),
            Self::Less => number < bound,
            Self::LessOrEqual => number <= bound,
            Self::Greater => number > bound,
            Self::GreaterOrEqual => number >= bound,
        }
    }
}
