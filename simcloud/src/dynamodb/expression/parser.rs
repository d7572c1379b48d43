//! What all expressions share: walking over tokens, paths, placeholders, and how a refusal is worded.

use crate::api::ApiError;

use super::super::attribute::Attribute;
use super::super::path::{Clash, Path, Step};
use super::super::refusal::validation;
use super::bindings::Bindings;
use super::reserved::is_reserved;
use super::token::{Kind, Token, tokens};

/// AWS's limit of an expression's text.
const EXPRESSION_BYTES_MAX: usize = 4096;
/// Parentheses, functions and NOTs within one another: keeps the recursion bounded.
const NESTING_MAX: usize = 100;
/// AWS's limit of a path's steps.
const PATH_STEPS_MAX: usize = 32;

/// A recursive-descent parser's state.
pub(super) struct Parser<'a> {
    /// The request's member, as refusals name it.
    member: &'static str,
    source: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    bindings: &'a Bindings,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(
        member: &'static str,
        source: &'a str,
        bindings: &'a Bindings,
    ) -> Result<Self, ApiError> {
        let parser = Self { member, source, tokens: tokens(source), at: 0, bindings, depth: 0 };
        if source.len() > EXPRESSION_BYTES_MAX {
            return Err(parser.refuse(format_args!(
                "Expression size has exceeded the maximum allowed size; expression size: {}",
                source.len()
            )));
        }
        if parser.peek().kind == Kind::End {
            return Err(parser.refuse("The expression can not be empty;"));
        }
        Ok(parser)
    }

    pub(super) fn refuse(&self, detail: impl std::fmt::Display) -> ApiError {
        validation(format!("Invalid {}: {detail}", self.member))
    }

    /// Refuses the token at hand, with its neighbours.
    pub(super) fn syntax_error(&self) -> ApiError {
        let token = self.peek();
        let first = self.tokens.get(self.at.saturating_sub(1)).map_or(0, |before| before.start);
        let last = self.tokens.get(self.at + 1).unwrap_or(&token).end();
        let text = if token.kind == Kind::End { "<EOF>" } else { token.text };
        let near = self.source.get(first..last).unwrap_or_default().trim_end();
        self.refuse(format_args!("Syntax error; token: \"{text}\", near: \"{near}\""))
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Token<'a> {
        self.ahead(0)
    }

    pub(super) fn ahead(&self, count: usize) -> Token<'a> {
        let end = Token { kind: Kind::End, text: "", start: self.source.len() };
        self.tokens.get(self.at + count).copied().unwrap_or(end)
    }

    pub(super) fn next(&mut self) -> Token<'a> {
        let token = self.peek();
        self.at = (self.at + 1).min(self.tokens.len());
        token
    }

    pub(super) fn eat(&mut self, kind: Kind) -> bool {
        let here = self.peek().kind == kind;
        if here {
            self.next();
        }
        here
    }

    pub(super) fn expect(&mut self, kind: Kind) -> Result<Token<'a>, ApiError> {
        if self.peek().kind == kind { Ok(self.next()) } else { Err(self.syntax_error()) }
    }

    pub(super) fn at_keyword(&self, keyword: &str) -> bool {
        let token = self.peek();
        token.kind == Kind::Word && token.text.eq_ignore_ascii_case(keyword)
    }

    pub(super) fn eat_keyword(&mut self, keyword: &str) -> bool {
        let here = self.at_keyword(keyword);
        if here {
            self.next();
        }
        here
    }

    /// The name of the function that begins here, if one does.
    pub(super) fn at_function(&self) -> Option<&'a str> {
        let (token, next) = (self.peek(), self.ahead(1));
        (token.kind == Kind::Word && next.kind == Kind::Open).then_some(token.text)
    }

    /// One level deeper; the caller calls [`Self::leave`] on its way back.
    pub(super) fn enter(&mut self) -> Result<(), ApiError> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(self.refuse("The expression is nested too deeply"));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(super) fn path(&mut self) -> Result<Path<'a>, ApiError> {
        let mut path = Path { root: self.path_name()?, steps: Vec::new() };
        loop {
            if self.eat(Kind::Dot) {
                path.steps.push(Step::Name(self.path_name()?));
            } else if self.eat(Kind::OpenBracket) {
                let digits = self.expect(Kind::Integer)?.text;
                self.expect(Kind::CloseBracket)?;
                let index = digits.parse().map_err(|_| {
                    self.refuse(format_args!(
                        "List index is not within the allowable range; index: [{digits}]"
                    ))
                })?;
                path.steps.push(Step::Index(index));
            } else {
                return Ok(path);
            }
            if path.steps.len() >= PATH_STEPS_MAX {
                return Err(self.refuse("The document path has too many nesting elements;"));
            }
        }
    }

    fn path_name(&mut self) -> Result<&'a str, ApiError> {
        let token = self.peek();
        match token.kind {
            Kind::Word if is_reserved(token.text) => Err(self.refuse(format_args!(
                "Attribute name is a reserved keyword; reserved keyword: {}",
                token.text
            ))),
            Kind::Word => Ok(self.next().text),
            Kind::Name => {
                self.next();
                self.bindings.name(token.text).ok_or_else(|| {
                    self.refuse(format_args!(
                        "An expression attribute name used in the document path is not defined; attribute name: {}",
                        token.text
                    ))
                })
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// A `:value`.
    pub(super) fn value(&mut self) -> Result<&'a Attribute, ApiError> {
        let token = self.expect(Kind::Value)?;
        self.bindings.value(token.text).ok_or_else(|| {
            self.refuse(format_args!(
                "An expression attribute value used in expression is not defined; attribute value: {}",
                token.text
            ))
        })
    }

    /// `item (, item)*`
    pub(super) fn list<T>(&mut self, item: fn(&mut Self) -> Result<T, ApiError>) -> Result<Vec<T>, ApiError> {
        let mut items = vec![item(self)?];
        while self.eat(Kind::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Refuses two paths of which one leads to the other.
    pub(super) fn check_clashes(&self, paths: &[&Path<'_>], verb: &str) -> Result<(), ApiError> {
        for (index, path) in paths.iter().enumerate() {
            for earlier in &paths[..index] {
                let what = match earlier.clash(path) {
                    Some(Clash::Overlap) => "overlap",
                    Some(Clash::Conflict) => "conflict",
                    None => continue,
                };
                return Err(self.refuse(format_args!(
                    "Two document paths {what} with each other; {verb}; path one: {earlier}, path two: {path}"
                )));
            }
        }
        Ok(())
    }

    pub(super) fn wrong_operand(&self, function: &str, attribute: &Attribute) -> ApiError {
        self.refuse(format_args!(
            "Incorrect operand type for operator or function; operator or function: {function}, operand type: {}",
            attribute.descriptor()
        ))
    }

    pub(super) fn wrong_operand_count(&self, function: &str, count: usize) -> ApiError {
        self.refuse(format_args!(
            "Incorrect number of operands for operator or function; operator or function: {function}, number of operands: {count}"
        ))
    }
}
