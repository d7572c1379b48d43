//! Which service and operation a request is for.

use http::{Request, StatusCode};

use super::query_protocol;
use super::reply::Refusal;
use super::scope::Scope;

/// The services behind the front door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    S3,
    Sqs,
    DynamoDb,
    EventBridge,
    Sts,
    /// One that simcloud does not have and that speaks the query protocol; SQS too, when asked in it.
    Query,
    /// One that simcloud does not have.
    Other,
}

impl Service {
    /// The name that faults use.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::S3 => "S3",
            Self::Sqs => "SQS",
            Self::DynamoDb => "DynamoDB",
            Self::EventBridge => "EventBridge",
            Self::Sts => "STS",
            Self::Query => "query",
            Self::Other => "other",
        }
    }
}

/// The service, and for the JSON protocols the operation (empty for the others).
pub(super) fn resolve<B>(request: &Request<B>, scope: Option<&Scope>) -> Result<(Service, String), Refusal> {
    if let Some(target) = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok()) {
        let (prefix, operation) = target.split_once('.').unwrap_or((target, ""));
        let service = match prefix {
            "AmazonSQS" => Service::Sqs,
            "DynamoDB_20120810" => Service::DynamoDb,
            "AWSEvents" => Service::EventBridge,
            _ => return Err(not_implemented(target)),
        };
        return Ok((service, operation.to_owned()));
    }
    match scope.map(|scope| scope.service.as_str()) {
        Some("s3" | "s3express") => Ok((Service::S3, String::new())),
        Some("sts") => Ok((Service::Sts, String::new())),
        _ if query_protocol::is_spoken(request) => Ok((Service::Query, String::new())),
        None => Ok((Service::S3, String::new())),
        Some(service) => Err(not_implemented(&format!("{service} (without a known X-Amz-Target)"))),
    }
}

fn not_implemented(what: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", format!("simcloud does not implement {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(target: &str) -> Request<()> {
        Request::builder().header("x-amz-target", target).body(()).unwrap()
    }

    #[test]
    fn json_targets_name_their_service() {
        assert_eq!(
            resolve(&headers("AmazonSQS.SendMessage"), None).unwrap(),
            (Service::Sqs, "SendMessage".to_owned())
        );
        assert_eq!(
            resolve(&headers("DynamoDB_20120810.PutItem"), None).unwrap(),
            (Service::DynamoDb, "PutItem".to_owned())
        );
        let refusal = resolve(&headers("Kinesis_20131202.PutRecord"), None).unwrap_err();
        assert!(refusal.message.contains("Kinesis_20131202.PutRecord"));
    }

    #[test]
    fn without_a_target_the_scope_decides() {
        let scope = |service: &str| Scope {
            access_key_id: "AKID".to_owned(),
            region: Some("us-east-1".to_owned()),
            service: service.to_owned(),
        };
        let plain = Request::new(());
        let action = Request::get("/?Action=ListQueues").body(()).unwrap();
        assert_eq!(resolve(&plain, None).unwrap().0, Service::S3);
        assert_eq!(resolve(&plain, Some(&scope("s3"))).unwrap().0, Service::S3);
        assert_eq!(resolve(&plain, Some(&scope("sts"))).unwrap().0, Service::Sts);
        assert!(resolve(&plain, Some(&scope("iam"))).unwrap_err().message.contains("iam"));
        assert_eq!(resolve(&action, Some(&scope("iam"))).unwrap().0, Service::Query);
        assert_eq!(resolve(&action, Some(&scope("s3"))).unwrap().0, Service::S3);
        assert_eq!(resolve(&action, None).unwrap().0, Service::Query);
    }
}
