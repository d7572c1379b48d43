//! Finding a queue and its dead-letter queue by name.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

use crate::fault::{Class, Fault};

/// One queue with its dead-letter queue; clones share the client.
#[derive(Debug, Clone)]
pub struct Queue {
    pub(super) client: Client,
    pub(super) name: Arc<str>,
    pub(super) url: String,
    pub(super) dead_letter_url: String,
    pub(super) visibility_timeout: Duration,
    pub(super) fifo: bool,
}

impl Queue {
    /// Looks a queue up by name or URL, and its dead-letter queue by the redrive policy. `visibility_timeout` is what receives ask
    /// for: the queue's own setting is not relied on.
    ///
    /// # Errors
    /// The fault; `NoRedrivePolicy` when the queue has no dead-letter queue to park messages in.
    pub async fn find(
        client: &Client,
        name_or_url: &str,
        visibility_timeout: Duration,
    ) -> Result<Self, Fault> {
        let url = url_of(client, name_or_url).await?;
        let reply = client
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::RedrivePolicy)
            .send()
            .await
            .map_err(|error| Fault::of("GetQueueAttributes", &error))?;
        let policy = reply.attributes().and_then(|all| all.get(&QueueAttributeName::RedrivePolicy));
        let dead_letters = policy
            .and_then(|policy| dead_letter_queue(policy))
            .ok_or_else(|| Fault::new(Class::Invalid, "GetQueueAttributes", "NoRedrivePolicy"))?;
        let dead_letter_url = url_of(client, &dead_letters).await?;
        let name = name_or_url.rsplit('/').next().unwrap_or(name_or_url).into();
        let fifo = is_fifo(name_or_url);
        Ok(Self { client: client.clone(), name, url, dead_letter_url, visibility_timeout, fifo })
    }

    /// The same queue through another client: heartbeats must not share a retry budget or a connection pool with the work.
    #[must_use]
    pub fn through(&self, client: &Client) -> Self {
        Self { client: client.clone(), ..self.clone() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name, as metrics hold it.
    pub(crate) fn label(&self) -> &Arc<str> {
        &self.name
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn visibility_timeout(&self) -> Duration {
        self.visibility_timeout
    }

    /// Whether this is a FIFO queue, and so its dead-letter queue: SQS lets neither have one of the other kind.
    ///
    /// - Sends give every message an id that makes a second send of it no second message, for five minutes. A message of a group is
    ///   sent when the one before it is in; when that fails, the later ones of its group fail too ([`super::HELD_BACK`]).
    /// - A receive takes one message. SQS hides the rest of its group until it is deleted, parked or visible again, so that a group's
    ///   messages are worked on one after another, whoever receives them.
    pub fn is_fifo(&self) -> bool {
        self.fifo
    }
}

/// Whether a name or URL is that of a FIFO queue. SQS demands the suffix of those, and forbids a dot in other names.
pub fn is_fifo(name_or_url: &str) -> bool {
    name_or_url.trim_end_matches('/').ends_with(".fifo")
}

async fn url_of(client: &Client, name_or_url: &str) -> Result<String, Fault> {
    if name_or_url.contains("://") {
        return Ok(name_or_url.to_owned());
    }
    let reply = client.get_queue_url().queue_name(name_or_url).send().await;
    let reply = reply.map_err(|error| Fault::of("GetQueueUrl", &error))?;
    reply.queue_url.ok_or_else(|| Fault::new(Class::Transient, "GetQueueUrl", "reply"))
}

/// The name of the queue that a redrive policy names by ARN.
fn dead_letter_queue(policy: &str) -> Option<String> {
    let policy: serde_json::Value = serde_json::from_str(policy).ok()?;
    let arn = policy.get("deadLetterTargetArn")?.as_str()?;
    arn.rsplit(':').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_a_fifo_queue() {
        assert!(
            is_fifo("fast.fifo") && is_fifo("https://sqs.eu-west-1.amazonaws.com/000000000000/fast.fifo/")
        );
        assert!(!is_fifo("fast") && !is_fifo("https://host.fifo/000000000000/fast") && !is_fifo("fifo"));
    }

    #[test]
    fn the_dead_letter_queue_is_named_by_the_redrive_policy() {
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:fast-dlq","maxReceiveCount":"100"}"#;
        assert_eq!(dead_letter_queue(policy).as_deref(), Some("fast-dlq"));
        for bad in ["", "{}", "[]", r#"{"deadLetterTargetArn":7}"#, r#"{"deadLetterTargetArn":""}"#] {
            assert_eq!(dead_letter_queue(bad), None, "{bad}");
        }
    }
}
