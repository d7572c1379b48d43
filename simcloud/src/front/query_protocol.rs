//! The AWS query protocol: a form, or a query string, with an `Action`. Of it there is only `GetCallerIdentity` of STS, which tools ask
//! to see whether their credentials work. Every other action is refused in the protocol's own XML, so that a client can read why.

use http::header::CONTENT_TYPE;
use http::{Method, Request, Response, StatusCode};
use s3s::Body;

use super::query;
use super::reply::{self, Refusal};
use super::scope::Scope;
use super::target::Service;
use crate::Cloud;

/// Largest request body that is read, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Whether a request without `X-Amz-Target` that is not signed for S3 speaks it. S3 takes no such form and has no `Action`.
pub(super) fn is_spoken<B>(request: &Request<B>) -> bool {
    let is_form = request
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let query = request.uri().query().unwrap_or_default();
    let names_action = query::pairs(query).any(|(name, _)| name == "Action");
    names_action || (is_form && query.is_empty() && request.method() == Method::POST)
}

/// One call.
pub(super) async fn call(
    cloud: &Cloud,
    service: Service,
    scope: Option<&Scope>,
    request: Request<Body>,
) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let mut body = request.into_body();
    let form = body.store_all_limited(BODY_BYTES_MAX).await.unwrap_or_default();
    let form = String::from_utf8_lossy(&form);
    let mut pairs = query::pairs(&form).chain(query::pairs(&query));
    let action = pairs.find_map(|(name, value)| (name == "Action").then_some(value));
    match (service, action.as_deref()) {
        (Service::Sts, Some("GetCallerIdentity")) => caller_identity(cloud, scope),
        (_, action) => {
            let of = scope.map_or(String::new(), |scope| format!(" of {}", scope.service));
            let action = action.unwrap_or("without an Action");
            let message = format!(
                "simcloud does not implement {action}{of} in the query protocol; SQS, DynamoDB and EventBridge speak JSON here"
            );
            let refusal = Refusal::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message);
            reply::refuse(service, &refusal)
        }
    }
}

fn caller_identity(cloud: &Cloud, scope: Option<&Scope>) -> Response<Body> {
    let account = &cloud.inner.options.account_id;
    let key = scope.map_or("anonymous", |scope| scope.access_key_id.as_str());
    let request_id = cloud.inner.entropy.uuid();
    reply::xml(
        StatusCode::OK,
        format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>arn:aws:iam::{account}:root</Arn><UserId>{key}</UserId><Account>{account}</Account>\
             </GetCallerIdentityResult><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
             </GetCallerIdentityResponse>"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_without_query_or_an_action_in_it() {
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        let request = |method: &str, target: &str, kind: &str| {
            Request::builder().method(method).uri(target).header("content-type", kind).body(()).unwrap()
        };
        assert!(is_spoken(&request("POST", "/", form)));
        assert!(is_spoken(&request("POST", "/000000000000/queue", form)));
        assert!(is_spoken(&request("GET", "/?Action=ListQueues&Version=2012-11-05", "text/plain")));
        // What curl sends when it completes a presigned upload.
        assert!(!is_spoken(&request("POST", "/b/k?uploadId=u", form)));
        assert!(!is_spoken(&request("PUT", "/b/k", form)));
        assert!(!is_spoken(&request("GET", "/b?prefix=Action", "text/plain")));
    }
}
