//! Receiving.

use std::time::Duration;

use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use tokio::time::Instant;

use super::{BATCH_MAX, Message, Queue};
use crate::fault::{Class, Fault};
use crate::metrics;

/// What a receive may take beyond its wait time before we give it up. What it brought is then hidden for a visibility timeout and
/// comes back: so the visibility timeout must be longer than wait plus slack.
pub const RECEIVE_SLACK: Duration = Duration::from_secs(10);

impl Queue {
    /// Long-polls for at most `most` messages. Once sent, let it end: dropping it hides what it brings.
    ///
    /// # Errors
    /// The fault. Whether it took messages along is unknown; they come back.
    pub async fn receive(&self, most: usize, wait: Duration) -> Result<Vec<Message>, Fault> {
        let received = self.receive_once(most, wait).await;
        metrics::queues::received(self, &received);
        received
    }

    async fn receive_once(&self, most: usize, wait: Duration) -> Result<Vec<Message>, Fault> {
        let limit = wait + RECEIVE_SLACK;
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(limit).read_timeout(limit).build();
        let whole_seconds = |duration: Duration| i32::try_from(duration.as_secs()).unwrap_or(i32::MAX);
        let request = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(most.clamp(1, BATCH_MAX)).unwrap_or(1))
            .wait_time_seconds(whole_seconds(wait))
            .visibility_timeout(whole_seconds(self.visibility_timeout))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_system_attribute_names(MessageSystemAttributeName::AwsTraceHeader)
            .message_attribute_names("All")
            .customize()
            // One try: a retry inside the SDK would shift the instant that the lease counts from.
            .config_override(
                aws_sdk_sqs::config::Builder::new()
                    .timeout_config(timeouts)
                    .retry_config(aws_sdk_sqs::config::retry::RetryConfig::disabled()),
            );
        let received_after = Instant::now();
        let reply = request.send().await.map_err(|error| Fault::of("ReceiveMessage", &error))?;
        let messages = reply.messages.unwrap_or_default();
        let count = messages.len();
        let read = |message| Message::read(message, received_after, self.visibility_timeout);
        let read: Vec<Message> = messages.into_iter().filter_map(read).collect();
        if read.is_empty() && count > 0 {
            return Err(Fault::new(Class::Invalid, "ReceiveMessage", "MessageWithoutIdOrBody"));
        }
        Ok(read)
    }
}
