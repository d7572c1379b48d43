//! What the JSON services (SQS, DynamoDB, EventBridge) share: how a call reaches them and how they refuse one.

use std::borrow::Cow;

use http::StatusCode;
use serde_json::{Map, Value};

/// What a service may know of the request beside its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// `http://host:port` as the caller addressed us: queue URLs are made from it.
    pub(crate) base_url: String,
    /// The request's `X-Amzn-Trace-Id`.
    pub(crate) trace_header: Option<String>,
}

/// A refusal as AWS words it: HTTP status, error code (the `__type`), message, and members that some errors carry beside it.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    pub(crate) members: Map<String, Value>,
}

impl ApiError {
    /// A 400: the caller's mistake.
    pub(crate) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: Cow::Borrowed(code),
            message: message.into(),
            members: Map::new(),
        }
    }

    /// A 500: something of ours failed, and the request may have taken effect.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: Cow::Borrowed("InternalFailure"),
            message: message.into(),
            members: Map::new(),
        }
    }

    /// An operation that simcloud does not have.
    pub(crate) fn not_implemented(service: &str, operation: &str) -> Self {
        Self {
            status: StatusCode::NOT_IMPLEMENTED,
            code: Cow::Borrowed("NotImplemented"),
            message: format!("simcloud does not implement {service} {operation}"),
            members: Map::new(),
        }
    }

    pub(crate) fn with(mut self, member: &str, value: Value) -> Self {
        self.members.insert(member.to_owned(), value);
        self
    }
}

pub(crate) type ApiResult = Result<Value, ApiError>;
