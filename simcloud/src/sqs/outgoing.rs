//! What a sender hands over, and what SQS refuses of it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;

use super::attributes::DELAY_SECONDS_MAX;
use super::digest::md5_of_body;
use super::errors::{in_range, invalid_parameter, invalid_value, missing_parameter, required};
use super::message::{AttributeValue, Content, MessageAttribute};
use crate::api::ApiError;

/// The members of SendMessage, and of one entry of SendMessageBatch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Outgoing {
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, AttributeInput>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, AttributeInput>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeInput {
    data_type: Option<String>,
    string_value: Option<String>,
    binary_value: Option<String>,
    string_list_values: Option<Vec<String>>,
    binary_list_values: Option<Vec<String>>,
}

/// A message that may be sent.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) content: Content,
    /// Body and attributes.
    pub(super) size_bytes: usize,
    pub(super) delay_seconds: Option<u32>,
}

impl Outgoing {
    /// Checks everything but the size, for which the queue has a limit of its own, and what depends on the kind of queue.
    pub(super) fn accept(self, message_id: String, sender_id: &str) -> Result<Accepted, ApiError> {
        let body = required(self.message_body, "MessageBody")?;
        if body.is_empty() {
            return Err(missing_parameter("MessageBody"));
        }
        check_characters(&body)?;
        if let Some(group) = &self.message_group_id {
            check_id("MessageGroupId", group)?;
        }
        if let Some(id) = &self.message_deduplication_id {
            check_id("MessageDeduplicationId", id)?;
        }
        let delay_seconds = self
            .delay_seconds
            .map(|delay| in_range("DelaySeconds", delay, 0..=DELAY_SECONDS_MAX))
            .transpose()?;
        let attributes = message_attributes(self.message_attributes)?;
        let trace_header = trace_header(self.message_system_attributes)?;
        let attribute_bytes: usize =
            attributes.iter().map(|(name, attribute)| name.len() + attribute.size_bytes()).sum();
        let size_bytes = body.len() + attribute_bytes;
        let body_md5 = md5_of_body(&body);
        let content = Content {
            message_id,
            body,
            body_md5,
            attributes,
            group_id: self.message_group_id,
            deduplication_id: self.message_deduplication_id,
            trace_header,
            sender_id: sender_id.to_owned(),
        };
        Ok(Accepted { content, size_bytes, delay_seconds })
    }

    pub(super) fn has_group(&self) -> bool {
        self.message_group_id.is_some()
    }

    pub(super) fn has_deduplication_id(&self) -> bool {
        self.message_deduplication_id.is_some()
    }

    /// The bytes that count against the limit of a batch.
    pub(super) fn size_bytes(&self) -> usize {
        let attribute = |(name, input): (&String, &AttributeInput)| {
            let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
            let binary = input.binary_value.as_ref().map_or(0, |encoded| encoded.len() / 4 * 3);
            name.len() + text(&input.data_type) + text(&input.string_value) + binary
        };
        let body = self.message_body.as_ref().map_or(0, String::len);
        body + self.message_attributes.iter().map(attribute).sum::<usize>()
    }
}

/// SQS takes the characters of XML 1.0: tab, line feed, carriage return, and everything from U+0020 on but U+FFFE and U+FFFF.
pub(super) fn check_characters(text: &str) -> Result<(), ApiError> {
    if has_only_xml_characters(text) {
        return Ok(());
    }
    Err(ApiError::bad(
        "InvalidMessageContents",
        "Invalid binary character was found in the message body, \
         the set of allowed characters is \
         #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.",
    ))
}

fn has_only_xml_characters(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..))
}

fn check_id(name: &str, id: &str) -> Result<(), ApiError> {
    let valid = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if valid {
        return Ok(());
    }
    let reason =
        format!("{name} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
    Err(invalid_value(name, id, &reason))
}

fn message_attributes(
    inputs: BTreeMap<String, AttributeInput>,
) -> Result<BTreeMap<String, MessageAttribute>, ApiError> {
    if inputs.len() > 10 {
        return Err(invalid_parameter(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [10].",
            inputs.len()
        )));
    }
    let attribute = |(name, input): (String, AttributeInput)| {
        check_attribute_name(&name)?;
        let attribute = attribute_value(&name, input)?;
        Ok((name, attribute))
    };
    inputs.into_iter().map(attribute).collect()
}

fn check_attribute_name(name: &str) -> Result<(), ApiError> {
    let lower = name.to_ascii_lowercase();
    let valid = (1..=256).contains(&name.len())
        && name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
        && !lower.starts_with("aws.")
        && !lower.starts_with("amazon.");
    if valid {
        return Ok(());
    }
    Err(invalid_parameter(format!(
        "The message attribute name '{name}' is invalid. It can contain letters, digits, underscore (_), \
         hyphen (-) and period (.), 1 to 256 in all; it must not begin or end with a period, have successive periods, \
         or begin with AWS. or Amazon."
    )))
}

