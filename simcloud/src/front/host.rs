//! Virtual-hosted requests: the bucket stands in the host's name, before the name of the endpoint.
//!
//! An endpoint's own name is an address, a name without dots, `localhost`, one that begins with `s3.` or `s3-`, or one of
//! [`ENDPOINTS`]. A bucket's host ends in one of these, or holds `.s3.` or `.s3-`. Any other host is refused: to take its path for that
//! of a bucket would answer another question than was asked.

use std::net::IpAddr;

use http::request::Parts;
use http::{StatusCode, Uri, header};

use super::reply::Refusal;

/// Names with dots that reach a cloud on this machine: in process, and from a container.
const ENDPOINTS: [&str; 3] = ["simcloud.local", "host.docker.internal", "localhost"];

/// Puts the bucket of a virtual-hosted request into its path, where everything else looks for it.
pub(super) fn to_path_style(parts: &mut Parts) -> Result<(), Refusal> {
    let host = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bucket = match addressed(host) {
        Addressed::Endpoint => return Ok(()),
        Addressed::Bucket(bucket) => bucket,
        Addressed::Unknown => return Err(unknown(host)),
    };
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let path_style = format!("/{bucket}{target}");
    parts.uri = Uri::try_from(path_style).map_err(|_| unknown(host))?;
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Addressed {
    Endpoint,
    Bucket(String),
    Unknown,
}

fn addressed(host: &str) -> Addressed {
    let name = without_port(host).trim_end_matches('.').to_ascii_lowercase();
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    if is_address || !name.contains('.') || name.starts_with("s3.") || name.starts_with("s3-") {
        return Addressed::Endpoint;
    }
    if ENDPOINTS.contains(&name.as_str()) {
        return Addressed::Endpoint;
    }
    let of_endpoint = ENDPOINTS.iter().find_map(|endpoint| name.strip_suffix(endpoint)?.strip_suffix('.'));
    let of_service = || name.find(".s3.").or_else(|| name.find(".s3-")).map(|at| &name[..at]);
    match of_endpoint.or_else(of_service) {
        Some(bucket) if !bucket.is_empty() => Addressed::Bucket(bucket.to_owned()),
        _ => Addressed::Unknown,
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn unknown(host: &str) -> Refusal {
    let message = format!(
        "simcloud knows no bucket at the host {host}: name the bucket in the path, or use BUCKET.localhost or BUCKET.s3.NAME"
    );
    Refusal::new(StatusCode::BAD_REQUEST, "InvalidRequest", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for endpoint in [
            "",
            "x",
            "localhost:4566",
            "127.0.0.1:80",
            "[::1]:80",
            "::1",
            "simcloud.local",
            "s3.eu-west-1.amazonaws.com",
        ] {
            assert_eq!(addressed(endpoint), Addressed::Endpoint, "{endpoint}");
        }
        for (host, bucket) in [
            ("landing.localhost:4566", "landing"),
            ("a.b.localhost", "a.b"),
            ("landing.simcloud.local", "landing"),
            ("Landing.s3.amazonaws.com", "landing"),
            ("landing.s3-eu-west-1.amazonaws.com.", "landing"),
            ("my.bucket.s3.us-east-1.amazonaws.com:443", "my.bucket"),
        ] {
            assert_eq!(addressed(host), Addressed::Bucket(bucket.to_owned()), "{host}");
        }
        for host in ["landing.example.com", ".localhost", "landing.127.0.0.1.nip.io"] {
            assert_eq!(addressed(host), Addressed::Unknown, "{host}");
        }
    }

    #[test]
    fn the_bucket_becomes_the_first_part_of_the_path() {
        for (target, expected) in
            [("/", "/b/"), ("/?list-type=2", "/b/?list-type=2"), ("//k", "/b//k"), ("/a%2Fb?x", "/b/a%2Fb?x")]
        {
            let request = http::Request::get(target).header("host", "b.localhost:1").body(()).unwrap();
            let (mut parts, ()) = request.into_parts();
            to_path_style(&mut parts).unwrap();
            assert_eq!(parts.uri.path_and_query().unwrap().as_str(), expected);
        }
    }
}
