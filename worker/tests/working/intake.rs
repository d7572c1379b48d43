//! What is no transfer is parked as it is, at once, and holds nobody up.

use common::ledger::Status;
use common::wire;
use simcloud::{Effect, Fault};

use super::yard::{Dead, VISIBILITY, Yard};

fn dead(body: &str, code: &str) -> Dead {
    Dead { body: body.to_owned(), code: code.to_owned() }
}

/// Works, for longer than a hidden message would need to come back.
async fn work(yard: &Yard) {
    let mut worker = yard.worker("w1");
    worker.beside(tokio::time::sleep(2 * VISIBILITY)).await;
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_transfer_is_parked_with_its_body_untouched() {
    let yard = Yard::new().await;
    let transfer = yard.put("k", b"body").await;
    let body = wire::encode(&transfer);
    let bodies = [
        "hello, Wörld \u{1f69a}\n".to_owned(),
        "{\"v\":1}".to_owned(),
        "{\"v\":18446744073709551615}".to_owned(),
        body.replacen("\"v\":1", "\"v\":2", 1),
        body.replace(transfer.id.as_str(), &"0".repeat(40)),
    ];
    for body in &bodies {
        yard.send_body(body).await;
    }
    let mut watch = yard.watch();
    work(&yard).await;
    let mut parked = yard.dead_letters().await;
    parked.sort_by_key(|dead| bodies.iter().position(|body| *body == dead.body));
    assert_eq!(parked, bodies.map(|body| dead(&body, "malformed_transfer")));
    yard.assert_at_rest().await;
    assert!(watch.so_far().is_empty());
    assert_eq!(yard.delivered("k").await, None);
}

#[tokio::test(start_paused = true)]
async fn poison_does_not_hold_up_the_files_behind_it() {
    let yard = Yard::new().await;
    for n in 0..20 {
        yard.send_body(&format!("poison {n}")).await;
    }
    let transfer = yard.land("k", b"body").await;
    let started = tokio::time::Instant::now();
    let (mut watch, mut worker) = (yard.watch(), yard.worker("w1"));
    worker.beside(watch.until(Status::Completed)).await;
    assert!(started.elapsed() < VISIBILITY / 4);
    worker.stop().await;
    assert_eq!(yard.record(&transfer).await.status, Status::Completed);
    assert_eq!(yard.messages().await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn poison_that_cannot_be_parked_stays_until_it_can() {
    let yard = Yard::new().await;
    yard.send_body("poison").await;
    yard.faults().add(Fault::on("SQS", "SendMessage").times(4).effect(Effect::DropBefore));
    work(&yard).await;
    assert_eq!(yard.dead_letters().await, [dead("poison", "malformed_transfer")]);
    yard.assert_at_rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_transfer_between_buckets_that_are_not_there_fails() {
    for (at, code) in [("source", "source_missing"), ("target", "not_found")] {
        let yard = Yard::new().await;
        let mut transfer = yard.put("k", b"body").await;
        match at {
            "source" => transfer.source.bucket = "nowhere".to_owned(),
            _ => transfer.target.bucket = "nowhere".to_owned(),
        }
        transfer.id = common::transfer::TransferId::derive(&transfer.source, &transfer.target);
        yard.send(&transfer).await;
        yard.work_until(Status::Failed).await;
        yard.assert_parked(&transfer, code).await;
    }
}
