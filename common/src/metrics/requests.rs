//! What is told of requests to AWS: how many, how they were answered, what they cost.

use std::cell::Cell;

use super::label as l;
use super::{installed, prices};
use crate::fault::{Class, Fault, is_throttle};
use crate::ledger::Step;

/// As much of a reply as its error code is in.
const HEAD_BYTES: usize = 512;

tokio::task_local! {
    /// Requests that the attempt has sent so far.
    static SENT: Cell<u64>;
}

/// What became of one ledger write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    Done,
    /// Its condition did not hold.
    Conflict,
}

/// Does `work`, counting its requests.
pub async fn counted<T>(work: impl Future<Output = T>) -> T {
    SENT.scope(Cell::new(0), work).await
}

/// Requests of this attempt so far; `None` outside of [`counted`].
pub(super) fn so_far() -> Option<u64> {
    SENT.try_with(Cell::get).ok()
}

/// A request was sent, and answered like this, or not at all. `body` is the reply's, as far as it is in memory.
pub(crate) fn sent(service: &str, operation: &str, status: Option<u16>, body: Option<&[u8]>) {
    let Some(metrics) = installed() else { return };
    // Outside of an attempt nobody asks.
    let _ = SENT.try_with(|sent| sent.set(sent.get() + 1));
    let known_service = l::known(service, l::SERVICES);
    metrics.requests.add(1, &[known_service, operation, answered(status, body)]);
    let price = prices::request(service, operation);
    if price > 0.0 {
        metrics.request_cost.add(price, &[known_service]);
    }
}

/// DynamoDB throttles with 400, and its code is in the body.
fn answered(status: Option<u16>, body: Option<&[u8]>) -> &'static str {
    let names_throttle = |body: &[u8]| {
        let head = String::from_utf8_lossy(&body[..body.len().min(HEAD_BYTES)]);
        ["Throttl", "ThroughputExceeded", "RequestLimitExceeded"].iter().any(|code| head.contains(code))
    };
    match status {
        None => "none",
        Some(200..=299) => "ok",
        Some(status) if is_throttle(status) => "throttled",
        Some(400) if body.is_some_and(names_throttle) => "throttled",
        Some(500..) => "failed",
        Some(_) => "refused",
    }
}

/// A request failed after the SDK's tries.
pub(crate) fn failed(fault: &Fault) {
    let Some(metrics) = installed() else { return };
    metrics.faults.add(1, &[fault.operation, fault.class.as_str()]);
}

/// A ledger write was made, or not.
pub(crate) fn ledger_write(step: Step, written: Result<Write, &Fault>) {
    let Some(metrics) = installed() else { return };
    let outcome = match written {
        Ok(Write::Done) => "done",
        Ok(Write::Conflict) => "conflict",
        Err(fault) if fault.class == Class::Throttled => "throttled",
        Err(_) => "failed",
    };
    metrics.ledger_writes.add(1, &[step.as_str(), outcome]);
}

/// Whether [`ledger_capacity`] wants to know.
pub(crate) fn wants_capacity() -> bool {
    installed().is_some()
}

/// What a ledger write took.
pub(crate) fn ledger_capacity(step: Step, units: Option<f64>) {
    let (Some(metrics), Some(units)) = (installed(), units) else { return };
    metrics.ledger_capacity.add(units, &[step.as_str()]);
    metrics.request_cost.add(prices::ledger_write(units), &["DynamoDB"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttle_is_one_whatever_its_status() {
        let throttled =
            br#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow"}"#;
        let exceeded = br#"{"__type":"x#ProvisionedThroughputExceededException"}"#;
        let condition = br#"{"__type":"x#ConditionalCheckFailedException"}"#;
        assert_eq!(answered(Some(400), Some(throttled)), "throttled");
        assert_eq!(answered(Some(400), Some(exceeded)), "throttled");
        assert_eq!(answered(Some(400), Some(condition)), "refused");
        assert_eq!(answered(Some(503), None), "throttled");
        assert_eq!(answered(Some(500), None), "failed");
        assert_eq!(answered(Some(412), None), "refused");
        assert_eq!(answered(Some(206), None), "ok");
        assert_eq!(answered(None, None), "none");
    }

    #[tokio::test]
    async fn requests_are_counted_for_the_work_that_sends_them() {
        assert_eq!(so_far(), None);
        let one = async || {
            for _ in 0..3 {
                SENT.with(|sent| sent.set(sent.get() + 1));
                tokio::task::yield_now().await;
            }
            so_far()
        };
        let both = futures::future::join(counted(one()), counted(one())).await;
        assert_eq!(both, (Some(3), Some(3)));
    }
}
