//! What goes wrong, goes wrong as planned.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::primitives::ByteStream;
use simcloud::{Effect, Fault};

use super::{BUCKET, builder, bytes, code, get, put, world};

#[tokio::test(start_paused = true)]
async fn drops_are_before_or_after_the_effect() {
    let (cloud, client) = world().await;
    let write = |body: &'static [u8]| {
        client.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(body)).send()
    };
    cloud.faults().add(Fault::on("S3", "PutObject").effect(Effect::DropBefore));
    assert!(write(b"1").await.unwrap_err().as_service_error().is_none());
    assert_eq!(code(client.head_object().bucket(BUCKET).key("k").send().await).as_deref(), Some("NotFound"));
    cloud.faults().add(Fault::on("S3", "PutObject").key("landing/k").effect(Effect::DropAfter));
    assert!(write(b"2").await.is_err());
    assert_eq!(get(&client, "k").await, b"2");
    let hits = cloud.faults().hits();
    assert_eq!((hits["S3.PutObject:DropBefore"], hits["S3.PutObject:DropAfter"]), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn errors_are_worded_as_the_service_words_them() {
    let (cloud, client) = world().await;
    put(&client, "k", b"body").await;
    cloud.faults().add(Fault::on("S3", "GetObject").effect(Effect::slow_down()));
    assert_eq!(code(client.get_object().bucket(BUCKET).key("k").send().await).as_deref(), Some("SlowDown"));
    let after = Effect::respond_after(500, "InternalError", "lost");
    cloud.faults().add(Fault::on("S3", "DeleteObject").effect(after));
    let deleted = client.delete_object().bucket(BUCKET).key("k").send().await;
    assert_eq!(code(deleted).as_deref(), Some("InternalError"));
    assert_eq!(code(client.head_object().bucket(BUCKET).key("k").send().await).as_deref(), Some("NotFound"));
}

#[tokio::test(start_paused = true)]
async fn a_header_of_the_answer_is_set_or_replaced() {
    let (cloud, client) = world().await;
    put(&client, "k", b"body").await;
    let head = || client.head_object().bucket(BUCKET).key("k").send();
    for (name, value) in [("x-amz-missing-meta", "2"), ("content-type", "text/other")] {
        cloud.faults().add(Fault::on("S3", "HeadObject").effect(Effect::response_header(name, value)));
    }
    let told = head().await.unwrap();
    assert_eq!((told.missing_meta(), told.content_type()), (Some(2), Some("text/other")));
    assert_eq!(head().await.unwrap().missing_meta(), None);
}

#[tokio::test(start_paused = true)]
async fn bodies_are_cut_flipped_and_stalled() {
    let (cloud, client) = world().await;
    let body = bytes(600_000);
    put(&client, "k", &body).await;
    // Not the whole: its checksum would be compared.
    let read = || client.get_object().bucket(BUCKET).key("k").range("bytes=1-");

    cloud.faults().add(Fault::on("S3", "GetObject").effect(Effect::TruncateBody { after_bytes: 300_000 }));
    assert!(read().send().await.unwrap().body.collect().await.is_err());

    cloud.faults().add(Fault::on("S3", "GetObject").effect(Effect::FlipByte { at: 400_000 }));
    let flipped = read().send().await.unwrap().body.collect().await.unwrap().to_vec();
    let differing: Vec<usize> = (0..flipped.len()).filter(|at| body[*at + 1] != flipped[*at]).collect();
    assert_eq!((flipped.len(), differing), (body.len() - 1, vec![400_000]));

    cloud.faults().add(Fault::on("S3", "GetObject").effect(Effect::StallBody { after_bytes: 10 }));
    let stalled = read().send().await.unwrap().body.collect();
    assert!(!matches!(tokio::time::timeout(Duration::from_secs(3600), stalled).await, Ok(Ok(_))));
    assert_eq!(get(&client, "k").await, body);
}

#[tokio::test(start_paused = true)]
async fn a_flipped_request_byte_is_refused() {
    let (cloud, client) = world().await;
    cloud.faults().add(Fault::on("S3", "PutObject").effect(Effect::FlipRequestByte { at: 2 }));
    let body = ByteStream::from_static(b"body");
    let refused = client.put_object().bucket(BUCKET).key("k").body(body).send().await;
    assert_eq!(code(refused).as_deref(), Some("BadDigest"));
}

#[tokio::test(start_paused = true)]
async fn a_gate_holds_requests_in_the_world() {
    let (cloud, client) = world().await;
    let gate = cloud.faults().gate("S3", "PutObject");
    let mut write = Box::pin(client.put_object().bucket(BUCKET).key("k").send());
    tokio::select! {
        _ = &mut write => panic!("the gate is closed"),
        () = gate.reached() => {}
    }
    assert_eq!(code(client.head_object().bucket(BUCKET).key("k").send().await).as_deref(), Some("NotFound"));
    gate.open();
    write.await.unwrap();
    assert_eq!(code(client.head_object().bucket(BUCKET).key("k").send().await).as_deref(), Some("OK"));
}

#[tokio::test(start_paused = true)]
async fn a_sent_request_is_applied_though_its_caller_is_gone() {
    let (cloud, client) = world().await;
    let gate = cloud.faults().gate("S3", "DeleteObject");
    put(&client, "k", b"body").await;
    let delete = client.delete_object().bucket(BUCKET).key("k").send();
    tokio::select! {
        _ = delete => panic!("the gate is closed"),
        () = gate.reached() => {}
    }
    gate.open();
    while code(client.head_object().bucket(BUCKET).key("k").send().await).as_deref() == Some("OK") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_received_is_applied_late_though_its_caller_is_gone() {
    let (cloud, client) = world().await;
    let (late, gate) = Effect::applied_late();
    cloud.faults().add(Fault::on("S3", "PutObject").effect(late));
    let write = client.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(b"late")).send();
    tokio::select! {
        _ = write => panic!("the gate is closed"),
        () = gate.reached() => {}
    }
    put(&client, "k", b"sooner").await;
    gate.open();
    while get(&client, "k").await != b"late" {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_services_names_no_request_and_no_error() {
    let (cloud, client) = world().await;
    put(&client, "k", b"body").await;
    let page = |status| Effect::intercept(status, "text/html", "<html>elsewhere</html>");
    cloud.faults().add(Fault::on("S3", "GetObject").effect(page(404)));
    let refused = client.get_object().bucket(BUCKET).key("k").send().await.unwrap_err();
    let raw = refused.raw_response().unwrap();
    assert_eq!((raw.status().as_u16(), raw.headers().get("x-amz-request-id")), (404, None));
    assert_eq!(raw.headers().get("content-type"), Some("text/html"));

    let unheard = Effect::intercept_after(307, "text/html", "");
    cloud.faults().add(Fault::on("S3", "DeleteObject").effect(unheard));
    let redirected = client.delete_object().bucket(BUCKET).key("k").send().await.unwrap_err();
    assert_eq!(redirected.raw_response().unwrap().headers().get("location"), Some("http://portal.invalid/"));
    assert_eq!(code(client.head_object().bucket(BUCKET).key("k").send().await).as_deref(), Some("NotFound"));
}

#[tokio::test(start_paused = true)]
async fn delays_meet_the_clients_timeouts() {
    let (cloud, _) = world().await;
    let timeouts = TimeoutConfig::builder().read_timeout(Duration::from_secs(5)).build();
    let client = Client::from_conf(builder(&cloud).timeout_config(timeouts).build());
    cloud.faults().add(Fault::on("S3", "HeadBucket").effect(Effect::Delay(Duration::from_secs(60))));
    let error = client.head_bucket().bucket(BUCKET).send().await.unwrap_err();
    assert!(format!("{error:?}").to_lowercase().contains("timeout"));
    client.head_bucket().bucket(BUCKET).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_answers() {
    let trace = async || {
        let (cloud, client) = world().await;
        cloud.faults().add(Fault::on("S3", "*").probability(0.3).always().effect(Effect::slow_down()));
        let mut trace = Vec::new();
        for n in 0..40 {
            let key = format!("k{n}");
            let output = client.create_multipart_upload().bucket(BUCKET).key(key).send().await;
            trace.push(output.map(|output| output.upload_id.unwrap()).map_err(|error| error.to_string()));
        }
        trace
    };
    let first = trace().await;
    assert!(first.iter().any(Result::is_err) && first.iter().any(Result::is_ok));
    assert_eq!(first, trace().await);
}
