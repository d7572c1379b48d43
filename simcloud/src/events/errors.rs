//! The refusals of EventBridge.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::ApiError;

pub(super) fn parse<T: DeserializeOwned>(request: Value) -> Result<T, ApiError> {
    serde_json::from_value(request)
        .map_err(|error| ApiError::bad("SerializationException", error.to_string()))
}

pub(super) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::bad("ValidationException", message)
}

pub(super) fn no_such_bus(name: &str) -> ApiError {
    ApiError::bad("ResourceNotFoundException", format!("Event bus {name} does not exist."))
}

pub(super) fn no_such_rule(name: &str) -> ApiError {
    ApiError::bad("ResourceNotFoundException", format!("Rule {name} does not exist on EventBus default."))
}

pub(super) fn invalid_pattern(reason: &str) -> ApiError {
    ApiError::bad("InvalidEventPatternException", format!("Event pattern is not valid. Reason: {reason}"))
}
