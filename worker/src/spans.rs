//! The spans of an attempt. Log lines show the attempt's own and its fields; its stages are for traces alone, and have what
//! OpenTelemetry's conventions for AWS and databases ask for. No span has a key.

use common::lane::Lane;
use common::ledger::Ledger;
use common::queue::Message;
use common::telemetry::STAGE;
use common::transfer::Transfer;
use tracing::{Span, field};

/// An attempt, from its message to its end. `transfer`: what the message says, if it is one.
pub(crate) fn attempt(transfer: Option<&Transfer>, message: &Message, lane: &Lane) -> Span {
    match transfer {
        Some(transfer) => tracing::info_span!(
            "transfer",
            transfer = %transfer.id,
            %lane,
            bytes = transfer.source.size_bytes,
            trace_id = field::Empty,
            span_id = field::Empty,
            otel.kind = "consumer"
        ),
        None => tracing::info_span!(
            "transfer",
            message_id = message.id,
            %lane,
            trace_id = field::Empty,
            span_id = field::Empty,
            otel.kind = "consumer"
        ),
    }
}

pub(crate) fn claim(ledger: &Ledger) -> Span {
    tracing::info_span!(
        target: STAGE,
        "claim",
        otel.kind = "client",
        rpc.system = "aws-api",
        rpc.service = "DynamoDB",
        rpc.method = "UpdateItem",
        db.system.name = "aws.dynamodb",
        db.operation.name = "UpdateItem",
        db.collection.name = ledger.table(),
    )
}

pub(crate) fn copy(transfer: &Transfer, attempt: u64) -> Span {
    tracing::info_span!(
        target: STAGE,
        "copy",
        attempt,
        aws.s3.bucket = transfer.target.bucket,
        drayage.source.bucket = transfer.source.bucket,
    )
}

pub(crate) fn settle() -> Span {
    tracing::info_span!(target: STAGE, "settle")
}
