//! Why a request got no answer from AWS: which of the many things between this process and a service was wrong.
//!
//! Nothing acts on it. It is for the person who reads why a service did not start, so each cause comes with what to check.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;

/// The chain of an error's sources is cut after so many characters: it stands in one line.
const CHAIN_CHARS_MAX: usize = 400;

/// What kept a request from AWS, or AWS from taking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Refused,
    NameNotFound,
    NoRoute,
    /// The other side speaks no TLS.
    NotTls,
    /// The other side's certificate is not trusted, or TLS failed otherwise.
    Tls,
    /// The other side speaks no HTTP, or HTTP inside of TLS only.
    NotHttp,
    TimedOut,
    NoCredentials,
    /// The machine's AWS settings ask for an endpoint that cannot be had (FIPS or dual-stack at an endpoint of one's own).
    Endpoint,
    /// The signature's time is too far from the service's.
    Clock,
}

/// The cause with the words of the libraries that met it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub cause: Cause,
    /// From the outermost error to the innermost. Never a text that AWS sent.
    pub chain: String,
}

impl Cause {
    /// What a person should check.
    pub const fn check(self) -> &'static str {
        match self {
            Self::Refused => {
                "the connection was refused: is something listening at this endpoint, and does a security group let it through?"
            }
            Self::NameNotFound => {
                "the endpoint's name was not found: is --endpoint-url or the region spelt right, and does DNS work here?"
            }
            Self::NoRoute => {
                "there is no way to the endpoint: does this network have a route or a VPC endpoint?"
            }
            Self::NotTls => "the endpoint does not speak TLS: is its URL meant to begin with http://?",
            Self::Tls => {
                "TLS failed: is the endpoint's certificate from an authority that this machine trusts?"
            }
            Self::NotHttp => {
                "the endpoint does not speak plain HTTP: is its URL meant to begin with https://?"
            }
            Self::TimedOut => {
                "no answer came in time: is the endpoint up, and does this network have a route to it?"
            }
            Self::NoCredentials => {
                "there are no credentials: has the task a role, or are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile set?"
            }
            Self::Endpoint => {
                "the AWS settings contradict each other: unset AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT (in a profile: use_fips_endpoint, use_dualstack_endpoint), or leave --endpoint-url out"
            }
            Self::Clock => "this machine's clock is wrong: set it, for example by NTP",
        }
    }
}

/// From an error that came instead of a reply.
pub(super) fn of(error: &(dyn Error + 'static), timed_out: bool) -> Option<Origin> {
    let chain = chain(error);
    let cause = sources(error).find_map(of_one).or(timed_out.then_some(Cause::TimedOut))?;
    Some(Origin { cause, chain })
}

/// Whether a refusal is about the time of the signature. S3 has a code for it; the other services say it in their message.
pub(super) fn of_refusal(code: &str, message: &str) -> Option<Origin> {
    let stale =
        ["Signature expired", "Signature not yet current"].iter().any(|begin| message.starts_with(begin));
    (stale || code == "RequestTimeTooSkewed").then(|| Origin { cause: Cause::Clock, chain: String::new() })
}

fn of_one(error: &(dyn Error + 'static)) -> Option<Cause> {
    if error.is::<CredentialsError>() {
        return Some(Cause::NoCredentials);
    }
    if let Some(io) = error.downcast_ref::<std::io::Error>() {
        use std::io::ErrorKind as Io;
        match io.kind() {
            Io::ConnectionRefused => return Some(Cause::Refused),
            Io::HostUnreachable | Io::NetworkUnreachable | Io::NetworkDown => return Some(Cause::NoRoute),
            Io::TimedOut => return Some(Cause::TimedOut),
            _ => {}
        }
    }
    // The libraries below the SDK have no types for these that outlive their next version; their words are pinned by tests.
    let text = error.to_string();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["FIPS", "Dualstack", "DualStack"]) {
        Some(Cause::Endpoint)
    } else if says(&["dns error", "failed to lookup address"]) {
        Some(Cause::NameNotFound)
    } else if says(&["InvalidContentType", "WrongVersion"]) {
        Some(Cause::NotTls)
    } else if says(&["invalid peer certificate", "received fatal alert", "corrupt message"]) {
        Some(Cause::Tls)
    // Bytes that are no reply, or that come before there was a request: TLS, SSH and many others speak so.
    } else if says(&["invalid HTTP", "unexpected message from connection"]) {
        Some(Cause::NotHttp)
    } else {
        None
    }
}

type Source<'e> = &'e (dyn Error + 'static);

/// The error and its sources. What stands behind an error of credentials may hold a secret (what a program printed), so it is left out.
fn sources(error: Source<'_>) -> impl Iterator<Item = Source<'_>> {
    fn next<'e>(error: &Source<'e>) -> Option<Source<'e>> {
        let error = *error;
        if error.is::<CredentialsError>() {
            return None;
        }
        // Its source is that of the error it holds, which would be passed over.
        let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        held.map(|held| held as Source<'e>).or_else(|| error.source())
    }
    std::iter::successors(Some(error), next)
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let mut chain = String::new();
    for source in sources(error) {
        let text = source.to_string();
        if !chain.ends_with(&text) {
            let colon = if chain.is_empty() { "" } else { ": " };
            chain.push_str(colon);
            chain.push_str(&text);
        }
    }
    chain.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHAIN_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_reason_is_found_behind_what_wraps_it() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let wrapped = std::io::Error::other(std::io::Error::other(refused));
        let origin = of(&wrapped, false).unwrap();
        assert_eq!(origin.cause, Cause::Refused);
        assert_eq!(origin.chain, "connection refused");
    }

    #[test]
    fn what_stands_behind_an_error_of_credentials_is_not_shown() {
        let secret = std::io::Error::other("wJalrXUtnFEMI");
        let origin = of(&CredentialsError::provider_error(secret), false).unwrap();
        assert_eq!(origin.cause, Cause::NoCredentials);
        assert!(!origin.chain.contains("wJalr"), "{}", origin.chain);
    }

    #[test]
    fn a_timeout_is_a_cause_only_where_nothing_says_more() {
        let plain = std::io::Error::other("x");
        assert_eq!(of(&plain, true).map(|origin| origin.cause), Some(Cause::TimedOut));
        assert_eq!(of(&plain, false), None);
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(of(&refused, true).map(|origin| origin.cause), Some(Cause::Refused));
    }

    #[test]
    fn a_wrong_clock_is_known_by_code_and_by_message() {
        let cause = |code, message| of_refusal(code, message).map(|origin| origin.cause);
        assert_eq!(cause("RequestTimeTooSkewed", ""), Some(Cause::Clock));
        assert_eq!(cause("InvalidSignatureException", "Signature expired: 2026…"), Some(Cause::Clock));
        assert_eq!(
            cause("InvalidSignatureException", "Signature not yet current: 2026…"),
            Some(Cause::Clock)
        );
        assert_eq!(cause("InvalidSignatureException", "The request signature we calculated…"), None);
    }
}
