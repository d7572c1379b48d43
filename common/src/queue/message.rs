//! A message in our hands.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::types::{self, MessageSystemAttributeName};
use tokio::time::Instant;

use super::Receipt;

/// A message that was received and is hidden from others for the visibility timeout.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: String,
    pub receipt: Receipt,
    pub body: String,
    /// String attributes only.
    pub attributes: BTreeMap<String, String>,
    /// How often it was received, this time included. No failure count: a lost reply raises it too.
    pub receive_count: u32,
    /// The tenant, on queues that carry one.
    pub group: Option<String>,
    /// When it was sent, by SQS's clock, in milliseconds since 1970. Evidence only.
    pub sent_at_ms: Option<i64>,
    /// X-Ray's trace context, as AWS services carry it along.
    pub trace_header: Option<String>,
    /// The instant before the receive was sent: the visibility timeout cannot end before this plus its length.
    pub received_after: Instant,
}

impl Message {
    pub(super) fn read(
        message: types::Message,
        received_after: Instant,
        visibility_timeout: Duration,
    ) -> Option<Self> {
        let system = |name: &MessageSystemAttributeName| message.attributes.as_ref()?.get(name).cloned();
        let receive_count = system(&MessageSystemAttributeName::ApproximateReceiveCount);
        let group = system(&MessageSystemAttributeName::MessageGroupId);
        let sent_at = system(&MessageSystemAttributeName::SentTimestamp);
        let trace_header = system(&MessageSystemAttributeName::AwsTraceHeader);
        let attributes = message.message_attributes.unwrap_or_default().into_iter();
        Some(Self {
            id: message.message_id?,
            receipt: Receipt::new(message.receipt_handle?, received_after, visibility_timeout),
            body: message.body?,
            attributes: attributes.filter_map(|(name, value)| Some((name, value.string_value?))).collect(),
            receive_count: receive_count.and_then(|count| count.parse().ok()).unwrap_or(1),
            group,
            sent_at_ms: sent_at.and_then(|at| at.parse().ok()),
            trace_header,
            received_after,
        })
    }
}
