//! Claims: each one raises the fence, and each knows its own.

use common::ledger::{Claim, Record, Status};
use simcloud::Effect;

use crate::ledger_bench::{Bench, Write, upload};

async fn record(bench: &Bench) -> Record {
    bench.ledger.read(&bench.transfer.id).await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_claim_gives_the_record_as_it_found_it() {
    let bench = Bench::queued().await;
    let queued = record(&bench).await;
    assert_eq!((queued.status, queued.attempts), (Status::Queued, 0));
    assert_eq!(bench.claim("a").await, Ok(Claim::Held { fence: 1, before: queued }));
    let now = record(&bench).await;
    assert_eq!((now.status, now.attempts, now.owner.as_deref()), (Status::Processing, 1, Some("a")));
    assert_eq!(bench.item().await["processed_by"], "worker-7");
}

#[tokio::test(start_paused = true)]
async fn every_claim_raises_the_fence_whether_the_one_before_ended_or_vanished() {
    let bench = Bench::claimed("a").await;
    assert_eq!(bench.fence("b").await, 2);
    Write::Release.by(&bench.ledger, &bench.held(2, "b")).await.unwrap();
    assert_eq!(bench.fence("c").await, 3);
}

#[tokio::test(start_paused = true)]
async fn claims_at_the_same_time_get_fences_of_their_own() {
    let bench = Bench::queued().await;
    let (a, b, c) = futures::join!(bench.fence("a"), bench.fence("b"), bench.fence("c"));
    let mut fences = [a, b, c];
    fences.sort_unstable();
    assert_eq!(fences, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_reply_was_lost_is_recognised_as_our_own() {
    let bench = Bench::queued().await;
    bench.fault("UpdateItem", 1, Effect::DropAfter);
    let Claim::Held { fence, before } = bench.claim("a").await.unwrap() else { panic!("not held") };
    assert_eq!(bench.hits("DynamoDB.UpdateItem:DropAfter"), 1);
    assert_eq!((fence, before.attempts, before.vanished_attempts()), (1, 0, 0));
    assert_eq!(bench.item().await["attempts"], "1");
}

#[tokio::test(start_paused = true)]
async fn a_lost_claim_made_again_by_its_owner_is_the_same_claim_and_by_another_a_new_one() {
    let bench = Bench::queued().await;
    bench.fault("UpdateItem", 4, Effect::DropAfter);
    assert!(bench.claim("a").await.unwrap_err().is_uncertain());
    assert_eq!(bench.hits("DynamoDB.UpdateItem:DropAfter"), 4);
    assert_eq!(bench.fence("a").await, 1);
    assert_eq!(bench.fence("b").await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_another_overtook_before_its_retry_raises_the_fence_again() {
    let bench = Bench::queued().await;
    bench.fault("UpdateItem", 4, Effect::DropAfter);
    assert!(bench.claim("a").await.is_err());
    assert_eq!(bench.fence("b").await, 2);
    assert_eq!(bench.fence("a").await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_transfer_without_an_item_is_missing_and_stays_so() {
    let bench = Bench::empty().await;
    assert_eq!(bench.claim("a").await, Ok(Claim::Missing));
    assert!(bench.item().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn attempts_that_ended_without_a_word_are_counted() {
    let bench = Bench::queued().await;
    let vanished = async |owner: &str| match bench.claim(owner).await.unwrap() {
        Claim::Held { before, .. } => before.vanished_attempts(),
        other => panic!("{other:?}"),
    };
    assert_eq!(vanished("a").await, 0);
    assert_eq!(vanished("b").await, 1);
    Write::Release.by(&bench.ledger, &bench.held(2, "b")).await.unwrap();
    assert_eq!(vanished("c").await, 1);
    assert_eq!(vanished("d").await, 2);
}

#[tokio::test(start_paused = true)]
async fn released_attempts_are_counted_and_failed_ones_only_when_spent() {
    let bench = Bench::queued().await;
    let counters = async |owner: &str, write: Write| {
        let fence = bench.fence(owner).await;
        write.by(&bench.ledger, &bench.held(fence, owner)).await.unwrap();
        let record = record(&bench).await;
        (record.attempts, record.released_attempts, record.failed_attempts)
    };
    assert_eq!(counters("a", Write::Release).await, (1, 1, 0));
    assert_eq!(counters("b", Write::ReleaseSpent).await, (2, 2, 1));
    assert_eq!(counters("c", Write::Release).await, (3, 3, 1));
    assert_eq!(counters("d", Write::Fail).await, (4, 3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_noted_upload_is_found_by_the_next_claim_when_it_is_kept() {
    let bench = Bench::claimed("a").await;
    let found = async |owner: &str| match bench.claim(owner).await.unwrap() {
        Claim::Held { before, .. } => before.upload,
        other => panic!("{other:?}"),
    };
    Write::NoteUpload.by(&bench.ledger, &bench.held(1, "a")).await.unwrap();
    assert_eq!(found("b").await, Some(upload()));
    Write::Release.by(&bench.ledger, &bench.held(2, "b")).await.unwrap();
    assert_eq!(found("c").await, Some(upload()));
    bench.ledger.release(&bench.held(3, "c"), &crate::ledger_bench::reason(), false, false).await.unwrap();
    assert_eq!(found("d").await, None);
}
