//! Update expressions: their syntax tree and its parser.

use crate::api::ApiError;

use super::super::attribute::Attribute;
use super::super::path::Path;
use super::bindings::Bindings;
use super::parser::Parser;
use super::token::Kind;

const MEMBER: &str = "UpdateExpression";

/// An UpdateExpression, placeholders resolved. No two of its paths lead to one another.
#[derive(Debug, Default, PartialEq)]
pub(in super::super) struct Update<'a> {
    pub(super) set: Vec<(Path<'a>, Term<'a>)>,
    pub(super) remove: Vec<Path<'a>>,
    /// The operand is a number or a set.
    pub(super) add: Vec<(Path<'a>, &'a Attribute)>,
    /// The operand is a set.
    pub(super) delete: Vec<(Path<'a>, &'a Attribute)>,
}

/// What SET assigns.
#[derive(Debug, PartialEq)]
pub(super) enum Term<'a> {
    Path(Path<'a>),
    Value(&'a Attribute),
    IfNotExists(Path<'a>, Box<Term<'a>>),
    ListAppend(Box<Term<'a>>, Box<Term<'a>>),
    Plus(Box<Term<'a>>, Box<Term<'a>>),
    Minus(Box<Term<'a>>, Box<Term<'a>>),
}

impl<'a> Update<'a> {
    pub(in super::super) fn parse(source: &'a str, bindings: &'a Bindings) -> Result<Self, ApiError> {
        let mut parser = Parser::new(MEMBER, source, bindings)?;
        let mut update = Self::default();
        let mut seen = [false; 4];
        while parser.peek().kind != Kind::End {
            let sections = ["SET", "REMOVE", "ADD", "DELETE"];
            let section = sections.iter().position(|section| parser.at_keyword(section));
            let section = section.ok_or_else(|| parser.syntax_error())?;
            if std::mem::replace(&mut seen[section], true) {
                return Err(parser.refuse(format_args!(
                    "The \"{}\" section can only be used once in an update expression;",
                    sections[section]
                )));
            }
            parser.next();
            match section {
                0 => update.set = parser.list(assignment)?,
                1 => update.remove = parser.list(Parser::path)?,
                2 => update.add = parser.list(addition)?,
                _ => update.delete = parser.list(deletion)?,
            }
        }
        parser.check_clashes(&update.paths(), "must remove or rewrite one of these paths")?;
        Ok(update)
    }

    /// Everything that it writes to.
    pub(in super::super) fn paths(&self) -> Vec<&Path<'a>> {
        let set = self.set.iter().map(|(path, _)| path);
        let operands = self.add.iter().chain(&self.delete).map(|(path, _)| path);
        set.chain(&self.remove).chain(operands).collect()
    }
}

/// `path = term [(+|-) term]`
fn assignment<'a>(parser: &mut Parser<'a>) -> Result<(Path<'a>, Term<'a>), ApiError> {
    let path = parser.path()?;
    parser.expect(Kind::Equal)?;
    Ok((path, sum(parser)?))
}

fn sum<'a>(parser: &mut Parser<'a>) -> Result<Term<'a>, ApiError> {
    let left = term(parser)?;
    let operator = parser.peek();
    if !matches!(operator.kind, Kind::Plus | Kind::Minus) {
        return Ok(left);
    }
    parser.next();
    let right = term(parser)?;
    for side in [&left, &right] {
        match side {
            Term::Value(value) if !matches!(value, Attribute::Number(_)) => {
                return Err(parser.wrong_operand(operator.text, value));
            }
            _ => {}
        }
    }
    let (left, right) = (Box::new(left), Box::new(right));
    Ok(if operator.kind == Kind::Plus { Term::Plus(left, right) } else { Term::Minus(left, right) })
}

/// `( sum ) | function | :value | path`
fn term<'a>(parser: &mut Parser<'a>) -> Result<Term<'a>, ApiError> {
    parser.enter()?;
    let term = if parser.eat(Kind::Open) {
        let term = sum(parser)?;
        parser.expect(Kind::Close)?;
        term
    } else if let Some(name) = parser.at_function() {
        function(parser, name)?
    } else if parser.peek().kind == Kind::Value {
        Term::Value(parser.value()?)
    } else {
        Term::Path(parser.path()?)
    };
    parser.leave();
    Ok(term)
}

fn function<'a>(parser: &mut Parser<'a>, name: &str) -> Result<Term<'a>, ApiError> {
    match name {
        "if_not_exists" | "list_append" => {}
        "size"
        | "attribute_exists"
        | "attribute_not_exists"
        | "attribute_type"
        | "begins_with"
        | "contains" => {
            return Err(parser.refuse(format_args!(
                "The function is not allowed in an update expression; function: {name}"
            )));
        }
        _ => return Err(parser.refuse(format_args!("Invalid function name; function: {name}"))),
    }
    parser.next();
    parser.expect(Kind::Open)?;
    let operands = parser.list(term)?;
    parser.expect(Kind::Close)?;
    let [first, second] = <[Term<'a>; 2]>::try_from(operands)
        .map_err(|operands| parser.wrong_operand_count(name, operands.len()))?;
    if name == "if_not_exists" {
        return match first {
            Term::Path(path) => Ok(Term::IfNotExists(path, Box::new(second))),
            _ => Err(parser.refuse(format_args!(
                "Operator or function requires a document path; operator or function: {name}"
            ))),
        };
    }
    for operand in [&first, &second] {
        match operand {
            Term::Value(value) if !matches!(value, Attribute::List(_)) => {
                return Err(parser.wrong_operand(name, value));
            }
            _ => {}
        }
    }
    Ok(Term::ListAppend(Box::new(first), Box::new(second)))
}

/// `path :number-or-set`
fn addition<'a>(parser: &mut Parser<'a>) -> Result<(Path<'a>, &'a Attribute), ApiError> {
    let (path, value) = (parser.path()?, parser.value()?);
    match value {
        Attribute::Number(_)
        | Attribute::StringSet(_)
        | Attribute::NumberSet(_)
        | Attribute::BinarySet(_) => Ok((path, value)),
        other => Err(wrong_section_operand(parser, "ADD", other)),
    }
}

/// `path :set`
fn deletion<'a>(parser: &mut Parser<'a>) -> Result<(Path<'a>, &'a Attribute), ApiError> {
    let (path, value) = (parser.path()?, parser.value()?);
    match value {
        Attribute::StringSet(_) | Attribute::NumberSet(_) | Attribute::BinarySet(_) => Ok((path, value)),
        other => Err(wrong_section_operand(parser, "DELETE", other)),
    }
}

fn wrong_section_operand(parser: &Parser<'_>, section: &str, operand: &Attribute) -> ApiError {
    parser.refuse(format_args!(
        "Incorrect operand type for operator or function; operator: {section}, operand type: {}, typeSet: ALLOWED_FOR_{section}_OPERAND",
        operand.type_name()
    ))
}
