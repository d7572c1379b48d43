//! The JSON protocols (AWS JSON 1.0 and 1.1) of SQS, DynamoDB and EventBridge.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use s3s::Body;
use serde_json::Value;

use super::Severed;
use super::batch;
use super::reply::{self, Refusal};
use super::target::Service;
use crate::api::{ApiResult, Caller};
use crate::fault::Substitute;
use crate::{Cloud, Incoming};

/// Largest request body that is read, in bytes: above every documented request limit of these services.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One call. A fault's `key` is looked for in the raw request body, so it can name a queue, a table or an item.
pub(super) async fn call(
    cloud: &Cloud,
    service: Service,
    operation: String,
    request: Request<Body>,
) -> Result<Response<Body>, Severed> {
    let (parts, mut body) = request.into_parts();
    let Ok(bytes) = body.store_all_limited(BODY_BYTES_MAX).await else {
        let refusal = Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            format!("The request body is cut short, or longer than {BODY_BYTES_MAX} bytes"),
        );
        return Ok(reply::refuse(service, &refusal));
    };
    let firing = cloud.inner.faults.firing(service, &operation, || String::from_utf8_lossy(&bytes));
    let incoming = Incoming {
        service: service.name(),
        operation: &operation,
        resource: std::str::from_utf8(&bytes).unwrap_or_default(),
        query: "",
        headers: &parts.headers,
    };
    let firing = firing.and(cloud.inner.options.observer.request(&incoming));
    match firing.before().await? {
        Some(foreign @ Substitute::Foreign(_)) => return Ok(firing.refuse(service, &foreign)),
        Some(refusal) => return Ok(stamp(cloud, firing.refuse(service, &refusal))),
        None => {}
    }
    let bytes = firing.alter_request_bytes(bytes);
    let caller = caller(&parts.headers);
    let result = match (service, firing.failed_places()) {
        (Service::Sqs, places @ 1..) => {
            let withheld = batch::withhold(&bytes, places);
            match withheld.rest {
                Some(rest) => apply(cloud, service, &operation, &caller, &rest).await,
                None => Ok(batch::nothing_done()),
            }
            .map(|answer| batch::with_failures(answer, withheld.failures))
        }
        _ => apply(cloud, service, &operation, &caller, &bytes).await,
    };
    let response = match result {
        Ok(value) => reply::json(
            StatusCode::OK,
            reply::media_type(service),
            // SQS answers some operations with nothing at all; an empty object says the same to every SDK.
            serde_json::to_vec(&value).unwrap_or_default(),
        ),
        Err(error) => reply::refuse(service, &Refusal::from(error)),
    };
    firing.after(service, stamp(cloud, response)).await
}

async fn apply(
    cloud: &Cloud,
    service: Service,
    operation: &str,
    caller: &Caller,
    bytes: &Bytes,
) -> ApiResult {
    let request = if bytes.is_empty() {
        Value::Object(serde_json::Map::new())
    } else {
        serde_json::from_slice(bytes).map_err(|error| {
            crate::api::ApiError::bad(
                "SerializationException",
                format!("the request is not valid JSON: {error}"),
            )
        })?
    };
    let inner = &cloud.inner;
    let answer = match service {
        Service::Sqs => inner.sqs.call(caller, operation, request).await,
        Service::DynamoDb => inner.dynamodb.call(caller, operation, request).await,
        _ => inner.events.call(caller, operation, request).await,
    }?;
    // Journals hold messages and items; what these belong to is in the state alone.
    if changes_settings(operation) {
        cloud.keep_settings().map_err(|error| crate::api::ApiError::internal(error.to_string()))?;
    }
    Ok(answer)
}

/// Whether an operation changes a queue, a table or a rule itself.
fn changes_settings(operation: &str) -> bool {
    let begins = ["Create", "Update", "Set", "Tag", "Untag", "Purge", "Put", "Remove", "Enable", "Disable"];
    let of_contents = ["PutItem", "PutEvents", "UpdateItem"];
    let deletes = ["DeleteQueue", "DeleteTable", "DeleteRule"];
    !of_contents.contains(&operation)
        && (deletes.contains(&operation) || begins.iter().any(|begin| operation.starts_with(begin)))
}

fn caller(headers: &HeaderMap) -> Caller {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let host = headers.get(header::HOST).and_then(text);
    Caller {
        base_url: format!("http://{}", host.as_deref().unwrap_or("simcloud.local")),
        trace_header: headers.get("x-amzn-trace-id").and_then(text),
    }
}

/// Every answer names its request.
fn stamp(cloud: &Cloud, mut response: Response<Body>) -> Response<Body> {
    if let Ok(value) = HeaderValue::try_from(cloud.inner.entropy.uuid()) {
        response.headers_mut().insert("x-amzn-requestid", value);
    }
    response
}
