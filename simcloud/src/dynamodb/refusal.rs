//! DynamoDB's refusals, worded as AWS words them.

use crate::api::ApiError;

pub(super) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::bad("ValidationException", message)
}

/// `One or more parameter values were invalid: …`
pub(super) fn invalid(detail: impl std::fmt::Display) -> ApiError {
    validation(format!("One or more parameter values were invalid: {detail}"))
}

/// A member that has the wrong JSON type.
pub(super) fn malformed(member: &str, wanted: &str) -> ApiError {
    ApiError::bad("SerializationException", format!("{member} must be {wanted}"))
}

pub(super) fn missing(member: &str) -> ApiError {
    validation(format!(
        "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
        lower_first(member)
    ))
}

/// A member whose value is outside of what the API allows; `constraint` completes "failed to satisfy constraint: …".
pub(super) fn constraint(member: &str, value: impl std::fmt::Display, constraint: &str) -> ApiError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{}' failed to satisfy constraint: {constraint}",
        lower_first(member)
    ))
}

fn lower_first(member: &str) -> String {
    let mut letters = member.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// A parameter that simcloud does not have.
pub(super) fn unsupported(operation: &str, parameter: &str) -> ApiError {
    ApiError::not_implemented("DynamoDB", &format!("{operation} with {parameter}"))
}

/// The answer of an item operation on a table that does not exist.
pub(super) fn no_such_table() -> ApiError {
    ApiError::bad("ResourceNotFoundException", "Requested resource not found")
}

/// The answer of a table operation on a table that does not exist.
pub(super) fn no_such_table_named(name: &str) -> ApiError {
    ApiError::bad(
        "ResourceNotFoundException",
        format!("Requested resource not found: Table: {name} not found"),
    )
}
