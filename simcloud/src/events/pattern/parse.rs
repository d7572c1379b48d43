//! From a pattern's text to what can be matched; what is invalid is refused with its place.

use serde_json::{Map, Value};

use super::{Cidr, Comparison, EventPattern, Field, Matcher, Node, TextMatcher, Wildcard};

const DEPTH_MAX: usize = 64;

/// Why a pattern is invalid; a second line ends with the place, as `at detail.object.key`.
type Reason = String;

impl EventPattern {
    pub(in crate::events) fn parse(text: &str) -> Result<Self, Reason> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("{error}\n at the pattern's text"))?;
        let Value::Object(fields) = value else {
            return Err(refuse("Event pattern must be a JSON object", &[]));
        };
        node(&fields, &mut Vec::new()).map(Self)
    }
}

fn refuse(reason: &str, path: &[String]) -> Reason {
    let place = if path.is_empty() { "the top".to_owned() } else { path.join(".") };
    format!("{reason}\n at {place}")
}

fn node(fields: &Map<String, Value>, path: &mut Vec<String>) -> Result<Node, Reason> {
    if fields.is_empty() {
        return Err(refuse("Empty objects are not allowed", path));
    }
    let mut parsed = Node::default();
    let depth = path.len();
    for (name, value) in fields {
        path.extend(name.split('.').take(DEPTH_MAX + 1).map(str::to_owned));
        if path.len() > DEPTH_MAX {
            return Err(refuse("Event pattern is nested too deeply", &path[..depth]));
        }
        match value {
            Value::Array(nodes) if name == "$or" => parsed.either.push(either(nodes, path)?),
            Value::Array(alternatives) => {
                parsed.fields.push(at(name, Field::OneOf(one_of(alternatives, path)?)));
            }
            Value::Object(fields) => parsed.fields.push(at(name, Field::Nested(node(fields, path)?))),
            _ => return Err(refuse(&format!("\"{name}\" must be an object or an array"), path)),
        }
        path.truncate(depth);
    }
    Ok(parsed)
}

/// The field under its name, one level down for each dot in it.
fn at(name: &str, field: Field) -> (String, Field) {
    let mut names = name.rsplit('.');
    let last = names.next().unwrap_or(name).to_owned();
    names.fold((last, field), |inner, name| {
        (name.to_owned(), Field::Nested(Node { fields: vec![inner], either: Vec::new() }))
    })
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
        ("cidr", _) => Cidr::parse(&text()?).map(TextMatcher::Cidr),
        _ => Err(format!("Unrecognized match type {name}")),
    }
}

fn anything_but(operand: &Value) -> Result<Matcher, Reason> {
    let wrong = || "Value of anything-but must be an array or single string/number value.".to_owned();
    match operand {
        Value::Object(inner) => {
            let (name, operand) = only_member(inner)?;
            let operands = match operand {
                Value::Array(operands) if operands.is_empty() => {
                    return Err("Empty arrays are not allowed".to_owned());
                }
                Value::Array(operands) => operands.as_slice(),
                Value::Object(_) => return Err(wrong()),
                one => std::slice::from_ref(one),
            };
            let matchers = operands.iter().map(|operand| anything_but_text(name, operand));
            Ok(Matcher::AnythingButText(matchers.collect::<Result<_, _>>()?))
        }
        Value::Array(values) => {
            let strings = values.iter().all(Value::is_string);
            let numbers = values.iter().all(Value::is_number);
            match values.as_slice() {
                [] => Err("Empty arrays are not allowed".to_owned()),
                _ if strings || numbers => Ok(Matcher::AnythingBut(values.clone())),
                _ if values.iter().all(|value| value.is_string() || value.is_number()) => {
                    Err("Inside anything-but, a list must hold only strings or only numbers".to_owned())
                }
                _ => Err("Inside anything but list, start|null|boolean is not supported.".to_owned()),
            }
        }
        Value::String(_) | Value::Number(_) => Ok(Matcher::AnythingBut(vec![operand.clone()])),
        _ => Err(wrong()),
    }
}

/// The text that `anything-but` excludes. It takes fewer forms than a match of its own: no empty prefix, no range of addresses.
fn anything_but_text(name: &str, operand: &Value) -> Result<TextMatcher, Reason> {
    match (name, operand) {
        ("prefix" | "suffix", Value::String(text)) if text.is_empty() => {
            Err("Null prefix/suffix not allowed".to_owned())
        }
        ("prefix" | "suffix" | "wildcard" | "equals-ignore-case", Value::String(_)) => {
            text_matcher(name, operand)
        }
        ("prefix" | "suffix", _) => Err("prefix/suffix match pattern must be a string".to_owned()),
        ("wildcard", _) => Err("wildcard match pattern must be a string".to_owned()),
        ("equals-ignore-case", _) => {
            Err("Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
                .to_owned())
        }
        _ => Err(format!("Unsupported anything-but pattern: {name}")),
    }
}

/// One comparison, or `>` or `>=` followed by `<` or `<=`.
fn numeric(operand: &Value) -> Result<Vec<(Comparison, f64)>, Reason> {
    let parts = operand.as_array().ok_or("Value of numeric must be an array.")?;
    let mut conditions = Vec::new();
    for pair in parts.chunks(2) {
        conditions.push(condition(pair)?);
    }
    match conditions[..] {
        [_] => Ok(conditions),
        [(low, bottom), (high, top)] => {
            let is_low = |sign| matches!(sign, Comparison::Greater | Comparison::GreaterOrEqual);
            let is_high = |sign| matches!(sign, Comparison::Less | Comparison::LessOrEqual);
            match () {
                () if !is_low(low) => Err("A numeric range must begin with > or >=".to_owned()),
                () if !is_high(high) => Err(format!("Bad numeric range operator: {}", high.sign())),
                () if bottom >= top => Err("Bottom must be less than top".to_owned()),
                () => Ok(conditions),
            }
        }
        _ => Err("Value of numeric must be one or two comparisons".to_owned()),
    }
}

fn condition(pair: &[Value]) -> Result<(Comparison, f64), Reason> {
    let comparison = pair
        .first()
        .and_then(Value::as_str)
        .and_then(Comparison::parse)
        .ok_or("Unrecognized numeric range operator")?;
    let bound = pair.get(1).and_then(Value::as_f64);
    let bound = bound.ok_or_else(|| format!("Value of {} must be numeric", comparison.sign()))?;
    if bound.abs() > 5e9 {
        return Err("Value of a numeric comparison must be between -5.0e9 and +5.0e9".to_owned());
    }
    Ok((comparison, bound))
}
