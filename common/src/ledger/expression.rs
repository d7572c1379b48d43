//! Builds update and condition expressions with every name behind a `#` and every value behind a `:`, so that none of
//! DynamoDB's 573 reserved words matters.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// The parts of one UpdateItem.
#[derive(Debug, Default)]
pub(super) struct Expression {
    pub(super) names: HashMap<String, String>,
    pub(super) values: HashMap<String, AttributeValue>,
    sets: Vec<String>,
    adds: Vec<String>,
    removes: Vec<String>,
    conditions: Vec<String>,
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

impl Expression {
    fn name(&mut self, attribute: &str) -> String {
        let name = format!("#{attribute}");
        self.names.insert(name.clone(), attribute.to_owned());
        name
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let name = format!(":v{}", self.values.len());
        self.values.insert(name.clone(), value);
        name
    }

    pub(super) fn set(&mut self, attribute: &str, value: AttributeValue) -> &mut Self {
        let (name, value) = (self.name(attribute), self.value(value));
        self.sets.push(format!("{name} = {value}"));
        self
    }

    pub(super) fn add(&mut self, attribute: &str, amount: u32) -> &mut Self {
        let (name, value) = (self.name(attribute), self.value(number(amount)));
        self.adds.push(format!("{name} {value}"));
        self
    }

    pub(super) fn remove(&mut self, attribute: &str) -> &mut Self {
        let name = self.name(attribute);
        self.removes.push(name);
        self
    }

    pub(super) fn require_equal(&mut self, attribute: &str, value: AttributeValue) -> &mut Self {
        let (name, value) = (self.name(attribute), self.value(value));
        self.conditions.push(format!("{name} = {value}"));
        self
    }

    pub(super) fn require_different(&mut self, attribute: &str, value: AttributeValue) -> &mut Self {
        let (name, value) = (self.name(attribute), self.value(value));
        self.conditions.push(format!("{name} <> {value}"));
        self
    }

    pub(super) fn require_one_of(
        &mut self,
        attribute: &str,
        values: impl Iterator<Item = AttributeValue>,
    ) -> &mut Self {
        let values: Vec<String> = values.map(|value| self.value(value)).collect();
        let name = self.name(attribute);
        self.conditions.push(format!("{name} IN ({})", values.join(", ")));
        self
    }

    pub(super) fn update(&self) -> String {
        [("SET", &self.sets), ("ADD", &self.adds), ("REMOVE", &self.removes)]
            .into_iter()
            .filter(|(_, clauses)| !clauses.is_empty())
            .map(|(verb, clauses)| format!("{verb} {}", clauses.join(", ")))
            .collect::<Vec<_>>()
            .join(" ")
    }

    pub(super) fn condition(&self) -> String {
        self.conditions.join(" AND ")
    }
}