fn attribute_value(name: &str, input: AttributeInput) -> Result<MessageAttribute, ApiError> {
    let invalid = |what: &str| invalid_parameter(format!("The message attribute '{name}' {what}"));
    let data_type =
        input.data_type.ok_or_else(|| invalid("must contain a non-empty message attribute type."))?;
    if input.string_list_values.is_some_and(|list| !list.is_empty())
        || input.binary_list_values.is_some_and(|list| !list.is_empty())
    {
        return Err(invalid("has list values, which SQS does not support."));
    }
    let kind = data_type.split_once('.').map_or(data_type.as_str(), |(kind, _)| kind);
    if data_type.len() > 256 || !matches!(kind, "String" | "Number" | "Binary") {
        return Err(invalid(
            "has an invalid message attribute type, \
             the set of supported type prefixes is Binary, Number, and String.",
        ));
    }
    let empty = || {
        invalid_parameter(format!(
            "Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
        ))
    };
    let value = if kind == "Binary" {
        let encoded = input.binary_value.filter(|value| !value.is_empty()).ok_or_else(empty)?;
        let bytes = BASE64.decode(encoded).map_err(|_| invalid("has a value that is not valid base64."))?;
        AttributeValue::Binary(bytes)
    } else {
        let text = input.string_value.filter(|value| !value.is_empty()).ok_or_else(empty)?;
        if !has_only_xml_characters(&text) {
            return Err(invalid("has a value with a character that XML 1.0 does not allow."));
        }
        if kind == "Number" && !is_number(&text) {
            return Err(invalid("has a value that is not a number of up to 38 digits."));
        }
        AttributeValue::Text(text)
    };
    Ok(MessageAttribute { data_type, value })
}

fn is_number(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() <= 38
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        && text.parse::<f64>().is_ok()
}

/// The one system attribute that a sender may set.
fn trace_header(inputs: BTreeMap<String, AttributeInput>) -> Result<Option<String>, ApiError> {
    let mut header = None;
    for (name, input) in inputs {
        if name != "AWSTraceHeader" {
            return Err(invalid_parameter(format!(
                "Message system attribute name '{name}' is invalid: only AWSTraceHeader can be set."
            )));
        }
        let text = input.string_value.filter(|text| !text.is_empty());
        if input.data_type.as_deref() != Some("String") || text.is_none() {
            return Err(invalid_parameter(
                "The message system attribute 'AWSTraceHeader' must be a non-empty String.",
            ));
        }
        header = text;
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn accept(mut message: Value) -> Result<Accepted, ApiError> {
        if message.get("MessageBody").is_none() {
            message["MessageBody"] = "x".into();
        }
        serde_json::from_value::<Outgoing>(message).unwrap().accept("id".into(), "sender")
    }

    fn code(message: Value) -> String {
        accept(message).map_or_else(|error| error.code.into_owned(), |_| "accepted".into())
    }

    #[test]
    fn the_set_of_characters_has_exact_edges() {
        for allowed in
            ['\t', '\n', '\r', ' ', '\u{7f}', '\u{d7ff}', '\u{e000}', '\u{fffd}', '\u{10000}', '\u{10ffff}']
        {
            assert!(check_characters(&format!("a{allowed}")).is_ok(), "{allowed:?}");
        }
        for refused in ['\0', '\u{1}', '\u{b}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
            assert!(check_characters(&format!("a{refused}")).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn what_a_message_must_and_must_not_have() {
        assert_eq!(code(json!({"MessageBody": ""})), "MissingParameter");
        assert_eq!(code(json!({"MessageBody": "\u{ffff}"})), "InvalidMessageContents");
        assert_eq!(code(json!({"DelaySeconds": 901})), "InvalidParameterValue");
        assert_eq!(code(json!({"MessageDeduplicationId": "d d"})), "InvalidParameterValue");
        assert_eq!(code(json!({"MessageGroupId": "a b"})), "InvalidParameterValue");
        assert_eq!(code(json!({"MessageGroupId": "tenant-1", "DelaySeconds": 900})), "accepted");
    }

    #[test]
    fn attributes_are_checked() {
        let one = |name: &str, value: Value| code(json!({"MessageAttributes": {name: value}}));
        let good = json!({"DataType": "String", "StringValue": "v"});
        assert_eq!(one("a.b-c_1", good.clone()), "accepted");
        assert_eq!(one("größe", good.clone()), "accepted");
        let control = json!({"DataType": "String", "StringValue": "a\u{8}"});
        assert_eq!(one("a", control), "InvalidParameterValue");
        for name in ["", ".a", "a.", "a..b", "aws.x", "Amazon.x", "a b", "a§"] {
            assert_eq!(one(name, good.clone()), "InvalidParameterValue", "{name}");
        }
        assert_eq!(one("a", json!({"DataType": "Number.int", "StringValue": "-1.5e3"})), "accepted");
        assert_eq!(one("a", json!({"DataType": "Number", "StringValue": "NaN"})), "InvalidParameterValue");
        assert_eq!(one("a", json!({"DataType": "Text", "StringValue": "v"})), "InvalidParameterValue");
        assert_eq!(one("a", json!({"DataType": "String", "StringValue": ""})), "InvalidParameterValue");
        assert_eq!(one("a", json!({"DataType": "Binary", "BinaryValue": "AAE="})), "accepted");
        assert_eq!(one("a", json!({"DataType": "Binary", "BinaryValue": "?"})), "InvalidParameterValue");
    }

    #[test]
    fn the_size_counts_names_types_and_values() {
        let attribute = json!({"DataType": "Binary", "BinaryValue": "AAEC"});
        let message = json!({"MessageBody": "abc", "MessageAttributes": {"name": attribute}});
        assert_eq!(accept(message).unwrap().size_bytes, 3 + 4 + 6 + 3);
    }

    proptest! {
        #[test]
        fn every_character_is_judged_alike(c: char) {
            let code = u32::from(c);
            let allowed =
                matches!(code, 0x9 | 0xa | 0xd | 0x20..=0xd7ff | 0xe000..=0xfffd | 0x10000..=0x10_ffff);
            prop_assert_eq!(check_characters(&c.to_string()).is_ok(), allowed);
        }
    }
}
