//! `drayage local` in its interactive form, and clients for its embedded AWS.

use aws_credential_types::Credentials;
use common::aws::{self, Access};

use super::drayage::{ACCESS_KEY, Drayage};
use super::until;

pub(crate) const ARGUMENTS: [&str; 3] = ["local", "--port", "0"];
/// The last line that it says before it waits.
pub(crate) const BANNER_END: &str = "Ctrl-C drains and stops.";

#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) process: Drayage,
    pub(crate) endpoint_url: String,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
}

impl Local {
    /// Waits for the banner, which names the port.
    pub(crate) async fn start(more: &[&str]) -> Self {
        Self::of(Drayage::start(&[&ARGUMENTS, more].concat())).await
    }

    /// Started by other programs.
    pub(crate) async fn start_by(programs: &[&str], more: &[&str]) -> Self {
        Self::of(Drayage::start_by(programs, &[&ARGUMENTS, more].concat())).await
    }

    /// One that has been started with [`ARGUMENTS`].
    pub(crate) async fn of(process: Drayage) -> Self {
        process.says(BANNER_END).await;
        let banner = process.err();
        Self::with_banner(process, &banner).await
    }

    /// One that has said this much.
    pub(crate) async fn with_banner(process: Drayage, banner: &str) -> Self {
        let address =
            banner.split_once("An embedded AWS listens on ").and_then(|(_, rest)| rest.split_once(';'));
        let (endpoint_url, _) = address.unwrap_or_else(|| panic!("no address in {banner}"));
        let access = Access {
            region: Some("us-east-1".to_owned()),
            endpoint_url: Some(endpoint_url.to_owned()),
            credentials: Some(Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "tests")),
            http_client: None,
        };
        let endpoint_url = endpoint_url.to_owned();
        let config = access.load().await;
        Self { process, endpoint_url, s3: aws::s3(&config), dynamodb: aws::dynamodb(&config) }
    }

    /// Its address without the scheme.
    pub(crate) fn address(&self) -> &str {
        self.endpoint_url.trim_start_matches("http://")
    }

    /// Waits until each of these children works.
    pub(crate) async fn at_work(&self, children: &[&str]) {
        for child in children {
            until(&format!("{child} at work"), async || {
                let log = self.process.log_of(child)?;
                ["dispatching", "working"]
                    .iter()
                    .any(|word| log.contains(&format!("\"message\":\"{word}\"")))
                    .then_some(())
            })
            .await;
        }
    }
}
