//! Canaries: what must not be told is put everywhere, everything is made to log and to be exported, and then it is looked for.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use common::queue::Outgoing;
use rustix::process::Signal;
use simcloud::{Effect, Fault};

use crate::support::collector::Collector;
use crate::support::drayage::{ACCESS_KEY, Drayage};
use crate::support::fleet::Fleet;
use crate::support::ledger;
use crate::support::store::LANDING;

const IN_KEY: &str = "canary-of-key";
const IN_BODY: &str = "canary-of-body";
const IN_METADATA: &str = "canary-of-metadata";
const IN_MESSAGE: &str = "canary-of-message";
const IN_ERROR: &str = "canary-of-error";
const IN_SECRET: &str = "canary-of-secret";
const IN_TOKEN: &str = "canary-of-token";

async fn put(fleet: &Fleet, key: &str) {
    let body = ByteStream::from(IN_BODY.as_bytes().to_vec());
    let put = fleet.world.s3().put_object().bucket(LANDING).key(key).metadata("note", IN_METADATA).body(body);
    put.send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_body_or_secret_is_logged_or_exported() {
    let fleet = Fleet::new().await;
    let collector = Collector::start().await;
    let faults = fleet.world.cloud.faults();
    let denied = Effect::respond(403, "AccessDenied", IN_ERROR);
    faults.add(Fault::on("S3", "GetObject").key("denied").always().effect(denied));
    faults.add(Fault::on("S3", "PutObject").key("again").effect(Effect::respond(
        500,
        "InternalError",
        IN_ERROR,
    )));

    let variables = [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", IN_SECRET),
        ("AWS_SESSION_TOKEN", IN_TOKEN),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=canary-of-secret"),
    ];
    // As much as can be asked for.
    let all = [
        "--log",
        "trace",
        "--otlp-endpoint",
        &*collector.endpoint,
        "--trace-requests",
        "yes",
        "--metrics-interval-s",
        "1",
        "--wait-s",
        "1",
    ];
    let rules = fleet.rules();
    let of_dispatcher = [&all[..], &["--rules", &rules]].concat();
    let services = [("dispatcher", &of_dispatcher[..]), ("worker", &all[..])]
        .map(|(role, flags)| Drayage::start_with(&fleet.arguments(role, flags), &variables));
    for (service, word) in services.iter().zip(["dispatching", "working"]) {
        service.says(&format!("\"message\":\"{word}\"")).await;
    }

    // Delivered, delivered after a fault, failed, and what is no file at all.
    for name in ["good", "again", "denied"] {
        put(&fleet, &format!("{IN_KEY}/{name}\n\u{7}\"}}")).await;
    }
    for queue in ["ingest", "fast"] {
        let poison = Outgoing {
            body: format!("{{\"v\":\"{IN_MESSAGE}"),
            attributes: BTreeMap::new(),
            group: None,
            send_id: None,
        };
        let queue = fleet.world.queue(queue, Duration::from_secs(60)).await.unwrap();
        queue.send(&[poison]).await.remove(0).unwrap();
    }
    let items = ledger::over(&fleet.world.dynamodb(), 3).await;
    let states: Vec<&str> = items.iter().map(|item| item.text("status")).collect();
    assert!(states.contains(&"failed") && states.contains(&"completed"), "{states:?}");
    services[0].says("\"message\":\"parked a message\"").await;
    services[1].says("\"code\":\"malformed_transfer\"").await;
    let mut told = String::new();
    for service in services {
        service.signal(Signal::TERM);
        let ended = service.ended().await.succeeded();
        told.push_str(&ended.out);
        told.push_str(&ended.err);
    }
    collector.caught_up().await;
    told.push_str(&collector.text());
    assert!(told.contains("S3.GetObject") && told.contains("drayage.files"), "telemetry was on");
    for canary in [IN_KEY, IN_BODY, IN_METADATA, IN_MESSAGE, IN_ERROR, IN_SECRET, IN_TOKEN] {
        if let Some(at) = told.find(canary) {
            let from = told[..at].char_indices().rev().nth(300).map_or(0, |(at, _)| at);
            panic!("{canary} is told: …{}", &told[from..at + canary.len()]);
        }
    }
}
