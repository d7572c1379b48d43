//! Conditions and filters: their syntax tree and its parser.

use crate::api::ApiError;

use super::super::attribute::Attribute;
use super::super::path::Path;
use super::bindings::Bindings;
use super::operand_checks;
use super::parser::Parser;
use super::token::Kind;

/// A ConditionExpression, FilterExpression or KeyConditionExpression, placeholders resolved.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Condition<'a> {
    And(Vec<Condition<'a>>),
    Or(Vec<Condition<'a>>),
    Not(Box<Condition<'a>>),
    Compare(Operand<'a>, Comparator, Operand<'a>),
    Between(Operand<'a>, Operand<'a>, Operand<'a>),
    In(Operand<'a>, Vec<Operand<'a>>),
    Exists(Path<'a>),
    NotExists(Path<'a>),
    /// With the type's descriptor.
    HasType(Path<'a>, &'a str),
    BeginsWith(Operand<'a>, Operand<'a>),
    Contains(Operand<'a>, Operand<'a>),
}

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Operand<'a> {
    Path(Path<'a>),
    Value(&'a Attribute),
    /// `size(path)`
    Size(Path<'a>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparator {
    fn of(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::Equal => Self::Equal,
            Kind::NotEqual => Self::NotEqual,
            Kind::Less => Self::Less,
            Kind::LessOrEqual => Self::LessOrEqual,
            Kind::Greater => Self::Greater,
            Kind::GreaterOrEqual => Self::GreaterOrEqual,
            _ => return None,
        })
    }
}

/// AWS's limit of an IN list.
const IN_OPERANDS_MAX: usize = 100;
/// The functions that are conditions by themselves, and those that are not.
const CONDITION_FUNCTIONS: [&str; 5] =
    ["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"];
const UPDATE_FUNCTIONS: [&str; 2] = ["if_not_exists", "list_append"];

impl<'a> Condition<'a> {
    /// Parses the request's `member`.
    pub(in super::super) fn parse(
        member: &'static str,
        source: &'a str,
        bindings: &'a Bindings,
    ) -> Result<Self, ApiError> {
        let mut grammar = Grammar { parser: Parser::new(member, source, bindings)?, last_pair: None };
        let condition = grammar.any_of()?;
        grammar.parser.expect(Kind::End)?;
        Ok(condition)
    }
}

struct Grammar<'a> {
    parser: Parser<'a>,
    /// Token positions of the parentheses that were closed last: to see that a pair is redundant.
    last_pair: Option<(usize, usize)>,
}

impl<'a> Grammar<'a> {
    /// `all (OR all)*`
    fn any_of(&mut self) -> Result<Condition<'a>, ApiError> {
        let first = self.all_of()?;
        if !self.parser.at_keyword("OR") {
            return Ok(first);
        }
        let mut any = vec![first];
        while self.parser.eat_keyword("OR") {
            any.push(self.all_of()?);
        }
        Ok(Condition::Or(any))
    }

    /// `negatable (AND negatable)*`
    fn all_of(&mut self) -> Result<Condition<'a>, ApiError> {
        let first = self.negatable()?;
        if !self.parser.at_keyword("AND") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.parser.eat_keyword("AND") {
            all.push(self.negatable()?);
        }
        Ok(Condition::And(all))
    }

    /// `NOT negatable | ( any ) | function | comparison`
    fn negatable(&mut self) -> Result<Condition<'a>, ApiError> {
        self.parser.enter()?;
        let condition = if self.parser.eat_keyword("NOT") {
            Condition::Not(Box::new(self.negatable()?))
        } else if self.parser.peek().kind == Kind::Open {
            self.parenthesised()?
        } else {
            match self.parser.at_function() {
                Some(function) if CONDITION_FUNCTIONS.contains(&function) => self.function(function)?,
                _ => self.comparison()?,
            }
        };
        self.parser.leave();
        Ok(condition)
    }

    fn parenthesised(&mut self) -> Result<Condition<'a>, ApiError> {
        let open = self.parser.position();
        self.parser.expect(Kind::Open)?;
        let condition = self.any_of()?;
        let close = self.parser.position();
        self.parser.expect(Kind::Close)?;
        if self.last_pair == Some((open + 1, close.saturating_sub(1))) {
            return Err(self.parser.refuse("The expression has redundant parentheses;"));
        }
        self.last_pair = Some((open, close));
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition<'a>, ApiError> {
        let left = self.operand()?;
        if self.parser.eat_keyword("BETWEEN") {
            let low = self.operand()?;
            if !self.parser.eat_keyword("AND") {
                return Err(self.parser.syntax_error());
            }
            let high = self.operand()?;
            operand_checks::between(&self.parser, &left, &low, &high)?;
            return Ok(Condition::Between(left, low, high));
        }
        if self.parser.eat_keyword("IN") {
            self.parser.expect(Kind::Open)?;
            let candidates = self.operands()?;
            if candidates.len() > IN_OPERANDS_MAX {
                return Err(self.parser.wrong_operand_count("IN", candidates.len()));
            }
            operand_checks::distinct(&self.parser, "IN", &left, &candidates)?;
            return Ok(Condition::In(left, candidates));
        }
        let token = self.parser.peek();
        let comparator = Comparator::of(token.kind).ok_or_else(|| self.parser.syntax_error())?;
        self.parser.next();
        let right = self.operand()?;
        operand_checks::compare(&self.parser, &left, comparator, token.text, &right)?;
        Ok(Condition::Compare(left, comparator, right))
    }

    fn operand(&mut self) -> Result<Operand<'a>, ApiError> {
        if let Some(function) = self.parser.at_function() {
            return self.size(function);
        }
        match self.parser.peek().kind {
            Kind::Value => Ok(Operand::Value(self.parser.value()?)),
            _ => Ok(Operand::Path(self.parser.path()?)),
        }
    }

    fn size(&mut self, function: &str) -> Result<Operand<'a>, ApiError> {
        if UPDATE_FUNCTIONS.contains(&function) {
            return Err(self.parser.refuse(format_args!(
                "The function is not allowed in a condition expression; function: {function}"
            )));
        }
        if CONDITION_FUNCTIONS.contains(&function) {
            return Err(self.parser.refuse(format_args!(
                "The function is not allowed to be used this way in an expression; function: {function}"
            )));
        }
        if function != "size" {
            return Err(self.parser.refuse(format_args!("Invalid function name; function: {function}")));
        }
        match <[Operand<'a>; 1]>::try_from(self.arguments()?) {
            Ok([operand]) => Ok(Operand::Size(self.only_path(function, operand)?)),
            Err(operands) => Err(self.parser.wrong_operand_count(function, operands.len())),
        }
    }

    fn function(&mut self, function: &str) -> Result<Condition<'a>, ApiError> {
        let mut operands = self.arguments()?.into_iter();
        let count = operands.len();
        Ok(match (function, operands.next(), operands.next(), operands.next()) {
            ("attribute_exists", Some(operand), None, _) => {
                Condition::Exists(self.only_path(function, operand)?)
            }
            ("attribute_not_exists", Some(operand), None, _) => {
                Condition::NotExists(self.only_path(function, operand)?)
            }
            ("attribute_type", Some(operand), Some(kind), None) => {
                let kind = operand_checks::type_descriptor(&self.parser, &kind)?;
                Condition::HasType(self.only_path(function, operand)?, kind)
            }
            ("begins_with", Some(operand), Some(prefix), None) => {
                operand_checks::begins_with(&self.parser, &operand, &prefix)?;
                Condition::BeginsWith(operand, prefix)
            }
            ("contains", Some(operand), Some(part), None) => {
                operand_checks::distinct(&self.parser, function, &operand, std::slice::from_ref(&part))?;
                Condition::Contains(operand, part)
            }
            _ => return Err(self.parser.wrong_operand_count(function, count)),
        })
    }

    /// `name ( operand, … )`
    fn arguments(&mut self) -> Result<Vec<Operand<'a>>, ApiError> {
        self.parser.next();
        self.parser.expect(Kind::Open)?;
        self.parser.enter()?;
        let operands = self.operands();
        self.parser.leave();
        operands
    }

    /// `operand (, operand)* )`
    fn operands(&mut self) -> Result<Vec<Operand<'a>>, ApiError> {
        let mut operands = vec![self.operand()?];
        while self.parser.eat(Kind::Comma) {
            operands.push(self.operand()?);
        }
        self.parser.expect(Kind::Close)?;
        Ok(operands)
    }

    fn only_path(&self, function: &str, operand: Operand<'a>) -> Result<Path<'a>, ApiError> {
        match operand {
            Operand::Path(path) => Ok(path),
            _ => Err(self.parser.refuse(format_args!(
                "Operator or function requires a document path; operator or function: {function}"
            ))),
        }
    }
}
