//! What an expression gives: which labels its series have, and in which unit its values are.

use std::collections::BTreeSet;

use crate::names::Names;
use crate::promql::{Expr, Grouping, Matching};
use crate::units::Unit;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Type {
    pub(crate) labels: BTreeSet<String>,
    /// `None`: a plain number, which takes the unit of what it meets.
    pub(crate) unit: Option<Unit>,
}

/// # Errors
/// The first thing that cannot be: an unknown metric, a label that it does not have, units that do not go together.
pub(crate) fn of(expr: &Expr, names: &Names) -> Result<Type, String> {
    match expr {
        Expr::Number => Ok(Type { labels: BTreeSet::new(), unit: None }),
        Expr::Selector { name, matchers } => {
            let metric = names.get(name)?;
            matchers.iter().try_for_each(|matcher| metric.accepts(name, matcher))?;
            Ok(metric.result.clone())
        }
        Expr::Call { function, arguments } => call(function, arguments, names),
        Expr::Aggregate { operator, grouping, arguments } => {
            let last = arguments.last().ok_or_else(|| format!("{operator} of nothing"))?;
            let inner = of(last, names)?;
            let unit = if operator == "count" { Some(Unit::COUNT) } else { inner.unit };
            Ok(Type { labels: grouped(grouping, inner.labels)?, unit })
        }
        Expr::Binary { operator, matching, left, right } => {
            let (left, right) = (of(left, names)?, of(right, names)?);
            let unit = combined(operator, left.unit, right.unit)?;
            Ok(Type { labels: matched(operator, matching, &left, &right)?, unit })
        }
    }
}

fn grouped(grouping: &Grouping, labels: BTreeSet<String>) -> Result<BTreeSet<String>, String> {
    let (Grouping::By(named) | Grouping::Without(named)) = grouping;
    has(&labels, named)?;
    Ok(match grouping {
        Grouping::By(_) => named.iter().cloned().collect(),
        Grouping::Without(_) => labels.into_iter().filter(|label| !named.contains(label)).collect(),
    })
}

fn has(labels: &BTreeSet<String>, wanted: &[String]) -> Result<(), String> {
    match wanted.iter().find(|label| !labels.contains(*label)) {
        Some(label) => Err(format!("there is no label {label} among {labels:?}")),
        None => Ok(()),
    }
}

fn call(function: &str, arguments: &[Expr], names: &Names) -> Result<Type, String> {
    let argument = |index: usize| {
        let expr = arguments.get(index).ok_or_else(|| format!("{function} lacks an argument"))?;
        Ok::<_, String>((expr, of(expr, names)?))
    };
    match function {
        "rate" => {
            let inner = argument(0)?.1;
            Ok(Type { unit: inner.unit.map(|unit| unit.times(Unit::SECONDS, -1)), ..inner })
        }
        "increase" | "last_over_time" | "min_over_time" | "max_over_time" | "clamp_min" => Ok(argument(0)?.1),
        "absent" => {
            argument(0)?;
            Ok(Type { labels: BTreeSet::new(), unit: Some(Unit::COUNT) })
        }
        "histogram_quantile" => {
            let (expr, mut inner) = argument(1)?;
            if !inner.labels.remove("le") {
                return Err("histogram_quantile of something without le".to_owned());
            }
            Ok(Type { unit: Some(observed(expr, names)?), ..inner })
        }
        _ => Err(format!("{function} is not known here")),
    }
}

/// What the buckets in an expression count.
fn observed(expr: &Expr, names: &Names) -> Result<Unit, String> {
    match expr {
        Expr::Selector { name, .. } => {
            names.get(name)?.observed.ok_or_else(|| format!("{name} has no buckets"))
        }
        Expr::Call { arguments, .. } | Expr::Aggregate { arguments, .. } => {
            observed(arguments.last().ok_or("nothing to take a quantile of")?, names)
        }
        _ => Err("a quantile of something that is no histogram".to_owned()),
    }
}

fn combined(operator: &str, left: Option<Unit>, right: Option<Unit>) -> Result<Option<Unit>, String> {
    let power = match operator {
        "*" => 1,
        "/" => -1,
        "and" | "unless" => return Ok(left),
        _ => {
            return match (left, right) {
                (Some(one), Some(other)) if one != other => Err(format!("{one} {operator} {other}")),
                (one, other) => Ok(one.or(other)),
            };
        }
    };
    Ok(match (left, right) {
        (Some(one), Some(other)) => Some(one.times(other, power)),
        (None, Some(_)) if power < 0 => return Err("a number divided by a metric".to_owned()),
        (one, other) => one.or(other),
    })
}

/// Series find each other by labels: by all of them, so both sides must have the same ones, unless the query names them.
fn matched(
    operator: &str,
    matching: &Matching,
    left: &Type,
    right: &Type,
) -> Result<BTreeSet<String>, String> {
    if left.unit.is_none() || right.unit.is_none() {
        return Ok(left.labels.union(&right.labels).cloned().collect());
    }
    match matching {
        Matching::On(named) => {
            has(&left.labels, named)?;
            has(&right.labels, named)?;
        }
        Matching::Ignoring(named) => {
            let all: BTreeSet<String> = left.labels.union(&right.labels).cloned().collect();
            has(&all, named)?;
        }
        Matching::All if left.labels != right.labels => {
            let (left, right) = (&left.labels, &right.labels);
            return Err(format!("{left:?} {operator} {right:?}: no series has another to go with"));
        }
        Matching::All => {}
    }
    Ok(left.labels.clone())
}
