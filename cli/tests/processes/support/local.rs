//! `drayage local` in its interactive form, and clients for its embedded AWS.

use aws_credential_types::Credentials;
use common::aws::{self, Access};

use super::drayage::{ACCESS_KEY, Drayage};
use super::until;

#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) process: Drayage,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
}

impl Local {
    /// Waits for the banner, which names the port.
    pub(crate) async fn start(more: &[&str]) -> Self {
        let process = Drayage::start(&[&["local", "--port", "0"], more].concat());
        process.says("Ctrl-C drains and stops.").await;
        let endpoint_url = until("the banner's address", async || {
            let said = process.err();
            let url = said.split_once("An embedded AWS listens on ")?.1.split_once(';')?.0;
            Some(url.to_owned())
        });
        let access = Access {
            region: Some("us-east-1".to_owned()),
            endpoint_url: Some(endpoint_url.await),
            credentials: Some(Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "tests")),
            http_client: None,
        };
        let config = access.load().await;
        Self { process, s3: aws::s3(&config), dynamodb: aws::dynamodb(&config) }
    }

    /// Waits until each of these children works. Before that a signal ends it as it ends any process.
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
