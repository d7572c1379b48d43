//! Making the resources.

use std::collections::BTreeSet;
use std::fmt;

use aws_config::SdkConfig;
use aws_sdk_s3::types::{EventBridgeConfiguration, NotificationConfiguration};
use aws_sdk_sqs::types::QueueAttributeName;
use common::fault::{Class, Fault};
use common::lane::Lane;
use common::{aws, ledger};
use serde_json::json;
use simcloud::Cloud;

/// The ledger's table.
pub const TABLE: &str = "FileTransferMetadata";
/// The queue that EventBridge feeds.
pub const INGEST: &str = "ingest";
/// The lanes, each with a queue of its name.
pub const LANES: [&str; 2] = ["fast", "bulk"];
const FIFO: &str = ".fifo";
const RULE: &str = "drayage-object-created";

/// Receives after which SQS itself moves a message: far above what throttles and stops need, since the worker counts failed
/// attempts by itself.
const RECEIVES_MAX: u32 = 100;

/// What could not be made, and why.
#[derive(Debug)]
pub struct CreateError {
    pub what: String,
    pub why: String,
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to make {}: {}", self.what, self.why)
    }
}

impl std::error::Error for CreateError {}

fn failed(kind: &str, name: &str, why: impl fmt::Display) -> CreateError {
    CreateError { what: format!("{kind} {name}"), why: why.to_string() }
}

/// [`LANES`] as lanes.
pub fn lanes() -> Vec<Lane> {
    LANES.into_iter().filter_map(|lane| Lane::parse(lane).ok()).collect()
}

/// Makes everything that is not there yet. Events of `sources` go to the ingest queue.
///
/// # Errors
/// The first resource that could not be made.
pub async fn create(
    cloud: &Cloud,
    config: &SdkConfig,
    sources: &BTreeSet<&str>,
    targets: &BTreeSet<&str>,
) -> Result<(), CreateError> {
    let (s3, sqs, dynamodb) = (aws::s3(config), aws::sqs(config), aws::dynamodb(config));
    for bucket in sources.union(targets) {
        create_bucket(&s3, bucket, sources.contains(bucket)).await?;
    }
    let ingest = create_queue(&sqs, INGEST).await?;
    for lane in LANES {
        create_queue(&sqs, lane).await?;
    }
    match ledger::create_table(&dynamodb, TABLE).await {
        Err(fault) if fault.code != "ResourceInUseException" => return Err(failed("table", TABLE, fault)),
        _ => {}
    }
    let pattern = json!({
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": { "bucket": { "name": sources } },
    });
    let rule = json!({ "Name": RULE, "EventPattern": pattern.to_string() });
    cloud.event_bridge("PutRule", rule).await.map_err(|why| failed("rule", RULE, why))?;
    let targets = json!({ "Rule": RULE, "Targets": [{ "Id": INGEST, "Arn": ingest }] });
    cloud.event_bridge("PutTargets", targets).await.map_err(|why| failed("rule", RULE, why))?;
    Ok(())
}

async fn create_bucket(s3: &aws_sdk_s3::Client, bucket: &str, feeds: bool) -> Result<(), CreateError> {
    match s3.create_bucket().bucket(bucket).send().await.map_err(|error| Fault::of("CreateBucket", &error)) {
        Err(fault) if fault.class != Class::Conflict => return Err(failed("bucket", bucket, fault)),
        _ => {}
    }
    if feeds {
        let on = NotificationConfiguration::builder()
            .event_bridge_configuration(EventBridgeConfiguration::builder().build())
            .build();
        let put =
            s3.put_bucket_notification_configuration().bucket(bucket).notification_configuration(on).send();
        put.await.map_err(|error| {
            failed("bucket", bucket, Fault::of("PutBucketNotificationConfiguration", &error))
        })?;
    }
    Ok(())
}

/// The queue and its dead-letter queue; the queue's ARN. A name that ends in `.fifo` makes both FIFO queues, as Terraform makes them.
pub(crate) async fn create_queue(sqs: &aws_sdk_sqs::Client, name: &str) -> Result<String, CreateError> {
    let (stem, suffix) = name.strip_suffix(FIFO).map_or((name, ""), |stem| (stem, FIFO));
    let dead_letters = make_queue(sqs, &format!("{stem}-dlq{suffix}"), None).await?;
    let policy = json!({ "deadLetterTargetArn": dead_letters, "maxReceiveCount": RECEIVES_MAX });
    make_queue(sqs, name, Some(policy.to_string())).await
}

async fn make_queue(
    sqs: &aws_sdk_sqs::Client,
    name: &str,
    policy: Option<String>,
) -> Result<String, CreateError> {
    let mut request = sqs.create_queue().queue_name(name);
    if name.ends_with(FIFO) {
        let attributes = [
            (QueueAttributeName::FifoQueue, "true"),
            (QueueAttributeName::ContentBasedDeduplication, "true"),
            (QueueAttributeName::DeduplicationScope, "messageGroup"),
            (QueueAttributeName::FifoThroughputLimit, "perMessageGroupId"),
        ];
        for (name, value) in attributes {
            request = request.attributes(name, value);
        }
    }
    if let Some(policy) = policy {
        request = request.attributes(QueueAttributeName::RedrivePolicy, policy);
    }
    let made =
        request.send().await.map_err(|error| failed("queue", name, Fault::of("CreateQueue", &error)))?;
    let asked = sqs
        .get_queue_attributes()
        .queue_url(made.queue_url().unwrap_or_default())
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .map_err(|error| failed("queue", name, Fault::of("GetQueueAttributes", &error)))?;
    let arn = asked.attributes().and_then(|attributes| attributes.get(&QueueAttributeName::QueueArn));
    arn.cloned().ok_or_else(|| failed("queue", name, "the reply has no ARN"))
}
