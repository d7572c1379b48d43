//! What AWS refuses of a condition before it looks at any item.

use crate::api::ApiError;

use super::super::attribute::Attribute;
use super::super::attribute_json::encode;
use super::condition::{Comparator, Operand};
use super::parser::Parser;

const DESCRIPTORS: [&str; 10] = ["S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"];

/// The first operand must not be one of the others.
pub(super) fn distinct(
    parser: &Parser<'_>,
    operator: &str,
    first: &Operand<'_>,
    others: &[Operand<'_>],
) -> Result<(), ApiError> {
    match first {
        Operand::Path(path) if others.contains(first) => Err(parser.refuse(format_args!(
            "The first operand must be distinct from the remaining operands for this operator or function; operator: {operator}, first operand: {path}"
        ))),
        _ => Ok(()),
    }
}

pub(super) fn compare(
    parser: &Parser<'_>,
    left: &Operand<'_>,
    comparator: Comparator,
    operator: &str,
    right: &Operand<'_>,
) -> Result<(), ApiError> {
    distinct(parser, operator, left, std::slice::from_ref(right))?;
    if matches!(comparator, Comparator::Equal | Comparator::NotEqual) {
        return Ok(());
    }
    ordered(parser, operator, left)?;
    ordered(parser, operator, right)
}

pub(super) fn between(
    parser: &Parser<'_>,
    operand: &Operand<'_>,
    low: &Operand<'_>,
    high: &Operand<'_>,
) -> Result<(), ApiError> {
    for each in [operand, low, high] {
        ordered(parser, "BETWEEN", each)?;
    }
    if let (Operand::Value(low), Operand::Value(high)) = (low, high) {
        let complaint = match low.order(high) {
            None => "same data type for lower and upper bounds",
            Some(std::cmp::Ordering::Greater) => "upper bound to be greater than or equal to lower bound",
            Some(_) => return Ok(()),
        };
        return Err(parser.refuse(format_args!(
            "The BETWEEN operator requires {complaint}; lower bound operand: AttributeValue: {}, upper bound operand: AttributeValue: {}",
            brief(low),
            brief(high)
        )));
    }
    Ok(())
}

pub(super) fn begins_with(
    parser: &Parser<'_>,
    operand: &Operand<'_>,
    prefix: &Operand<'_>,
) -> Result<(), ApiError> {
    distinct(parser, "begins_with", operand, std::slice::from_ref(prefix))?;
    for each in [operand, prefix] {
        match each {
            Operand::Value(Attribute::String(_) | Attribute::Binary(_))
            | Operand::Path(_)
            | Operand::Size(_) => {}
            Operand::Value(other) => return Err(parser.wrong_operand("begins_with", other)),
        }
    }
    Ok(())
}

/// The second operand of `attribute_type`.
pub(super) fn type_descriptor<'a>(parser: &Parser<'_>, operand: &Operand<'a>) -> Result<&'a str, ApiError> {
    match operand {
        Operand::Value(Attribute::String(kind)) if DESCRIPTORS.contains(&kind.as_str()) => Ok(kind),
        Operand::Value(Attribute::String(kind)) => Err(parser.refuse(format_args!(
            "Invalid attribute type name found; type: {kind}, valid types: {{{}}}",
            DESCRIPTORS.join(",")
        ))),
        Operand::Value(other) => Err(parser.wrong_operand("attribute_type", other)),
        _ => Err(parser.refuse("The second operand of attribute_type must be an expression attribute value")),
    }
}

fn ordered(parser: &Parser<'_>, operator: &str, operand: &Operand<'_>) -> Result<(), ApiError> {
    match operand {
        Operand::Value(value) if value.order(value).is_none() => Err(parser.wrong_operand(operator, value)),
        _ => Ok(()),
    }
}

/// `{S:text}`
fn brief(attribute: &Attribute) -> String {
    encode(attribute).to_string().replace('"', "")
}
