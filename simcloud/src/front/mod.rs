//! The front door of both transports: one HTTP request in, one HTTP response (or a severed connection) out.
//!
//! 1. [`target`] says which service is meant: `X-Amz-Target` names the JSON services, `/_simcloud/health` is ours, a form with an
//!    `Action` is for [`query_protocol`], and everything else is S3.
//! 2. [`scope`] checks who asks and for which region. *Signatures are not verified*: an access key id is a name here, not a proof. Only
//!    those of presigned requests are, when the cloud is told the secret key: see [`presigned`].
//! 3. [`crate::fault`] may answer in the service's stead, or change what goes in or comes out.
//! 4. [`json`] or [`s3`] speaks the service's protocol.

mod aws_chunked;
mod batch;
mod form;
mod hmac;
mod host;
mod json;
mod overrides;
mod presigned;
mod query;
mod query_protocol;
mod reply;
mod s3;
mod s3_operation;
mod scope;
mod target;

use http::{Method, Request, Response, StatusCode};
use s3s::Body;

pub(crate) use self::aws_chunked::Trailers;
pub(crate) use self::reply::{Refusal, refuse};
pub(crate) use self::target::Service;
use crate::Cloud;

/// The connection ends without an answer: over TCP it is closed, in process the caller sees an I/O error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("connection reset by simcloud")]
pub(crate) struct Severed;

/// Answers one request. The response body may itself fail half way, when a fault says so.
pub(crate) async fn handle(cloud: &Cloud, request: Request<Body>) -> Result<Response<Body>, Severed> {
    let scope = scope::Scope::of(request.headers(), request.uri());
    let actor = scope.as_ref().map(|scope| scope.access_key_id.clone());
    let answer = Box::pin(answer(cloud, request, scope));
    let status =
        |answer: &Result<Response<Body>, Severed>| answer.as_ref().map_or(0, |it| it.status().as_u16());
    cloud.inner.options.observer.within(|| actor, answer, status).await
}

async fn answer(
    cloud: &Cloud,
    request: Request<Body>,
    scope: Option<scope::Scope>,
) -> Result<Response<Body>, Severed> {
    if request.method() == Method::GET && request.uri().path() == "/_simcloud/health" {
        return Ok(reply::json(StatusCode::OK, "application/json", b"{\"status\":\"ok\"}".to_vec()));
    }
    let (service, operation) = match target::resolve(&request, scope.as_ref()) {
        Ok(target) => target,
        Err(refusal) => return Ok(reply::refuse(Service::Other, &refusal)),
    };
    let options = &cloud.inner.options;
    if let Err(refusal) =
        scope::check(service, scope.as_ref(), options.access_key_id.as_deref(), &options.region)
    {
        return Ok(reply::refuse(service, &refusal));
    }
    match service {
        Service::Sqs | Service::DynamoDb | Service::EventBridge => {
            Box::pin(json::call(cloud, service, operation, request)).await
        }
        Service::Sts | Service::Query => {
            Ok(query_protocol::call(cloud, service, scope.as_ref(), request).await)
        }
        Service::S3 | Service::Other => Box::pin(s3::call(cloud, request)).await,
    }
}
