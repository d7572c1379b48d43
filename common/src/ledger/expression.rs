//! Builds update and condition expressions, every value behind a `:`. A name goes behind a `#` unless it has an underscore: none
//! of DynamoDB's 573 reserved words has one, so that none of them matters, and most names need no placeholder.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// More than any step has, so that no map grows on the way.
const VALUES: usize = 16;
const NAMES: usize = 4;
const CLAUSES_BYTES: usize = 256;

/// The parts of one UpdateItem, written as they come: a file has two, and they cost more than anything else of ours.
#[derive(Debug)]
pub(super) struct Expression {
    pub(super) names: HashMap<String, String>,
    pub(super) values: HashMap<String, AttributeValue>,
    sets: String,
    adds: String,
    removes: String,
    conditions: String,
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// Begins another clause of a list.
fn next<'l>(list: &'l mut String, begin: &str, between: &str) -> &'l mut String {
    list.push_str(if list.is_empty() { begin } else { between });
    list
}

impl Expression {
    pub(super) fn new() -> Self {
        Self {
            names: HashMap::with_capacity(NAMES),
            values: HashMap::with_capacity(VALUES),
            sets: String::with_capacity(CLAUSES_BYTES),
            adds: String::new(),
            removes: String::new(),
            conditions: String::with_capacity(CLAUSES_BYTES),
        }
    }

    fn name(names: &mut HashMap<String, String>, to: &mut String, attribute: &str) {
        if attribute.contains('_') {
            to.push_str(attribute);
            return;
        }
        let start = to.len();
        to.push('#');
        to.push_str(attribute);
        if let Some(name) = to.get(start..)
            && !names.contains_key(name)
        {
            names.insert(name.to_owned(), attribute.to_owned());
        }
    }

    fn value(values: &mut HashMap<String, AttributeValue>, to: &mut String, value: AttributeValue) {
        let name = format!(":{}", values.len());
        to.push_str(&name);
        values.insert(name, value);
    }

    pub(super) fn set(&mut self, attribute: &str, value: AttributeValue) -> &mut Self {
        let to = next(&mut self.sets, "SET ", ", ");
        Self::name(&mut self.names, to, attribute);
        to.push_str(" = ");
        Self::value(&mut self.values, to, value);
        self
    }

    pub(super) fn add(&mut self, attribute: &str, amount: u32) -> &mut Self {
        let to = next(&mut self.adds, " ADD ", ", ");
        Self::name(&mut self.names, to, attribute);
        to.push(' ');
        Self::value(&mut self.values, to, number(amount));
        self
    }

    pub(super) fn remove(&mut self, attribute: &str) -> &mut Self {
        Self::name(&mut self.names, next(&mut self.removes, " REMOVE ", ", "), attribute);
        self
    }

    pub(super) fn require_equal(&mut self, attribute: &str, value: AttributeValue) -> &mut Self {
        self.require(attribute, " = ", value)
    }

    pub(super) fn require_different(&mut self, attribute: &str, value: AttributeValue) -> &mut Self {
        self.require(attribute, " <> ", value)
    }

    fn require(&mut self, attribute: &str, relation: &str, value: AttributeValue) -> &mut Self {
        let to = next(&mut self.conditions, "", " AND ");
        Self::name(&mut self.names, to, attribute);
        to.push_str(relation);
        Self::value(&mut self.values, to, value);
        self
    }

    pub(super) fn require_one_of(
        &mut self,
        attribute: &str,
        values: impl Iterator<Item = AttributeValue>,
    ) -> &mut Self {
        let to = next(&mut self.conditions, "", " AND ");
        Self::name(&mut self.names, to, attribute);
        let mut between = " IN (";
        for value in values {
            to.push_str(between);
            Self::value(&mut self.values, to, value);
            between = ", ";
        }
        to.push(')');
        self
    }

    /// The update, and the condition.
    pub(super) fn written(&mut self) -> (String, String) {
        let mut update = std::mem::take(&mut self.sets);
        update.push_str(&self.adds);
        update.push_str(&self.removes);
        (update, std::mem::take(&mut self.conditions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_stand_in_their_places_and_only_short_names_behind_a_number_sign() {
        let mut expression = Expression::new();
        expression.set("status", text("queued")).remove("upload_id").add("attempts", 1);
        expression.set("error_code", text("x")).remove("error_code");
        expression.require_one_of("status", [text("a"), text("b")].into_iter());
        expression.require_different("owner", text("o"));
        let (update, condition) = expression.written();
        assert_eq!(update, "SET #status = :0, error_code = :2 ADD #attempts :1 REMOVE upload_id, error_code");
        assert_eq!(condition, "#status IN (:3, :4) AND #owner <> :5");
        let mut names: Vec<_> = expression.names.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["#attempts", "#owner", "#status"]);
        assert_eq!(expression.values.len(), 6);
    }
}
