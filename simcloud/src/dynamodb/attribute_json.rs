//! Attribute values to and from the API's JSON (`{"S": "text"}`, `{"N": "12.5"}`, …).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};

use crate::api::ApiError;

use super::attribute::{Attribute, Attributes};
use super::number::{Number, NumberError};
use super::refusal::{invalid, malformed, validation};

/// Levels of maps and lists within one another that AWS accepts.
const NESTING_MAX: usize = 32;

/// Reads an item or a key. `member` names the request's member in refusals.
pub(super) fn decode_attributes(member: &str, json: Value) -> Result<Attributes, ApiError> {
    let Value::Object(object) = json else { return Err(malformed(member, "a map of attribute values")) };
    decode_map(object, 0)
}

fn decode_map(object: Map<String, Value>, depth: usize) -> Result<Attributes, ApiError> {
    object.into_iter().map(|(name, value)| Ok((name, decode_at(value, depth)?))).collect()
}

/// Reads one attribute value.
pub(super) fn decode(json: Value) -> Result<Attribute, ApiError> {
    decode_at(json, 0)
}

fn decode_at(json: Value, depth: usize) -> Result<Attribute, ApiError> {
    if depth >= NESTING_MAX {
        return Err(validation("Nesting Levels have exceeded supported limits"));
    }
    let Value::Object(object) = json else { return Err(malformed("an attribute value", "an object")) };
    // The SDKs send only what is set; a null member means the same as an absent one.
    let mut typed = object.into_iter().filter(|(_, value)| !value.is_null());
    let Some((descriptor, value)) = typed.next() else {
        return Err(validation(
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        ));
    };
    if typed.next().is_some() {
        return Err(validation(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
        ));
    }
    Ok(match (descriptor.as_str(), value) {
        ("S", Value::String(text)) => Attribute::String(text),
        ("N", Value::String(text)) => Attribute::Number(decode_number(&text)?),
        ("B", Value::String(text)) => Attribute::Binary(decode_bytes(&text)?),
        ("BOOL", Value::Bool(flag)) => Attribute::Bool(flag),
        ("NULL", Value::Bool(true)) => Attribute::Null,
        ("NULL", Value::Bool(false)) => {
            return Err(invalid("Null attribute value types must have the value of true"));
        }
        ("M", Value::Object(map)) => Attribute::Map(decode_map(map, depth + 1)?),
        ("L", Value::Array(list)) => Attribute::List(
            list.into_iter().map(|element| decode_at(element, depth + 1)).collect::<Result<_, _>>()?,
        ),
        ("SS", Value::Array(members)) => {
            Attribute::StringSet(decode_set("string", members, |text| Ok(text.to_owned()))?)
        }
        ("NS", Value::Array(members)) => Attribute::NumberSet(decode_set("number", members, decode_number)?),
        ("BS", Value::Array(members)) => Attribute::BinarySet(decode_set("binary", members, decode_bytes)?),
        ("S" | "N" | "B" | "BOOL" | "NULL" | "M" | "L" | "SS" | "NS" | "BS", _) => {
            return Err(malformed(&descriptor, "of its type's JSON form"));
        }
        _ => {
            return Err(validation(
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
            ));
        }
    })
}

fn decode_number(text: &str) -> Result<Number, ApiError> {
    Number::parse(text).map_err(|error| number_refusal(error, text))
}

/// How AWS words a number that it does not take.
pub(super) fn number_refusal(error: NumberError, text: &str) -> ApiError {
    match error {
        NumberError::Malformed if text.is_empty() => {
            validation("The parameter cannot be converted to a numeric value")
        }
        NumberError::Malformed => {
            validation(format!("The parameter cannot be converted to a numeric value: {text}"))
        }
        NumberError::TooManyDigits => {
            validation("Attempting to store more than 38 significant digits in a Number")
        }
        NumberError::Overflow => validation(
            "Number overflow. Attempting to store a number with magnitude larger than supported range",
        ),
        NumberError::Underflow => validation(
            "Number underflow. Attempting to store a number with magnitude smaller than supported range",
        ),
    }
}

fn decode_bytes(text: &str) -> Result<Vec<u8>, ApiError> {
    BASE64.decode(text).map_err(|_| malformed("B", "base64 text"))
}

fn decode_set<T: Ord>(
    kind: &str,
    members: Vec<Value>,
    decode: impl Fn(&str) -> Result<T, ApiError>,
) -> Result<BTreeSet<T>, ApiError> {
    let given = members.len();
    let set = members
        .into_iter()
        .map(|member| match member {
            Value::String(text) => decode(&text),
            _ => Err(malformed("a set's member", "a string")),
        })
        .collect::<Result<BTreeSet<T>, _>>()?;
    if set.is_empty() {
        return Err(invalid(format_args!("An {kind} set  may not be empty")));
    }
    if set.len() < given {
        return Err(invalid("Input collection contains duplicates."));
    }
    Ok(set)
}

/// Writes an item, a key, or what a map holds.
pub(super) fn encode_attributes(attributes: &Attributes) -> Value {
    Value::Object(attributes.iter().map(|(name, value)| (name.clone(), encode(value))).collect())
}

/// Writes one attribute value.
pub(super) fn encode(attribute: &Attribute) -> Value {
    let value = match attribute {
        Attribute::String(text) => Value::String(text.clone()),
        Attribute::Number(number) => Value::String(number.to_string()),
        Attribute::Binary(bytes) => Value::String(BASE64.encode(bytes)),
        Attribute::Bool(flag) => Value::Bool(*flag),
        Attribute::Null => Value::Bool(true),
        Attribute::Map(map) => encode_attributes(map),
        Attribute::List(list) => list.iter().map(encode).collect(),
        Attribute::StringSet(set) => set.iter().map(String::as_str).collect(),
        Attribute::NumberSet(set) => set.iter().map(Number::to_string).collect(),
        Attribute::BinarySet(set) => set.iter().map(|bytes| BASE64.encode(bytes)).collect(),
    };
    Value::Object(Map::from_iter([(attribute.descriptor().to_owned(), value)]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_round_trips() {
        let item = json!({
            "s": {"S": ""}, "n": {"N": "-12.5"}, "b": {"B": "AAEC"}, "yes": {"BOOL": true}, "none": {"NULL": true},
            "m": {"M": {"inner": {"L": [{"S": "x"}, {"N": "1"}]}}}, "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "20"]},
            "bs": {"BS": ["AA=="]},
        });
        let attributes = decode_attributes("Item", item.clone()).unwrap();
        assert_eq!(encode_attributes(&attributes), item);
    }

    #[test]
    fn wrong_values_are_refused_with_a_reason() {
        for (json, reason) in [
            (json!({}), "is empty"),
            (json!({"X": "1"}), "is empty"),
            (json!({"S": "a", "N": "1"}), "more than one"),
            (json!({"N": "twelve"}), "numeric value: twelve"),
            (json!({"SS": []}), "may not be empty"),
            (json!({"SS": ["a", "a"]}), "duplicates"),
            (json!({"NS": ["1", "1.0"]}), "duplicates"),
            (json!({"NULL": false}), "value of true"),
            (json!({"N": 5}), "N must be"),
            (json!({"B": "%"}), "base64"),
            (json!("text"), "must be an object"),
        ] {
            let refusal = decode(json.clone()).unwrap_err();
            assert!(refusal.message.contains(reason), "{json}: {}", refusal.message);
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels: usize| (1..levels).fold(json!({"S": "x"}), |inner, _| json!({"L": [inner]}));
        assert!(decode(nested(32)).is_ok());
        assert!(decode(nested(33)).is_err());
    }
}
