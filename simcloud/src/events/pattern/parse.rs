//! From a pattern's text to what can be matched; what is invalid is refused with its place.

use serde_json::{Map, Value};

use super::{Comparison, EventPattern, Field, Matcher, Node, TextMatcher, Wildcard};

const DEPTH_MAX: usize = 64;

/// Why a pattern is invalid; the text ends with the place, as `at detail.object.key`.
type Reason = String;

impl EventPattern {
    pub(in crate::events) fn parse(text: &str) -> Result<Self, Reason> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("{error} at the pattern's text"))?;
        let Value::Object(fields) = value else {
            return Err(refuse("Event pattern must be a JSON object", &[]));
        };
        node(&fields, &mut Vec::new()).map(Self)
    }
}

fn refuse(reason: &str, path: &[String]) -> Reason {
    let place = if path.is_empty() { "the top".to_owned() } else { path.join(".") };
    format!("{reason} at {place}")
}

fn node(fields: &Map<String, Value>, path: &mut Vec<String>) -> Result<Node, Reason> {
    if fields.is_empty() {
        return Err(refuse("Empty objects are not allowed", path));
    }
    if path.len() > DEPTH_MAX {
        return Err(refuse("Event pattern is nested too deeply", path));
    }
    let mut parsed = Node::default();
    for (name, value) in fields {
        path.push(name.clone());
        match value {
            Value::Array(nodes) if name == "$or" => parsed.either.push(either(nodes, path)?),
            Value::Array(alternatives) => {
                parsed.fields.push((name.clone(), Field::OneOf(one_of(alternatives, path)?)));
            }
            Value::Object(fields) => parsed.fields.push((name.clone(), Field::Nested(node(fields, path)?))),
            _ => return Err(refuse(&format!("\"{name}\" must be an object or an array"), path)),
        }
        path.pop();
    }
    Ok(parsed)
}

fn either(nodes: &[Value], path: &mut Vec<String>) -> Result<Vec<Node>, Reason> {
    if nodes.len() < 2 {
        return Err(refuse("There must be at least two objects in an $or", path));
    }
    let each = |value: &Value| match value {
        Value::Object(fields) => node(fields, path),
        _ => Err(refuse("Only objects are allowed in an $or", path)),
    };
    nodes.iter().map(each).collect()
}

fn one_of(alternatives: &[Value], path: &[String]) -> Result<Vec<Matcher>, Reason> {
    if alternatives.is_empty() {
        return Err(refuse("Empty arrays are not allowed", path));
    }
    alternatives.iter().map(|value| matcher(value).map_err(|reason| refuse(&reason, path))).collect()
}

fn matcher(value: &Value) -> Result<Matcher, Reason> {
    match value {
        Value::Object(operator) => {
            let (name, operand) = only_member(operator)?;
            operator_matcher(name, operand)
        }
        Value::Array(_) => Err("Match value must be String, number, true, false, or null".to_owned()),
        leaf => Ok(Matcher::Exactly(leaf.clone())),
    }
}

fn only_member(operator: &Map<String, Value>) -> Result<(&str, &Value), Reason> {
    let mut members = operator.iter();
    match (members.next(), members.next()) {
        (Some((name, operand)), None) => Ok((name, operand)),
        _ => Err("Only one key allowed in match expression".to_owned()),
    }
}

fn operator_matcher(name: &str, operand: &Value) -> Result<Matcher, Reason> {
    match name {
        "exists" => match operand {
            Value::Bool(wanted) => Ok(Matcher::Exists(*wanted)),
            _ => Err("exists match pattern must be either true or false".to_owned()),
        },
        "numeric" => numeric(operand).map(Matcher::Numeric),
        "anything-but" => anything_but(operand),
        _ => text_matcher(name, operand).map(Matcher::Text),
    }
}

fn text_matcher(name: &str, operand: &Value) -> Result<TextMatcher, Reason> {
    let text = || match operand {
        Value::String(text) => Ok(text.clone()),
        _ => Err(format!("{name} match pattern must be a string")),
    };
    let ignoring_case = match operand {
        Value::Object(inner) => match only_member(inner)? {
            ("equals-ignore-case", Value::String(text)) => Some(text.clone()),
            _ => return Err(format!("{name} match pattern must be a string or an equals-ignore-case")),
        },
        _ => None,
    };
    match (name, ignoring_case) {
        ("prefix", Some(text)) => Ok(TextMatcher::PrefixIgnoreCase(text)),
        ("suffix", Some(text)) => Ok(TextMatcher::SuffixIgnoreCase(text)),
        ("prefix", None) => text().map(TextMatcher::Prefix),
        ("suffix", None) => text().map(TextMatcher::Suffix),
        ("equals-ignore-case", _) => text().map(TextMatcher::EqualsIgnoreCase),
        ("wildcard", _) => Ok(TextMatcher::Wildcard(Wildcard::parse(&text()?)?)),
        ("cidr", _) => Err("simcloud does not support the match type cidr".to_owned()),
        _ => Err(format!("Unrecognized match type {name}")),
    }
}

fn anything_but(operand: &Value) -> Result<Matcher, Reason> {
    match operand {
        Value::Object(inner) => {
            let (name, operand) = only_member(inner)?;
            let operands = match operand {
                Value::Array(operands) if operands.is_empty() => {
                    return Err("Empty arrays are not allowed in anything-but".to_owned());
                }
                Value::Array(operands) => operands.as_slice(),
                one => std::slice::from_ref(one),
            };
            let matchers = operands.iter().map(|operand| text_matcher(name, operand));
            Ok(Matcher::AnythingButText(matchers.collect::<Result<_, _>>()?))
        }
        Value::Array(values) => {
            let strings = values.iter().all(Value::is_string);
            let numbers = values.iter().all(Value::is_number);
            if values.is_empty() || !(strings || numbers) {
                return Err("Inside anything-but, a list must hold only strings or only numbers".to_owned());
            }
            Ok(Matcher::AnythingBut(values.clone()))
        }
        Value::String(_) | Value::Number(_) => Ok(Matcher::AnythingBut(vec![operand.clone()])),
        _ => {
            Err("Value of anything-but must be a string, a number, a list of them, or a text match"
                .to_owned())
        }
    }
}

fn numeric(operand: &Value) -> Result<Vec<(Comparison, f64)>, Reason> {
    let Some(parts @ ([_, _] | [_, _, _, _])) = operand.as_array().map(Vec::as_slice) else {
        return Err("Value of numeric must be an array of one or two comparisons".to_owned());
    };
    let condition = |pair: &[Value]| {
        let sign =
            pair[0].as_str().and_then(Comparison::parse).ok_or("Unrecognized numeric range operator")?;
        let bound = pair[1].as_f64().ok_or("Value of a numeric comparison must be numeric")?;
        if bound.abs() > 5e9 {
            return Err("Value of a numeric comparison must be between -5.0e9 and +5.0e9");
        }
        Ok((sign, bound))
    };
    let conditions: Vec<_> = parts.chunks(2).map(condition).collect::<Result<_, _>>()?;
    if let [(low, bottom), (high, top)] = conditions[..] {
        let is_range = matches!(low, Comparison::Greater | Comparison::GreaterOrEqual)
            && matches!(high, Comparison::Less | Comparison::LessOrEqual);
        if !is_range {
            return Err("A numeric range must be > or >= followed by < or <=".to_owned());
        }
        if bottom >= top {
            return Err("Bottom must be less than top".to_owned());
        }
    }
    Ok(conditions)
}
