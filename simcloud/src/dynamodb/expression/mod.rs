//! Expressions: text and placeholders to syntax trees, and what these say of an item. Pure; never panics on any text.

mod apply;
mod bindings;
mod condition;
mod evaluate;
mod key_condition;
mod operand_checks;
mod parser;
mod projection;
mod reserved;
#[cfg(test)]
mod tests;
mod token;
mod update;

pub(super) use bindings::Bindings;
pub(super) use condition::Condition;
pub(super) use key_condition::KeyCondition;
pub(super) use projection::Projection;
pub(super) use update::Update;
