//! DeleteMessage and ChangeMessageVisibility, alone and in batches.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::attributes::VISIBILITY_SECONDS_MAX;
use super::errors::{in_range, invalid_receipt_handle, invalid_value, parse, required};
use super::queue::Queue;
use super::receipt::Receipt;
use super::store::NotChanged;
use super::{Sqs, batch};
use crate::api::{ApiError, ApiResult};
use crate::observe::Event;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settle {
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

impl Sqs {
    pub(super) fn delete_message(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        self.with_queue(&name, |queue, _| self.delete(queue, &name, Value::Object(request)))?
            .map(|()| json!({}))
    }

    pub(super) fn delete_message_batch(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        let entries = batch::entries(&mut request);
        self.with_queue(&name, |queue, _| {
            batch::each(entries?, |entry| self.delete(queue, &name, entry).map(|()| Map::new()))
        })?
    }

    pub(super) fn change_message_visibility(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        let request = Value::Object(request);
        self.with_queue(&name, |queue, now_ms| self.change_visibility(queue, &name, request, now_ms))?
            .map(|()| json!({}))
    }

    pub(super) fn change_message_visibility_batch(&self, mut request: Map<String, Value>) -> ApiResult {
        let name = self.queue_name(&mut request)?;
        let entries = batch::entries(&mut request);
        self.with_queue(&name, |queue, now_ms| {
            batch::each(entries?, |entry| {
                self.change_visibility(queue, &name, entry, now_ms).map(|()| Map::new())
            })
        })?
    }

    /// Deletes what the latest receive took, also after its visibility timeout. With an older handle, or when the queue does not hold
    /// the message any more, it succeeds and does nothing: AWS promises no more for an older handle. A FIFO queue refuses a handle
    /// whose visibility timeout is over.
    fn delete(&self, queue: &mut Queue, name: &str, request: Value) -> Result<(), ApiError> {
        let request: Settle = parse(request)?;
        let (handle, receipt) = receipt(queue, request.receipt_handle)?;
        if queue.attributes.fifo && queue.messages.is_expired(receipt.sequence, receipt.receive_count) {
            return Err(invalid_value("ReceiptHandle", handle, "The receipt handle has expired."));
        }
        if queue.messages.delete(receipt.sequence, receipt.receive_count) {
            queue.changed.notify_one();
            self.observer.tell(|| Event::MessageDeleted { queue: name, number: receipt.sequence });
        }
        Ok(())
    }

    /// Any handle of a message that the queue holds changes its visibility: an older one, one whose timeout is over, and one of a
    /// message that another receiver holds now. AWS's answers are recorded for standard queues. None is recorded for a FIFO queue's
    /// expired handle, so here it works too: a client must not rest on a refusal.
    fn change_visibility(
        &self,
        queue: &mut Queue,
        name: &str,
        request: Value,
        now_ms: u64,
    ) -> Result<(), ApiError> {
        let request: Settle = parse(request)?;
        let (handle, receipt) = receipt(queue, request.receipt_handle)?;
        let seconds = required(request.visibility_timeout, "VisibilityTimeout")?;
        let seconds = in_range("VisibilityTimeout", seconds, 0..=VISIBILITY_SECONDS_MAX)?;
        let timeout_ms = u64::from(seconds) * 1000;
        let changed =
            queue.messages.change_visibility(receipt.sequence, receipt.received_at_ms, now_ms, timeout_ms);
        changed.map_err(|why| match why {
            NotChanged::Gone => {
                let reason = "Message does not exist or is not available for visibility timeout change.";
                invalid_value("ReceiptHandle", handle, reason)
            }
            NotChanged::BeyondLimit => {
                let reason = format!(
                    "Total VisibilityTimeout for the message is beyond the limit [{VISIBILITY_SECONDS_MAX} seconds]"
                );
                invalid_value("VisibilityTimeout", seconds, &reason)
            }
        })?;
        queue.changed.notify_one();
        self.observer.tell(|| Event::VisibilityChanged {
            queue: name,
            number: receipt.sequence,
            receive_count: receipt.receive_count,
            until_ms: now_ms + timeout_ms,
        });
        Ok(())
    }
}

fn receipt(queue: &Queue, handle: Option<String>) -> Result<(String, Receipt), ApiError> {
    let handle = required(handle, "ReceiptHandle")?;
    match Receipt::decode(&handle).filter(|receipt| receipt.queue_id == queue.id) {
        Some(receipt) => Ok((handle, receipt)),
        None => Err(invalid_receipt_handle(&handle)),
    }
}
