//! The rules file: from text to [`Routes`], or to all its mistakes.

use std::collections::BTreeSet;
use std::fmt;

use toml::de::DeTable;

use super::reader::{At, Fields, Reader};
use super::{Customer, LaneBySize, Routes, Rule, feeds, target};
use crate::lane::Lane;

/// One thing wrong with a rules file. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    pub line: usize,
    pub column: usize,
    pub message: String,
}

/// Everything wrong with a rules file, in its order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, Mistake { line, column, message }) in self.0.iter().enumerate() {
            let end = if nth == 0 { "" } else { "\n" };
            write!(f, "{end}line {line}, column {column}: {message}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

pub(super) fn parse(text: &str, lanes: &[Lane]) -> Result<Routes, Mistakes> {
    let reader = Reader::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            reader.mistake(&error.span().unwrap_or_default(), error.message());
        }
        return reader.finish(None);
    }
    let mut fields = reader.fields("the file", 0..0, root.get_ref());
    let routes = routes(&mut fields, lanes);
    fields.end();
    for cycle in routes.as_ref().map(|routes| feeds::cycles(&routes.rules)).unwrap_or_default() {
        let what = format!("a target feeds the rules again: {}", cycle.join(" → "));
        reader.mistake(&rule_span(root.get_ref(), cycle.first()), what);
    }
    reader.finish(routes)
}

fn rule_span(root: &DeTable<'_>, name: Option<&String>) -> std::ops::Range<usize> {
    let rules = root.get("rule").and_then(|rules| rules.get_ref().as_array());
    let named = |rule: &&toml::Spanned<toml::de::DeValue<'_>>| {
        rule.get_ref().get("name").and_then(|value| value.get_ref().as_str()) == name.map(String::as_str)
    };
    rules.and_then(|rules| rules.iter().find(named)).map_or(0..0, toml::Spanned::span)
}

fn routes(file: &mut Fields<'_, '_>, lanes: &[Lane]) -> Option<Routes> {
    match file.bytes("version") {
        Some(At { value: 1, .. }) => {}
        Some(At { span, .. }) => file.mistake(&span, "`version` must be 1"),
        None => file.mistake(&file.span(), "`version = 1` is missing"),
    }
    let by_size = file.required_table("lanes").and_then(|mut table| {
        let by_size = lane_by_size(&mut table, lanes);
        table.end();
        by_size
    });
    let customers = file.tables("customer").into_iter().filter_map(customer).collect();
    let tables = file.tables("rule");
    if tables.is_empty() {
        file.mistake(&file.span(), "no [[rule]]: no file would go anywhere");
    }
    let (mut rules, mut names) = (Vec::new(), BTreeSet::new());
    for mut table in tables {
        if let Some(rule) = rule(&mut table, lanes) {
            if names.insert(rule.name.clone()) {
                rules.push(rule);
            } else {
                table.mistake(&table.span(), &format!("a second rule is named `{}`", rule.name));
            }
        }
        table.end();
    }
    Some(Routes { rules, customers, lanes: by_size? })
}

fn lane(table: &Fields<'_, '_>, At { value, span }: &At<&str>, lanes: &[Lane]) -> Option<Lane> {
    let found = lanes.iter().find(|lane| lane.as_str() == *value);
    if found.is_none() {
        let known: Vec<&str> = lanes.iter().map(Lane::as_str).collect();
        table.mistake(span, &format!("there is no lane `{value}`: expected one of `{}`", known.join("`, `")));
    }
    found.cloned()
}

fn lane_by_size(table: &mut Fields<'_, '_>, lanes: &[Lane]) -> Option<LaneBySize> {
    let default = table.required_text("default").and_then(|name| lane(table, &name, lanes));
    let bulk_name = table.text("bulk");
    let bulk = bulk_name.as_ref().map(|name| lane(table, name, lanes));
    let over_bytes = table.bytes("bulk_over_bytes");
    match (&bulk_name, &over_bytes) {
        (Some(_), None) => table.mistake(&table.span(), "`bulk` needs `bulk_over_bytes`"),
        (None, Some(over)) => table.mistake(&over.span, "`bulk_over_bytes` needs `bulk`"),
        _ => {}
    }
    let bulk = bulk.flatten().zip(over_bytes).map(|(lane, over)| (over.value, lane));
    Some(LaneBySize { default: default?, bulk })
}

fn customer(mut table: Fields<'_, '_>) -> Option<Customer> {
    let id = table.required_text("id");
    if let Some(At { value, span }) = &id {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if value.len() > 128 || !value.bytes().all(plain) {
            table.mistake(
                span,
                "`id` must be 1 to 128 of A–Z, a–z, 0–9, `-`, `_` and `.` (it becomes the message group)",
            );
        }
    }
    let bucket = table.required_bucket("bucket");
    let prefix = table.text("prefix").map_or_else(String::new, |prefix| prefix.value.to_owned());
    table.end();
    Some(Customer { id: id?.value.to_owned(), bucket: bucket?.value.to_owned(), prefix })
}

fn rule(table: &mut Fields<'_, '_>, lanes: &[Lane]) -> Option<Rule> {
    let name = table.required_text("name");
    let lane_name = table.text("lane");
    let lane_found = lane_name.as_ref().map(|name| lane(table, name, lanes));
    let matching = table.required_table("match").and_then(|mut matching| {
        let bucket = matching.required_bucket("bucket");
        let prefix = matching.text("prefix").map(|at| at.value.to_owned());
        let suffix = matching.text("suffix").map(|at| at.value.to_owned());
        let over = matching.bytes("size_over_bytes");
        let up_to = matching.bytes("size_up_to_bytes");
        if let (Some(over), Some(up_to)) = (&over, &up_to)
            && over.value >= up_to.value
        {
            matching.mistake(&up_to.span, "no size is over `size_over_bytes` and up to `size_up_to_bytes`");
        }
        let customers = matching.texts("customers");
        if let Some(At { value, span }) = &customers
            && value.is_empty()
        {
            matching.mistake(span, "`customers` is empty: leave it out to match every customer");
        }
        matching.end();
        let customers = customers.map(|at| at.value.into_iter().map(str::to_owned).collect());
        let sizes = (over.map(|at| at.value), up_to.map(|at| at.value));
        Some((bucket?.value.to_owned(), prefix, suffix, sizes, customers))
    });
    let target = table.required_table("target").and_then(|mut table| {
        let made = target::read(&mut table);
        table.end();
        made
    });
    let (bucket, prefix, suffix, (size_over_bytes, size_up_to_bytes), customers) = matching?;
    let (target_bucket, target_key, options) = target?;
    let lane = match lane_found {
        None => None,
        Some(found) => Some(found?),
    };
    Some(Rule {
        name: name?.value.to_owned(),
        bucket,
        prefix,
        suffix,
        size_over_bytes,
        size_up_to_bytes,
        customers,
        lane,
        target_bucket,
        target_key,
        options,
    })
}
