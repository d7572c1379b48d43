//! Who asks, and for which region: the credential scope of a Signature Version 4 request. A presigned one of version 2 has no region.

use http::{HeaderMap, StatusCode, Uri};

use super::query;
use super::reply::Refusal;
use super::target::Service;

/// What a request says of itself in `Authorization: AWS4-HMAC-SHA256 Credential=…` or in a presigned URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) access_key_id: String,
    /// `None`: version 2 names none.
    pub(super) region: Option<String>,
    /// As AWS signs it: `s3`, `sqs`, `dynamodb`, `events`, `sts` …
    pub(super) service: String,
}

impl Scope {
    /// The scope of a signed or presigned request; `None` for an unsigned one.
    pub(super) fn of(headers: &HeaderMap, uri: &Uri) -> Option<Self> {
        if let Some(value) = headers.get(http::header::AUTHORIZATION) {
            let value = value.to_str().ok()?;
            let credential = value.split_once("Credential=")?.1;
            return Self::parse(credential.split([',', ' ']).next()?);
        }
        let query = uri.query()?;
        let value =
            |name: &str| query::pairs(query).find_map(|(other, value)| (other == name).then_some(value));
        let of_version_2 = |key| Self { access_key_id: key, region: None, service: "s3".to_owned() };
        match value("X-Amz-Credential") {
            Some(credential) => Self::parse(&credential),
            None => value("AWSAccessKeyId").map(of_version_2),
        }
    }

    /// `AKID/20260101/us-east-1/s3/aws4_request`; an access key id may itself hold slashes.
    fn parse(credential: &str) -> Option<Self> {
        let mut fields = credential.rsplitn(5, '/');
        let (_terminator, service) = (fields.next()?, fields.next()?);
        let (region, _date, access_key_id) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Self {
            access_key_id: access_key_id.to_owned(),
            region: Some(region.to_owned()),
            service: service.to_owned(),
        })
    }
}

/// Refuses a foreign access key, a foreign region and an unsigned request, when `access_key_id` asks for one key; else accepts all.
pub(super) fn check(
    service: Service,
    scope: Option<&Scope>,
    access_key_id: Option<&str>,
    region: &str,
) -> Result<(), Refusal> {
    let Some(expected) = access_key_id else { return Ok(()) };
    let Some(scope) = scope else { return Err(unsigned(service)) };
    if scope.access_key_id != expected {
        return Err(unknown_key(service));
    }
    match scope.region.as_deref() {
        Some(asked) if asked != region && service != Service::Sts => {
            Err(foreign_region(service, asked, region))
        }
        _ => Ok(()),
    }
}

fn unsigned(service: Service) -> Refusal {
    match service {
        Service::S3 => Refusal::new(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied"),
        _ => Refusal::new(
            StatusCode::FORBIDDEN,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        ),
    }
}

fn unknown_key(service: Service) -> Refusal {
    match service {
        Service::S3 => Refusal::new(
            StatusCode::FORBIDDEN,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        Service::Sqs | Service::Sts | Service::Query => Refusal::new(
            StatusCode::FORBIDDEN,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        ),
        _ => Refusal::new(
            StatusCode::BAD_REQUEST,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
    }
}

fn foreign_region(service: Service, asked: &str, region: &str) -> Refusal {
    match service {
        Service::S3 => Refusal::new(
            StatusCode::BAD_REQUEST,
            "AuthorizationHeaderMalformed",
            format!(
                "The authorization header is malformed; the region '{asked}' is wrong; expecting '{region}'"
            ),
        )
        .with("Region", region),
        Service::Sqs => Refusal::new(
            StatusCode::FORBIDDEN,
            "SignatureDoesNotMatch",
            format!("Credential should be scoped to a valid region, not '{asked}'; expecting '{region}'."),
        ),
        _ => Refusal::new(
            StatusCode::BAD_REQUEST,
            "InvalidSignatureException",
            format!("Credential should be scoped to a valid region, not '{asked}'; expecting '{region}'."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", value.parse().unwrap());
        headers
    }

    #[test]
    fn header_and_presigned_scopes() {
        let headers = signed(
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=00",
        );
        let expected =
            Scope { access_key_id: "AKID".into(), region: Some("eu-west-1".into()), service: "sqs".into() };
        assert_eq!(Scope::of(&headers, &Uri::from_static("/")), Some(expected.clone()));
        let uri = Uri::from_static(
            "/b/k?X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fsqs%2Faws4_request&X-Amz-Signature=0",
        );
        assert_eq!(Scope::of(&HeaderMap::new(), &uri), Some(expected));
        let uri = Uri::from_static("/b/k?AWSAccessKeyId=AKID&Signature=0&Expires=1");
        let expected = Scope { access_key_id: "AKID".into(), region: None, service: "s3".into() };
        assert_eq!(Scope::of(&HeaderMap::new(), &uri), Some(expected));
        assert_eq!(Scope::of(&HeaderMap::new(), &Uri::from_static("/")), None);
        assert_eq!(Scope::of(&signed("AWS AKID:sig"), &Uri::from_static("/")), None);
    }

    #[test]
    fn one_key_and_one_region_when_a_key_is_set() {
        let scope = |key: &str, region: &str| Scope {
            access_key_id: key.into(),
            region: Some(region.into()),
            service: "s3".into(),
        };
        assert!(check(Service::S3, None, None, "us-east-1").is_ok());
        assert!(check(Service::S3, Some(&scope("AKID", "us-east-1")), Some("AKID"), "us-east-1").is_ok());
        let code = |scope: Option<&Scope>, service| {
            check(service, scope, Some("AKID"), "us-east-1").unwrap_err().code.into_owned()
        };
        assert_eq!(code(None, Service::S3), "AccessDenied");
        assert_eq!(code(Some(&scope("OTHER", "us-east-1")), Service::S3), "InvalidAccessKeyId");
        assert_eq!(code(Some(&scope("OTHER", "us-east-1")), Service::Sqs), "InvalidClientTokenId");
        assert_eq!(
            code(Some(&scope("OTHER", "us-east-1")), Service::DynamoDb),
            "UnrecognizedClientException"
        );
        assert_eq!(code(Some(&scope("AKID", "eu-west-1")), Service::S3), "AuthorizationHeaderMalformed");
    }
}
