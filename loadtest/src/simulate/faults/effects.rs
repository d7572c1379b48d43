//! What a fault of a kind does to the request that it strikes.

use std::time::Duration;

use simcloud::{Effect, Incoming};

use super::Kind;
use crate::simulate::facts::{is_auto, is_publish};

/// What a strike needs to know.
pub(super) struct Target<'a> {
    pub(super) incoming: &'a Incoming<'a>,
    /// Of the body that the request asks for, or carries.
    pub(super) body_bytes: u64,
    /// Of the queues.
    pub(super) visibility: Duration,
}

impl Target<'_> {
    fn is(&self, service: &str, operations: &[&str]) -> bool {
        self.incoming.service == service && operations.contains(&self.incoming.operation)
    }

    /// A heartbeat hides its messages for the visibility timeout again; a give-back asks for another time.
    fn is_heartbeat(&self) -> bool {
        let hides = format!("\"VisibilityTimeout\":{}", self.visibility.as_secs());
        let found = self.incoming.resource.split_once(&hides);
        found.is_some_and(|(_, rest)| !rest.starts_with(|next: char| next.is_ascii_digit()))
    }

    /// Whether a fault of this kind can strike here.
    pub(super) fn suits(&self, kind: Kind) -> bool {
        use Kind as K;
        let service = self.incoming.service;
        let is_complete = self.is("S3", &["CompleteMultipartUpload"]);
        match kind {
            K::RequestLost | K::ReplyLost | K::RequestLate | K::ReplyLate => true,
            K::Crash | K::PauseShort | K::PauseBeyondLease | K::Stop | K::StopTwice => true,
            K::CutOffFromS3 | K::CutOffFromSqs | K::CutOffFromDynamoDb => true,
            K::S3SlowDown | K::S3Storm | K::S3Error => service == "S3",
            K::S3ErrorAfterEffect => self.is(
                "S3",
                &[
                    "PutObject",
                    "CopyObject",
                    "UploadPart",
                    "UploadPartCopy",
                    "CompleteMultipartUpload",
                    "CreateMultipartUpload",
                    "AbortMultipartUpload",
                ],
            ),
            K::DynamoDbThrottled | K::DynamoDbError => service == "DynamoDB",
            K::SqsThrottled | K::SqsError => service == "SQS",
            K::BodyTruncated | K::BodyFlipped | K::BodyStalled => {
                self.is("S3", &["GetObject"]) && self.body_bytes > 0
            }
            // So long that a deadline of ours must end it.
            K::BodyTrickled => self.is("S3", &["GetObject"]) && self.body_bytes > 4_000,
            K::RequestFlipped => self.is("S3", &["PutObject", "UploadPart"]) && self.body_bytes > 0,
            K::TokenExpired => service != "SQS",
            K::Conflict | K::OwnPublishRefused | K::DoubtBehindRefusedLook => {
                service == "S3" && is_publish(self.incoming.operation)
            }
            K::PutEmptyReply => self.is("S3", &["PutObject", "CopyObject"]),
            K::CompleteErrorIn200 | K::CompleteErrorIn200AfterEffect | K::CompleteEmpty => {
                is_complete || self.is("S3", &["CopyObject"])
            }
            K::CompleteEmptyAfterEffect | K::CompleteNoSuchUpload => is_complete,
            K::StoreCopyRefused => {
                self.is("S3", &["CopyObject", "UploadPartCopy"])
                    && self.incoming.resource.split_once('/').is_some_and(|(_, key)| is_auto(key))
            }
            K::PartMeetsComplete => self.is("S3", &["UploadPart", "UploadPartCopy"]),
            K::TargetWritten | K::TargetDeleted | K::NewerWhileUploading => {
                self.is("S3", &["UploadPart", "UploadPartCopy", "CompleteMultipartUpload"])
            }
            K::ForeignAnswer => true,
            K::RawHeader => self.is("S3", &["GetObject", "HeadObject"]),
            K::LookRefused => {
                self.is("S3", &["HeadObject"]) && !self.incoming.resource.starts_with("landing/")
            }
            K::ReceiveReplyLost => self.is("SQS", &["ReceiveMessage"]),
            K::BatchEntriesFailed => service == "SQS" && self.incoming.operation.ends_with("Batch"),
            K::HeartbeatLost | K::HeartbeatRefused => self.is("SQS", &["ChangeMessageVisibilityBatch"]),
            K::HeartbeatStale => self.is("SQS", &["ChangeMessageVisibilityBatch"]) && self.is_heartbeat(),
            K::GiveBackStale => self.is("SQS", &["ChangeMessageVisibilityBatch"]) && !self.is_heartbeat(),
            K::AccessDenied | K::SourceOverwritten | K::SourcePutAgain | K::SourceDeleted => {
                reads_source(self.incoming)
            }
            // Not at requests.
            K::UploadGone => self.is("S3", &["UploadPart", "CompleteMultipartUpload", "ListParts"]),
            K::ClockSkewed | K::EventDuplicated | K::EventInOtherEnvelope => false,
            K::EventDelayed | K::TransferDuplicated | K::TransferDelayed | K::EventPoison => false,
            K::TransferPoison | K::Redrive | K::LaneInTrouble => false,
        }
    }

    pub(super) fn effects(&self, kind: Kind, draws: &mut fastrand::Rng) -> Vec<Effect> {
        use Kind as K;
        let within = |draws: &mut fastrand::Rng| draws.u64(0..self.body_bytes.max(1));
        let long = |draws: &mut fastrand::Rng| Duration::from_millis(draws.u64(2_000..40_000));
        let s3 = self.incoming.service == "S3";
        let effect = match kind {
            K::RequestLost | K::HeartbeatLost => Effect::DropBefore,
            K::ReplyLost | K::ReceiveReplyLost => Effect::DropAfter,
            K::RequestLate => Effect::Delay(long(draws)),
            // Until the lease is void and, mostly, another worker holds the message.
            K::HeartbeatStale | K::GiveBackStale => Effect::Delay(self.visibility.mul_f64(1.0 + draws.f64())),
            K::ReplyLate => Effect::DelayAnswer(long(draws)),
            K::S3SlowDown | K::S3Storm => Effect::slow_down(),
            K::S3Error => Effect::internal_error(),
            K::S3ErrorAfterEffect => Effect::respond_after(500, "InternalError", "simulated"),
            K::DynamoDbThrottled => {
                Effect::respond(400, "ProvisionedThroughputExceededException", "simulated")
            }
            K::DynamoDbError => Effect::respond(500, "InternalServerError", "simulated"),
            K::SqsThrottled => Effect::respond(400, "ThrottlingException", "simulated"),
            K::SqsError => Effect::respond(500, "InternalFailure", "simulated"),
            K::BodyTruncated => Effect::TruncateBody { after_bytes: within(draws) },
            K::BodyFlipped => Effect::FlipByte { at: within(draws) },
            K::BodyStalled => Effect::StallBody { after_bytes: within(draws) },
            K::BodyTrickled => Effect::Trickle { bytes_per_second: 2 },
            K::RequestFlipped => Effect::FlipRequestByte { at: within(draws) },
            K::TokenExpired if s3 => Effect::respond(400, "ExpiredToken", "simulated"),
            K::TokenExpired => Effect::respond(400, "ExpiredTokenException", "simulated"),
            K::Conflict => Effect::respond(409, "ConditionalRequestConflict", "simulated"),
            K::OwnPublishRefused => Effect::respond_after(412, "PreconditionFailed", "simulated"),
            K::CompleteErrorIn200 => Effect::OkWithErrorBody,
            K::CompleteErrorIn200AfterEffect => Effect::OkWithErrorBodyAfter,
            K::CompleteEmpty => Effect::EmptyOk,
            K::CompleteEmptyAfterEffect | K::PutEmptyReply => Effect::EmptyOkAfter,
            K::CompleteNoSuchUpload => Effect::respond_after(404, "NoSuchUpload", "simulated"),
            // The first one always: most batches have no second.
            K::BatchEntriesFailed => Effect::FailEntries { places: draws.u64(..) | 1 },
            K::HeartbeatRefused => Effect::respond(400, "ReceiptHandleIsInvalid", "simulated"),
            K::AccessDenied | K::LookRefused => Effect::respond(403, "AccessDenied", "simulated"),
            K::DoubtBehindRefusedLook => Effect::DropAfter,
            K::ForeignAnswer => foreign_answer(draws),
            // A byte above 127, as clients that speak ISO-8859-1 have stored it.
            K::RawHeader => Effect::response_header("x-amz-meta-origin", b"caf\xe9"),
            K::StoreCopyRefused => match draws.bool() {
                true => Effect::respond(403, "AccessDenied", "simulated"),
                false => Effect::respond(501, "NotImplemented", "simulated"),
            },
            // So that what is done to the target comes first.
            K::TargetWritten | K::TargetDeleted => {
                Effect::Delay(Duration::from_millis(draws.u64(100..3_000)))
            }
            K::NewerWhileUploading => Effect::Delay(Duration::from_millis(draws.u64(2_000..20_000))),
            // What these do is not done to the request.
            _ => return Vec::new(),
        };
        vec![effect]
    }
}

