//! The refusals of SQS, by the names and words that AWS uses.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::api::ApiError;

pub(super) fn missing_parameter(name: &str) -> ApiError {
    ApiError::bad("MissingParameter", format!("The request must contain the parameter {name}."))
}

/// `value` was given for the request parameter `name` and is refused because of `reason`.
pub(super) fn invalid_value(name: &str, value: impl std::fmt::Display, reason: &str) -> ApiError {
    ApiError::bad(
        "InvalidParameterValue",
        format!("Value {value} for parameter {name} is invalid. Reason: {reason}"),
    )
}

pub(super) fn invalid_parameter(message: impl Into<String>) -> ApiError {
    ApiError::bad("InvalidParameterValue", message)
}

pub(super) fn no_such_queue() -> ApiError {
    ApiError::bad("QueueDoesNotExist", "The specified queue does not exist.")
}

pub(super) fn invalid_receipt_handle(handle: &str) -> ApiError {
    ApiError::bad(
        "ReceiptHandleIsInvalid",
        format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
    )
}

pub(super) fn unknown_attribute(name: &str) -> ApiError {
    ApiError::bad("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

/// What AWS has and simcloud does not: a 400, so that no SDK retries it.
pub(super) fn unsupported(what: &str) -> ApiError {
    ApiError::bad("UnsupportedOperation", format!("simcloud does not support {what}"))
}

/// The request's members as `T`; members that `T` does not name are ignored, as AWS does.
pub(super) fn parse<T: DeserializeOwned>(request: Value) -> Result<T, ApiError> {
    serde_json::from_value(request)
        .map_err(|error| ApiError::bad("SerializationException", error.to_string()))
}

pub(super) fn required<T>(value: Option<T>, name: &str) -> Result<T, ApiError> {
    value.ok_or_else(|| missing_parameter(name))
}

/// Refuses `value` of the parameter `name` unless it lies in `range`.
pub(super) fn in_range(
    name: &str,
    value: i64,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, ApiError> {
    u32::try_from(value).ok().filter(|value| range.contains(value)).ok_or_else(|| {
        let reason = format!("Must be between {} and {}, if provided.", range.start(), range.end());
        invalid_value(name, value, &reason)
    })
}

/// One refused entry of a batch, as the reply's `Failed` list carries it.
pub(super) fn batch_failure(id: &str, error: &ApiError) -> Value {
    json!({
        "Id": id,
        "SenderFault": error.status.is_client_error(),
        "Code": query_error_code(&error.code),
        "Message": error.message,
    })
}

/// The code of the older query protocol for an error shape of the JSON protocol.
///
/// The entries of a batch's `Failed` list carry it. Of a whole request, the front sends it in the header `x-amzn-query-error`.
fn query_error_code(code: &str) -> &str {
    match code {
        "BatchEntryIdsNotDistinct" => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "BatchRequestTooLong" => "AWS.SimpleQueueService.BatchRequestTooLong",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "InvalidBatchEntryId" => "AWS.SimpleQueueService.InvalidBatchEntryId",
        "MessageNotInflight" => "AWS.SimpleQueueService.MessageNotInflight",
        "PurgeQueueInProgress" => "AWS.SimpleQueueService.PurgeQueueInProgress",
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists" => "QueueAlreadyExists",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "UnsupportedOperation" => "AWS.SimpleQueueService.UnsupportedOperation",
        other => other,
    }
}
