//! Which lanes a file goes to, and what becomes of one that nobody wants.

use common::ledger::Status;
use common::routes::DEFAULT_RULES;
use common::transfer::{CopyOptions, Encryption, Fidelity, Strategy, TagPolicy};

use crate::bench::Bench;
use crate::bodies::event;

const FAN_OUT: &str = r#"
version = 1
[lanes]
default = "fast"

[[customer]]
id = "acme"
bucket = "landing"
prefix = "acme/"

[[rule]]
name = "deliver"
match = { bucket = "landing", suffix = ".csv" }
target = { bucket = "delivered", key = "{customer}/{rest}" }

[[rule]]
name = "archive"
lane = "bulk"
match = { bucket = "landing", suffix = ".csv", customers = ["acme"] }
[rule.target]
bucket = "archive"
key = "{key}"
storage_class = "DEEP_ARCHIVE"
tags = "drop"
strategy = "auto"
encryption = "sse-kms"
kms_key = "alias/archive"
bucket_key = true
fidelity = "strict"
"#;

#[tokio::test(start_paused = true)]
async fn a_file_of_more_than_524_288_000_bytes_takes_the_bulk_lane() {
    let bench = Bench::new().await;
    bench.tell(&[event("at the threshold", 524_288_000), event("over it", 524_288_001)]).await;
    bench.dispatch().await;
    assert_eq!(bench.keys("fast").await, ["at the threshold"]);
    let bulk = bench.lane("bulk").await;
    assert_eq!((bulk[0].0.source.key.as_str(), bulk[0].0.source.size_bytes), ("over it", 524_288_001));
    assert_eq!(bench.status(&bulk[0].0.id).await, Some(Status::Queued));
}

#[tokio::test(start_paused = true)]
async fn one_file_goes_to_every_target_that_wants_it() {
    let bench = Bench::with_rules(FAN_OUT).await;
    bench.put("acme/in/a.csv", b"hello").await;
    bench.dispatch().await;

    let (deliver, deliver_group) = bench.lane("fast").await.remove(0);
    let (archive, archive_group) = bench.lane("bulk").await.remove(0);
    assert_eq!((deliver_group.as_deref(), archive_group.as_deref()), (Some("acme"), Some("acme")));
    assert_eq!((deliver.rule.as_str(), archive.rule.as_str()), ("deliver", "archive"));
    assert_eq!(
        (deliver.target.bucket.as_str(), deliver.target.key.as_str()),
        ("delivered", "acme/acme/in/a.csv")
    );
    assert_eq!((archive.target.bucket.as_str(), archive.target.key.as_str()), ("archive", "acme/in/a.csv"));
    let options = CopyOptions {
        storage_class: Some("DEEP_ARCHIVE".to_owned()),
        tags: TagPolicy::Drop,
        strategy: Strategy::Auto,
        encryption: Encryption::SseKms { key: "alias/archive".to_owned(), bucket_key: Some(true) },
        fidelity: Fidelity::Strict,
    };
    assert_eq!((&deliver.options, &archive.options), (&CopyOptions::default(), &options));
    assert_eq!(deliver.source, archive.source);
    for transfer in [&deliver, &archive] {
        assert_eq!(bench.status(&transfer.id).await, Some(Status::Queued));
    }
    assert_eq!((bench.count(|c| &c.events), bench.count(|c| &c.sent)), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_file_outside_every_customer_belongs_to_none() {
    let bench = Bench::with_rules(FAN_OUT).await;
    bench.put("acmex/a.csv", b"hello").await;
    bench.dispatch().await;
    let (transfer, group) = bench.lane("fast").await.remove(0);
    assert_eq!((transfer.customer.as_str(), group.as_deref()), ("unassigned", Some("unassigned")));
    assert!(bench.lane("bulk").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_no_rule_wants_is_counted_and_its_message_deleted() {
    let bench = Bench::with_rules(FAN_OUT).await;
    let mut changes = bench.world.cloud.item_changes(topology::TABLE);
    bench.put("acme/a.txt", b"hello").await;
    bench.dispatch().await;
    assert_eq!(
        (bench.count(|c| &c.unrouted), bench.count(|c| &c.events), bench.count(|c| &c.sent)),
        (1, 1, 0)
    );
    assert!(changes.try_recv().is_err());
    assert!(bench.lane("fast").await.is_empty() && bench.lane("bulk").await.is_empty());
    assert!(bench.parked().await.is_empty());
    assert_eq!(bench.left().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_target_key_that_does_not_fit_parks_the_message_and_serves_the_other_targets() {
    let rules = format!(
        "{DEFAULT_RULES}\n[[rule]]\nname = \"long\"\nmatch.bucket = \"landing\"\n\
                         target = {{ bucket = \"archive\", key = \"archive/{{key}}\" }}\n"
    );
    let bench = Bench::with_rules(&rules).await;
    let key = "k".repeat(1_020);
    let body = event(&key, 1);
    bench.tell(std::slice::from_ref(&body)).await;
    bench.dispatch().await;
    assert_eq!(bench.keys("fast").await, [key]);
    assert_eq!(bench.parked().await, [(body, "unusable_target_key".to_owned())]);
    assert_eq!((bench.count(|c| &c.parked), bench.count(|c| &c.unrouted)), (1, 0));
    assert_eq!(bench.left().await, 0);
}
