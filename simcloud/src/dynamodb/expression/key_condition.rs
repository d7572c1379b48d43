//! Key conditions: which range of one partition a query reads.

use std::ops::Bound;

use crate::api::ApiError;

use super::super::attribute::Attribute;
use super::super::key::{Edge, KeyPart, PrimaryKey};
use super::super::refusal::{invalid, validation};
use super::super::schema::{KeyAttribute, KeySchema};
use super::bindings::Bindings;
use super::condition::{Comparator, Condition, Operand};

const MEMBER: &str = "KeyConditionExpression";

/// A KeyConditionExpression, checked against the key schema that it is for: one partition, and a range of its sort keys.
#[derive(Debug, PartialEq)]
pub(in super::super) struct KeyCondition {
    pub(in super::super) lower: Bound<PrimaryKey>,
    pub(in super::super) upper: Bound<PrimaryKey>,
}

/// A range of sort keys.
type SortRange = (Bound<Edge<KeyPart>>, Bound<Edge<KeyPart>>);

impl KeyCondition {
    pub(in super::super) fn parse(
        source: &str,
        bindings: &Bindings,
        schema: &KeySchema,
    ) -> Result<Self, ApiError> {
        let mut partition = None;
        let mut sort = None;
        let condition = Condition::parse(MEMBER, source, bindings)?;
        for term in conjuncts(&condition) {
            let name = key_name(term)?;
            if name == schema.partition.name {
                let given = partition.replace(partition_value(term, &schema.partition)?);
                refuse_second(given.is_some())?;
            } else if let Some(key) = schema.sort.as_ref().filter(|key| key.name == name) {
                let given = sort.replace(sort_range(term, key)?);
                refuse_second(given.is_some())?;
            } else {
                let missed = match (&partition, &schema.sort) {
                    (Some(_), Some(sort)) => &sort.name,
                    _ => &schema.partition.name,
                };
                return Err(validation(format!("Query condition missed key schema element: {missed}")));
            }
        }
        let Some(partition) = partition else {
            return Err(validation(format!(
                "Query condition missed key schema element: {}",
                schema.partition.name
            )));
        };
        let key = PrimaryKey::new(partition, None);
        let (lower, upper) = sort.unwrap_or((Bound::Included(Edge::Least), Bound::Included(Edge::Most)));
        Ok(Self { lower: lower.map(|sort| key.at(sort)), upper: upper.map(|sort| key.at(sort)) })
    }
}

fn refuse_second(second: bool) -> Result<(), ApiError> {
    if second {
        return Err(validation("KeyConditionExpressions must only contain one condition per key"));
    }
    Ok(())
}

fn conjuncts<'c, 'a>(condition: &'c Condition<'a>) -> Vec<&'c Condition<'a>> {
    match condition {
        Condition::And(all) => all.iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}

fn key_name<'a>(term: &Condition<'a>) -> Result<&'a str, ApiError> {
    let operand = match term {
        Condition::Compare(operand, _, _)
        | Condition::Between(operand, _, _)
        | Condition::BeginsWith(operand, _) => operand,
        other => return Err(unsupported(other)),
    };
    match operand {
        Operand::Path(path) if path.steps.is_empty() => Ok(path.root),
        Operand::Path(_) => Err(validation(format!(
            "Invalid {MEMBER}: KeyConditionExpressions cannot have conditions on nested attributes"
        ))),
        Operand::Size(_) => Err(invalid_operator("size")),
        Operand::Value(_) => {
            Err(validation(format!("Invalid {MEMBER}: The first operand must be a key attribute")))
        }
    }
}

fn unsupported(term: &Condition<'_>) -> ApiError {
    invalid_operator(match term {
        Condition::Or(_) => "OR",
        Condition::Not(_) => "NOT",
        Condition::In(..) => "IN",
        Condition::Exists(_) => "attribute_exists",
        Condition::NotExists(_) => "attribute_not_exists",
        Condition::HasType(..) => "attribute_type",
        Condition::Contains(..) => "contains",
        _ => return validation("Query key condition not supported"),
    })
}

fn invalid_operator(operator: &str) -> ApiError {
    validation(format!("Invalid operator used in {MEMBER}: {operator}"))
}

fn partition_value(term: &Condition<'_>, key: &KeyAttribute) -> Result<KeyPart, ApiError> {
    match term {
        Condition::Compare(_, Comparator::Equal, value) => key_value(value, key),
        _ => Err(validation("Query key condition not supported")),
    }
}

fn sort_range(term: &Condition<'_>, key: &KeyAttribute) -> Result<SortRange, ApiError> {
    let least = Bound::Included(Edge::Least);
    let most = Bound::Included(Edge::Most);
    Ok(match term {
        Condition::Compare(_, comparator, value) => {
            let at = Edge::At(key_value(value, key)?);
            match comparator {
                Comparator::Equal => (Bound::Included(at.clone()), Bound::Included(at)),
                Comparator::Less => (least, Bound::Excluded(at)),
                Comparator::LessOrEqual => (least, Bound::Included(at)),
                Comparator::Greater => (Bound::Excluded(at), most),
                Comparator::GreaterOrEqual => (Bound::Included(at), most),
                Comparator::NotEqual => return Err(invalid_operator("<>")),
            }
        }
        Condition::Between(_, low, high) => (
            Bound::Included(Edge::At(key_value(low, key)?)),
            Bound::Included(Edge::At(key_value(high, key)?)),
        ),
        Condition::BeginsWith(_, prefix) => {
            let prefix = key_value(prefix, key)?;
            let end = prefix.after_prefix().map_or(most, |after| Bound::Excluded(Edge::At(after)));
            (Bound::Included(Edge::At(prefix)), end)
        }
        _ => return Err(validation("Query key condition not supported")),
    })
}

fn key_value(operand: &Operand<'_>, key: &KeyAttribute) -> Result<KeyPart, ApiError> {
    let Operand::Value(value) = operand else {
        return Err(validation(format!(
            "Invalid {MEMBER}: a key is compared with an expression attribute value"
        )));
    };
    if value.descriptor() != key.kind.descriptor() {
        return Err(invalid("Condition parameter type does not match schema type"));
    }
    if let Attribute::String(text) = value
        && text.is_empty()
    {
        return Err(validation(format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: {}",
            key.name
        )));
    }
    KeyPart::of(value).ok_or_else(|| validation("Query key condition not supported"))
}
