//! Lifecycle rules at work, in days of paused time.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::builders::LifecycleRuleBuilder;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus,
    EventBridgeConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
    NoncurrentVersionExpiration, NotificationConfiguration,
};
use serde_json::{Value, json};
use simcloud::Cloud;

use super::versions::{put_version, read, switch};
use super::{BUCKET, code, put, world};

async fn days(count: u64) {
    tokio::time::advance(Duration::from_secs(count * 86_400)).await;
}

/// A rule for everything below `in/`.
fn rule(id: &str) -> LifecycleRuleBuilder {
    let filter = LifecycleRuleFilter::builder().prefix("in/").build();
    LifecycleRule::builder().id(id).status(ExpirationStatus::Enabled).filter(filter)
}

fn after(days: i32) -> LifecycleExpiration {
    LifecycleExpiration::builder().days(days).build()
}

async fn configure(client: &Client, rules: Vec<LifecycleRuleBuilder>) {
    let rules = rules.into_iter().map(|rule| rule.build().unwrap()).collect();
    let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().unwrap();
    let request = client.put_bucket_lifecycle_configuration().bucket(BUCKET);
    request.lifecycle_configuration(configuration).send().await.unwrap();
}

async fn is_there(client: &Client, key: &str) -> bool {
    client.head_object().bucket(BUCKET).key(key).send().await.is_ok()
}

/// A queue that gets the bucket's events of deletions.
struct Events {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl Events {
    async fn of(cloud: &Cloud, client: &Client) -> Self {
        let on = EventBridgeConfiguration::builder().build();
        let notify = NotificationConfiguration::builder().event_bridge_configuration(on).build();
        let request = client.put_bucket_notification_configuration().bucket(BUCKET);
        request.notification_configuration(notify).send().await.unwrap();
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .region(aws_sdk_sqs::config::Region::new("us-east-1"))
            .credentials_provider(aws_sdk_sqs::config::Credentials::new("AKID", "secret", None, None, "test"))
            .endpoint_url("http://simcloud.local")
            .http_client(cloud.http_client());
        let sqs = aws_sdk_sqs::Client::from_conf(config.build());
        let url = sqs.create_queue().queue_name("events").send().await.unwrap().queue_url.unwrap();
        let pattern = json!({"detail-type": ["Object Deleted"]}).to_string();
        cloud.event_bridge("PutRule", json!({"Name": "r", "EventPattern": pattern})).await.unwrap();
        let target = json!({"Id": "q", "Arn": "arn:aws:sqs:us-east-1:000000000000:events"});
        cloud.event_bridge("PutTargets", json!({"Rule": "r", "Targets": [target]})).await.unwrap();
        Self { sqs, url }
    }

    async fn next(&self) -> Value {
        let reply = self.sqs.receive_message().queue_url(&self.url).send().await.unwrap();
        let message = reply.messages.unwrap_or_default().remove(0);
        let delete = self.sqs.delete_message().queue_url(&self.url);
        delete.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
        serde_json::from_str::<Value>(&message.body.unwrap()).unwrap()["detail"].take()
    }
}

#[tokio::test(start_paused = true)]
async fn objects_expire_for_good_where_no_versions_are_kept() {
    let (cloud, client) = world().await;
    let events = Events::of(&cloud, &client).await;
    configure(&client, vec![rule("r").expiration(after(2))]).await;
    put(&client, "in/old", b"x").await;
    put(&client, "other", b"x").await;
    days(1).await;
    put(&client, "in/young", b"x").await;
    days(2).await;
    assert!(!is_there(&client, "in/old").await);
    assert!(is_there(&client, "other").await);
    let event = events.next().await;
    assert_eq!(event["object"]["key"], "in/old");
    assert_eq!(
        (&event["reason"], &event["deletion-type"], &event["requester"]),
        (&json!("Lifecycle Expiration"), &json!("Permanently Deleted"), &json!("s3.amazonaws.com"))
    );
    days(1).await;
    assert!(!is_there(&client, "in/young").await);
}

#[tokio::test(start_paused = true)]
async fn versions_expire_behind_a_marker_and_then_go() {
    let (cloud, client) = world().await;
    let events = Events::of(&cloud, &client).await;
    switch(&client, BucketVersioningStatus::Enabled).await;
    let noncurrent = NoncurrentVersionExpiration::builder().noncurrent_days(3).build();
    let markers = LifecycleExpiration::builder().expired_object_delete_marker(true).build();
    let expiring = rule("current").expiration(after(1)).noncurrent_version_expiration(noncurrent);
    configure(&client, vec![expiring, rule("markers").expiration(markers)]).await;
    let version = put_version(&client, "in/k", b"x").await.unwrap();
    days(2).await;
    assert!(!is_there(&client, "in/k").await);
    assert_eq!(read(&client, "in/k", &version).await.unwrap(), b"x");
    let event = events.next().await;
    assert_eq!(
        (&event["reason"], &event["deletion-type"]),
        (&json!("Lifecycle Expiration"), &json!("Delete Marker Created"))
    );
    let marker = event["object"]["version-id"].as_str().unwrap().to_owned();
    assert_ne!(marker, version);

    days(4).await;
    assert_eq!(read(&client, "in/k", &version).await, Err("NoSuchVersion".to_owned()));
    let event = events.next().await;
    assert_eq!(
        (&event["deletion-type"], event["object"]["version-id"].as_str()),
        (&json!("Permanently Deleted"), Some(&*version))
    );
    // The marker hides nothing any more: the next look removes it.
    days(1).await;
    let left = client.list_object_versions().bucket(BUCKET).send().await.unwrap();
    assert_eq!((left.versions().len(), left.delete_markers().len()), (0, 0));
    assert_eq!(events.next().await["object"]["version-id"], marker);
}

#[tokio::test(start_paused = true)]
async fn uploads_are_aborted() {
    let (_cloud, client) = world().await;
    let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(1).build();
    configure(&client, vec![rule("r").abort_incomplete_multipart_upload(abort)]).await;
    for key in ["in/k", "other"] {
        client.create_multipart_upload().bucket(BUCKET).key(key).send().await.unwrap();
    }
    days(2).await;
    let left = client.list_multipart_uploads().bucket(BUCKET).send().await.unwrap();
    assert_eq!(left.uploads().iter().map(|upload| upload.key().unwrap()).collect::<Vec<_>>(), ["other"]);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_rule_does_nothing_and_neither_does_a_deleted_one() {
    let (_cloud, client) = world().await;
    put(&client, "in/k", b"x").await;
    configure(&client, vec![rule("r").expiration(after(1)).status(ExpirationStatus::Disabled)]).await;
    days(3).await;
    assert!(is_there(&client, "in/k").await);
    configure(&client, vec![rule("r").expiration(after(30))]).await;
    client.delete_bucket_lifecycle().bucket(BUCKET).send().await.unwrap();
    days(60).await;
    assert!(is_there(&client, "in/k").await);
    let asked = client.get_bucket_lifecycle_configuration().bucket(BUCKET).send().await;
    assert_eq!(code(asked).as_deref(), Some("NoSuchLifecycleConfiguration"));
}
