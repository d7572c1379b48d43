//! A request's members, taken one by one: what nobody took is a parameter that simcloud does not have.

use serde_json::{Map, Value};

use crate::api::ApiError;

use super::refusal::{constraint, malformed, missing, unsupported};

#[derive(Debug)]
pub(super) struct Request {
    operation: String,
    members: Map<String, Value>,
}

impl Request {
    pub(super) fn new(operation: &str, json: Value) -> Result<Self, ApiError> {
        match json {
            Value::Object(members) => Ok(Self { operation: operation.to_owned(), members }),
            _ => Err(malformed("the request", "an object")),
        }
    }

    /// A member; a null one counts as absent.
    pub(super) fn take(&mut self, member: &str) -> Option<Value> {
        self.members.remove(member).filter(|value| !value.is_null())
    }

    pub(super) fn take_required(&mut self, member: &str) -> Result<Value, ApiError> {
        self.take(member).ok_or_else(|| missing(member))
    }

    pub(super) fn text(&mut self, member: &str) -> Result<Option<String>, ApiError> {
        self.typed(member, "a string", |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    pub(super) fn required_text(&mut self, member: &str) -> Result<String, ApiError> {
        self.text(member)?.ok_or_else(|| missing(member))
    }

    pub(super) fn flag(&mut self, member: &str) -> Result<Option<bool>, ApiError> {
        self.typed(member, "a boolean", |value| value.as_bool())
    }

    pub(super) fn list(&mut self, member: &str) -> Result<Option<Vec<Value>>, ApiError> {
        self.typed(member, "a list", |value| match value {
            Value::Array(list) => Some(list),
            _ => None,
        })
    }

    pub(super) fn object(&mut self, member: &str) -> Result<Option<Map<String, Value>>, ApiError> {
        self.typed(member, "a map", |value| match value {
            Value::Object(object) => Some(object),
            _ => None,
        })
    }

    /// A structure within the request, whose members are taken the same way.
    pub(super) fn nested(&mut self, member: &str) -> Result<Option<Self>, ApiError> {
        let operation = format!("{} {member}", self.operation);
        Ok(self.object(member)?.map(|members| Self { operation, members }))
    }

    /// An integer of at least `least`.
    pub(super) fn integer(&mut self, member: &str, least: u64) -> Result<Option<u64>, ApiError> {
        let Some(value) = self.take(member) else { return Ok(None) };
        match value.as_u64() {
            Some(number) if number >= least => Ok(Some(number)),
            _ if value.is_number() => Err(constraint(
                member,
                &value,
                &format!("Member must have value greater than or equal to {least}"),
            )),
            _ => Err(malformed(member, "an integer")),
        }
    }

    /// One of an enum's values, by its name in the API.
    pub(super) fn choice<T: Copy>(
        &mut self,
        member: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(member)? else { return Ok(None) };
        choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| Some(*choice)).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            constraint(member, &text, &format!("Member must satisfy enum value set: [{}]", names.join(", ")))
        })
    }

    /// A table's name; an ARN of the table does as well.
    pub(super) fn table_name(&mut self) -> Result<String, ApiError> {
        let given = self.required_text("TableName")?;
        Ok(table_name_of(given))
    }

    /// A member that means nothing here.
    pub(super) fn ignore(&mut self, member: &str) {
        self.members.remove(member);
    }

    /// To be called before anything is done.
    pub(super) fn finish(mut self) -> Result<(), ApiError> {
        self.members.retain(|_, value| !value.is_null());
        match self.members.keys().next() {
            Some(member) => Err(unsupported(&self.operation, member)),
            None => Ok(()),
        }
    }

    fn typed<T>(
        &mut self,
        member: &str,
        wanted: &str,
        read: impl Fn(Value) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        self.take(member).map(|value| read(value).ok_or_else(|| malformed(member, wanted))).transpose()
    }
}

/// The name within a table's ARN, or the name itself.
pub(super) fn table_name_of(name_or_arn: String) -> String {
    match name_or_arn.split_once(":table/") {
        Some((prefix, name)) if prefix.starts_with("arn:") => name.to_owned(),
        _ => name_or_arn,
    }
}
