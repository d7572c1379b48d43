//! `ExpressionAttributeNames` and `ExpressionAttributeValues`: what `#name` and `:value` stand for, and which were used.

use std::cell::Cell;

use serde_json::Value;

use crate::api::ApiError;

use super::super::attribute::Attribute;
use super::super::attribute_json;
use super::super::refusal::{malformed, validation};

/// A request's placeholders. Few, so that a linear search is the quickest.
#[derive(Debug, Default)]
pub(in super::super) struct Bindings {
    names: Vec<Binding<String>>,
    values: Vec<Binding<Attribute>>,
}

#[derive(Debug)]
struct Binding<T> {
    /// With its `#` or `:`.
    placeholder: String,
    stands_for: T,
    used: Cell<bool>,
}

impl Bindings {
    /// From the two members of a request.
    pub(in super::super) fn new(names: Option<Value>, values: Option<Value>) -> Result<Self, ApiError> {
        const NAMES: &str = "ExpressionAttributeNames";
        const VALUES: &str = "ExpressionAttributeValues";
        Ok(Self {
            names: bind(NAMES, '#', names, |name| match name {
                Value::String(name) => Ok(name),
                _ => Err(malformed(NAMES, "a map of strings")),
            })?,
            values: bind(VALUES, ':', values, attribute_json::decode)?,
        })
    }

    pub(super) fn name(&self, placeholder: &str) -> Option<&str> {
        find(&self.names, placeholder).map(String::as_str)
    }

    pub(super) fn value(&self, placeholder: &str) -> Option<&Attribute> {
        find(&self.values, placeholder)
    }

    /// To be called when all expressions of the request are parsed: a placeholder that none used is refused.
    pub(in super::super) fn check_used(&self, expressions: usize) -> Result<(), ApiError> {
        check_used("ExpressionAttributeNames", &self.names, expressions)?;
        check_used("ExpressionAttributeValues", &self.values, expressions)
    }
}

fn bind<T>(
    member: &str,
    sigil: char,
    json: Option<Value>,
    decode: impl Fn(Value) -> Result<T, ApiError>,
) -> Result<Vec<Binding<T>>, ApiError> {
    let Some(json) = json else { return Ok(Vec::new()) };
    let Value::Object(object) = json else { return Err(malformed(member, "a map")) };
    if object.is_empty() {
        return Err(validation(format!("{member} must not be empty")));
    }
    object
        .into_iter()
        .map(|(placeholder, json)| {
            let word = placeholder.strip_prefix(sigil).unwrap_or_default();
            if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return Err(validation(format!(
                    "{member} contains invalid key: Syntax error; key: \"{placeholder}\""
                )));
            }
            let stands_for = decode(json).map_err(|refusal| {
                let message =
                    format!("{member} contains invalid value: {} for key {placeholder}", refusal.message);
                ApiError { message, ..refusal }
            })?;
            Ok(Binding { placeholder, stands_for, used: Cell::new(false) })
        })
        .collect()
}

fn find<'a, T>(bindings: &'a [Binding<T>], placeholder: &str) -> Option<&'a T> {
    let binding = bindings.iter().find(|binding| binding.placeholder == placeholder)?;
    binding.used.set(true);
    Some(&binding.stands_for)
}

fn check_used<T>(member: &str, bindings: &[Binding<T>], expressions: usize) -> Result<(), ApiError> {
    if expressions == 0 && !bindings.is_empty() {
        return Err(validation(format!("{member} can only be specified when using expressions")));
    }
    let unused: Vec<_> = bindings
        .iter()
        .filter(|binding| !binding.used.get())
        .map(|binding| binding.placeholder.as_str())
        .collect();
    if unused.is_empty() {
        return Ok(());
    }
    Err(validation(format!(
        "Value provided in {member} unused in expressions: keys: {{{}}}",
        unused.join(", ")
    )))
}
