//! Projection expressions: which attributes an answer carries.

use crate::api::ApiError;

use super::super::attribute::Attributes;
use super::super::path::{Path, project};
use super::bindings::Bindings;
use super::parser::Parser;
use super::token::Kind;

/// A ProjectionExpression, placeholders resolved.
#[derive(Debug, PartialEq)]
pub(in super::super) struct Projection<'a>(Vec<Path<'a>>);

impl<'a> Projection<'a> {
    pub(in super::super) fn parse(source: &'a str, bindings: &'a Bindings) -> Result<Self, ApiError> {
        let mut parser = Parser::new("ProjectionExpression", source, bindings)?;
        let paths = parser.list(Parser::path)?;
        parser.expect(Kind::End)?;
        parser
            .check_clashes(&paths.iter().collect::<Vec<_>>(), "must remove or rewrite one of these paths")?;
        Ok(Self(paths))
    }

    /// What of the item is wanted.
    pub(in super::super) fn of(&self, attributes: &Attributes) -> Attributes {
        project(&self.0, attributes)
    }

    /// The top-level attributes that it names.
    pub(in super::super) fn roots(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(|path| path.root)
    }
}
