//! STS: only `GetCallerIdentity`, because tools ask it to see whether their credentials work.

use http::{Request, Response, StatusCode};
use s3s::Body;

use super::reply::{self, Refusal};
use super::scope::Scope;
use super::target::Service;
use crate::Cloud;

/// Largest request body that is read, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// One call of the query protocol: a form with an `Action`.
pub(super) async fn call(cloud: &Cloud, scope: Option<&Scope>, request: Request<Body>) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let mut body = request.into_body();
    let form = body.store_all_limited(BODY_BYTES_MAX).await.unwrap_or_default();
    let form = String::from_utf8_lossy(&form);
    let action = form.split('&').chain(query.split('&')).find_map(|pair| pair.strip_prefix("Action="));
    if action != Some("GetCallerIdentity") {
        let message = format!("simcloud does not implement STS {}", action.unwrap_or("without an Action"));
        return reply::refuse(
            Service::Sts,
            &Refusal::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message),
        );
    }
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
