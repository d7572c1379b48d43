//! Answers that the front makes itself, each in the form that the service's SDKs understand.

use std::borrow::Cow;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use s3s::Body;
use serde_json::{Map, Value};

use super::target::Service;
use crate::api::ApiError;

/// A refusal before it is worded for one protocol.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    /// Members that stand beside the message.
    pub(crate) members: Map<String, Value>,
}

impl Refusal {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self { status, code: code.into(), message: message.into(), members: Map::new() }
    }

    pub(crate) fn with(mut self, member: &str, value: &str) -> Self {
        self.members.insert(member.to_owned(), Value::from(value));
        self
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { status: error.status, code: error.code, message: error.message, members: error.members }
    }
}

/// `refusal` as `service` words it: XML for S3 and the query protocol, `__type` JSON for the others.
pub(crate) fn refuse(service: Service, refusal: &Refusal) -> Response<Body> {
    match service {
        Service::S3 => xml(refusal.status, s3_error(refusal)),
        Service::Sts | Service::Query => xml(refusal.status, query_protocol_error(service, refusal)),
        Service::Sqs | Service::DynamoDb | Service::EventBridge | Service::Other => {
            json_error(service, refusal)
        }
    }
}

/// A response with a JSON document.
pub(super) fn json(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A response with an XML document.
pub(super) fn xml(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// The media type of a service's answers.
pub(super) fn media_type(service: Service) -> &'static str {
    match service {
        Service::EventBridge => "application/x-amz-json-1.1",
        _ => "application/x-amz-json-1.0",
    }
}

/// The `<Error>` document of S3.
pub(crate) fn s3_error(refusal: &Refusal) -> String {
    let members: String = refusal
        .members
        .iter()
        .filter_map(|(name, value)| Some(format!("<{name}>{}</{name}>", escape(value.as_str()?))))
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{members}</Error>",
        escape(&refusal.code),
        escape(&refusal.message)
    )
}

fn query_protocol_error(service: Service, refusal: &Refusal) -> String {
    let party = if refusal.status.is_server_error() { "Receiver" } else { "Sender" };
    let namespace = match service {
        Service::Sts => " xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"",
        _ => "",
    };
    format!(
        "<?xml version=\"1.0\"?>\n<ErrorResponse{namespace}><Error><Type>{party}</Type><Code>{}</Code><Message>{}</Message>\
         </Error></ErrorResponse>",
        escape(&refusal.code),
        escape(&refusal.message)
    )
}

fn json_error(service: Service, refusal: &Refusal) -> Response<Body> {
    let namespace = match service {
        Service::Sqs => "com.amazonaws.sqs#",
        Service::DynamoDb => "com.amazonaws.dynamodb.v20120810#",
        _ => "",
    };
    let code = match (service, refusal.code.as_ref()) {
        (Service::Sqs, "InvalidParameterValue") => "InvalidParameterValueException",
        (Service::Sqs, "MissingParameter") => "MissingRequiredParameterException",
        (_, code) => code,
    };
    let mut body = refusal.members.clone();
    body.insert("__type".to_owned(), Value::from(format!("{namespace}{code}")));
    body.insert("message".to_owned(), Value::from(refusal.message.as_str()));
    let bytes = serde_json::to_vec(&body).unwrap_or_default();
    let mut response = json(refusal.status, media_type(service), bytes);
    if service == Service::Sqs
        && let Ok(value) = HeaderValue::try_from(query_error(refusal))
    {
        response.headers_mut().insert("x-amzn-query-error", value);
    }
    response
}

/// `x-amzn-query-error`: the code as SQS named it in its query protocol, which boto3 goes on showing.
fn query_error(refusal: &Refusal) -> String {
    let code = match refusal.code.as_ref() {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists" => "QueueAlreadyExists",
        "QueueDeletedRecently" => "AWS.SimpleQueueService.QueueDeletedRecently",
        "PurgeQueueInProgress" => "AWS.SimpleQueueService.PurgeQueueInProgress",
        "MessageNotInflight" => "AWS.SimpleQueueService.MessageNotInflight",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "BatchEntryIdsNotDistinct" => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "BatchRequestTooLong" => "AWS.SimpleQueueService.BatchRequestTooLong",
        "InvalidBatchEntryId" => "AWS.SimpleQueueService.InvalidBatchEntryId",
        "UnsupportedOperation" => "AWS.SimpleQueueService.UnsupportedOperation",
        code => code,
    };
    let party = if refusal.status.is_server_error() { "Receiver" } else { "Sender" };
    format!("{code};{party}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqs_errors_carry_both_codes() {
        let refusal = Refusal::new(StatusCode::BAD_REQUEST, "QueueDoesNotExist", "no such queue");
        let response = refuse(Service::Sqs, &refusal);
        assert_eq!(
            response.headers()["x-amzn-query-error"],
            "AWS.SimpleQueueService.NonExistentQueue;Sender"
        );
        let body: Value = serde_json::from_slice(&response.body().bytes().unwrap()).unwrap();
        assert_eq!(body["__type"], "com.amazonaws.sqs#QueueDoesNotExist");
        let refusal = Refusal::new(StatusCode::BAD_REQUEST, "MissingParameter", "no body");
        let response = refuse(Service::Sqs, &refusal);
        assert_eq!(response.headers()["x-amzn-query-error"], "MissingParameter;Sender");
        let body: Value = serde_json::from_slice(&response.body().bytes().unwrap()).unwrap();
        assert_eq!(body["__type"], "com.amazonaws.sqs#MissingRequiredParameterException");
    }

    #[test]
    fn s3_errors_are_escaped_xml() {
        let refusal = Refusal::new(StatusCode::NOT_FOUND, "NoSuchKey", "<&>").with("Key", "a<b");
        assert!(s3_error(&refusal).ends_with(
            "<Error><Code>NoSuchKey</Code><Message>&lt;&amp;&gt;</Message><Key>a&lt;b</Key></Error>"
        ));
    }
}