/// What a proxy, a load balancer or a captive portal says in AWS's place, before or after it has passed the request on.
fn foreign_answer(draws: &mut fastrand::Rng) -> Effect {
    const PAGE: &str = "<html><body><h1>Not what you asked for</h1></body></html>";
    let (status, content_type, body) = match draws.u8(0..6) {
        0 => (404, "text/html", PAGE),
        1 => (403, "text/html", PAGE),
        2 => (200, "text/html", PAGE),
        3 => (502, "text/html", PAGE),
        4 => (307, "text/html", ""),
        _ => (404, "text/plain", ""),
    };
    match draws.bool() {
        true => Effect::intercept(status, content_type, body),
        false => Effect::intercept_after(status, content_type, body),
    }
}

/// Whether a request reads a source object. Where the store copies, the request names its target.
pub(super) fn reads_source(incoming: &Incoming<'_>) -> bool {
    incoming.service == "S3"
        && match incoming.operation {
            "GetObject" | "HeadObject" => incoming.resource.starts_with("landing/"),
            operation => matches!(operation, "CopyObject" | "UploadPartCopy"),
        }
}

/// The bytes that a request asks for or carries, as far as it says so; `whole_bytes` is the object's size.
pub(super) fn body_bytes(incoming: &Incoming<'_>, whole_bytes: Option<u64>) -> u64 {
    let header = |name: &str| incoming.headers.get(name)?.to_str().ok();
    let number = |name: &str| header(name)?.parse::<u64>().ok();
    match incoming.operation {
        "GetObject" => {
            let range = header("range").and_then(|range| {
                let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
                Some(last.parse::<u64>().ok()?.saturating_sub(first.parse().ok()?) + 1)
            });
            range.or(whole_bytes).unwrap_or(0)
        }
        _ => number("x-amz-decoded-content-length").or(number("content-length")).unwrap_or(0),
    }
}
