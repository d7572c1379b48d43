//! What the network and the services do wrong during a soak: a little of everything, for ever, until it is cleared.

use std::time::Duration;

use simcloud::{Effect, Fault, Faults};

/// Plants them. Of the writes of the soak's own client only replies are lost: its SDK puts the file again, and the landing bucket has had
/// two versions that only their sequencers tell apart.
pub(super) fn plant(faults: &Faults) {
    let reads = ["GetObject", "HeadObject", "GetObjectTagging"];
    let writes = [
        "PutObject",
        "UploadPart",
        "CreateMultipartUpload",
        "CompleteMultipartUpload",
        "AbortMultipartUpload",
    ];
    let s3 = |operation: &str, bucket: &str, probability: f64, effect: Effect| {
        faults.add(Fault::on("S3", operation).key(bucket).probability(probability).always().effect(effect));
    };
    for operation in reads {
        s3(operation, "landing/", 0.005, Effect::DropBefore);
        s3(operation, "landing/", 0.005, Effect::slow_down());
    }
    s3("GetObject", "landing/", 0.005, Effect::TruncateBody { after_bytes: 1_000 });
    s3("GetObject", "landing/", 0.005, Effect::FlipByte { at: 500 });
    s3("PutObject", "landing/", 0.01, Effect::DropAfter);
    for operation in writes {
        s3(operation, "delivered/", 0.005, Effect::DropBefore);
        s3(operation, "delivered/", 0.01, Effect::DropAfter);
        s3(operation, "delivered/", 0.005, Effect::internal_error());
        s3(operation, "delivered/", 0.005, Effect::slow_down());
        s3(operation, "delivered/", 0.02, Effect::Delay(Duration::from_millis(200)));
    }
    for operation in ["PutObject", "UploadPart"] {
        s3(operation, "delivered/", 0.01, Effect::FlipRequestByte { at: 100 });
    }
    for effect in [Effect::OkWithErrorBody, Effect::OkWithErrorBodyAfter, Effect::EmptyOkAfter] {
        s3("CompleteMultipartUpload", "delivered/", 0.03, effect);
    }
    for (service, operation) in [
        ("SQS", "ReceiveMessage"),
        ("SQS", "SendMessageBatch"),
        ("SQS", "DeleteMessageBatch"),
        ("SQS", "ChangeMessageVisibilityBatch"),
        ("DynamoDB", "PutItem"),
        ("DynamoDB", "UpdateItem"),
    ] {
        for effect in [Effect::DropBefore, Effect::DropAfter, Effect::throttled()] {
            faults.add(Fault::on(service, operation).probability(0.005).always().effect(effect));
        }
    }
}
